//! A properly signed kernel that does not take the machine over.
//!
//! Two tiny programs stand for it: one returns from its entry, the other calls the
//! firmware's `Exit`, after it has overwritten every register that it should have kept.

use anyhow::{Context, Result, bail};
use image_format::refusal::Refusal;
use image_format::{Part, Slot};
use image_trust::sha256;
use serde_json::json;

use super::{Scenario, Tier, fall_back};
use crate::bench::Bench;
use crate::evidence::Evidence;

pub(super) const EXITS: Scenario = Scenario {
    name: "kernel-exits",
    behaviour: "a kernel that leaves by the firmware's Exit: boots the other slot",
    tier: Tier::Everyday,
    run: |bench| run(bench, Ending::Exit),
};

pub(super) const RETURNS: Scenario = Scenario {
    name: "kernel-returns",
    behaviour: "a kernel that returns from its entry: boots the other slot",
    tier: Tier::Full,
    run: |bench| run(bench, Ending::Return),
};

#[derive(Clone, Copy)]
enum Ending {
    Exit,
    Return,
}

/// What the programs say: `EFI_DEVICE_ERROR`, whose first bit is that of a register.
fn status(architecture: &str) -> u64 {
    match architecture {
        "armhf" => 0x8000_0007,
        _ => 0x8000_0000_0000_0007,
    }
}

fn run(bench: &Bench<'_>, ending: Ending) -> Result<Evidence> {
    let disk = bench.disk()?;
    let architecture = bench.world().board().architecture.debian_name();
    let kernel = kernel(architecture, ending)?;
    let mut place = 0;
    let system = bench.world().system().with_manifest(|manifest| {
        manifest.kernel = Part {
            length_bytes: kernel.len() as u64,
            sha256: sha256(&kernel),
            ..manifest.kernel
        };
        place = manifest.kernel.offset_bytes;
    });
    bench.install(&disk, Slot::A, &system)?;
    disk.write_at(disk.offset_of(Slot::A.into())? + place, &kernel)?;

    let status = status(architecture);
    let refusal = Refusal::NotStarted { status };
    let told = json!({"check": "not-started", "status": status});
    fall_back::from_refused_a(bench, &disk, refusal, told)
}

/// A PE file with one section.
fn kernel(architecture: &str, ending: Ending) -> Result<Vec<u8>> {
    const PE: usize = 0x40;
    const OPTIONAL: usize = PE + 24;
    const SECTION: usize = OPTIONAL + 160;
    let (machine, code): (u16, Vec<u8>) = match (architecture, ending) {
        ("amd64", Ending::Exit) => (0x8664, X86_64_EXIT.concat()),
        ("amd64", Ending::Return) => (0x8664, X86_64_RETURN.concat()),
        ("arm64", Ending::Exit) => (0xaa64, words(AARCH64_EXIT)),
        ("arm64", Ending::Return) => (0xaa64, words(AARCH64_RETURN)),
        ("armhf", Ending::Exit) => (0x01c2, words(ARM_EXIT)),
        ("armhf", Ending::Return) => (0x01c2, words(ARM_RETURN)),
        _ => bail!("nobody wrote a kernel that gives up for {architecture} yet"),
    };
    // PE32 and PE32+, and where each has the number of directories.
    let (form, directories) = match architecture {
        "armhf" => (0x10b, 92),
        _ => (0x20b, 108),
    };
    let mut file = vec![0; 0x400];
    let mut put = |at: usize, value: u32, length: usize| -> Result<()> {
        let place = file.get_mut(at..at + length).context("no room")?;
        place.copy_from_slice(&value.to_le_bytes()[..length]);
        Ok(())
    };
    put(0, u32::from_le_bytes(*b"MZ\0\0"), 4)?;
    put(0x3c, PE as u32, 4)?;
    put(PE, u32::from_le_bytes(*b"PE\0\0"), 4)?;
    put(PE + 4, machine.into(), 2)?;
    // One section; optional header of 160 bytes; executable.
    for (at, value) in [(6, 1), (20, 160), (22, 2)] {
        put(PE + at, value, 2)?;
    }
    // Magic, entry, alignments, sizes of image and headers, EFI application, directories.
    for (at, value) in [
        (0, form),
        (16, 0x1000),
        (32, 0x1000),
        (36, 0x200),
        (56, 0x2000),
        (60, 0x200),
        (68, 10),
        (directories, 6),
    ] {
        put(OPTIONAL + at, value, 4)?;
    }
    // Length and place in memory, length and place in the file, executable code.
    for (at, value) in [
        (8, 0x200),
        (12, 0x1000),
        (16, 0x200),
        (20, 0x200),
        (36, 0x6000_0020),
    ] {
        put(SECTION + at, value, 4)?;
    }
    file.get_mut(0x200..0x200 + code.len())
        .context("no room for the code")?
        .copy_from_slice(&code);
    Ok(file)
}

fn words(code: &[u32]) -> Vec<u8> {
    code.iter().copied().flat_map(u32::to_le_bytes).collect()
}

const X86_64_RETURN: &[&[u8]] = &[
    &[0x48, 0xb8, 7, 0, 0, 0, 0, 0, 0, 0x80], // mov rax, STATUS
    &[0xc3],                                  // ret
];

/// The firmware's table is at 0x60 of the system table, `Exit` at 0xd8 of that.
const X86_64_EXIT: &[&[u8]] = &[
    &[0x48, 0x8b, 0x42, 0x60],                // mov rax, [rdx + 0x60]
    &[0x48, 0x31, 0xdb],                      // xor rbx, rbx
    &[0x48, 0x31, 0xed],                      // xor rbp, rbp
    &[0x48, 0x31, 0xf6],                      // xor rsi, rsi
    &[0x48, 0x31, 0xff],                      // xor rdi, rdi
    &[0x4d, 0x31, 0xe4],                      // xor r12, r12
    &[0x4d, 0x31, 0xed],                      // xor r13, r13
    &[0x4d, 0x31, 0xf6],                      // xor r14, r14
    &[0x4d, 0x31, 0xff],                      // xor r15, r15
    &[0x48, 0x81, 0xec, 0x28, 1, 0, 0],       // sub rsp, 0x128
    &[0x48, 0xba, 7, 0, 0, 0, 0, 0, 0, 0x80], // mov rdx, STATUS
    &[0x4d, 0x31, 0xc0],                      // xor r8, r8
    &[0x4d, 0x31, 0xc9],                      // xor r9, r9
    &[0xff, 0x90, 0xd8, 0, 0, 0],             // call [rax + 0xd8]
    &[0xeb, 0xfe],                            // jmp to itself
];

const AARCH64_RETURN: &[u32] = &[
    0xd280_00e0, // mov x0, #7
    0xf2f0_0000, // movk x0, #0x8000, lsl #48
    0xd65f_03c0, // ret
];

const AARCH64_EXIT: &[u32] = &[
    0xf940_3028, // ldr x8, [x1, #0x60]
    0xf940_6d08, // ldr x8, [x8, #0xd8]
    0xd280_00e1, // mov x1, #7
    0xf2f0_0001, // movk x1, #0x8000, lsl #48
    0xd280_0002, // mov x2, #0
    0xd280_0003, // mov x3, #0
    0xd280_0013, // mov x19, #0
    0xd280_0014, // mov x20, #0
    0xd280_001c, // mov x28, #0
    0xd280_001d, // mov x29, #0
    0xd63f_0100, // blr x8
    0x1400_0000, // branch to itself
];

const ARM_RETURN: &[u32] = &[
    0xe3a0_0007, // mov r0, #7
    0xe380_0102, // orr r0, r0, #0x80000000
    0xe12f_ff1e, // bx lr
];

/// The firmware's table is at 0x3c of the system table, `Exit` at 0x78 of that.
const ARM_EXIT: &[u32] = &[
    0xe591_c03c, // ldr r12, [r1, #0x3c]
    0xe59c_c078, // ldr r12, [r12, #0x78]
    0xe3a0_1007, // mov r1, #7
    0xe381_1102, // orr r1, r1, #0x80000000
    0xe3a0_2000, // mov r2, #0
    0xe3a0_3000, // mov r3, #0
    0xe3a0_4000, // mov r4, #0
    0xe3a0_5000, // mov r5, #0
    0xe3a0_6000, // mov r6, #0
    0xe3a0_7000, // mov r7, #0
    0xe3a0_8000, // mov r8, #0
    0xe3a0_9000, // mov r9, #0
    0xe3a0_a000, // mov r10, #0
    0xe3a0_b000, // mov r11, #0
    0xe24d_dc01, // sub sp, sp, #0x100
    0xe12f_ff3c, // blx r12
    0xeaff_fffe, // branch to itself
];
