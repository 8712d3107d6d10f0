//! Where a release comes from: a file of this device, which may be a patch over what runs, or
//! one on a web server.

use crate::arguments::Form;
use anyhow::{Context, Result};
use http_file::{Interruption, Patience, Wait};
use image_delta::{PatchSource, is_patch};
use image_format::{Digest, ENVELOPE_BYTES};
use release_source::{Adaptive, Detour, Seeds, SlotImage, Tally};
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::thread;
use system_update::{BootDisk, Parts, ReleaseSource, SourceError, UpdateFile};

/// Some minutes in all: somebody waits at a terminal.
const PATIENCE: Patience = Patience::OF_A_PERSON;

/// Of a file, to see what it is.
const FIRST_BYTES: u64 = 16;

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
    Patch(Box<PatchSource<File, SlotImage<BootDisk>>>),
    Web(Box<Adaptive<Told, BootDisk>>),
}

/// What this device runs, and where its images lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Here<'a> {
    pub(crate) disk: &'a Path,
    pub(crate) seeds: Seeds,
    /// The running image's manifest.
    pub(crate) manifest: Digest,
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
    /// only that is fetched which the disk does not hold.
    pub(crate) fn open(&self, form: Form, here: &Here<'_>) -> Result<Release> {
        let opened = match self {
            Self::File(path) => open_file(path, here),
            Self::Web(address) => open_address(address, form, here),
        };
        opened.with_context(|| self.cannot_open())
    }

    fn cannot_open(&self) -> String {
        format!("cannot open {self}")
    }
}

fn open_file(path: &Path, here: &Here<'_>) -> Result<Release> {
    let mut file = File::open(path)?;
    let mut first = Vec::new();
    (&mut file).take(FIRST_BYTES).read_to_end(&mut first)?;
    file.rewind()?;
    if !is_patch(&first) {
        return Ok(Release::File(UpdateFile::new(file)?));
    }
    let image = here.seeds.running.context(
        "it is a patch, and there is no running image that can be read: take an update file",
    )?;
    let disk = BootDisk::open_to_copy(here.disk)?;
    let source = PatchSource::open(file, SlotImage { disk, image }, here.manifest)?;
    Ok(Release::Patch(Box::new(source)))
}

fn open_address(address: &str, form: Form, here: &Here<'_>) -> Result<Release> {
    let disk = BootDisk::open_to_copy(here.disk)?;
    let source = Adaptive::open(address, PATIENCE, Told(form), disk)?;
    Ok(Release::Web(Box::new(source.with_seeds(here.seeds))))
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
            Self::File(_) | Self::Patch(_) => None,
            Self::Web(source) => Some(source.tally()),
        }
    }

    /// Why more is fetched than must be, if it is.
    pub(crate) fn detour(&self) -> Option<&Detour> {
        match self {
            Self::File(_) | Self::Patch(_) => None,
            Self::Web(source) => source.detour(),
        }
    }

    fn source(&mut self) -> &mut dyn ReleaseSource {
        match self {
            Self::File(file) => file,
            Self::Patch(source) => source.as_mut(),
            Self::Web(source) => source.as_mut(),
        }
    }
}

impl ReleaseSource for Release {
    fn read_envelope(&mut self, area: &mut [u8; ENVELOPE_BYTES]) -> Result<(), SourceError> {
        self.source().read_envelope(area)
    }

    fn begin(&mut self, parts: &Parts) -> Result<(), SourceError> {
        self.source().begin(parts)
    }

    fn read(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> Result<usize, SourceError> {
        self.source().read(offset_bytes, buffer)
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

    fn here(manifest: Digest) -> Here<'static> {
        Here {
            disk: Path::new("/nowhere"),
            seeds: Seeds::default(),
            manifest,
        }
    }

    #[test]
    fn a_patch_over_an_image_that_cannot_be_read_is_refused_with_the_remedy() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"TKPATCH2 and more").unwrap();
        let opened = Origin::File(file.path().into()).open(Form::Json, &here(Digest([0; 32])));
        let error = opened.err().map(|error| format!("{error:#}"));
        let error = error.unwrap_or_default();
        assert!(error.contains("it is a patch, and"), "{error}");
        assert!(error.contains("take an update file"), "{error}");
    }

    #[test]
    fn what_cannot_be_opened_is_named() {
        let nobody = Origin::Web("http://127.0.0.1:1/x".into());
        let file = Origin::File("/nowhere".into());
        assert_eq!(nobody.cannot_open(), "cannot open http://127.0.0.1:1/x");
        let opened = file.open(Form::Json, &here(Digest([0; 32])));
        let error = opened.err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("cannot open /nowhere"));
    }
}
