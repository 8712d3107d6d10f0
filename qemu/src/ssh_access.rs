//! A way into a device by SSH, put onto its disk before it has run.

use std::fs;

use accounts::{Account, Logins, SshSettings};
use anyhow::{Context, Result, ensure};
use image_builder::{WritableFile, add_files};
use image_format::disk::Role;

use crate::disk::TestDisk;

/// Writes the account, and that SSH lets in whom `logins` says, as the owner's of the device.
/// The machine is switched off, and its disk as long as the image.
///
/// # Errors
/// The file system of `writable` cannot be changed.
pub fn let_in(disk: &TestDisk, account: &Account, logins: Logins) -> Result<()> {
    let settings = SshSettings {
        logins,
        ..SshSettings::default()
    };
    let file = |path: String, text: String, mode| WritableFile {
        path,
        content: text.into_bytes(),
        mode,
    };
    let name = account.name.as_str();
    let files = [
        file(
            format!("system/accounts/{name}.toml"),
            account.to_toml(),
            0o600,
        ),
        file("system/ssh.toml".to_owned(), settings.to_toml(), 0o644),
    ];
    let directory = tempfile::tempdir()?;
    let file_system = directory.path().join("writable");
    let before = disk.read_partition(Role::Writable)?;
    fs::write(&file_system, &before).context("cannot copy writable")?;
    add_files(&file_system, &files)?;
    let after = fs::read(&file_system)?;
    ensure!(after.len() == before.len(), "writable has another length");
    disk.write_at(disk.offset_of(Role::Writable)?, &after)
}
