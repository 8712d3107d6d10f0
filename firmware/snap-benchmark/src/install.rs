//! Installing a snap of four MiB, as the daemon does it, beside unpacking and hashing it.

use crate::runs::{Subject, Way, measure as measure_ways};
use anyhow::{Context, Result, ensure};
use image_trust::sha256;
use snap_format::build::{Output, build};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Of the snap's content, which no compression makes smaller.
pub(crate) const SNAP_BYTES: u64 = 4 << 20;

pub(crate) fn measure(install: &Path, directory: &Path, rounds: usize) -> Result<Vec<Way>> {
    let snap = make_snap(directory)?;
    let device = directory.join("device");
    let unpacked = directory.join("unpacked");
    let ours = Subject {
        name: "Twinkeel",
        command: Box::new(|| {
            remove(&device)?;
            fs::create_dir_all(&device)?;
            let file = device.join("upload");
            fs::copy(&snap, &file)?;
            let mut command = Command::new(install);
            command.arg(&device).arg(&file);
            Ok(command)
        }),
    };
    let other = Subject {
        name: "unsquashfs and sha256sum",
        command: Box::new(|| {
            remove(&unpacked)?;
            let mut command = Command::new("sh");
            let script = "sha256sum \"$1\" && unsquashfs -q -n -d \"$2\" \"$1\"";
            command.args(["-c", script, "sh"]).arg(&snap).arg(&unpacked);
            Ok(command)
        }),
    };
    measure_ways(vec![ours, other], rounds)
        .context("cannot measure an install; unsquashfs is in the package squashfs-tools")
}

fn make_snap(directory: &Path) -> Result<PathBuf> {
    let tree = directory.join("tree");
    fs::create_dir_all(tree.join("meta"))?;
    fs::write(tree.join("meta/snap.yaml"), "name: bench\nversion: 1\n")?;
    // A digest is so long.
    let numbers = 0..SNAP_BYTES / 32;
    let noise: Vec<u8> = numbers
        .flat_map(|number| sha256(&number.to_le_bytes()).0)
        .collect();
    fs::write(tree.join("noise"), noise)?;
    let snap = directory.join("bench.snap");
    build(&tree, Output::File(&snap), 0)?;
    ensure!(
        fs::metadata(&snap)?.len() >= SNAP_BYTES,
        "the snap is too small"
    );
    Ok(snap)
}

fn remove(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
