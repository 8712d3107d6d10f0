//! `--corrupt`: one changed bit in what boots next.

use anyhow::{Context, Result};
use boot_core::choice::{Excluded, choose};
use clap::ValueEnum;
use image_format::{Kind, Slot, Source};
use qemu::disk::{Spot, TestDisk};

/// What `--corrupt` changes by one bit.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Part {
    Kernel,
    Initrd,
    Root,
    Manifest,
    Signature,
    Delegation,
}

/// Changes it.
pub(super) fn corrupt(disk: &TestDisk, part: Part) -> Result<()> {
    let state = disk.read_state()?;
    let slot = match choose(&state, Excluded::default()) {
        Some(Source::Slot(slot)) => slot,
        _ => Slot::A,
    };
    let (name, spot) = match part {
        Part::Kernel => ("the kernel", Spot::Kernel),
        Part::Initrd => ("the initrd", Spot::Initrd),
        Part::Root => ("the root", Spot::Root),
        Part::Manifest => ("the manifest", Spot::Record(Kind::Manifest)),
        Part::Signature => ("the signatures", Spot::Record(Kind::ManifestSignatures)),
        Part::Delegation => ("the delegation", Spot::Record(Kind::Delegation)),
    };
    disk.flip_bit(slot, spot).with_context(|| {
        format!("cannot change {name} of {slot}; --fresh makes a whole disk again")
    })?;
    println!("changed one bit of {name} of {slot}, which boots next");
    Ok(())
}
