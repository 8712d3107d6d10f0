//! Where everything lies, and writing it.

use crate::account::Account;
use crate::keep::write_whole;
use crate::ssh_settings::SshSettings;
use std::io;
use std::path::{Path, PathBuf};

/// Where accounts and settings are, and where what follows from them goes.
#[derive(Clone, Debug)]
pub struct Places {
    /// Of the image: `accounts/NAME.toml`, `ssh.toml`, and its own tables below `etc`.
    pub image: PathBuf,
    /// Of the owner.
    pub owner: PathBuf,
    /// Where `/etc/passwd`, `/etc/group` and `/etc/shadow` point to.
    pub tables: PathBuf,
    /// Home directories.
    pub homes: PathBuf,
}

impl Places {
    /// Those of a device.
    #[must_use]
    pub fn of_device() -> Self {
        Self::below(Path::new("/"))
    }

    /// Those of the device whose root is `root`: for tests, and for a disk that is prepared.
    #[must_use]
    pub fn below(root: &Path) -> Self {
        Self {
            image: root.join("usr/lib/twinkeel"),
            owner: root.join("writable/system"),
            tables: root.join("run/twinkeel/accounts"),
            homes: root.join("home"),
        }
    }

    /// The directory of the owner's accounts.
    #[must_use]
    pub fn owner_accounts(&self) -> PathBuf {
        self.owner.join("accounts")
    }

    /// The owner's settings of the SSH server.
    #[must_use]
    pub fn owner_ssh(&self) -> PathBuf {
        self.owner.join("ssh.toml")
    }

    /// The SSH server's own directory, with the host key.
    #[must_use]
    pub fn host_keys(&self) -> PathBuf {
        self.owner.join("ssh")
    }

    /// Keeps an account of the owner's.
    ///
    /// # Errors
    /// The file system's.
    pub fn write_account(&self, account: &Account) -> io::Result<()> {
        let path = self.owner_accounts().join(account.name.file_name());
        write_whole(&path, account.to_toml().as_bytes(), 0o600)
    }

    /// Keeps the owner's settings of the SSH server, which follows them at once.
    ///
    /// # Errors
    /// The file system's.
    pub fn write_ssh_settings(&self, settings: &SshSettings) -> io::Result<()> {
        write_whole(&self.owner_ssh(), settings.to_toml().as_bytes(), 0o644)
    }
}
