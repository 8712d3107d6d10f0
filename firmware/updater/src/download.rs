//! A release on its way from the store into a slot.
//!
//! The store's metadata says which release is current, the envelope what may be written. Here
//! the two meet: a file whose envelope is not of the listed manifest is not the release that
//! was chosen, and is refused before the first write.

use crate::choice::{Listed, ListedPatch};
use crate::fetch::HttpStore;
use crate::machine::Clock;
use crate::pace::Pace;
use http_file::{HttpError, HttpFile, Interruption, Patience, Wait};
use image_delta::{PatchError, PatchSource};
use image_format::{Digest, ENVELOPE_BYTES, parse_envelope};
use image_trust::sha256;
use release_source::{Adaptive, Detour, Seeds, SlotImage, Tally};
use std::fmt;
use system_update::{BootDisk, Parts, ReleaseSource, SourceError};

/// What is asked for of a patch that may be gone on with far behind its header: more than most
/// headers have.
const HEADER_BYTES: u64 = 16 << 10;

/// A release at the store, of which the device fetches what it lacks.
pub(crate) struct Download<'a> {
    route: Route<'a>,
    manifest_hash: Digest,
    pace: Pace<'a>,
}

/// How it comes.
enum Route<'a> {
    /// As a patch over the image that runs, which the maker prepared for this pair.
    Patch(Box<PatchSource<HttpFile<Sleeping<'a>>, SlotImage<BootDisk>>>),
    /// In the chunks that neither slot holds.
    Chunks(Box<Adaptive<Sleeping<'a>, BootDisk>>),
}

/// The line to a store.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    /// The store's address.
    pub(crate) base: &'a str,
    pub(crate) patience: Patience,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) rate_bytes_per_sec: Option<u64>,
}

/// Why there is no patch.
#[derive(Debug)]
pub(crate) enum PatchRefusal {
    /// The server does not give it.
    Http(HttpError),
    /// It is none, or for another pair.
    Patch(PatchError),
}

impl fmt::Display for PatchRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(error) => error.fmt(f),
            Self::Patch(error) => error.fmt(f),
        }
    }
}

/// Waits until a line may have come back.
#[derive(Clone, Copy)]
struct Sleeping<'a>(&'a dyn Clock);

impl Wait for Sleeping<'_> {
    fn wait(&mut self, interruption: &Interruption) {
        self.0.sleep(interruption.pause);
    }
}

impl<'a> Download<'a> {
    /// Asks for a patch that leads from the running image to `one`. Of that one, an attempt
    /// that was cut may have left something in the slot `left`.
    pub(crate) fn patched(
        line: Line<'a>,
        one: &Listed,
        patch: &ListedPatch,
        old: SlotImage<BootDisk>,
        left: Option<SlotImage<BootDisk>>,
    ) -> Result<Self, PatchRefusal> {
        let address = HttpStore::target_address(line.base, &patch.path);
        let (patience, wait) = (line.patience, Sleeping(line.clock));
        let file = match left {
            Some(_) => HttpFile::open_for_pieces(&address, HEADER_BYTES, patience, wait),
            None => HttpFile::open(&address, patience, wait),
        };
        let file = file.map_err(PatchRefusal::Http)?;
        let source = PatchSource::open(file, old, patch.from).map_err(PatchRefusal::Patch)?;
        let source = match left {
            Some(left) => source.resuming(left),
            None => source,
        };
        Ok(Self::on(line, one, Route::Patch(Box::new(source))))
    }

    /// Asks for the file of `one`, from which only that is fetched which is not on `disk`.
    pub(crate) fn in_chunks(
        line: Line<'a>,
        one: &Listed,
        disk: BootDisk,
        seeds: Seeds,
    ) -> Result<Self, HttpError> {
        let address = HttpStore::target_address(line.base, &one.path);
        let source = Adaptive::open(&address, line.patience, Sleeping(line.clock), disk)?;
        let route = Route::Chunks(Box::new(source.with_seeds(seeds)));
        Ok(Self::on(line, one, route))
    }

    fn on(line: Line<'a>, one: &Listed, route: Route<'a>) -> Self {
        Self {
            route,
            manifest_hash: one.manifest_hash,
            pace: Pace::new(line.rate_bytes_per_sec, line.clock),
        }
    }

    /// What it cost so far.
    pub(crate) fn tally(&self) -> Tally {
        match &self.route {
            Route::Patch(source) => Tally {
                fetched_bytes: source.file().received_bytes(),
                reused_bytes: 0,
            },
            Route::Chunks(source) => source.tally(),
        }
    }

    /// Whether it ended because the line did not come back. Only a patch needs to know.
    pub(crate) fn lost_its_line(&self) -> bool {
        match &self.route {
            Route::Patch(source) => source.file().gave_up(),
            Route::Chunks(_) => false,
        }
    }

    /// Why more is fetched than must be, if it is.
    pub(crate) fn detour(&self) -> Option<&Detour> {
        match &self.route {
            Route::Patch(_) => None,
            Route::Chunks(source) => source.detour(),
        }
    }

    fn source(&mut self) -> &mut dyn ReleaseSource {
        match &mut self.route {
            Route::Patch(source) => source.as_mut(),
            Route::Chunks(source) => source.as_mut(),
        }
    }
}

impl ReleaseSource for Download<'_> {
    fn read_envelope(&mut self, area: &mut [u8; ENVELOPE_BYTES]) -> Result<(), SourceError> {
        self.source().read_envelope(area)?;
        let found = parse_envelope(area.as_slice());
        let found = found.ok().map(|envelope| sha256(envelope.manifest.bytes));
        match found.filter(|hash| *hash != self.manifest_hash) {
            // One that is none at all has its own refusal.
            None => Ok(()),
            Some(_) => Err(SourceError::Unreadable(
                "it holds another release than the store lists; copy the store again".to_owned(),
            )),
        }
    }

    fn begin(&mut self, parts: &Parts) -> Result<(), SourceError> {
        self.source().begin(parts)
    }

    fn read(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> Result<usize, SourceError> {
        let length = buffer.len().min(self.pace.piece_bytes());
        let before = self.tally().fetched_bytes;
        let read = self.source().read(offset_bytes, &mut buffer[..length])?;
        self.pace.pay(self.tally().fetched_bytes - before);
        Ok(read)
    }
}
