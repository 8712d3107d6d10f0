//! The name of a user.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest that `utmp` and its kin can hold, less its end.
const MAX_BYTES: usize = 31;
/// Accounts of the image that nobody logs in as.
const RESERVED: [&str; 3] = ["root", "nobody", "nogroup"];

/// A name that is safe in `/etc/passwd`, in a path and on a terminal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserName(String);

/// Why a word is no name of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameError {
    /// It has another form.
    Form(String),
    /// It is root or another account of the system.
    Reserved(String),
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(name) => write!(
                f,
                "cannot use {name:?} as the name of a user: take a lower-case letter, then up to \
                 {} lower-case letters, digits, - and _",
                MAX_BYTES - 1
            ),
            Self::Reserved(name) => write!(
                f,
                "cannot use {name:?} as the name of a user: it belongs to the system; take another"
            ),
        }
    }
}

impl std::error::Error for NameError {}

impl UserName {
    /// Takes a name of the usual form that does not belong to the system.
    ///
    /// # Errors
    /// [`NameError`] tells what to write instead.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        let inner = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_'
        };
        let has_form = name.len() <= MAX_BYTES
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(inner);
        if !has_form {
            return Err(NameError::Form(name.to_owned()));
        }
        if RESERVED.contains(&name) {
            return Err(NameError::Reserved(name.to_owned()));
        }
        Ok(Self(name.to_owned()))
    }

    pub(crate) fn file_name(&self) -> String {
        format!("{}.toml", self.0)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for UserName {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        Self::parse(&name)
    }
}

impl From<UserName> for String {
    fn from(name: UserName) -> Self {
        name.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_line_or_its_directory() {
        for good in ["ubuntu", "a", "web-1", "build_bot", &"a".repeat(31)] {
            assert_eq!(UserName::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "1st",
            "Ubuntu",
            "a:b",
            "a\nb",
            "../x",
            "a.b",
            "-a",
            "caf\u{e9}",
            &"a".repeat(32),
        ] {
            assert_eq!(UserName::parse(bad), Err(NameError::Form(bad.to_owned())));
        }
    }

    #[test]
    fn root_is_nobodys_name() {
        let error = UserName::parse("root").unwrap_err();
        assert_eq!(error, NameError::Reserved("root".to_owned()));
        assert!(error.to_string().contains("take another"));
    }
}
