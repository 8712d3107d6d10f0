//! Which pieces of a snap are in files that the device has.

use super::cut::{PieceDigest, cut};
use super::list::PieceList;
use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;

/// What a disk that fails gives or does not give.
const BLOCK_BYTES: usize = 4096;

/// A place in one of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: usize,
    pub(super) at: u64,
}

/// Pieces in a row that come from one place, or from the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Of the snap.
    pub(super) start: u64,
    /// Of the snap.
    pub(super) end: u64,
    pub(super) from: Option<Place>,
}

/// Cuts the files as the list says, and finds what the list has. Files may be damaged: what
/// cannot be read is not found.
pub(super) fn find(list: &PieceList, files: &[File]) -> Vec<Span> {
    let wanted = list.pieces.iter().map(|piece| (piece.digest, None));
    let mut wanted: HashMap<PieceDigest, Option<Place>> = wanted.collect();
    for (number, file) in files.iter().enumerate() {
        let Ok(metadata) = file.metadata() else {
            continue;
        };
        let read = |at, buffer: &mut [u8]| {
            read_what_can_be(file, at, buffer);
            Ok(())
        };
        let found = |piece: super::Piece, at| {
            if let Some(place @ None) = wanted.get_mut(&piece.digest) {
                *place = Some(Place { file: number, at });
            }
        };
        let _ = cut(metadata.len(), list.level, read, found);
    }
    spans(list, &wanted)
}

fn spans(list: &PieceList, places: &HashMap<PieceDigest, Option<Place>>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut start = 0;
    for piece in &list.pieces {
        let from = places.get(&piece.digest).copied().flatten();
        let end = start + u64::from(piece.length_bytes);
        match spans.last_mut() {
            Some(last) if last.goes_on(from) => last.end = end,
            _ => spans.push(Span { start, end, from }),
        }
        start = end;
    }
    spans
}

impl Span {
    /// Whether what lies there is what follows.
    fn goes_on(&self, from: Option<Place>) -> bool {
        match (self.from, from) {
            (None, None) => true,
            (Some(mine), Some(next)) => {
                mine.file == next.file && mine.at + (self.end - self.start) == next.at
            }
            _ => false,
        }
    }
}

/// Leaves zeros where the disk gives nothing.
fn read_what_can_be(file: &File, at: u64, buffer: &mut [u8]) {
    if file.read_exact_at(buffer, at).is_ok() {
        return;
    }
    for (number, block) in buffer.chunks_mut(BLOCK_BYTES).enumerate() {
        let read = file.read_exact_at(block, at + (number * BLOCK_BYTES) as u64);
        if read.is_err() {
            block.fill(0);
        }
    }
}
