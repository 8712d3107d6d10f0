//! All users of a device.

use crate::account::{Account, AccountError, UIDS};
use crate::places::Places;
use crate::user_name::UserName;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// All users: the image's, and the owner's in their place or beside them.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    by_name: BTreeMap<UserName, Account>,
    broken: Vec<BrokenAccount>,
}

/// A file that is there and makes no user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenAccount {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for BrokenAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot use {}: {}", self.path.display(), self.why)
    }
}

/// There are nine thousand users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoFreeUid;

impl fmt::Display for NoFreeUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot add a user: all user ids are taken; remove one first")
    }
}

impl std::error::Error for NoFreeUid {}

impl Accounts {
    /// Reads them. A file that cannot be used makes no user, and takes the image's with it:
    /// what the owner meant to restrict does not stay open.
    #[must_use]
    pub fn read(places: &Places) -> Self {
        let mut files = BTreeMap::new();
        for directory in [places.image.join("accounts"), places.owner_accounts()] {
            files.extend(files_of(&directory));
        }
        let mut accounts = Self::default();
        for (stem, path) in files {
            if let Err(why) = accounts.take(&stem, &path) {
                accounts.broken.push(BrokenAccount { path, why });
            }
        }
        accounts
    }

    fn take(&mut self, stem: &str, path: &Path) -> Result<(), String> {
        let name = UserName::parse(stem).map_err(AccountError::Name);
        let name = name.map_err(|error| error.to_string())?;
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        let account = Account::parse(name, &text).map_err(|error| error.to_string())?;
        if let Some(other) = self.by_uid(account.uid) {
            return Err(format!(
                "the user id {} is {}'s already; take another",
                account.uid, other.name
            ));
        }
        self.by_name.insert(account.name.clone(), account);
        Ok(())
    }

    /// All, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Account> {
        self.by_name.values()
    }

    /// Files that make no user: for a log.
    #[must_use]
    pub fn broken(&self) -> &[BrokenAccount] {
        &self.broken
    }

    /// The user of that name. Any text may be asked for.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&Account> {
        self.by_name.get(&UserName::parse(name).ok()?)
    }

    /// The user with that id.
    #[must_use]
    pub fn by_uid(&self, uid: u32) -> Option<&Account> {
        self.iter().find(|account| account.uid == uid)
    }

    /// The user of that name as they are, or a new one with the lowest free id.
    ///
    /// # Errors
    /// There is none free.
    pub fn get_or_new(&self, name: &UserName) -> Result<Account, NoFreeUid> {
        if let Some(account) = self.by_name.get(name) {
            return Ok(account.clone());
        }
        let free = |uid: &u32| self.by_uid(*uid).is_none();
        let uid = UIDS.into_iter().find(free).ok_or(NoFreeUid)?;
        Ok(Account::new(name.clone(), uid))
    }
}

/// `NAME.toml`, by NAME. A directory that is not there has none.
fn files_of(directory: &Path) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let named = entries.filter_map(|entry| {
        let path = entry.path();
        let stem = entry
            .file_name()
            .to_str()?
            .strip_suffix(".toml")?
            .to_owned();
        Some((stem, path))
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Sudo;
    use std::fs;

    fn device() -> (tempfile::TempDir, Places) {
        let root = tempfile::tempdir().unwrap();
        let places = Places::below(root.path());
        fs::create_dir_all(places.image.join("accounts")).unwrap();
        fs::create_dir_all(places.owner_accounts()).unwrap();
        let ubuntu = "uid = 1000\nsudo = 'allowed'\n";
        fs::write(places.image.join("accounts/ubuntu.toml"), ubuntu).unwrap();
        (root, places)
    }

    #[test]
    fn the_owners_file_takes_the_place_of_the_images() {
        let (_root, places) = device();
        let of_image = Accounts::read(&places);
        assert_eq!(of_image.by_name("ubuntu").unwrap().sudo, Sudo::Allowed);
        fs::write(places.owner_accounts().join("ubuntu.toml"), "uid = 1000").unwrap();
        fs::write(places.owner_accounts().join("anna.toml"), "uid = 1002").unwrap();
        let accounts = Accounts::read(&places);
        assert_eq!(accounts.by_name("ubuntu").unwrap().sudo, Sudo::Refused);
        assert_eq!(accounts.by_uid(1002).unwrap().name.as_str(), "anna");
        assert_eq!(accounts.iter().count(), 2);
        assert!(accounts.by_name("root").is_none() && accounts.by_name("../x").is_none());
    }

    #[test]
    fn a_file_that_cannot_be_used_opens_nothing() {
        let (_root, places) = device();
        let owner = places.owner_accounts();
        fs::write(owner.join("ubuntu.toml"), "uid = 1000\nsudo = 'a bit'").unwrap();
        fs::write(owner.join("root.toml"), "uid = 1001").unwrap();
        fs::write(owner.join("notes.txt"), "").unwrap();
        let accounts = Accounts::read(&places);
        assert_eq!(accounts.iter().count(), 0);
        let broken: Vec<_> = accounts.broken().iter().map(ToString::to_string).collect();
        assert_eq!(broken.len(), 2);
        assert!(broken[0].contains("belongs to the system"), "{}", broken[0]);
        assert!(broken[1].contains("a bit"), "{}", broken[1]);
    }

    #[test]
    fn two_users_never_share_an_id() {
        let (_root, places) = device();
        fs::write(places.owner_accounts().join("anna.toml"), "uid = 1000").unwrap();
        let accounts = Accounts::read(&places);
        assert_eq!(accounts.iter().count(), 1);
        assert!(accounts.broken()[0].why.contains("anna's already"));
        let eve = UserName::parse("eve").unwrap();
        assert_eq!(accounts.get_or_new(&eve).unwrap().uid, 1001);
        let anna = UserName::parse("anna").unwrap();
        assert_eq!(accounts.get_or_new(&anna).unwrap().uid, 1000);
    }
}
