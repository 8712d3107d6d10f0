//! What follows from the accounts: the tables that programs read, and home directories.
//!
//! Nothing of the root is written: `/etc/passwd` and its like are links to a file system in
//! memory. They are made anew at every boot, and whenever an account has changed.

use crate::account::Account;
use crate::accounts::Accounts;
use crate::keep::write_whole;
use crate::places::Places;
use crate::tables::Tables;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::path::Path;

/// Nobody else looks into a home.
const HOME_MODE: u32 = 0o750;

/// Makes the tables, and the homes that are not there yet.
///
/// # Errors
/// The file system's. Every table and home that can be made is made, and the first error
/// returned.
pub fn publish(places: &Places, accounts: &Accounts) -> io::Result<()> {
    let tables = read_image(&places.image.join("etc"))?.with_users(accounts);
    let table = |name: &str, text: &str, mode| {
        write_whole(&places.tables.join(name), text.as_bytes(), mode)
    };
    let written = [
        table("passwd", &tables.passwd, 0o644),
        table("group", &tables.group, 0o644),
        table("shadow", &tables.shadow, 0o600),
    ];
    let homes = accounts.iter().map(|account| make_home(places, account));
    written.into_iter().chain(homes).collect()
}

fn read_image(directory: &Path) -> io::Result<Tables> {
    let read = |name: &str| fs::read_to_string(directory.join(name));
    Ok(Tables {
        passwd: read("passwd")?,
        group: read("group")?,
        shadow: read("shadow")?,
    })
}

fn make_home(places: &Places, account: &Account) -> io::Result<()> {
    let home = places.homes.join(account.name.as_str());
    if fs::symlink_metadata(&home).is_ok() {
        return Ok(());
    }
    // Under another name until it is the user's.
    let new = places.homes.join(format!(".{}.new", account.name));
    match fs::remove_dir(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    DirBuilder::new().mode(0o700).create(&new)?;
    chown(&new, Some(account.uid), Some(account.uid))?;
    fs::set_permissions(&new, fs::Permissions::from_mode(HOME_MODE))?;
    fs::rename(new, home)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    /// The one user of it is whoever runs the test, or a user of people's if that is root.
    fn device() -> (tempfile::TempDir, Places) {
        let root = tempfile::tempdir().unwrap();
        let places = Places::below(root.path());
        for directory in [
            &places.image.join("etc"),
            &places.owner_accounts(),
            &places.homes,
        ] {
            fs::create_dir_all(directory).unwrap();
        }
        for name in ["passwd", "group", "shadow"] {
            fs::write(places.image.join("etc").join(name), "root:x:0:\n").unwrap();
        }
        let own = rustix::process::getuid().as_raw();
        let uid = if own == 0 { 1000 } else { own };
        fs::write(
            places.owner_accounts().join("ubuntu.toml"),
            format!("uid = {uid}"),
        )
        .unwrap();
        (root, places)
    }

    #[test]
    fn tables_and_homes_are_there_and_stay_as_they_are() {
        let (_root, places) = device();
        let accounts = Accounts::read(&places);
        publish(&places, &accounts).unwrap();
        let uid = accounts.by_name("ubuntu").unwrap().uid;
        let home = fs::metadata(places.homes.join("ubuntu")).unwrap();
        assert_eq!(
            (home.uid(), home.gid(), home.mode() & 0o777),
            (uid, uid, 0o750)
        );
        let shadow = fs::metadata(places.tables.join("shadow")).unwrap();
        assert_eq!(shadow.mode() & 0o777, 0o600);
        let passwd = fs::read_to_string(places.tables.join("passwd")).unwrap();
        assert!(passwd.starts_with("root:x:0:\nubuntu:x:"), "{passwd}");

        fs::write(places.homes.join("ubuntu/notes"), "mine").unwrap();
        publish(&places, &accounts).unwrap();
        assert_eq!(
            fs::read(places.homes.join("ubuntu/notes")).unwrap(),
            b"mine"
        );
    }

    #[test]
    fn a_table_that_is_missing_in_the_image_is_an_error_and_changes_nothing() {
        let (_root, places) = device();
        publish(&places, &Accounts::read(&places)).unwrap();
        fs::remove_file(places.image.join("etc/shadow")).unwrap();
        publish(&places, &Accounts::default()).unwrap_err();
        let passwd = fs::read_to_string(places.tables.join("passwd")).unwrap();
        assert!(passwd.contains("ubuntu"));
    }
}
