//! Where everything lies.

use std::path::{Path, PathBuf};
use tuf_client::metadata::{RoleName, Version};

/// The directory of a store. Only `public/` is for a web server; the rest stays with the
/// publisher.
///
/// | path | what it is |
/// |---|---|
/// | `public/metadata/timestamp.json` | the only file that ever changes |
/// | `public/metadata/N.ROLE.json` | metadata, immutable |
/// | `public/targets/DIR/SHA256.NAME` | update files and snaps, immutable |
/// | `public/targets/DIR/SHA256.NAME.chunks` | chunk files of update files: no targets, and trusted by nobody |
/// | `public/targets/DIR/SHA256.NAME.pieces` | lists of the pieces of snaps: the same |
/// | `trusted/` | what the publisher last found in `public/`, as a device keeps it |
/// | `pending/ROLE.json` | a change that waits for signatures |
/// | `image.keyring` | the keyring that system images are verified with |
/// | `settings.json` | what the store is for, and how long signatures last |
#[derive(Clone, Debug)]
pub struct Layout {
    directory: PathBuf,
}

pub(crate) const TIMESTAMP_FILE: &str = "timestamp.json";

impl Layout {
    /// The store in `directory`, there or not.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Layout {
            directory: directory.to_owned(),
        }
    }

    /// The store's own directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What is served.
    #[must_use]
    pub fn public(&self) -> PathBuf {
        self.directory.join("public")
    }

    /// Below it lies all metadata.
    #[must_use]
    pub fn metadata(&self) -> PathBuf {
        self.public().join("metadata")
    }

    /// Below it lie all targets.
    #[must_use]
    pub fn targets(&self) -> PathBuf {
        self.public().join("targets")
    }

    pub(crate) fn trusted(&self) -> PathBuf {
        self.directory.join("trusted")
    }

    pub(crate) fn pending(&self) -> PathBuf {
        self.directory.join("pending")
    }

    pub(crate) fn drafts(&self) -> PathBuf {
        self.directory.join("drafts")
    }

    pub(crate) fn keyring(&self) -> PathBuf {
        self.directory.join("image.keyring")
    }

    pub(crate) fn settings(&self) -> PathBuf {
        self.directory.join("settings.json")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.directory.join("lock")
    }

    /// Where the bytes of a target lie: its hash stands before the last part of its name.
    #[must_use]
    pub fn target(&self, name: &str, sha256: &str) -> PathBuf {
        let (directory, file) = name.rsplit_once('/').unwrap_or(("", name));
        self.targets()
            .join(directory)
            .join(format!("{sha256}.{file}"))
    }
}

/// The name of a role's file, which is never used for other bytes.
pub(crate) fn metadata_name(role: &RoleName, version: Version) -> String {
    format!("{version}.{role}.json")
}
