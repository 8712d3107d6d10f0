//! The FAT file system on `system-boot`: the loader and nothing that changes per boot.

use std::io::{Cursor, Write};

use anyhow::{Context, Result};
use fatfs::{FatType, FileSystem, FormatVolumeOptions, FsOptions};

/// The volume's label, for people.
const LABEL: [u8; 11] = *b"SYSTEM-BOOT";

/// FAT32 wants many clusters, and the loader is one small file.
const CLUSTER_BYTES: u32 = 512;

/// The file system, `length_bytes` long, with `loader` at `path`.
pub(crate) fn make_esp(length_bytes: u64, path: &str, loader: &[u8]) -> Result<Vec<u8>> {
    let mut volume = vec![0; usize::try_from(length_bytes)?];
    let options = FormatVolumeOptions::new()
        .fat_type(FatType::Fat32)
        .bytes_per_cluster(CLUSTER_BYTES)
        // The same on every device: nothing looks a partition up by it.
        .volume_id(0x7477_6e6b)
        .volume_label(LABEL);
    fatfs::format_volume(Cursor::new(volume.as_mut_slice()), options)
        .context("cannot make the FAT of system-boot")?;
    add_file(&mut volume, path, loader)
        .with_context(|| format!("cannot put {path} on system-boot"))?;
    Ok(volume)
}

/// Without a clock fatfs writes the beginning of 1980.
fn add_file(volume: &mut [u8], path: &str, content: &[u8]) -> Result<()> {
    let options = FsOptions::new().update_accessed_date(false);
    let file_system = FileSystem::new(Cursor::new(volume), options)?;
    let mut directory = file_system.root_dir();
    let mut names = path.split('/').peekable();
    while let Some(name) = names.next() {
        if names.peek().is_some() {
            directory = directory.create_dir(name)?;
        } else {
            let mut file = directory.create_file(name)?;
            file.write_all(content)?;
            file.flush()?;
        }
    }
    drop(directory);
    file_system.unmount()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn the_loader_reads_back_and_two_volumes_are_equal() -> Result<()> {
        let make = || make_esp(64 << 20, "EFI/BOOT/BOOTX64.EFI", b"MZ loader");
        let mut volume = make()?;
        assert!(volume == make()?, "two volumes of the same loader differ");
        let file_system = FileSystem::new(Cursor::new(volume.as_mut_slice()), FsOptions::new())?;
        assert_eq!(file_system.fat_type(), FatType::Fat32);
        let mut content = Vec::new();
        file_system
            .root_dir()
            .open_file("EFI/BOOT/BOOTX64.EFI")?
            .read_to_end(&mut content)?;
        assert_eq!(content, b"MZ loader");
        Ok(())
    }

    #[test]
    fn a_loader_that_does_not_fit_is_refused() {
        let error =
            make_esp(40 << 20, "EFI/BOOT/BOOTX64.EFI", &vec![1; 64 << 20]).expect_err("no room");
        assert!(format!("{error:#}").contains("system-boot"), "{error:#}");
    }
}
