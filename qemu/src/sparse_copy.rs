//! Copies large files that are mostly zeros: disk images, and the variables of firmware
//! whose flash is padded to its full size.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Copies a file; what is zero takes no room in the copy.
///
/// # Errors
/// There is no such file, or no room.
pub fn copy_sparse(from: &Path, to: &Path) -> Result<()> {
    let status = Command::new("cp")
        .args(["--sparse=always", "--reflink=auto", "--"])
        .args([from, to])
        .status()
        .context("cannot start cp")?;
    if !status.success() {
        bail!("cannot copy {} to {}", from.display(), to.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};
    use std::io::Write;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn zeros_take_no_room_in_the_copy() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let (from, to) = (directory.path().join("from"), directory.path().join("to"));
        let mut content = vec![0; 4 << 20];
        content[..5].copy_from_slice(b"start");
        let mut file = File::create(&from)?;
        file.write_all(&content)?;
        file.sync_all()?;
        copy_sparse(&from, &to)?;
        assert!(fs::read(&to)? == content);
        assert!(fs::metadata(&to)?.blocks() * 512 < 1 << 20);
        Ok(())
    }
}
