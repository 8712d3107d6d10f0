//! Targets: fetched piece by piece, held against what was signed, put in their place whole.

use crate::client::Client;
use crate::error::{Error, TargetRule};
use crate::fetch::{Fetch, FetchError, Place, Reply, Request};
use crate::metadata::{Digests, Hashes, RoleName, Target};
use crate::names::{encode_component, encode_path};
use crate::store::{MetadataStore, replace};
use serde_json::Value;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

const PIECE_BYTES: usize = 64 << 10;

/// The name of a target that stays where it is put, as an address and as a path below a
/// directory. Names come from strangers.
pub(crate) struct TargetName(String);

impl TargetName {
    pub(crate) fn new(name: &str) -> Result<Self, Error> {
        // A server, or what fetches, may decode an address before it looks for dots.
        let encoded = [("%2e", "."), ("%2f", "/"), ("%5c", "\\")];
        let decoded = encoded
            .iter()
            .fold(name.to_ascii_lowercase(), |name, (code, plain)| {
                name.replace(code, plain)
            });
        let leads_nowhere = |part| matches!(part, "" | "." | "..");
        if decoded.split(['/', '\\']).any(leads_nowhere) {
            let (name, rule) = (name.to_owned(), TargetRule::Name);
            return Err(Error::Target { name, rule });
        }
        Ok(TargetName(name.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a verified role says of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetFile {
    name: String,
    role: RoleName,
    target: Target,
}

impl TargetFile {
    pub(crate) fn new(name: &TargetName, role: &RoleName, target: &Target) -> Self {
        TargetFile {
            name: name.0.clone(),
            role: role.clone(),
            target: target.clone(),
        }
    }

    /// Its name, which leads out of no directory.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The role that lists it.
    pub fn role(&self) -> &RoleName {
        &self.role
    }

    /// Its exact length.
    pub fn length_bytes(&self) -> u64 {
        self.target.length_bytes
    }

    /// Its hashes.
    pub fn hashes(&self) -> &Hashes {
        &self.target.hashes
    }

    /// What the publisher signed beside them.
    pub fn custom(&self) -> Option<&Value> {
        self.target.custom.as_ref()
    }

    fn refused(&self, rule: TargetRule) -> Error {
        Error::Target {
            name: self.name.clone(),
            rule,
        }
    }

    /// Reads to the end, or to the first byte too many.
    fn check(&self, mut body: impl Read, mut out: impl Write) -> Result<(), Fault> {
        let signed_bytes = self.target.length_bytes;
        let (mut digests, mut received_bytes) = (Digests::default(), 0_u64);
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let count = match body.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Fault::Reading(error)),
            };
            received_bytes += count as u64;
            if received_bytes > signed_bytes {
                return Err(Fault::Rule(TargetRule::Length { signed_bytes }));
            }
            let piece = &piece[..count];
            digests.update(piece);
            out.write_all(piece).map_err(Fault::Writing)?;
        }
        if received_bytes != signed_bytes {
            return Err(Fault::Rule(TargetRule::Length { signed_bytes }));
        }
        match self.target.hashes.agree_with(&digests.finish()) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Fault::Rule(TargetRule::Hash)),
            Err(_) => Err(Fault::Rule(TargetRule::UnknownHashes)),
        }
    }
}

enum Fault {
    Reading(io::Error),
    Writing(io::Error),
    Rule(TargetRule),
}

impl<S: MetadataStore, F: Fetch> Client<S, F> {
    /// Fetches a target into `out`. Whatever was written counts only after `Ok`.
    pub fn download(&mut self, target: &TargetFile, out: &mut dyn Write) -> Result<(), Error> {
        let path = self.target_path(target)?;
        let failed = |error| Error::Fetch {
            file: path.clone(),
            error,
        };
        let request = Request {
            place: Place::Target(&path),
            max_bytes: target.length_bytes(),
            unless: None,
        };
        let Reply::File { body, .. } = self.fetch.fetch(request).map_err(failed)? else {
            return Err(failed(FetchError::Status(304)));
        };
        target.check(body, out).map_err(|fault| match fault {
            Fault::Reading(error) => failed(FetchError::Broken(error.to_string())),
            Fault::Writing(error) => Error::Storage {
                act: format!("write target {:?}", target.name),
                error,
            },
            Fault::Rule(rule) => target.refused(rule),
        })
    }

    /// Fetches a target into a directory, under its percent-encoded name, unless an intact
    /// copy is there. Returns where it is. What was there before stays until the new file is
    /// whole, verified and flushed.
    pub fn download_into(
        &mut self,
        target: &TargetFile,
        directory: &Path,
    ) -> Result<PathBuf, Error> {
        let name = encode_component(&target.name);
        let path = directory.join(&name);
        let intact = File::open(&path).is_ok_and(|copy| target.check(copy, io::sink()).is_ok());
        if intact {
            return Ok(path);
        }
        let mut failed = None;
        let placed = replace(directory, &name, |file| {
            self.download(target, file).map_err(|error| {
                failed = Some(error);
                io::Error::other("the download failed")
            })
        });
        match (failed, placed) {
            (Some(error), _) => Err(error),
            (None, placed) => placed
                .map(|()| path)
                .map_err(Error::storage(format!("write target {:?}", target.name))),
        }
    }

    /// Where a target lies below the address of the targets, percent-encoded. With consistent
    /// snapshots the hash stands before the last piece (section 5.7.3).
    pub fn target_path(&self, target: &TargetFile) -> Result<String, Error> {
        if !self.trusted().root().consistent_snapshot {
            return Ok(encode_path(&target.name));
        }
        let hash = target.hashes().prefix();
        let hash = hash.map_err(|_| target.refused(TargetRule::UnknownHashes))?;
        let (directory, file) = match target.name.rsplit_once('/') {
            Some((directory, file)) => (format!("{directory}/"), file),
            None => (String::new(), target.name.as_str()),
        };
        Ok(encode_path(&format!("{directory}{hash}.{file}")))
    }
}
