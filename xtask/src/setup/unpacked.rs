//! Packages that are fetched and unpacked under `target/setup`, for a program in them that
//! tests hold our work against. Needs no administrator, and changes nothing on the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::find_program;

/// Makes sure that `file` of `package` is there.
pub(super) fn provide(root: &Path, package: &str, file: &str) -> Result<()> {
    let directory = root.join("target/setup").join(package);
    if directory.join(file).exists() {
        return Ok(());
    }
    if find_program("apt-get").is_none() {
        bail!(
            "cannot fetch {package} (no apt-get): unpack it so that {} is there",
            directory.join(file).display()
        );
    }
    eprintln!("setup: fetching {package}, to be unpacked and not installed");
    let scratch = directory.join("archive");
    let archive = fetch(&scratch, package)?;
    let mut unpack = Command::new("dpkg-deb");
    unpack.arg("--extract").arg(&archive).arg(&directory);
    call(&mut unpack)?;
    fs::remove_dir_all(&scratch).with_context(|| format!("cannot remove {}", scratch.display()))?;
    ensure!(
        directory.join(file).exists(),
        "{package} has no {file}: look into {}",
        directory.display()
    );
    Ok(())
}

/// Fetches the package's archive into a directory that is empty before.
fn fetch(empty: &Path, package: &str) -> Result<PathBuf> {
    if empty.exists() {
        fs::remove_dir_all(empty).with_context(|| format!("cannot empty {}", empty.display()))?;
    }
    fs::create_dir_all(empty).with_context(|| format!("cannot make {}", empty.display()))?;
    call(
        Command::new("apt-get")
            .args(["-qq", "download", package])
            .current_dir(empty),
    )?;
    let mut files = fs::read_dir(empty).context("cannot look for the archive")?;
    let archive = files
        .next()
        .with_context(|| format!("apt-get fetched no {package}"))?;
    Ok(archive.context("cannot look for the archive")?.path())
}

fn call(command: &mut Command) -> Result<()> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {:?}", command.get_program()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{:?} ended with {}; try `apt-get update` first\n{said}",
        command.get_program(),
        output.status
    );
    Ok(())
}
