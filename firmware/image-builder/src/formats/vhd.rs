//! VHD of fixed length, as Azure takes it: the disk, then a footer of 512 bytes.
//!
//! Azure's rules: fixed, the length a multiple of 1 MiB, the length in the footer's "current
//! size" and not rounded to cylinders, which is what `force_size` is for. The footer is that
//! of the "Virtual Hard Disk Image Format Specification", version 1.0.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use image_format::Digest;

use super::convert;

const FOOTER_BYTES: u64 = 512;
const MEBIBYTE: u64 = 1 << 20;
/// Seconds since the year 2000.
const TIME: std::ops::Range<usize> = 24..28;
const CURRENT_SIZE: std::ops::Range<usize> = 48..56;
const CHECKSUM: std::ops::Range<usize> = 64..68;
const UNIQUE_ID: std::ops::Range<usize> = 68..84;

/// Writes `image` to `out`.
pub(super) fn write(image: &Path, out: &Path, sha256: Digest) -> Result<()> {
    let options = ["-O", "vpc", "-o", "subformat=fixed,force_size=on"];
    convert(image, out, &options)?;
    let file = File::options().read(true).write(true).open(out)?;
    let length = file.metadata()?.len();
    let at = length.checked_sub(FOOTER_BYTES).context("no footer")?;
    ensure!(
        at.is_multiple_of(MEBIBYTE),
        "cannot use {at} bytes as a VHD for Azure: the length is no multiple of 1 MiB"
    );
    let mut footer = [0; FOOTER_BYTES as usize];
    file.read_exact_at(&mut footer, at)?;
    ensure!(footer.starts_with(b"conectix"), "the footer is not there");
    ensure!(
        footer[CURRENT_SIZE] == at.to_be_bytes(),
        "the footer has another length than the disk"
    );
    make_equal(&mut footer, sha256);
    file.write_all_at(&footer, at)?;
    Ok(())
}

/// The time is none, the id follows from the image.
fn make_equal(footer: &mut [u8; FOOTER_BYTES as usize], sha256: Digest) {
    footer[TIME].fill(0);
    let id = &sha256.0[..UNIQUE_ID.len()];
    footer[UNIQUE_ID].copy_from_slice(id);
    footer[CHECKSUM].fill(0);
    let checksum = checksum(&footer[..]);
    footer[CHECKSUM].copy_from_slice(&checksum.to_be_bytes());
}

/// The one's complement of the sum of all bytes, without those of the checksum itself.
fn checksum(footer: &[u8]) -> u32 {
    let sum = footer
        .iter()
        .fold(0_u32, |sum, byte| sum + u32::from(*byte));
    !sum
}
