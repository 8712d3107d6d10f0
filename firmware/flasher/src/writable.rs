//! The file system of `writable` for one device: the image's, with the device's files in it.
//!
//! It keeps the length that it has in the image. The device grows it to the end of the
//! partition when it mounts it first.

use std::os::unix::fs::FileExt;

use image_builder::{WritableFile, add_files};
use image_format::disk::Role;
use tempfile::NamedTempFile;

use crate::disk::CHUNK_BYTES;
use crate::error::FlashError;
use crate::image::Image;

/// Makes it in a temporary file.
pub(crate) fn make(image: &Image, files: &[WritableFile]) -> Result<NamedTempFile, FlashError> {
    let copy = copy_of(image).map_err(|error| FlashError::Writable(error.to_string()))?;
    if !files.is_empty() {
        add_files(copy.path(), files)
            .map_err(|error| FlashError::Writable(format!("{error:#}")))?;
    }
    Ok(copy)
}

fn copy_of(image: &Image) -> std::io::Result<NamedTempFile> {
    let place = image.place(Role::Writable);
    let copy = NamedTempFile::new()?;
    copy.as_file().set_len(place.length_bytes)?;
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut done = 0;
    while done < place.length_bytes {
        let length = (place.length_bytes - done).min(CHUNK_BYTES as u64);
        let chunk = &mut chunk[..length as usize];
        image.file.read_exact_at(chunk, place.offset_bytes + done)?;
        if chunk.iter().any(|byte| *byte != 0) {
            copy.as_file().write_all_at(chunk, done)?;
        }
        done += length;
    }
    Ok(copy)
}
