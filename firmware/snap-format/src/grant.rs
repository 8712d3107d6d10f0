//! What a snap may have beyond what every snap has, each in a word: `gpio` is a plug,
//! `/dev/ttyUSB0` a device node. Nobody gets any of it by a word in snap.yaml: a store's owner
//! signs it, or the administrator of a device says so.

use std::fmt;
use std::str::FromStr;

/// The plugs that are granted; `confinement` knows what each gives.
pub const GRANTED_PLUGS: [&str; 6] = [
    "hardware-observe",
    "hardware-random-observe",
    "gpio",
    "i2c",
    "spi",
    "kvm",
];

/// Something that a snap is granted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grant {
    /// A snap that asks for devmode gets it. No store signs this.
    Devmode,
    /// A plug: one of [`GRANTED_PLUGS`].
    Plug(&'static str),
    /// A device node, by its plain path below `/dev`.
    Device(String),
}

/// It is no grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantError(String);

impl fmt::Display for GrantError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot grant {:?}: give a device such as /dev/ttyUSB0, or one of {}, devmode",
            self.0,
            GRANTED_PLUGS.join(", ")
        )
    }
}

impl std::error::Error for GrantError {}

impl FromStr for Grant {
    type Err = GrantError;

    fn from_str(word: &str) -> Result<Self, GrantError> {
        let mut plugs = GRANTED_PLUGS.into_iter();
        if word == "devmode" {
            Ok(Self::Devmode)
        } else if word.strip_prefix("/dev/").is_some_and(is_below_dev) {
            Ok(Self::Device(word.to_owned()))
        } else if let Some(plug) = plugs.find(|plug| *plug == word) {
            Ok(Self::Plug(plug))
        } else {
            Err(GrantError(word.to_owned()))
        }
    }
}

fn is_below_dev(rest: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:+@".contains(&byte);
    let is_name = |name: &str| {
        !matches!(name, "" | "." | "..") && name.bytes().all(is_plain) && name.len() < 100
    };
    rest.split('/').all(is_name)
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Devmode => "devmode",
            Self::Plug(plug) => plug,
            Self::Device(path) => path,
        })
    }
}

impl Grant {
    /// As a line of the file that `snap-run` reads.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Devmode => "devmode\n".to_owned(),
            Self::Plug(plug) => format!("plug {plug}\n"),
            Self::Device(path) => format!("device {path}\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_a_word() {
        for word in ["devmode", "gpio", "/dev/ttyUSB0", "/dev/bus/usb/001/002"] {
            assert_eq!(word.parse::<Grant>().unwrap().to_string(), word);
        }
        for word in [
            "",
            "network",
            "sun",
            "/dev/",
            "/dev/../etc/shadow",
            "/dev/x\ndevmode",
            "/etc/x",
            "ttyUSB0",
        ] {
            let told = word.parse::<Grant>().unwrap_err().to_string();
            assert!(told.contains("give a device such as"), "{told}");
        }
    }
}
