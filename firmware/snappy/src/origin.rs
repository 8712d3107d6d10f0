//! Where a release comes from: a file of this device, or one on a web server.

use crate::arguments::Form;
use anyhow::{Context, Result};
use http_file::{Interruption, Patience, Wait};
use image_format::ENVELOPE_BYTES;
use release_source::{Adaptive, Detour, Seeds, Tally};
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::thread;
use system_update::{BootDisk, Parts, ReleaseSource, SourceError, UpdateFile};

/// Some minutes in all: somebody waits at a terminal.
const PATIENCE: Patience = Patience::OF_A_PERSON;

/// Where a release comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A file, or a block device.
    File(PathBuf),
    /// An address that begins with `http://` or `https://`.
    Web(String),
}

/// A release that was opened.
pub(crate) enum Release {
    File(UpdateFile<File>),
    Web(Box<Adaptive<Told, BootDisk>>),
}

impl Origin {
    /// Understands what stands behind `--from`.
    pub(crate) fn parse(word: OsString) -> Self {
        match word.to_str() {
            Some(address) if is_on_the_web(address) => Self::Web(address.to_owned()),
            _ => Self::File(word.into()),
        }
    }

    /// Opens it. A connection that breaks is made again, and a person told of it. From the web
    /// only that is fetched which `disk` does not hold.
    pub(crate) fn open(&self, form: Form, disk: &Path, seeds: Seeds) -> Result<Release> {
        Ok(match self {
            Self::File(path) => {
                let file = File::open(path).with_context(|| self.cannot_open())?;
                Release::File(UpdateFile::new(file).with_context(|| self.cannot_open())?)
            }
            Self::Web(address) => {
                let disk = BootDisk::open_to_copy(disk)?;
                let source = Adaptive::open(address, PATIENCE, Told(form), disk)
                    .with_context(|| self.cannot_open())?;
                Release::Web(Box::new(source.with_seeds(seeds)))
            }
        })
    }

    fn cannot_open(&self) -> String {
        format!("cannot open {self}")
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Web(address) => f.write_str(address),
        }
    }
}

impl Release {
    /// What it cost, where bytes cost something.
    pub(crate) fn tally(&self) -> Option<Tally> {
        match self {
            Self::File(_) => None,
            Self::Web(source) => Some(source.tally()),
        }
    }

    /// Why more is fetched than must be, if it is.
    pub(crate) fn detour(&self) -> Option<&Detour> {
        match self {
            Self::File(_) => None,
            Self::Web(source) => source.detour(),
        }
    }
}

impl ReleaseSource for Release {
    fn read_envelope(&mut self, area: &mut [u8; ENVELOPE_BYTES]) -> Result<(), SourceError> {
        match self {
            Self::File(file) => file.read_envelope(area),
            Self::Web(source) => source.read_envelope(area),
        }
    }

    fn begin(&mut self, parts: &Parts) -> Result<(), SourceError> {
        match self {
            Self::File(file) => file.begin(parts),
            Self::Web(source) => source.begin(parts),
        }
    }

    fn read(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        match self {
            Self::File(file) => file.read(offset_bytes, buffer),
            Self::Web(source) => source.read(offset_bytes, buffer),
        }
    }
}

/// Waits, and tells a person why.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told(Form);

impl Wait for Told {
    fn wait(&mut self, interruption: &Interruption) {
        if self.0 == Form::Text {
            eprintln!("\nsnappy: {}", told(interruption));
        }
        thread::sleep(interruption.pause);
    }
}

fn is_on_the_web(address: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| address.starts_with(scheme))
}

fn told(interruption: &Interruption) -> String {
    let Interruption {
        at_bytes,
        reason,
        pause,
    } = interruption;
    format!(
        "the connection broke at byte {at_bytes}: {reason}; trying again in {} s",
        pause.as_secs()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn an_address_is_told_from_a_file() {
        let web = "http://10.0.2.100/release.update";
        let secret = "https://example.org/release.update";
        for (word, origin) in [
            (web, Origin::Web(web.to_owned())),
            (secret, Origin::Web(secret.to_owned())),
            ("/dev/vdb", Origin::File("/dev/vdb".into())),
            ("http:/x", Origin::File("http:/x".into())),
        ] {
            assert_eq!(Origin::parse(word.into()), origin);
        }
    }

    #[test]
    fn an_interruption_is_told_with_its_place_and_its_end() {
        let interruption = Interruption {
            at_bytes: 4096,
            reason: "the connection ended early".to_owned(),
            pause: Duration::from_secs(2),
        };
        assert_eq!(
            told(&interruption),
            "the connection broke at byte 4096: the connection ended early; trying again in 2 s"
        );
    }

    #[test]
    fn what_cannot_be_opened_is_named() {
        let nobody = Origin::Web("http://127.0.0.1:1/x".into());
        let file = Origin::File("/nowhere".into());
        assert_eq!(nobody.cannot_open(), "cannot open http://127.0.0.1:1/x");
        let seeds = Seeds {
            running: None,
            target: None,
        };
        let opened = file.open(Form::Json, Path::new("/nowhere"), seeds);
        let error = opened.err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("cannot open /nowhere"));
    }
}
