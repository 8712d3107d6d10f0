//! VMDK for transport, `streamOptimized`: compressed grains behind a text descriptor.
//!
//! The descriptor's content id is a random number by which a snapshot knows its parent. It
//! follows from the image here.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, Result};
use image_format::Digest;

use super::convert;

/// The descriptor lies in the first sectors, behind the header.
const SEARCHED_BYTES: usize = 64 << 10;
const KEY: &[u8] = b"\nCID=";
const DIGITS: usize = 8;

/// Writes `image` to `out`.
pub(super) fn write(image: &Path, out: &Path, sha256: Digest) -> Result<()> {
    convert(
        image,
        out,
        &["-O", "vmdk", "-o", "subformat=streamOptimized"],
    )?;
    let file = File::options().read(true).write(true).open(out)?;
    let mut start = vec![0; SEARCHED_BYTES];
    let read = file.read_at(&mut start, 0)?;
    start.truncate(read);
    let key = start.windows(KEY.len()).position(|window| window == KEY);
    let at = key.context("the descriptor has no content id")? + KEY.len();
    let line = start.get(at..).context("the descriptor ends early")?;
    // qemu-img writes up to eight digits, without zeros in front.
    let length = line
        .iter()
        .position(|byte| !byte.is_ascii_hexdigit())
        .context("the content id has no end")?;
    let rest_end = line
        .iter()
        .position(|byte| *byte == 0)
        .context("the descriptor has no end")?;
    let id = format!("{:.DIGITS$}", sha256.to_string());
    let mut text = id.into_bytes();
    text.extend(line.get(length..rest_end).unwrap_or_default());
    file.write_all_at(&text, at as u64)?;
    Ok(())
}
