//! The source that fetches what the device lacks.

mod chunks;

use crate::chunk_file::{ChunkFileError, SUFFIX};
use crate::plan::{NoPlan, plan};
use crate::remote::{NoPiece, Remote, unreadable};
use crate::seeds::Seeds;
use crate::tally::Tally;
use boot_core::Disk;
use chunks::Chunks;
use http_file::{HttpError, HttpFile, Patience, Ranges, Wait};
use image_format::{ENVELOPE_BYTES, parse_envelope};
use std::cmp::Ordering;
use std::fmt;
use system_update::{Parts, ReleaseSource, SourceError, UpdateFile};

/// What of the update file is asked for at first: more than an envelope usually has.
const FIRST_BYTES: u64 = 4096;
/// What of the chunk file: the groups of an image of some 60 MB.
const FIRST_INDEX_BYTES: u64 = 4096;

/// A release on a web server, of which only that is fetched which neither slot holds.
///
/// Memory: some 70 bytes for each 8 KiB of the images, and two runs of 512 KiB.
pub struct Adaptive<W, D> {
    address: String,
    patience: Patience,
    wait: W,
    disk: D,
    seeds: Seeds,
    parts: Option<Parts>,
    route: Route<W>,
    /// Of files that are closed.
    closed_bytes: u64,
    detour: Option<Detour>,
}

/// Why the whole file is fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detour {
    /// The server gives no pieces of files.
    NoPieces,
    /// The chunk file cannot be had.
    NotThere(HttpError),
    /// A piece of it was missing, or it changed while it was read.
    Interrupted,
    /// It cannot be used.
    Unusable(ChunkFileError),
}

impl fmt::Display for Detour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the whole file is fetched: ")?;
        match self {
            Self::NoPieces => f.write_str("the server gives no pieces of files"),
            Self::NotThere(error) => write!(f, "its chunk file: {error}"),
            Self::Interrupted => f.write_str("its chunk file changed while it was read"),
            Self::Unusable(error) => write!(f, "its chunk file: {error}"),
        }
    }
}

/// How the image comes.
enum Route<W> {
    /// Nobody asked for a part yet.
    Undecided(HttpFile<W>),
    /// As it is, from front to back.
    Whole(UpdateFile<HttpFile<W>>),
    /// In chunks.
    Chunks(Box<Chunks<W>>),
    /// It failed.
    None,
}

impl<W: Wait + Clone, D: Disk> Adaptive<W, D> {
    /// Asks for the update file at `address`, `http://...`, and nothing else yet. `disk` is
    /// only read.
    ///
    /// # Errors
    /// See [`HttpError`].
    pub fn open(address: &str, patience: Patience, wait: W, disk: D) -> Result<Self, HttpError> {
        let update = HttpFile::open_for_pieces(address, FIRST_BYTES, patience, wait.clone())?;
        Ok(Self {
            address: address.to_owned(),
            patience,
            wait,
            disk,
            seeds: Seeds::default(),
            parts: None,
            route: Route::Undecided(update),
            closed_bytes: 0,
            detour: None,
        })
    }

    /// Where the running image lies, and the slot that is to be written, which may hold what
    /// an earlier attempt left.
    #[must_use]
    pub fn with_seeds(self, seeds: Seeds) -> Self {
        Self { seeds, ..self }
    }

    /// Why the whole file is fetched, if it is.
    #[must_use]
    pub fn detour(&self) -> Option<&Detour> {
        self.detour.as_ref()
    }

    /// What it cost so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let (open_bytes, reused_bytes) = match &self.route {
            Route::Undecided(update) => (update.received_bytes(), 0),
            Route::Whole(update) => (update.file().received_bytes(), 0),
            Route::Chunks(chunks) => (chunks.received_bytes(), chunks.reused_bytes()),
            Route::None => (0, 0),
        };
        Tally {
            fetched_bytes: self.closed_bytes + open_bytes,
            reused_bytes,
        }
    }

    fn decide(&mut self, update: HttpFile<W>) -> Result<Route<W>, SourceError> {
        let Some(parts) = &self.parts else {
            return Err(unreadable(&"nobody said which parts it has"));
        };
        if update.ranges() == Ranges::Ignored {
            return self.whole(update, Detour::NoPieces);
        }
        // What lies behind the image to come is not worth reading.
        if let Some(target) = &mut self.seeds.target {
            target.length_bytes = target.length_bytes.min(parts.image_bytes());
        }
        let address = format!("{}{SUFFIX}", self.address);
        let wait = self.wait.clone();
        let file = HttpFile::open_for_pieces(&address, FIRST_INDEX_BYTES, self.patience, wait);
        let file = match file {
            Ok(file) => file,
            Err(error @ HttpError::Broken { .. }) => return Err(unreadable(&error)),
            Err(error) => return self.whole(update, Detour::NotThere(error)),
        };
        let mut remote = Remote::new(file);
        let detour = match plan(&mut remote, &mut self.disk, self.seeds, parts) {
            Ok(plan) => return Ok(Route::Chunks(Box::new(Chunks::new(update, remote, plan)))),
            Err(NoPlan::Piece(NoPiece::Line(error))) => return Err(error),
            Err(NoPlan::Piece(NoPiece::File)) => Detour::Interrupted,
            Err(NoPlan::File(error)) => Detour::Unusable(error),
        };
        self.closed_bytes += remote.received_bytes();
        self.whole(update, detour)
    }

    fn whole(&mut self, update: HttpFile<W>, detour: Detour) -> Result<Route<W>, SourceError> {
        self.detour = Some(detour);
        let mut whole = UpdateFile::new(update).map_err(|error| unreadable(&error))?;
        // It is read from front to back, and this was accepted.
        whole.read_envelope(&mut Box::new([0; ENVELOPE_BYTES]))?;
        Ok(Route::Whole(whole))
    }
}

impl<W: Wait + Clone, D: Disk> ReleaseSource for Adaptive<W, D> {
    /// Most of the area is zeros, which nobody needs to send.
    fn read_envelope(&mut self, area: &mut [u8; ENVELOPE_BYTES]) -> Result<(), SourceError> {
        let Route::Undecided(update) = &mut self.route else {
            return Err(unreadable(&"it was read already"));
        };
        area.fill(0);
        let have_bytes = update.length_bytes();
        if have_bytes < ENVELOPE_BYTES as u64 {
            return Err(SourceError::EndsEarly {
                have_bytes,
                need_bytes: ENVELOPE_BYTES as u64,
            });
        }
        let (first, rest) = area.split_at_mut(FIRST_BYTES as usize);
        let read = update.read_exact_at(0, first);
        read.map_err(|error| unreadable(&error))?;
        if parse_envelope(first).is_ok() {
            return Ok(());
        }
        let read = update.read_exact_at(FIRST_BYTES, rest);
        read.map_err(|error| unreadable(&error))
    }

    fn begin(&mut self, parts: &Parts) -> Result<(), SourceError> {
        let Route::Undecided(update) = &self.route else {
            return Err(unreadable(&"it was read already"));
        };
        self.parts = Some(*parts);
        let (have_bytes, need_bytes) = (update.length_bytes(), parts.image_bytes());
        match have_bytes.cmp(&need_bytes) {
            Ordering::Equal => Ok(()),
            Ordering::Less => Err(SourceError::EndsEarly {
                have_bytes,
                need_bytes,
            }),
            Ordering::Greater => Err(SourceError::TooLong {
                have_bytes,
                need_bytes,
            }),
        }
    }

    /// The first one reads the index and the slots: this is not done under the lock of the
    /// boot state, which [`begin`](Self::begin) is called under.
    fn read(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> Result<usize, SourceError> {
        if let Route::Undecided(_) = self.route
            && let Route::Undecided(update) = std::mem::replace(&mut self.route, Route::None)
        {
            self.route = self.decide(update)?;
        }
        match &mut self.route {
            Route::Whole(update) => update.read(offset_bytes, buffer),
            Route::Chunks(chunks) => chunks.read(&mut self.disk, offset_bytes, buffer),
            Route::Undecided(_) | Route::None => Err(unreadable(&"it failed before")),
        }
    }
}
