//! A PReP boot partition: the loader's ELF file from the first byte on, zeros behind it.
//!
//! SLOF reads the whole partition and looks at one program header more than the file has
//! (`lib/libelf/elf32.c` counts up to `e_phnum`), so what stands behind the last one must
//! not look like a segment to load.

use anyhow::{Result, ensure};

/// 32 bits, big-endian: what Open Firmware enters as it is.
const IDENTITY: &[u8] = b"\x7fELF\x01\x02";
const LOAD: &[u8] = &[0, 0, 0, 1];

/// The content of the partition of `length_bytes`.
pub(crate) fn make_prep(length_bytes: u64, loader: &[u8]) -> Result<Vec<u8>> {
    ensure!(
        loader.starts_with(IDENTITY),
        "cannot use the loader: Open Firmware starts ELF files of 32 bits, big-endian"
    );
    let mut partition = vec![0; usize::try_from(length_bytes)?];
    let Some(room) = partition.get_mut(..loader.len()) else {
        anyhow::bail!(
            "cannot fit the loader of {} bytes into system-boot: raise geometry.system_boot_mib",
            loader.len()
        );
    };
    room.copy_from_slice(loader);
    let behind = behind_program_headers(&partition);
    ensure!(
        behind.is_some_and(|kind| kind != LOAD),
        "cannot use the loader: the firmware would take what stands behind its program headers for one more"
    );
    Ok(partition)
}

/// Where SLOF looks for the kind of one more program header.
fn behind_program_headers(file: &[u8]) -> Option<&[u8]> {
    let number = |at: usize, length: usize| -> Option<usize> {
        let bytes = file.get(at..at + length)?;
        Some(
            bytes
                .iter()
                .fold(0, |value, byte| value << 8 | usize::from(*byte)),
        )
    };
    let table = number(28, 4)?.checked_add(number(42, 2)?.checked_mul(number(44, 2)?)?)?;
    file.get(table..)?.get(..LOAD.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two program headers of 32 bytes behind the ELF header.
    fn loader() -> Vec<u8> {
        let mut file = vec![0; 256];
        file[..6].copy_from_slice(IDENTITY);
        file[31] = 52;
        file[43] = 32;
        file[45] = 2;
        file[55] = 1;
        file[87] = 1;
        file
    }

    #[test]
    fn the_loader_begins_at_the_first_byte_and_zeros_follow() -> Result<()> {
        let partition = make_prep(1024, &loader())?;
        assert_eq!(partition[..256], loader());
        assert!(partition[256..].iter().all(|byte| *byte == 0));
        assert_eq!(partition.len(), 1024);
        Ok(())
    }

    #[test]
    fn what_the_firmware_would_take_for_a_segment_is_refused() {
        let mut file = loader();
        file[116 + 3] = 1;
        let error = make_prep(1024, &file).expect_err("refused");
        assert!(error.to_string().contains("one more"), "{error}");
    }

    #[test]
    fn what_the_firmware_does_not_start_or_read_whole_is_refused() {
        let error = make_prep(1024, b"MZ").expect_err("refused");
        assert!(error.to_string().contains("ELF files"), "{error}");
        let error = make_prep(255, &loader()).expect_err("refused");
        assert!(error.to_string().contains("system_boot_mib"), "{error}");
    }
}
