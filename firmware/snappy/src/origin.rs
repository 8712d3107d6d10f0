//! Where a release comes from: a file of this device, or one on a web server.

use crate::arguments::Form;
use anyhow::{Context, Result};
use http_file::{HttpFile, Interruption, Patience};
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::PathBuf;
use std::thread;
use system_update::UpdateFile;

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

/// What an update file is read from.
pub(crate) trait Bytes: Read + Seek {}

impl<T: Read + Seek> Bytes for T {}

impl Origin {
    /// Understands what stands behind `--from`.
    pub(crate) fn parse(word: OsString) -> Self {
        match word.to_str() {
            Some(address) if is_on_the_web(address) => Self::Web(address.to_owned()),
            _ => Self::File(word.into()),
        }
    }

    /// Opens it. A connection that breaks is made again, and a person told of it.
    pub(crate) fn open(&self, form: Form) -> Result<UpdateFile<Box<dyn Bytes>>> {
        let bytes: Box<dyn Bytes> = match self {
            Self::File(path) => Box::new(File::open(path).with_context(|| self.cannot_open())?),
            Self::Web(address) => {
                let wait = move |interruption: &Interruption| {
                    if form == Form::Text {
                        eprintln!("\nsnappy: {}", told(interruption));
                    }
                    thread::sleep(interruption.pause);
                };
                let file = HttpFile::open(address, PATIENCE, wait);
                Box::new(file.with_context(|| self.cannot_open())?)
            }
        };
        UpdateFile::new(bytes).with_context(|| self.cannot_open())
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
        let error = file.open(Form::Json).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("cannot open /nowhere"));
    }
}
