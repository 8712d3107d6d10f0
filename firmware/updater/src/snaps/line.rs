//! Files of snaps over HTTP: the address in a change is the file's own.

use http_file::{HttpFile, Interruption, Patience};
use image_format::Digest;
use snap_store::{Source, SourceError, Sources};
use std::io::{Read, Seek, SeekFrom};
use std::thread;
use tuf_client::metadata::Hashes;

/// The store's web server, or another one: what comes is held against what is signed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HttpSources;

impl Sources for HttpSources {
    fn open<'a>(&'a self, address: &str) -> Result<Box<dyn Source + 'a>, SourceError> {
        let wait = |interruption: &Interruption| thread::sleep(interruption.pause);
        let file = HttpFile::open(address, Patience::OF_A_PERSON, wait);
        let file = file.map_err(|error| SourceError(error.to_string()))?;
        Ok(Box::new(Line(file)))
    }
}

struct Line<W>(HttpFile<W>);

impl<W: http_file::Wait> Source for Line<W> {
    fn read_exact_at(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        // Read from front to back it is one answer.
        let read = self
            .0
            .seek(SeekFrom::Start(offset_bytes))
            .and_then(|_| self.0.read_exact(buffer));
        read.map_err(|error| SourceError(error.to_string()))
    }
}

/// The hash that snaps are held against.
pub(crate) fn sha256_of(hashes: &Hashes) -> Option<Digest> {
    Digest::parse_hex(hashes.sha256()?)
}
