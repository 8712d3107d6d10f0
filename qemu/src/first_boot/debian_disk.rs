//! The disk that Debian boots from: systemd-boot in an ESP, and a root behind it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use gpt::disk::LogicalBlockSize;
use gpt::mbr::ProtectiveMBR;
use gpt::partition_types::{EFI, LINUX_ROOT_X64};

use super::DISK_BYTES;

const MEBIBYTE: u64 = 1 << 20;
const SECTOR_BYTES: u64 = 512;
/// Room for a kernel and an initrd, and enough clusters of the usual size for FAT32.
const ESP_MIB: u64 = 288;
/// Both tables have the mebibyte around the partitions.
pub(super) const ROOT_MIB: u64 = DISK_BYTES / MEBIBYTE - ESP_MIB - 2;

/// First byte and length of the ESP.
pub(super) const ESP: (u64, u64) = (MEBIBYTE, ESP_MIB * MEBIBYTE);
/// First byte of the root.
pub(super) const ROOT_OFFSET: u64 = MEBIBYTE + ESP_MIB * MEBIBYTE;

/// A new disk at `image` with that file system as its root, and an empty ESP.
pub(super) fn make(image: &Path, root: &Path) -> Result<()> {
    let mut disk = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(image)
        .with_context(|| format!("cannot make {}", image.display()))?;
    disk.set_len(DISK_BYTES)?;
    write_table(&mut disk).context("cannot partition a disk")?;
    let root = File::open(root).with_context(|| format!("cannot read {}", root.display()))?;
    ensure!(
        root.metadata()?.len() == ROOT_MIB * MEBIBYTE,
        "the root is not as long as its partition"
    );
    copy_without_zeros(root, &mut disk, ROOT_OFFSET)
}

fn write_table(disk: &mut File) -> Result<()> {
    let sectors = u32::try_from(DISK_BYTES / SECTOR_BYTES - 1)?;
    ProtectiveMBR::with_lb_size(sectors).overwrite_lba0(disk)?;
    let mut table = gpt::GptConfig::new()
        .writable(true)
        .logical_block_size(LogicalBlockSize::Lb512)
        .create_from_device(&mut *disk, None)?;
    let sectors_of = |bytes: u64| bytes / SECTOR_BYTES;
    let (start, length) = ESP;
    table.add_partition_at("esp", 1, sectors_of(start), sectors_of(length), EFI, 0)?;
    let length = sectors_of(ROOT_MIB * MEBIBYTE);
    let start = sectors_of(ROOT_OFFSET);
    table.add_partition_at("root", 2, start, length, LINUX_ROOT_X64, 0)?;
    table.write()?;
    Ok(())
}

fn copy_without_zeros(mut from: File, to: &mut File, offset_bytes: u64) -> Result<()> {
    let mut block = vec![0; MEBIBYTE as usize];
    to.seek(SeekFrom::Start(offset_bytes))?;
    loop {
        let read = from.read(&mut block)?;
        if read == 0 {
            return Ok(());
        }
        let block = &block[..read];
        if block.iter().all(|byte| *byte == 0) {
            to.seek(SeekFrom::Current(i64::try_from(read)?))?;
        } else {
            to.write_all(block)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt;

    #[test]
    fn the_root_lies_where_the_table_says() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let (root, image) = (directory.path().join("root"), directory.path().join("disk"));
        let file = File::create(&root)?;
        file.set_len(ROOT_MIB * MEBIBYTE)?;
        file.write_all_at(b"end", ROOT_MIB * MEBIBYTE - 3)?;
        make(&image, &root)?;
        let table = gpt::GptConfig::new().open(&image)?;
        let root = table.partitions().get(&2).context("no second one")?;
        let start = root.bytes_start(LogicalBlockSize::Lb512)?;
        let length = root.bytes_len(LogicalBlockSize::Lb512)?;
        assert_eq!((start, length), (ROOT_OFFSET, ROOT_MIB * MEBIBYTE));
        let mut end = [0; 3];
        File::open(&image)?.read_exact_at(&mut end, start + length - 3)?;
        assert_eq!(&end, b"end");
        Ok(())
    }
}
