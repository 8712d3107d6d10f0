//! A server in memory that can be asked for its files.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use tuf_client::{Fetch, FetchError, Place, Reply, Request};

/// What the server has, by the end of its address; targets begin with `targets/`.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// More than any limit of the client's: whoever reads this far reads for ever.
const PATIENCE_BYTES: u64 = 40 << 20;

/// A server, and what it was asked for.
#[derive(Default)]
pub(crate) struct Server {
    pub(crate) files: Files,
    /// These go on for ever behind their last byte.
    pub(crate) endless: BTreeSet<String>,
    pub(crate) asked: Vec<String>,
}

impl Fetch for Server {
    fn fetch(&mut self, request: Request<'_>) -> Result<Reply<'_>, FetchError> {
        let path = match request.place {
            Place::Metadata(path) => path.to_owned(),
            Place::Target(path) => format!("targets/{path}"),
        };
        self.asked.push(path.clone());
        let file = self.files.get(&path).ok_or(FetchError::NotFound)?;
        let body: Box<dyn Read + '_> = if self.endless.contains(&path) {
            Box::new(file.chain(Endless { sent_bytes: 0 }))
        } else {
            Box::new(file.as_slice())
        };
        Ok(Reply::File {
            body,
            validator: None,
        })
    }
}

/// Spaces, which JSON may end with, for ever.
struct Endless {
    sent_bytes: u64,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        buffer.fill(b' ');
        self.sent_bytes += buffer.len() as u64;
        assert!(
            self.sent_bytes < PATIENCE_BYTES,
            "the client reads on and on"
        );
        Ok(buffer.len())
    }
}
