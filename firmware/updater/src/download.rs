//! A release on its way from the store into a slot.
//!
//! The store's metadata says which release is current, the envelope in the file what may be
//! written. Here the two meet: a file whose envelope is not of the listed manifest is not the
//! release that was chosen, and is refused before the first write.

use crate::choice::Listed;
use crate::fetch::HttpStore;
use crate::machine::Clock;
use crate::pace::Pace;
use http_file::{HttpError, Interruption, Patience, Wait};
use image_format::{Digest, ENVELOPE_BYTES, parse_envelope};
use image_trust::sha256;
use release_source::{Adaptive, Detour, Seeds, Tally};
use system_update::{BootDisk, Parts, ReleaseSource, SourceError};

/// A release at the store, of which the device fetches what it lacks.
pub struct Download<'a> {
    source: Adaptive<Sleeping<'a>, BootDisk>,
    manifest_hash: Digest,
    pace: Pace<'a>,
}

/// What the device has already, and need not fetch.
pub(crate) struct Held {
    pub(crate) disk: BootDisk,
    pub(crate) seeds: Seeds,
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
    /// Asks for the file of `one` at the store's address.
    pub(crate) fn open(
        base: &str,
        one: &Listed,
        held: Held,
        patience: Patience,
        pace: Pace<'a>,
    ) -> Result<Self, HttpError> {
        let address = HttpStore::target_address(base, &one.path);
        let source = Adaptive::open(&address, patience, Sleeping(pace.clock), held.disk)?;
        Ok(Self {
            source: source.with_seeds(held.seeds),
            manifest_hash: one.manifest_hash,
            pace,
        })
    }

    /// What it cost so far.
    pub(crate) fn tally(&self) -> Tally {
        self.source.tally()
    }

    /// Why more is fetched than must be, if it is.
    pub(crate) fn detour(&self) -> Option<&Detour> {
        self.source.detour()
    }
}

impl ReleaseSource for Download<'_> {
    fn read_envelope(&mut self, area: &mut [u8; ENVELOPE_BYTES]) -> Result<(), SourceError> {
        self.source.read_envelope(area)?;
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
        self.source.begin(parts)
    }

    fn read(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        let mut at = offset_bytes;
        for piece in buffer.chunks_mut(self.pace.piece_bytes()) {
            let before = self.source.tally().fetched_bytes;
            self.source.read(at, piece)?;
            self.pace.pay(self.source.tally().fetched_bytes - before);
            at += piece.len() as u64;
        }
        Ok(())
    }
}
