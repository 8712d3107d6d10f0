//! Key directories, delegations, sealed envelopes and signers who are elsewhere.

mod directory;
mod offline;
mod release;

use image_builder::signing::*;
use image_format::*;
use image_trust::{ImageKind, Requirements, verify_envelope, verify_keyring};
use std::fs;

fn manifest() -> Manifest<'static> {
    let part = |offset_bytes| Part {
        offset_bytes,
        length_bytes: 5000,
        sha256: Digest([7; 32]),
    };
    Manifest {
        board: "x86_64-uefi",
        product: "twinkeel",
        version: Version(3),
        epoch: Epoch(1),
        build_time_secs: 1_700_000_000,
        command_line: "console=ttyS0 panic=10",
        kernel: part(1 << 20),
        initrd: part(2 << 20),
        root: Root {
            offset_bytes: 3 << 20,
            data_blocks: 200,
            tree_offset_bytes: 4 << 20,
            tree_blocks: 3,
            root_hash: Digest([1; 32]),
            salt: Digest([2; 32]),
        },
    }
}

fn requirements(serial: u32) -> Requirements<'static> {
    Requirements {
        kind: ImageKind::System,
        board: "x86_64-uefi",
        floors: Floors {
            epoch: Epoch(1),
            serial: Serial(serial),
        },
        slot_length_bytes: 8 << 20,
    }
}

fn directory() -> (tempfile::TempDir, KeyDirectory) {
    let place = tempfile::tempdir().unwrap();
    let keys = KeyDirectory::create_test(&place.path().join("keys")).unwrap();
    (place, keys)
}
