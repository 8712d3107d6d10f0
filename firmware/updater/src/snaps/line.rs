//! Files of snaps over HTTP: the address in a change is the file's own.

use http_file::{Interruption, Patience, Wait};
use image_format::Digest;
use release_source::Tally;
use release_source::pieces::Reusing;
use snap_store::{Cost, Source, SourceError, Sources};
use std::fs::File;
use std::thread;
use tuf_client::metadata::Hashes;

/// The store's web server, or another one: what comes is held against what is signed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HttpSources;

impl Sources for HttpSources {
    fn open<'a>(
        &'a self,
        address: &str,
        held: Vec<File>,
    ) -> Result<Box<dyn Source + 'a>, SourceError> {
        let wait = |interruption: &Interruption| thread::sleep(interruption.pause);
        let line = Reusing::open(address, Patience::OF_A_PERSON, wait, held);
        let line = line.map_err(|error| SourceError(error.to_string()))?;
        Ok(Box::new(Line(line)))
    }
}

struct Line<W>(Reusing<W>);

impl<W: Wait> Source for Line<W> {
    fn read_exact_at(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        let read = self.0.read_exact_at(offset_bytes, buffer);
        read.map_err(|error| SourceError(error.to_string()))
    }

    fn cost(&self) -> Cost {
        let Tally {
            fetched_bytes,
            reused_bytes,
        } = self.0.tally();
        Cost {
            fetched_bytes,
            reused_bytes,
            detour: self.0.detour().map(ToString::to_string),
        }
    }
}

/// The hash that snaps are held against.
pub(crate) fn sha256_of(hashes: &Hashes) -> Option<Digest> {
    Digest::parse_hex(hashes.sha256()?)
}
