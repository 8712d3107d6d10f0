//! A file comes: piece by piece, and on from where a cut left it.

use crate::change::Change;
use crate::error::StoreError;
use crate::run::Watch;
use crate::start::Snaps;

const PIECE_BYTES: u64 = 256 << 10;
/// What is flushed at once: a cut costs so much.
const FLUSH_BYTES: u64 = 8 << 20;

/// Nothing of it counts before it is sealed.
pub(super) fn fetch(
    snaps: &Snaps<'_>,
    change: &Change,
    watch: &mut dyn Watch,
) -> Result<(), StoreError> {
    let (Some(new), Some(address)) = (&change.new, &change.address) else {
        return Ok(());
    };
    let path = snaps.places.part(&change.snap, new.revision);
    // What others left there: only this one goes on.
    for name in snaps
        .files
        .list(&snaps.places.incoming())
        .map_err(StoreError::io("look for what is on its way"))?
    {
        let other = snaps.places.incoming().join(name);
        if other != path {
            let act = || format!("remove {}", other.display());
            snaps
                .files
                .remove_file(&other)
                .map_err(StoreError::io(act()))?;
        }
    }
    let failed = |error| StoreError::io(format!("write {}", path.display()))(error);
    let file = snaps.files.open_to_write(&path).map_err(failed)?;
    let mut at = file.metadata().map_err(failed)?.len().min(new.length_bytes);
    let missing = new.length_bytes - at;
    // The hash tree has one block for 128, and their own.
    snaps.require_room(missing + new.length_bytes / 64)?;
    let mut source = snaps.sources.open(address)?;
    let mut piece = vec![0; PIECE_BYTES as usize];
    let mut unflushed = 0;
    while at < new.length_bytes {
        watch.bytes(at, new.length_bytes);
        let length = (new.length_bytes - at).min(PIECE_BYTES);
        let piece = &mut piece[..length as usize];
        source.read_exact_at(at, piece)?;
        snaps.files.write_at(&file, at, piece).map_err(failed)?;
        at += length;
        unflushed += length;
        if unflushed >= FLUSH_BYTES {
            snaps.files.flush(&file).map_err(failed)?;
            unflushed = 0;
        }
    }
    watch.bytes(at, new.length_bytes);
    snaps
        .files
        .set_length(&file, new.length_bytes)
        .map_err(failed)?;
    snaps.files.flush(&file).map_err(failed)
}
