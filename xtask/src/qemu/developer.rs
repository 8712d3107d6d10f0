//! Who is let into a device that runs on the developer's own machine: they, with their own
//! keys, and with the password that everybody knows. Only `cargo xtask qemu` does that.

use std::fs;
use std::path::Path;

use accounts::{Account, AuthorizedKey, Logins, PasswordHash, Sudo, UserName};
use anyhow::Result;

/// Of the device.
pub(super) const SSH_PORT: u16 = 22;
/// Of the device, once it has a web server.
pub(super) const WEB_PORT: u16 = 80;
/// The user of the image.
const USER: &str = "ubuntu";
const UID: u32 = 1000;
const PASSWORD: &str = "ubuntu";

/// For a new disk.
pub(super) fn login() -> Result<(Account, Logins)> {
    let mut account = Account::new(UserName::parse(USER)?, UID);
    account.sudo = Sudo::Allowed;
    account.full_name = "Ubuntu".to_owned();
    account.password_hash = Some(PasswordHash::of(PASSWORD)?);
    if let Some(home) = std::env::home_dir() {
        account.authorized_keys = keys_in(&home.join(".ssh"));
    }
    Ok((account, Logins::KeysAndPasswords))
}

/// Those of the `.pub` files that a device can use.
fn keys_in(directory: &Path) -> Vec<AuthorizedKey> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let public = paths.filter(|path| path.extension().is_some_and(|end| end == "pub"));
    let keys = public.filter_map(|path| AuthorizedKey::parse(&fs::read_to_string(path).ok()?).ok());
    keys.collect()
}
