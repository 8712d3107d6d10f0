//! SHA-256 by the cryptographic extension of Armv8.
#![expect(
    unsafe_code,
    reason = "calls instructions that only some processors have"
)]

use core::arch::aarch64::{
    vaddq_u32, vld1q_u8, vld1q_u32, vreinterpretq_u32_u8, vrev32q_u8, vsha256h2q_u32,
    vsha256hq_u32, vsha256su0q_u32, vsha256su1q_u32, vst1q_u32,
};
use core::arch::asm;

use image_trust::CompressBlocks;

use super::round_constants::ROUND_CONSTANTS;

/// The function, if this processor has the instructions: ID_AA64ISAR0_EL1, bits 15 to 12
/// (Arm Architecture Reference Manual, D19.2.61).
pub(super) fn find() -> Option<CompressBlocks> {
    let features: u64;
    // SAFETY: reads a register that can be read at the levels firmware starts programs at.
    unsafe { asm!("mrs {}, id_aa64isar0_el1", out(reg) features, options(nomem, nostack)) };
    ((features >> 12) & 0xf != 0).then_some(compress as CompressBlocks)
}

/// Only [`find`] hands it out.
fn compress(words: &mut [u32; 8], blocks: &[[u8; 64]]) {
    // SAFETY: the processor has the instructions, or nobody has this function.
    unsafe { compress_blocks(words, blocks) }
}

/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "sha2")]
unsafe fn compress_blocks(words: &mut [u32; 8], blocks: &[[u8; 64]]) {
    let ([first, second], _) = words.as_chunks_mut::<4>() else {
        return;
    };
    // SAFETY: reads four words each.
    let (mut abcd, mut efgh) = unsafe { (vld1q_u32(first.as_ptr()), vld1q_u32(second.as_ptr())) };
    for block in blocks {
        let (mut next_abcd, mut next_efgh) = (abcd, efgh);
        let mut schedule = [abcd; 4];
        for (place, bytes) in schedule.iter_mut().zip(block.as_chunks::<16>().0) {
            // SAFETY: reads sixteen bytes.
            let bytes = unsafe { vld1q_u8(bytes.as_ptr()) };
            *place = vreinterpretq_u32_u8(vrev32q_u8(bytes));
        }
        for constants in ROUND_CONSTANTS.as_chunks::<4>().0 {
            let [now, then, later, last] = schedule;
            // SAFETY: reads four words.
            let constants = unsafe { vld1q_u32(constants.as_ptr()) };
            let summed = vaddq_u32(now, constants);
            let before = next_abcd;
            next_abcd = vsha256hq_u32(before, next_efgh, summed);
            next_efgh = vsha256h2q_u32(next_efgh, before, summed);
            // The four words that come in the rounds after these twelve.
            let new = vsha256su1q_u32(vsha256su0q_u32(now, then), later, last);
            schedule = [then, later, last, new];
        }
        abcd = vaddq_u32(abcd, next_abcd);
        efgh = vaddq_u32(efgh, next_efgh);
    }
    // SAFETY: writes four words each.
    unsafe {
        vst1q_u32(first.as_mut_ptr(), abcd);
        vst1q_u32(second.as_mut_ptr(), efgh);
    }
}
