//! Names, each kind with its rule. They become file names, users and parts of commands.

use std::fmt;
use std::str::FromStr;

/// The longest name of the kinds that say nothing else: `<snap>.<app>` is a file name.
const MAX_BYTES: usize = 200;

/// A text that is no name of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameError {
    kind: &'static str,
    found: String,
    rule: &'static str,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NameError { kind, found, rule } = self;
        write!(f, "cannot use {found:?} as {kind}: use {rule}")
    }
}

impl std::error::Error for NameError {}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $good:expr, $rule:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The name itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                let good: fn(&str) -> bool = $good;
                if text.len() <= MAX_BYTES && good(text) {
                    return Ok($name(text.to_owned()));
                }
                Err(NameError {
                    kind: $kind,
                    found: text.to_owned(),
                    rule: $rule,
                })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// Words of letters and digits, single dashes between them.
fn is_dashed(text: &str, allowed: fn(u8) -> bool) -> bool {
    text.split('-')
        .all(|word| !word.is_empty() && word.bytes().all(allowed))
}

fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

/// As snaps and sockets are called: at least one letter, wherever it is.
fn is_lower_name(text: &str) -> bool {
    is_dashed(text, is_lower) && text.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// As interfaces and hooks are called: a letter first.
fn begins_with_letter(text: &str) -> bool {
    is_dashed(text, is_lower) && text.starts_with(|first: char| first.is_ascii_lowercase())
}

const LETTER_SOMEWHERE: &str = "a-z, 0-9 and single dashes between them, with a letter somewhere";
const LETTER_FIRST: &str = "a-z, 0-9 and single dashes between them, a letter first";

name! {
    /// A snap's name.
    SnapName, "name of a snap",
    |text| (2..=40).contains(&text.len()) && is_lower_name(text),
    "2 to 40 of a-z, 0-9 and single dashes between them, with a letter somewhere"
}
name! {
    /// A snap's name, with the key of one instance of it where there are several.
    InstanceName, "name of a snap's instance",
    |text| match text.split_once('_') {
        Some((name, key)) => {
            name.parse::<SnapName>().is_ok()
                && (1..=10).contains(&key.len())
                && key.bytes().all(is_lower)
        }
        None => text.parse::<SnapName>().is_ok(),
    },
    "the name of a snap, or that and up to 10 of a-z and 0-9 behind a `_`"
}
name! {
    /// An app's name.
    AppName, "name of an app",
    |text| is_dashed(text, is_alphanumeric),
    "letters, digits and single dashes between them"
}
name! {
    /// A hook's name.
    HookName, "name of a hook", begins_with_letter, LETTER_FIRST
}
name! {
    /// A plug's name.
    PlugName, "name of a plug", begins_with_letter, LETTER_FIRST
}
name! {
    /// A slot's name.
    SlotName, "name of a slot", begins_with_letter, LETTER_FIRST
}
name! {
    /// An interface's name.
    InterfaceName, "name of an interface", begins_with_letter, LETTER_FIRST
}
name! {
    /// A socket's name.
    SocketName, "name of a socket", is_lower_name, LETTER_SOMEWHERE
}
name! {
    /// Another name for an app's command.
    AliasName, "alias",
    |text| {
        text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.bytes().all(|byte| is_alphanumeric(byte) || b"-_.".contains(&byte))
    },
    "letters, digits and -_., a letter or digit first"
}
name! {
    /// A user that snaps share.
    SystemUserName, "name of a user",
    |text| {
        text.len() <= 32
            && text.starts_with(|first: char| is_lower(first as u8) && first.is_ascii())
            && text.bytes().all(|byte| is_lower(byte) || b"-_".contains(&byte))
    },
    "up to 32 of a-z, 0-9, - and _, a letter or digit first"
}
name! {
    /// How a snap came to the store, for publishers who keep ways apart.
    Provenance, "provenance",
    |text| is_dashed(text, is_alphanumeric) && text != "global-upload",
    "letters, digits and single dashes between them, and not global-upload, which is meant \
     where nothing is said"
}
name! {
    /// The kind of a link.
    LinkKind, "kind of link",
    |text| {
        is_dashed(text, is_alphanumeric)
            && text.starts_with(|first: char| first.is_ascii_alphabetic())
    },
    "letters, digits and single dashes between them, a letter first"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_rule() {
        let long = "a".repeat(41);
        for (text, snap, app, plug) in [
            ("hello", true, true, true),
            ("a", false, true, true),
            ("1st", true, true, false),
            ("42", false, true, false),
            ("a--b", false, false, false),
            ("a-", false, false, false),
            ("A", false, true, false),
            ("a_b", false, false, false),
            ("", false, false, false),
            (long.as_str(), false, true, true),
        ] {
            assert_eq!(text.parse::<SnapName>().is_ok(), snap, "snap {text:?}");
            assert_eq!(text.parse::<AppName>().is_ok(), app, "app {text:?}");
            assert_eq!(text.parse::<PlugName>().is_ok(), plug, "plug {text:?}");
        }
    }

    #[test]
    fn an_error_says_what_would_do() {
        let error = "Hello".parse::<SnapName>().expect_err("a capital");
        assert_eq!(
            error.to_string(),
            "cannot use \"Hello\" as name of a snap: use 2 to 40 of a-z, 0-9 and single dashes \
             between them, with a letter somewhere"
        );
    }
}
