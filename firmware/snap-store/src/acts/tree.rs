//! The hash tree of a file, beside it.

use crate::error::StoreError;
use crate::files::Files;
use crate::seal::{RootHash, SealFailure, seal};
use std::io;
use std::path::Path;

const BLOCK_BYTES: u64 = crate::BLOCK_BYTES;

/// Makes the tree of `file` at `tree`, flushed; what was there goes.
pub(super) fn make_tree(
    files: &dyn Files,
    file: &Path,
    tree: &Path,
) -> Result<RootHash, StoreError> {
    let opened = files.open(file).map_err(io("open", file))?;
    let made = files.open_to_write(tree).map_err(io("write", tree))?;
    files.set_length(&made, 0).map_err(io("write", tree))?;
    let put = |number: u64, block: &image_trust::Block| {
        files.write_at(&made, number * BLOCK_BYTES, block)
    };
    let sealed = seal(&opened, put).map_err(|failure| match failure {
        SealFailure::Ragged(length) => StoreError::Ragged(length),
        SealFailure::Io(error) => io("seal", file)(error),
    })?;
    // A tree over one block is that block's hash; the device of the tree may not be empty.
    if sealed.length_bytes == BLOCK_BYTES {
        files
            .set_length(&made, BLOCK_BYTES)
            .map_err(io("write", tree))?;
    }
    files.flush(&made).map_err(io("flush", tree))?;
    Ok(sealed)
}

/// The error of an act on a file.
pub(super) fn io<'a>(
    act: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> StoreError + 'a {
    move |error| StoreError::io(format!("{act} {}", path.display()))(error)
}
