//! Files of snaps over HTTP: the address in a change is the file's own.

use crate::autopilot::PATIENCE;
use crate::machine::Clock;
use crate::pace::Pace;
use http_file::{Interruption, Patience, Wait};
use image_format::Digest;
use release_source::Tally;
use release_source::pieces::Reusing;
use snap_store::{Cost, Source, SourceError, Sources};
use std::fs::File;
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
    fn open<'a>(
        &'a self,
        address: &str,
        held: Vec<File>,
    ) -> Result<Box<dyn Source + 'a>, SourceError> {
        let haste = *self.haste.lock().unwrap_or_else(PoisonError::into_inner);
        let (patience, rate) = match haste {
            Haste::SomebodyWaits => (Patience::OF_A_PERSON, None),
            Haste::None { rate_bytes_per_sec } => (PATIENCE, rate_bytes_per_sec),
        };
        let wait = |interruption: &Interruption| self.clock.sleep(interruption.pause);
        let file = Reusing::open(address, patience, wait, held);
        let file = file.map_err(|error| SourceError(error.to_string()))?;
        let pace = Pace::new(rate, self.clock);
        Ok(Box::new(Line { file, pace }))
    }
}

struct Line<'a, W> {
    file: Reusing<W>,
    pace: Pace<'a>,
}

impl<W: Wait> Source for Line<'_, W> {
    fn read_exact_at(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        let mut at_bytes = offset_bytes;
        for piece in buffer.chunks_mut(self.pace.piece_bytes()) {
            let before_bytes = self.file.tally().fetched_bytes;
            let read = self.file.read_exact_at(at_bytes, piece);
            read.map_err(|error| SourceError(error.to_string()))?;
            at_bytes += piece.len() as u64;
            // What the device holds costs nobody anything.
            let fetched_bytes = self.file.tally().fetched_bytes - before_bytes;
            self.pace.pay(fetched_bytes);
        }
        Ok(())
    }

    fn cost(&self) -> Cost {
        let Tally {
            fetched_bytes,
            reused_bytes,
        } = self.file.tally();
        Cost {
            fetched_bytes,
            reused_bytes,
            detour: self.file.detour().map(ToString::to_string),
        }
    }
}

/// The hash that snaps are held against.
pub(crate) fn sha256_of(hashes: &Hashes) -> Option<Digest> {
    Digest::parse_hex(hashes.sha256()?)
}
