//! A file on a web server of which pieces are fetched: few requests, few bytes.

use http_file::{HttpError, HttpFile, Wait};
use std::io;
use std::ops::Range;
use system_update::SourceError;

/// So many bytes that nobody needs cost less than the headers of a request and its answer.
const GAP_BYTES: u64 = 400;
/// What is fetched at once, but for a piece that is longer.
const RUN_BYTES: u64 = 512 << 10;

/// Why a piece was not had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoPiece {
    /// The line is down; another file of the same server would not come either.
    Line(SourceError),
    /// The file is gone, changed or shorter.
    File,
}

/// The file, and the run of it that is being fetched.
pub(crate) struct Remote<W> {
    file: HttpFile<W>,
    run: Vec<u8>,
    run_offset: u64,
    /// How much of the run is here.
    here: usize,
}

impl<W: Wait> Remote<W> {
    pub(crate) fn new(file: HttpFile<W>) -> Self {
        Self {
            file,
            run: Vec::new(),
            run_offset: 0,
            here: 0,
        }
    }

    pub(crate) fn length_bytes(&self) -> u64 {
        self.file.length_bytes()
    }

    pub(crate) fn received_bytes(&self) -> u64 {
        self.file.received_bytes()
    }

    /// Whether the piece is here.
    pub(crate) fn has(&self, piece: &Range<u64>) -> bool {
        self.place(piece)
            .is_some_and(|place| place.end <= self.here)
    }

    /// The first of `pieces`, which rise. Those behind it that lie close are asked for along,
    /// and not waited for.
    pub(crate) fn first_of(
        &mut self,
        pieces: impl IntoIterator<Item = Range<u64>>,
    ) -> Result<&[u8], NoPiece> {
        let mut pieces = pieces.into_iter();
        let first = pieces.next().ok_or(NoPiece::File)?;
        if self.place(&first).is_none() {
            let run = coalesced(first.clone(), pieces);
            let bytes = usize::try_from(run.end - run.start).map_err(|_| NoPiece::File)?;
            self.run.resize(bytes, 0);
            (self.run_offset, self.here) = (run.start, 0);
        }
        let place = self.place(&first).ok_or(NoPiece::File)?;
        while self.here < place.end {
            if let Err(no_piece) = self.wait_for_more() {
                self.run.clear();
                return Err(no_piece);
            }
        }
        self.run.get(place).ok_or(NoPiece::File)
    }

    fn wait_for_more(&mut self) -> Result<(), NoPiece> {
        let at = self.run_offset + self.here as u64;
        let rest = &mut self.run[self.here..];
        match self.file.read_at(at, rest) {
            Ok(0) => Err(NoPiece::File),
            Ok(read) => {
                self.here += read;
                Ok(())
            }
            Err(error) => Err(no_piece(&error)),
        }
    }

    /// Where the piece lies in the run.
    fn place(&self, piece: &Range<u64>) -> Option<Range<usize>> {
        let start = usize::try_from(piece.start.checked_sub(self.run_offset)?).ok()?;
        let end = usize::try_from(piece.end.checked_sub(self.run_offset)?).ok()?;
        (end <= self.run.len()).then_some(start..end)
    }
}

/// `first`, with what lies close behind it.
fn coalesced(first: Range<u64>, behind: impl Iterator<Item = Range<u64>>) -> Range<u64> {
    let mut run = first;
    for piece in behind {
        let is_far = piece.start.saturating_sub(run.end) > GAP_BYTES;
        if is_far || piece.end.saturating_sub(run.start) > RUN_BYTES {
            break;
        }
        run.end = run.end.max(piece.end);
    }
    run
}

fn no_piece(error: &io::Error) -> NoPiece {
    match http_error(error) {
        Some(HttpError::Broken { .. }) => NoPiece::Line(unreadable(error)),
        _ => NoPiece::File,
    }
}

fn http_error(error: &io::Error) -> Option<&HttpError> {
    error.get_ref()?.downcast_ref()
}

pub(crate) fn unreadable(error: &impl ToString) -> SourceError {
    SourceError::Unreadable(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_close_is_fetched_along_up_to_a_run() {
        let run = |behind: &[(u64, u64)]| {
            let behind = behind.iter().map(|(start, end)| *start..*end);
            coalesced(100..200, behind)
        };
        let far = 200 + GAP_BYTES;
        assert_eq!(run(&[]), 100..200);
        assert_eq!(run(&[(200, 300), (310, 400)]), 100..400);
        assert_eq!(run(&[(far, far + 1)]), 100..far + 1);
        assert_eq!(run(&[(far + 1, far + 2), (far + 2, far + 3)]), 100..200);
        let longest = 100 + RUN_BYTES;
        assert_eq!(run(&[(200, longest)]), 100..longest);
        assert_eq!(run(&[(200, longest + 1)]), 100..200);
    }
}
