//! SHA-256 by Intel's SHA extensions (Software Developer's Manual, volume 1, section 5.19).
//!
//! In machine code, for the compiler knows no vectors on this target, and its callers
//! expect those that a function must leave as they were to be so.
#![expect(
    unsafe_code,
    reason = "calls instructions that only some processors have"
)]

use core::arch::naked_asm;
use core::arch::x86_64::{__cpuid, __cpuid_count};

use image_trust::CompressBlocks;

use super::round_constants::ROUND_CONSTANTS;

/// What the routine reads, 16 bytes at a time.
#[repr(C, align(16))]
struct Constants {
    /// The order of bytes that turns the words of a block around.
    turn_words: [u32; 4],
    rounds: [u32; 64],
}

static CONSTANTS: Constants = Constants {
    turn_words: [0x0001_0203, 0x0405_0607, 0x0809_0a0b, 0x0c0d_0e0f],
    rounds: ROUND_CONSTANTS,
};

/// Leaf 1, ECX: `pshufb` and `palignr`.
const SSSE3: u32 = 1 << 9;
/// Leaf 7, EBX.
const SHA: u32 = 1 << 29;
const HIGHEST_LEAF: u32 = 7;

/// The function, if this processor has the instructions.
pub(super) fn find() -> Option<CompressBlocks> {
    let has_them = __cpuid(0).eax >= HIGHEST_LEAF
        && __cpuid(1).ecx & SSSE3 != 0
        && __cpuid_count(HIGHEST_LEAF, 0).ebx & SHA != 0;
    has_them.then_some(compress as CompressBlocks)
}

/// Only [`find`] hands it out.
fn compress(words: &mut [u32; 8], blocks: &[[u8; 64]]) {
    // SAFETY: the processor has the instructions, or nobody has this function; and there
    // are as many blocks as are said.
    unsafe { compress_blocks(words, blocks.as_ptr(), blocks.len(), &CONSTANTS) }
}

/// The hash value is kept as the instructions have it, from the highest word down: `abef`
/// in xmm1 and `cdgh` in xmm2. In xmm3 to xmm6 are the next sixteen words of the schedule;
/// four rounds take the first four and append those that come sixteen rounds later. The
/// constants' offset, al, comes to zero again after all 256 bytes.
///
/// # Safety
/// The processor has the instructions, and `block_count` blocks are at `blocks`.
#[unsafe(naked)]
unsafe extern "efiapi" fn compress_blocks(
    words: &mut [u32; 8],
    blocks: *const [u8; 64],
    block_count: usize,
    constants: &Constants,
) {
    // 56 bytes bring the stack to a multiple of sixteen. They hold the hash value before a
    // block, and xmm6, which is all that a caller wants back of what is used here.
    naked_asm!(
        "sub rsp, 0x38",
        "movaps [rsp + 0x20], xmm6",
        "movups xmm0, [rcx]",
        "movups xmm1, [rcx + 0x10]",
        "movaps xmm2, xmm1",
        "shufps xmm1, xmm0, 0x11",
        "shufps xmm2, xmm0, 0xbb",
        "test r8, r8",
        "jz 4f",
        "2:",
        "movaps [rsp], xmm1",
        "movaps [rsp + 0x10], xmm2",
        "movups xmm3, [rdx]",
        "movups xmm4, [rdx + 0x10]",
        "movups xmm5, [rdx + 0x20]",
        "movups xmm6, [rdx + 0x30]",
        "movaps xmm0, [r9]",
        "pshufb xmm3, xmm0",
        "pshufb xmm4, xmm0",
        "pshufb xmm5, xmm0",
        "pshufb xmm6, xmm0",
        "xor eax, eax",
        "3:",
        "movaps xmm0, [r9 + rax + 0x10]",
        "paddd xmm0, xmm3",
        "sha256rnds2 xmm2, xmm1, xmm0",
        "pshufd xmm0, xmm0, 0x0e",
        "sha256rnds2 xmm1, xmm2, xmm0",
        "movaps xmm0, xmm6",
        "palignr xmm0, xmm5, 4",
        "sha256msg1 xmm3, xmm4",
        "paddd xmm0, xmm3",
        "sha256msg2 xmm0, xmm6",
        "movaps xmm3, xmm4",
        "movaps xmm4, xmm5",
        "movaps xmm5, xmm6",
        "movaps xmm6, xmm0",
        "add al, 0x10",
        "jnz 3b",
        "paddd xmm1, [rsp]",
        "paddd xmm2, [rsp + 0x10]",
        "add rdx, 0x40",
        "dec r8",
        "jnz 2b",
        "4:",
        "movaps xmm0, xmm1",
        "shufps xmm0, xmm2, 0xbb",
        "shufps xmm1, xmm2, 0x11",
        "movups [rcx], xmm0",
        "movups [rcx + 0x10], xmm1",
        "movaps xmm6, [rsp + 0x20]",
        "add rsp, 0x38",
        "ret",
    )
}
