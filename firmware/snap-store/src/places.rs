//! Where everything lies.

use snap_format::{Revision, SnapName};
use std::path::PathBuf;

/// Where the snaps of a device lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Files of snaps, and the state.
    pub snaps: PathBuf,
    /// Where they are mounted.
    pub mounts: PathBuf,
    /// Their data.
    pub data: PathBuf,
    /// What each is granted, for whoever runs it.
    pub grants: PathBuf,
    /// The program behind every command of a snap.
    pub launcher: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            snaps: "/writable/snaps".into(),
            mounts: "/snap".into(),
            data: "/var/snap".into(),
            grants: "/writable/system/snaps/grants".into(),
            launcher: "/usr/bin/snap-run".into(),
        }
    }
}

/// The word behind which the current revision is.
const CURRENT: &str = "current";

impl Places {
    /// What is there, and what is being changed.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.snaps.join("state.json")
    }

    /// Files that are not whole yet. No snap has such a name.
    #[must_use]
    pub fn incoming(&self) -> PathBuf {
        self.snaps.join(".incoming")
    }

    /// The files of a snap.
    #[must_use]
    pub fn files_of(&self, name: &SnapName) -> PathBuf {
        self.snaps.join(name.as_str())
    }

    /// A snap file.
    #[must_use]
    pub fn file(&self, name: &SnapName, revision: Revision) -> PathBuf {
        self.files_of(name).join(format!("{revision}.snap"))
    }

    /// Its hash tree.
    #[must_use]
    pub fn tree(&self, name: &SnapName, revision: Revision) -> PathBuf {
        self.files_of(name).join(format!("{revision}.tree"))
    }

    /// A snap file on its way here.
    #[must_use]
    pub fn part(&self, name: &SnapName, revision: Revision) -> PathBuf {
        self.incoming().join(format!("{name}_{revision}.part"))
    }

    /// The tree of one that is replaced, before it is.
    #[must_use]
    pub fn part_of_tree(&self, name: &SnapName, revision: Revision) -> PathBuf {
        self.incoming().join(format!("{name}_{revision}.tree.part"))
    }

    /// The mounts of a snap.
    #[must_use]
    pub fn mounts_of(&self, name: &SnapName) -> PathBuf {
        self.mounts.join(name.as_str())
    }

    /// The mount of a revision: `/snap/NAME/REVISION`.
    #[must_use]
    pub fn mount(&self, name: &SnapName, revision: Revision) -> PathBuf {
        self.mounts_of(name).join(revision.to_string())
    }

    /// Leads to the mount that counts.
    #[must_use]
    pub fn current_mount(&self, name: &SnapName) -> PathBuf {
        self.mounts_of(name).join(CURRENT)
    }

    /// What a snap is granted, a line each.
    #[must_use]
    pub fn grants_of(&self, name: &SnapName) -> PathBuf {
        self.grants.join(name.as_str())
    }

    /// Commands of all snaps.
    #[must_use]
    pub fn commands(&self) -> PathBuf {
        self.mounts.join("bin")
    }

    /// All data of a snap.
    #[must_use]
    pub fn data_of(&self, name: &SnapName) -> PathBuf {
        self.data.join(name.as_str())
    }

    /// The data of a revision.
    #[must_use]
    pub fn data(&self, name: &SnapName, revision: Revision) -> PathBuf {
        self.data_of(name).join(revision.to_string())
    }

    /// Leads to the data that counts.
    #[must_use]
    pub fn current_data(&self, name: &SnapName) -> PathBuf {
        self.data_of(name).join(CURRENT)
    }

    /// Data that is the same for all revisions.
    #[must_use]
    pub fn common_data(&self, name: &SnapName) -> PathBuf {
        self.data_of(name).join("common")
    }
}
