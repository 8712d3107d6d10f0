//! Makes the root file system: erofs without compression.
//!
//! Uncompressed, without inlined tails: a file keeps its blocks from one release to the
//! next as long as it is the same, which is what updates and the hash tree live on.
//! Compression belongs on the wire.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};
use image_format::disk::Guid;
use image_format::manifest::BLOCK_BYTES;

use crate::host_tool::{host_tool, output_of, run};
use crate::request::Staging;
use crate::tree::{FILE_TIME_SECS, Tree};

/// Writes the file system of `tree` to `image`, a whole number of blocks long.
pub(crate) fn make_erofs(tree: &Tree, order: Staging, uuid: Guid, image: &Path) -> Result<()> {
    let staged = tempfile::tempdir().context("cannot make a temporary directory")?;
    tree.stage(staged.path(), order)?;
    run(host_tool("mkfs.erofs")
        .args(["--quiet", "--all-root", "-x-1", "-Enoinline_data"])
        .arg(format!("-T{FILE_TIME_SECS}"))
        .arg(format!("-U{uuid}"))
        .arg(image)
        .arg(staged.path()))?;
    let length = fs::metadata(image)?.len();
    let whole = length.next_multiple_of(BLOCK_BYTES);
    File::options().write(true).open(image)?.set_len(whole)?;
    Ok(())
}

/// Which `mkfs.erofs` this machine has: another one may lay the same files out otherwise.
pub(crate) fn erofs_tool_version() -> Result<String> {
    // Every version prints its name first, and some know no option for it.
    let output = output_of(host_tool("mkfs.erofs").arg("-V"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::derived_guid;
    use crate::tree::Content;

    /// Enough names for a directory of several blocks, and a file with a tail.
    fn sample() -> Tree {
        let mut tree = Tree::default();
        for number in 0..300 {
            tree.text(
                &format!("etc/file-with-a-long-name-{number}"),
                &"text".repeat(number),
            );
        }
        tree.program("bin/program", Content::Bytes(vec![7; 100_001]));
        tree.link("bin/link", "program");
        tree
    }

    #[test]
    fn the_order_of_directories_does_not_reach_the_image() -> Result<()> {
        if erofs_tool_version().is_err() {
            // Not installed: `cargo xtask check` installs it and compares whole images.
            return Ok(());
        }
        let directory = tempfile::tempdir()?;
        let make = |order: Staging, name: &str| -> Result<Vec<u8>> {
            let image = directory.path().join(name);
            make_erofs(&sample(), order, derived_guid("test"), &image)?;
            Ok(fs::read(image)?)
        };
        let sorted = make(Staging::Sorted, "sorted")?;
        assert!(
            sorted == make(Staging::Reversed, "reversed")?,
            "the images differ"
        );
        assert_eq!(sorted.len() as u64 % BLOCK_BYTES, 0);
        let changed = make(Staging::Sorted, "again")?;
        assert!(sorted == changed, "two images of the same tree differ");
        Ok(())
    }
}
