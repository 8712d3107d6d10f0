//! `ssh.toml`: whether anybody may come in by SSH, and how.

use crate::places::Places;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The file's content. Without a file, nobody comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SshSettings {
    /// Who gets in.
    #[serde(default)]
    pub logins: Logins,
    /// The port of TCP.
    #[serde(default = "usual_port")]
    pub port: u16,
}

/// Who gets in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Logins {
    /// Nobody: the port is closed.
    #[default]
    Off,
    /// Whoever has the private half of a key of the account.
    Keys,
    /// And whoever knows the password of an account that has one.
    KeysAndPasswords,
}

fn usual_port() -> u16 {
    22
}

impl Default for SshSettings {
    fn default() -> Self {
        Self {
            logins: Logins::default(),
            port: usual_port(),
        }
    }
}

impl SshSettings {
    /// The owner's settings, else the image's, else the default.
    ///
    /// # Errors
    /// The sentence says which file cannot be used, and why: then nobody comes in.
    pub fn read(places: &Places) -> Result<Self, String> {
        let read = |path: &Path| {
            let text = match std::fs::read_to_string(path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                other => other.map_err(|error| error.to_string()),
            };
            let parsed = text.and_then(|text| Self::parse(&text));
            let named = |error| format!("cannot use {}: {error}", path.display());
            parsed.map(Some).map_err(named)
        };
        match read(&places.owner_ssh())? {
            Some(settings) => Ok(settings),
            None => Ok(read(&places.image.join("ssh.toml"))?.unwrap_or_default()),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())
    }

    /// As a file has it.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let logins = match self.logins {
            Logins::Off => "off",
            Logins::Keys => "keys",
            Logins::KeysAndPasswords => "keys-and-passwords",
        };
        format!("logins = \"{logins}\"\nport = {}\n", self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_owners_file_counts_and_without_any_nobody_comes_in() {
        let root = tempfile::tempdir().unwrap();
        let places = Places::below(root.path());
        assert_eq!(SshSettings::read(&places).unwrap().logins, Logins::Off);
        fs::create_dir_all(&places.image).unwrap();
        fs::write(places.image.join("ssh.toml"), "logins = 'keys'\n").unwrap();
        let of_image = SshSettings::read(&places).unwrap();
        assert_eq!((of_image.logins, of_image.port), (Logins::Keys, 22));
        let own = SshSettings {
            logins: Logins::KeysAndPasswords,
            port: 2200,
        };
        places.write_ssh_settings(&own).unwrap();
        assert_eq!(SshSettings::read(&places), Ok(own));
        places.write_ssh_settings(&SshSettings::default()).unwrap();
        assert_eq!(SshSettings::read(&places).unwrap().logins, Logins::Off);
    }

    #[test]
    fn a_file_that_is_not_understood_is_named() {
        let root = tempfile::tempdir().unwrap();
        let places = Places::below(root.path());
        fs::create_dir_all(&places.owner).unwrap();
        for bad in [
            "logins = true",
            "logins = 'everybody'",
            "enabled = 1",
            "port = 70000",
        ] {
            fs::write(places.owner_ssh(), bad).unwrap();
            let error = SshSettings::read(&places).unwrap_err();
            assert!(error.contains("writable/system/ssh.toml"), "{error}");
        }
    }
}
