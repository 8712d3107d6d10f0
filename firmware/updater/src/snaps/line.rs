//! Files of snaps over HTTP: the address in a change is the file's own.

use crate::autopilot::PATIENCE;
use crate::machine::Clock;
use crate::pace::Pace;
use http_file::{HttpFile, Interruption, Patience};
use image_format::Digest;
use snap_store::{Source, SourceError, Sources};
use std::io::{Read, Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};
use tuf_client::metadata::Hashes;

/// The store's web server, or another one: what comes is held against what is signed.
pub(super) struct HttpSources<'a> {
    clock: &'a dyn Clock,
    haste: Mutex<Haste>,
}

/// Who waits for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Haste {
    /// A person, or a start that goes on with something.
    SomebodyWaits,
    /// Nobody: there is time, and a limit that the owner may have set.
    None { rate_bytes_per_sec: Option<u64> },
}

impl<'a> HttpSources<'a> {
    pub(super) fn new(clock: &'a dyn Clock) -> Self {
        Self {
            clock,
            haste: Mutex::new(Haste::SomebodyWaits),
        }
    }

    /// For the files from here on.
    pub(super) fn set_haste(&self, haste: Haste) {
        *self.haste.lock().unwrap_or_else(PoisonError::into_inner) = haste;
    }
}

impl Sources for HttpSources<'_> {
    fn open<'a>(&'a self, address: &str) -> Result<Box<dyn Source + 'a>, SourceError> {
        let haste = *self.haste.lock().unwrap_or_else(PoisonError::into_inner);
        let (patience, rate) = match haste {
            Haste::SomebodyWaits => (Patience::OF_A_PERSON, None),
            Haste::None { rate_bytes_per_sec } => (PATIENCE, rate_bytes_per_sec),
        };
        let wait = |interruption: &Interruption| self.clock.sleep(interruption.pause);
        let file = HttpFile::open(address, patience, wait);
        let file = file.map_err(|error| SourceError(error.to_string()))?;
        let pace = Pace::new(rate, self.clock);
        Ok(Box::new(Line { file, pace }))
    }
}

struct Line<'a, W> {
    file: HttpFile<W>,
    pace: Pace<'a>,
}

impl<W: http_file::Wait> Source for Line<'_, W> {
    fn read_exact_at(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        let failed = |error: std::io::Error| SourceError(error.to_string());
        // Read from front to back it is one answer.
        let at = SeekFrom::Start(offset_bytes);
        self.file.seek(at).map_err(failed)?;
        for piece in buffer.chunks_mut(self.pace.piece_bytes()) {
            self.file.read_exact(piece).map_err(failed)?;
            self.pace.pay(piece.len() as u64);
        }
        Ok(())
    }
}

/// The hash that snaps are held against.
pub(crate) fn sha256_of(hashes: &Hashes) -> Option<Digest> {
    Digest::parse_hex(hashes.sha256()?)
}
