//! The source that fetches what no file of the device has.

use super::held::{Span, find};
use super::list::{LONGEST_BYTES, PieceList, SUFFIX};
use crate::chunk_file::ChunkFileError;
use crate::tally::Tally;
use http_file::{HttpError, HttpFile, Patience, Ranges, Wait};
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

/// A snap on a web server, of which only that is fetched which other files do not hold.
///
/// Memory: some 60 bytes for each piece of the list, and those are bounded.
pub struct Reusing<W> {
    line: HttpFile<W>,
    held: Vec<File>,
    /// What comes from where; nothing: all of it from the line.
    spans: Vec<Span>,
    /// Of files that are closed.
    closed_bytes: u64,
    reused_bytes: u64,
    detour: Option<PiecesDetour>,
}

/// Why the whole file is fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PiecesDetour {
    /// The server gives no pieces of files.
    NoPieces,
    /// The list cannot be had.
    NotThere(HttpError),
    /// It ended early, or changed while it was read.
    Interrupted,
    /// It cannot be used.
    Unusable(ChunkFileError),
}

impl fmt::Display for PiecesDetour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the whole file is fetched: ")?;
        match self {
            Self::NoPieces => f.write_str("the server gives no pieces of files"),
            Self::NotThere(error) => write!(f, "the list of its pieces: {error}"),
            Self::Interrupted => f.write_str("the list of its pieces did not come whole"),
            Self::Unusable(error) => write!(f, "the list of its pieces: {error}"),
        }
    }
}

impl<W: Wait + Clone> Reusing<W> {
    /// Asks for the snap at `address`, `http://...`. Where there is something in `held`, it
    /// fetches the list of its pieces first, and reads all of `held`.
    ///
    /// # Errors
    /// The snap is not there, or the line is down; see [`HttpError`].
    pub fn open(
        address: &str,
        patience: Patience,
        wait: W,
        held: Vec<File>,
    ) -> Result<Self, HttpError> {
        let mut closed_bytes = 0;
        let (spans, detour) = match held.is_empty() {
            true => (Vec::new(), None),
            false => {
                let list = fetch_list(address, patience, wait.clone(), &mut closed_bytes);
                match list {
                    Ok(list) => (find(&list, &held), None),
                    Err(NoList::Line(error)) => return Err(error),
                    Err(NoList::Detour(detour)) => (Vec::new(), Some(detour)),
                }
            }
        };
        let mut reusing = Self {
            line: match spans.iter().any(|span| span.from.is_some()) {
                // Who wants pieces asks for each.
                true => HttpFile::open_for_pieces(address, 1, patience, wait)?,
                false => HttpFile::open(address, patience, wait)?,
            },
            held,
            spans,
            closed_bytes,
            reused_bytes: 0,
            detour,
        };
        let listed_bytes = reusing.spans.last().map(|span| span.end);
        let length_bytes = reusing.line.length_bytes();
        let detour = match listed_bytes {
            Some(listed) if listed != length_bytes => {
                Some(PiecesDetour::Unusable(ChunkFileError::OtherRelease))
            }
            Some(_) if reusing.line.ranges() == Ranges::Ignored => Some(PiecesDetour::NoPieces),
            _ => None,
        };
        if detour.is_some() {
            reusing.spans.clear();
            reusing.detour = detour;
        }
        Ok(reusing)
    }
}

impl<W: Wait> Reusing<W> {
    /// How long the snap is.
    #[must_use]
    pub fn length_bytes(&self) -> u64 {
        self.line.length_bytes()
    }

    /// Why the whole file is fetched though the device has another revision, if it is.
    #[must_use]
    pub fn detour(&self) -> Option<&PiecesDetour> {
        self.detour.as_ref()
    }

    /// What it cost so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        Tally {
            fetched_bytes: self.closed_bytes + self.line.received_bytes(),
            reused_bytes: self.reused_bytes,
        }
    }

    /// Fills `buffer` with the bytes from `offset_bytes` on. Nobody vouches for them.
    ///
    /// # Errors
    /// They do not come.
    pub fn read_exact_at(&mut self, mut offset_bytes: u64, buffer: &mut [u8]) -> io::Result<()> {
        if self.spans.iter().all(|span| span.from.is_none()) {
            // Read from front to back it is one answer.
            self.line.seek(SeekFrom::Start(offset_bytes))?;
            return self.line.read_exact(buffer);
        }
        let mut empty = buffer;
        while !empty.is_empty() {
            let at = self.spans.partition_point(|span| span.end <= offset_bytes);
            let span = self.spans.get(at).copied();
            let span = span.ok_or(io::ErrorKind::UnexpectedEof)?;
            let left = usize::try_from(span.end - offset_bytes).unwrap_or(usize::MAX);
            let (piece, rest) = empty.split_at_mut(left.min(empty.len()));
            self.read_of(&span, offset_bytes, piece)?;
            offset_bytes += piece.len() as u64;
            empty = rest;
        }
        Ok(())
    }

    fn read_of(&mut self, span: &Span, offset_bytes: u64, piece: &mut [u8]) -> io::Result<()> {
        let held = span.from.and_then(|place| {
            let file = self.held.get(place.file)?;
            Some((file, place.at + (offset_bytes - span.start)))
        });
        if let Some((file, at)) = held
            && file.read_exact_at(piece, at).is_ok()
        {
            self.reused_bytes += piece.len() as u64;
            return Ok(());
        }
        self.line.read_exact_at(offset_bytes, piece)
    }
}

/// Why there is no list.
enum NoList {
    /// The line is down; the snap would not come either.
    Line(HttpError),
    Detour(PiecesDetour),
}

fn fetch_list<W: Wait>(
    address: &str,
    patience: Patience,
    wait: W,
    closed_bytes: &mut u64,
) -> Result<PieceList, NoList> {
    let no_list = |error| match error {
        error @ HttpError::Broken { .. } => NoList::Line(error),
        error => NoList::Detour(PiecesDetour::NotThere(error)),
    };
    let file = HttpFile::open(&format!("{address}{SUFFIX}"), patience, wait);
    let mut file = file.map_err(no_list)?;
    let length_bytes = file.length_bytes();
    if length_bytes > LONGEST_BYTES {
        let unusable = PiecesDetour::Unusable(ChunkFileError::Length);
        return Err(NoList::Detour(unusable));
    }
    let mut bytes = Vec::new();
    let read = file.read_to_end(&mut bytes);
    *closed_bytes += file.received_bytes();
    match read {
        Ok(_) => {}
        Err(error) => {
            let error = error.get_ref().and_then(|error| error.downcast_ref());
            return Err(match error {
                Some(error @ HttpError::Broken { .. }) => NoList::Line(HttpError::clone(error)),
                _ => NoList::Detour(PiecesDetour::Interrupted),
            });
        }
    }
    PieceList::parse(&bytes).map_err(|error| NoList::Detour(PiecesDetour::Unusable(error)))
}
