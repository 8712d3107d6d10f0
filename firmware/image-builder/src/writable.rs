//! The file system on `writable`, as small as the image file can carry it: the device
//! grows it to the end of its disk.

use std::path::Path;

use anyhow::Result;
use image_format::disk::Guid;

use crate::host_tool::{host_tool, run};
use crate::tree::FILE_TIME_SECS;

/// Stated one by one, so that the host's `mke2fs.conf` and version have no say.
const FEATURES: &str = "none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,\
                        large_file,huge_file,dir_nlink,extra_isize,metadata_csum";

/// Of all blocks, what only root writes.
const RESERVED_PERCENT: &str = "5";

/// Blocks up to which the file system grows without moving anything: 2 TiB.
const GROWTH_BLOCKS: u64 = 2 << (40 - 12);

/// Makes an empty ext4 of `length_bytes` in the file `image`.
pub(crate) fn make_writable(image: &Path, length_bytes: u64, uuid: Guid) -> Result<()> {
    run(host_tool("mke2fs")
        .env("E2FSPROGS_FAKE_TIME", FILE_TIME_SECS.to_string())
        .env("MKE2FS_CONFIG", "/dev/null")
        .args([
            "-q", "-F", "-t", "ext4", "-b", "4096", "-I", "256", "-L", "writable",
        ])
        // For programs of the system alone: no snap takes it, whatever it writes. The kernel
        // keeps the share when the device grows the file system.
        .args(["-m", RESERVED_PERCENT])
        .args(["-J", "size=8", "-O", FEATURES])
        .arg("-U")
        .arg(uuid.to_string())
        .arg("-E")
        .arg(format!(
            "hash_seed={uuid},root_owner=0:0,resize={GROWTH_BLOCKS},lazy_itable_init=0"
        ))
        .arg(image)
        .arg(format!("{}k", length_bytes / 1024)))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    use crate::host_tool::output_of;
    use crate::identity::derived_guid;

    #[test]
    fn two_file_systems_are_equal_and_sound() -> Result<()> {
        if output_of(host_tool("mke2fs").arg("-V")).is_err() {
            // Not installed: `cargo xtask check` installs it and compares whole images.
            return Ok(());
        }
        let directory = tempfile::tempdir()?;
        let make = |name: &str| -> Result<Vec<u8>> {
            let image = directory.path().join(name);
            make_writable(&image, 32 << 20, derived_guid("test"))?;
            Ok(fs::read(image)?)
        };
        let first = make("first")?;
        assert!(first == make("second")?, "two empty file systems differ");
        assert_eq!(first.len(), 32 << 20);
        run(host_tool("e2fsck")
            .args(["-f", "-n"])
            .arg(directory.path().join("first")))?;
        Ok(())
    }
}
