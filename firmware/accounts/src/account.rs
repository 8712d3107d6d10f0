//! One user: `accounts/NAME.toml`.

use crate::authorized_key::AuthorizedKey;
use crate::password::PasswordHash;
use crate::user_name::{NameError, UserName};
use serde::{Deserialize, Serialize};
use std::fmt;

/// User ids of people. Snaps and services have others.
pub(crate) const UIDS: std::ops::RangeInclusive<u32> = 1000..=9999;
const SHELL: &str = "/bin/sh";

/// A user. The group of the same name and number is theirs alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The file's name.
    pub name: UserName,
    /// From 1000 to 9999, and no other user's. It owns the user's files: never change it.
    pub uid: u32,
    /// Whether `sudo` runs commands for them.
    pub sudo: Sudo,
    /// Without one no password lets them in. It counts only where `ssh.toml` allows passwords.
    pub password_hash: Option<PasswordHash>,
    /// Whoever has the private half of one of these is let in.
    pub authorized_keys: Vec<AuthorizedKey>,
    /// For people to read.
    pub full_name: String,
    /// The absolute path of a program.
    pub shell: String,
}

/// Whether `sudo` runs commands for a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sudo {
    /// It says no.
    #[default]
    Refused,
    /// Any command, as root, without a password.
    Allowed,
}

/// The file's content: all but the name.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    uid: u32,
    #[serde(default)]
    sudo: Sudo,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_hash: Option<PasswordHash>,
    #[serde(default)]
    authorized_keys: Vec<AuthorizedKey>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    full_name: String,
    #[serde(default = "usual_shell")]
    shell: String,
}

fn usual_shell() -> String {
    SHELL.to_owned()
}

/// Why a file is no account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountError {
    /// Its name is none of a user.
    Name(NameError),
    /// It is not TOML of this form.
    Form(String),
    /// The user id is not one of people's.
    Uid(u32),
    /// A field could not stand in `/etc/passwd`.
    Field(&'static str),
}

impl fmt::Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(error) => error.fmt(f),
            Self::Form(error) => f.write_str(error),
            Self::Uid(uid) => write!(
                f,
                "cannot use the user id {uid}: take one from {} to {}",
                UIDS.start(),
                UIDS.end()
            ),
            Self::Field(field) => write!(
                f,
                "cannot use the {field}: it is one line without a colon, and a shell begins with /"
            ),
        }
    }
}

impl std::error::Error for AccountError {}

impl Account {
    /// A user who cannot log in yet, and whom `sudo` refuses.
    #[must_use]
    pub fn new(name: UserName, uid: u32) -> Self {
        Self {
            name,
            uid,
            sudo: Sudo::Refused,
            password_hash: None,
            authorized_keys: Vec::new(),
            full_name: String::new(),
            shell: usual_shell(),
        }
    }

    /// Takes the content of the file of that user.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn parse(name: UserName, text: &str) -> Result<Self, AccountError> {
        let content: Content = toml::from_str(text)
            .map_err(|error| AccountError::Form(error.to_string().trim_end().to_owned()))?;
        let account = Self {
            name,
            uid: content.uid,
            sudo: content.sudo,
            password_hash: content.password_hash,
            authorized_keys: content.authorized_keys,
            full_name: content.full_name,
            shell: content.shell,
        };
        account.check()?;
        Ok(account)
    }

    /// Whether every field may stand where it is going to.
    ///
    /// # Errors
    /// [`AccountError::Uid`], [`AccountError::Field`].
    pub fn check(&self) -> Result<(), AccountError> {
        if !UIDS.contains(&self.uid) {
            return Err(AccountError::Uid(self.uid));
        }
        let is_field = |text: &str| !text.contains(|c: char| c == ':' || c.is_control());
        if !is_field(&self.full_name) {
            return Err(AccountError::Field("full name"));
        }
        if !is_field(&self.shell) || !self.shell.starts_with('/') {
            return Err(AccountError::Field("shell"));
        }
        Ok(())
    }

    /// As a file has it.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let content = Content {
            uid: self.uid,
            sudo: self.sudo,
            password_hash: self.password_hash.clone(),
            authorized_keys: self.authorized_keys.clone(),
            full_name: self.full_name.clone(),
            shell: self.shell.clone(),
        };
        toml::to_string(&content).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGDbqKcpzGgkvGFHXq/g0mGw0A9jHJ3yZtD4cVxJwP4a me@laptop";

    fn name() -> UserName {
        UserName::parse("ubuntu").unwrap()
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let mut account = Account::new(name(), 1000);
        assert_eq!(
            Account::parse(name(), &account.to_toml()),
            Ok(account.clone())
        );
        account.sudo = Sudo::Allowed;
        account.password_hash = Some(PasswordHash::of("ubuntu").unwrap());
        account.authorized_keys = vec![AuthorizedKey::parse(KEY).unwrap(); 2];
        account.full_name = "Ubuntu \"the\" user".to_owned();
        account.shell = "/usr/bin/false".to_owned();
        assert_eq!(Account::parse(name(), &account.to_toml()), Ok(account));
    }

    #[test]
    fn little_is_enough_and_lets_nobody_in() {
        let account = Account::parse(name(), "uid = 1000").unwrap();
        assert_eq!(account, Account::new(name(), 1000));
        assert_eq!(account.sudo, Sudo::Refused);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, words) in [
            ("", "missing field `uid`"),
            (
                "uid = 0",
                "cannot use the user id 0: take one from 1000 to 9999",
            ),
            ("uid = 65534", "from 1000 to 9999"),
            ("uid = 1000\nsudo = true", "sudo"),
            (
                "uid = 1000\nsudo_rules = 'ALL'",
                "unknown field `sudo_rules`",
            ),
            ("uid = 1000\nauthorized_keys = ['x']", "begins with \"x\""),
            ("uid = 1000\npassword_hash = 'secret'", "openssl passwd -6"),
            ("uid = 1000\nfull_name = 'a:b'", "cannot use the full name"),
            ("uid = 1000\nshell = 'sh'", "cannot use the shell"),
            (
                "uid = 1000\nshell = \"/bin/sh\\nroot::0:0\"",
                "cannot use the shell",
            ),
        ] {
            let error = Account::parse(name(), text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
