//! Which store a device trusts, and where it is.
//!
//! The first root is TUF's: what a store says is believed by it alone. The address is only
//! where the device looks first; its owner may set another one.

use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use store_format::{PURPOSE, Purpose};
use tuf_client::{Trusted, UtcTime};

use crate::tree::{Content, Tree};

/// Where `snappyd` looks for the first root.
const FIRST_ROOT: &str = "usr/lib/twinkeel/store-root.json";

/// A store that devices trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreTrust {
    path: PathBuf,
    first_root: Vec<u8>,
    purpose: Option<Purpose>,
    addresses: Vec<String>,
}

/// Why a store cannot be trusted by an image.
#[derive(Debug)]
pub enum StoreTrustError {
    /// There is no such file.
    Unreadable(PathBuf, io::Error),
    /// It is no root that its own keys signed.
    NoRoot(PathBuf, tuf_client::Error),
    /// A release asked for a store of the field.
    NotForTheField(PathBuf),
    /// That is no address that devices can ask.
    Address(String),
}

impl fmt::Display for StoreTrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, error) => {
                write!(
                    f,
                    "cannot read the store's root {}: {error}",
                    path.display()
                )
            }
            Self::NoRoot(path, error) => write!(
                f,
                "cannot use {} as a store's root: {error}; take trusted/root.json of the store",
                path.display()
            ),
            Self::NotForTheField(path) => write!(
                f,
                "cannot make a release that trusts {}: it is not marked for production, so \
                 anyone may have its keys; make a store with --keys",
                path.display()
            ),
            Self::Address(address) => write!(
                f,
                "cannot use {address:?} as the address of a store: it has to begin with \
                 http:// or https://, and to have neither `?` nor `#`"
            ),
        }
    }
}

impl std::error::Error for StoreTrustError {}

impl StoreTrust {
    /// A store with the root in `path`, at one of `addresses`, or none yet.
    ///
    /// # Errors
    /// See [`StoreTrustError`].
    pub fn read(path: &Path, addresses: Vec<String>) -> Result<Self, StoreTrustError> {
        let plain = |address: &String| {
            let text = address.bytes().all(|byte| byte.is_ascii_graphic());
            let schemes = ["http://", "https://"];
            schemes.iter().any(|scheme| address.starts_with(scheme))
                && text
                && !address.contains(['"', '\\', '?', '#'])
        };
        if let Some(wrong) = addresses.iter().find(|address| !plain(address)) {
            return Err(StoreTrustError::Address(wrong.clone()));
        }
        let unreadable = |error| StoreTrustError::Unreadable(path.to_owned(), error);
        let first_root = fs::read(path).map_err(unreadable)?;
        let trusted = Trusted::new(&first_root, UtcTime(0))
            .map_err(|error| StoreTrustError::NoRoot(path.to_owned(), error))?;
        let purpose = trusted.root().extra.get(PURPOSE).cloned();
        Ok(Self {
            path: path.to_owned(),
            purpose: purpose.and_then(|purpose| serde_json::from_value(purpose).ok()),
            first_root,
            addresses,
        })
    }

    /// Refuses a store for tests, and one that does not say what it is for.
    ///
    /// # Errors
    /// [`StoreTrustError::NotForTheField`].
    pub fn require_production(&self) -> Result<(), StoreTrustError> {
        match self.purpose {
            Some(Purpose::Production) => Ok(()),
            Some(Purpose::Test) | None => Err(StoreTrustError::NotForTheField(self.path.clone())),
        }
    }

    /// Where devices look for it first.
    pub(crate) fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// Puts the first root into `tree`.
    pub(crate) fn add_to(&self, tree: &mut Tree) {
        tree.file(FIRST_ROOT, Content::Bytes(self.first_root.clone()));
    }
}
