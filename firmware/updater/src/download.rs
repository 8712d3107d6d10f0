//! The file of a release on its way from the store into a slot.
//!
//! The store's metadata says which release is current, the envelope in the file what may be
//! written. Here the two meet: a file whose envelope is not of the listed manifest is not the
//! release that was chosen, and is refused before the first write.

use crate::choice::Listed;
use crate::fetch::HttpStore;
use crate::machine::Clock;
use crate::pace::Paced;
use http_file::{HttpError, HttpFile, Interruption, Patience};
use image_format::{Digest, ENVELOPE_BYTES, parse_envelope};
use image_trust::sha256;
use std::{fmt, io};
use system_update::{ReleaseSource, SourceError, UpdateFile};

type Waiting<'a> = Box<dyn FnMut(&Interruption) + 'a>;

/// A release's file, opened at the store.
pub struct Download<'a> {
    file: UpdateFile<Paced<'a, HttpFile<Waiting<'a>>>>,
    manifest_hash: Digest,
}

/// Why there is no file.
#[derive(Debug)]
pub(crate) enum DownloadError {
    /// The server does not give it.
    Http(HttpError),
    /// It is not as long as the store's metadata says.
    Length { listed_bytes: u64, have_bytes: u64 },
    /// Its length cannot be told.
    Io(io::Error),
}

impl fmt::Display for DownloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(error) => error.fmt(f),
            Self::Length {
                listed_bytes,
                have_bytes,
            } => write!(
                f,
                "it has {have_bytes} bytes in place of the {listed_bytes} that were signed; \
                 copy the store again"
            ),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl<'a> Download<'a> {
    /// Asks for the file of `one` at the store's address.
    pub(crate) fn open(
        base: &str,
        one: &Listed,
        rate_bytes_per_sec: Option<u64>,
        patience: Patience,
        clock: &'a dyn Clock,
    ) -> Result<Self, DownloadError> {
        let address = HttpStore::target_address(base, &one.path);
        let wait: Waiting<'a> = Box::new(|interruption| clock.sleep(interruption.pause));
        let file = HttpFile::open(&address, patience, wait).map_err(DownloadError::Http)?;
        let (listed_bytes, have_bytes) = (one.length_bytes, file.length_bytes());
        if listed_bytes != have_bytes {
            return Err(DownloadError::Length {
                listed_bytes,
                have_bytes,
            });
        }
        let paced = Paced::new(file, rate_bytes_per_sec, clock);
        Ok(Self {
            file: UpdateFile::new(paced).map_err(DownloadError::Io)?,
            manifest_hash: one.manifest_hash,
        })
    }
}

impl ReleaseSource for Download<'_> {
    fn read_envelope(&mut self, area: &mut [u8; ENVELOPE_BYTES]) -> Result<(), SourceError> {
        self.file.read_envelope(area)?;
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

    fn expect_length(&mut self, image_bytes: u64) -> Result<(), SourceError> {
        self.file.expect_length(image_bytes)
    }

    fn read(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        self.file.read(offset_bytes, buffer)
    }
}
