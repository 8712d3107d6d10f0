//! A file comes: piece by piece, and on from where a cut left it.

use crate::change::Change;
use crate::error::StoreError;
use crate::run::Watch;
use crate::seal::root_hash_of;
use crate::source::Source;
use crate::start::Snaps;
use crate::state::RevisionState;
use std::fs::File;
use std::path::{Path, PathBuf};

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
    let part = Part::open(snaps, change, new)?;
    let here = part.length_bytes()?;
    // The hash tree has one block for 128, and their own.
    snaps.require_room((new.length_bytes - here) + new.length_bytes / 64)?;
    let mut source = snaps.sources.open(address, held(snaps, change))?;
    part.fill(here, &mut *source, watch)?;
    let cost = source.cost();
    drop(source);
    watch.fetched(&change.snap, &cost);
    let is_all_from_the_line = here == 0 && cost.reused_bytes == 0;
    if is_all_from_the_line || part.is_signed()? {
        return Ok(());
    }
    // What was here, or what a server said of it, was wrong. The file itself may be right.
    part.cut_to(0)?;
    let mut source = snaps.sources.open(address, Vec::new())?;
    part.fill(0, &mut *source, watch)?;
    watch.fetched(&change.snap, &source.cost());
    Ok(())
}

/// The files of the snap that are here. One that cannot be opened holds nothing.
fn held(snaps: &Snaps<'_>, change: &Change) -> Vec<File> {
    let snap = snaps.state.snap(&change.snap);
    let revisions = snap.iter().flat_map(|snap| &snap.revisions);
    let path = |one: &RevisionState| snaps.places.file(&change.snap, one.revision);
    let open = |one| snaps.files.open(&path(one)).ok();
    revisions.filter_map(open).collect()
}

/// A file on its way here.
struct Part<'a> {
    snaps: &'a Snaps<'a>,
    new: &'a RevisionState,
    path: PathBuf,
    file: File,
}

impl<'a> Part<'a> {
    /// What others left there goes: only this one goes on.
    fn open(
        snaps: &'a Snaps<'_>,
        change: &Change,
        new: &'a RevisionState,
    ) -> Result<Self, StoreError> {
        let path = snaps.places.part(&change.snap, new.revision);
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
        let file = snaps.files.open_to_write(&path);
        let file = file.map_err(|error| failed(&path)(error))?;
        Ok(Self {
            snaps,
            new,
            path,
            file,
        })
    }

    /// How much of it is here.
    fn length_bytes(&self) -> Result<u64, StoreError> {
        let metadata = self.file.metadata().map_err(failed(&self.path))?;
        Ok(metadata.len().min(self.new.length_bytes))
    }

    /// Brings what lies behind `at`.
    fn fill(
        &self,
        mut at: u64,
        source: &mut dyn Source,
        watch: &mut dyn Watch,
    ) -> Result<(), StoreError> {
        let (files, length_bytes) = (self.snaps.files, self.new.length_bytes);
        let mut piece = vec![0; PIECE_BYTES as usize];
        let mut unflushed = 0;
        while at < length_bytes {
            watch.bytes(at, length_bytes);
            let length = (length_bytes - at).min(PIECE_BYTES);
            let piece = &mut piece[..length as usize];
            source.read_exact_at(at, piece)?;
            files
                .write_at(&self.file, at, piece)
                .map_err(failed(&self.path))?;
            at += length;
            unflushed += length;
            if unflushed >= FLUSH_BYTES {
                files.flush(&self.file).map_err(failed(&self.path))?;
                unflushed = 0;
            }
        }
        watch.bytes(at, length_bytes);
        self.cut_to(length_bytes)?;
        files.flush(&self.file).map_err(failed(&self.path))
    }

    fn cut_to(&self, length_bytes: u64) -> Result<(), StoreError> {
        let cut = self.snaps.files.set_length(&self.file, length_bytes);
        cut.map_err(failed(&self.path))
    }

    /// Whether it is what was signed. It is read for that, and once more when it is sealed.
    fn is_signed(&self) -> Result<bool, StoreError> {
        let file = self.snaps.files.open(&self.path);
        let found = file.and_then(|file| root_hash_of(&file));
        let found = found.map_err(failed(&self.path))?;
        Ok(found.is_some_and(|found| found.sha256 == self.new.sha256))
    }
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    StoreError::io(format!("write {}", path.display()))
}
