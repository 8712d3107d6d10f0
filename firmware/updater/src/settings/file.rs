//! Where the settings are: the image's defaults in the read-only root, the owner's on
//! `writable`, and only what he set.

use super::{BadSetting, Settings};
use crate::keep::replace;
use std::path::{Path, PathBuf};
use std::{fmt, io};
use store_format::Channel;

/// When the image does not say which.
const DEFAULT_CHANNEL: &str = "edge";

/// The settings of a device, by their files.
#[derive(Clone, Debug)]
pub struct SettingsFile {
    image: PathBuf,
    channel: PathBuf,
    own: PathBuf,
}

/// Why a setting was not changed.
#[derive(Debug)]
pub enum SettingsError {
    /// There is none of that name.
    Unknown(String),
    /// It cannot have that value.
    Value(String),
    /// It makes no sense.
    Bad(BadSetting),
    /// The file cannot be written.
    Keep(io::Error),
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(key) => write!(f, "cannot change {key:?}: there is no such setting"),
            Self::Value(reason) => f.write_str(reason),
            Self::Bad(error) => error.fmt(f),
            Self::Keep(error) => write!(f, "cannot keep the setting: {error}"),
        }
    }
}

impl std::error::Error for SettingsError {}

/// Settings, and what was wrong with a file that does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// What holds.
    pub settings: Settings,
    /// A sentence for each file that cannot be used.
    pub warnings: Vec<String>,
}

impl SettingsFile {
    /// What the files are called.
    pub(crate) const NAME: &'static str = "updates.toml";

    /// The files of an image in `image`, `/usr/lib/twinkeel`, and the owner's in `own`,
    /// `/writable/system`.
    #[must_use]
    pub fn new(image: &Path, own: &Path) -> Self {
        Self {
            image: image.join(Self::NAME),
            channel: image.join("channel"),
            own: own.join(Self::NAME),
        }
    }

    /// Reads them. A file that cannot be used counts as empty: a device that took no updates
    /// because of a typing error could not be helped. A setting that nobody knows is passed
    /// over: a newer release of the system may have set it.
    #[must_use]
    pub fn read(&self) -> Read {
        let mut warnings = Vec::new();
        let mut settings = Settings::of_channel(self.image_channel());
        for path in [&self.image, &self.own] {
            let table = read_table(path);
            for key in table.iter().flat_map(|table| table.keys()) {
                if !is_known(key) {
                    warnings.push(format!(
                        "cannot use {key:?} in {}: there is no such setting",
                        path.display()
                    ));
                }
            }
            match table.and_then(|table| over(&settings, table)) {
                Ok(read) => settings = read,
                Err(error) => {
                    warnings.push(format!(
                        "cannot use {}: {error}; it counts as empty",
                        path.display()
                    ));
                }
            }
        }
        Read { settings, warnings }
    }

    /// Changes one of the owner's settings, and keeps it. `null` takes it back.
    ///
    /// # Errors
    /// See [`SettingsError`]. Nothing was changed.
    pub fn set(&self, key: &str, value: serde_json::Value) -> Result<Settings, SettingsError> {
        if !is_known(key) {
            return Err(SettingsError::Unknown(key.to_owned()));
        }
        let mut own = read_table(&self.own).unwrap_or_default();
        if value.is_null() {
            own.remove(key);
        } else {
            let value = toml::Value::try_from(value);
            let value = value.map_err(|error| SettingsError::Value(error.to_string()))?;
            own.insert(key.to_owned(), value);
        }
        let image = read_table(&self.image).unwrap_or_default();
        let defaults = Settings::of_channel(self.image_channel());
        let defaults = over(&defaults, image).unwrap_or(defaults);
        let settings = over(&defaults, own.clone())?;
        replace(&self.own, own.to_string().as_bytes()).map_err(SettingsError::Keep)?;
        Ok(settings)
    }

    /// The channel that the image was made for.
    fn image_channel(&self) -> Channel {
        let text = std::fs::read_to_string(&self.channel).unwrap_or_default();
        parse_channel(&text)
    }
}

fn is_known(key: &str) -> bool {
    let any = Settings::of_channel(parse_channel(DEFAULT_CHANNEL));
    let known = toml::Table::try_from(any);
    let optional = ["rate-limit-bytes-per-sec"];
    known.is_ok_and(|known| known.contains_key(key)) || optional.contains(&key)
}

fn parse_channel(text: &str) -> Channel {
    let own = text.trim_end().parse();
    own.or_else(|_| DEFAULT_CHANNEL.parse())
        .unwrap_or_else(|_| unreachable!("the default is a name"))
}

fn read_table(path: &Path) -> Result<toml::Table, SettingsError> {
    match std::fs::read_to_string(path) {
        Ok(text) => text
            .parse()
            .map_err(|error: toml::de::Error| SettingsError::Value(error.message().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(toml::Table::new()),
        Err(error) => Err(SettingsError::Value(error.to_string())),
    }
}

/// `defaults`, but for what `table` says.
fn over(defaults: &Settings, table: toml::Table) -> Result<Settings, SettingsError> {
    let wrong = |message: &str| SettingsError::Value(message.trim_end().to_owned());
    let mut merged = toml::Table::try_from(defaults).map_err(|error| wrong(&error.to_string()))?;
    merged.extend(table);
    let settings: Settings = merged
        .try_into()
        .map_err(|error: toml::de::Error| wrong(error.message()))?;
    settings.check().map_err(SettingsError::Bad)?;
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Hold, RebootPolicy};
    use serde_json::{Value, json};
    use std::fs;

    struct Device {
        directory: tempfile::TempDir,
        files: SettingsFile,
    }

    impl Device {
        fn new(image: &str, own: &str) -> Self {
            let directory = tempfile::tempdir().unwrap();
            let (first, second) = (directory.path().join("image"), directory.path().join("own"));
            fs::create_dir(&first).unwrap();
            fs::create_dir(&second).unwrap();
            fs::write(first.join("channel"), "stable\n").unwrap();
            fs::write(first.join("updates.toml"), image).unwrap();
            fs::write(second.join("updates.toml"), own).unwrap();
            let files = SettingsFile::new(&first, &second);
            Self { directory, files }
        }

        fn own(&self) -> String {
            fs::read_to_string(self.directory.path().join("own/updates.toml")).unwrap()
        }
    }

    #[test]
    fn the_owner_counts_before_the_image_and_the_image_before_the_usual() {
        let image = "store = ['http://updates.example/']\npoll-interval-secs = 3600\n";
        let device = Device::new(image, "poll-interval-secs = 60\nhold = 'forever'\n");
        let read = device.files.read();
        assert_eq!(read.warnings, Vec::<String>::new());
        let expected = Settings {
            store: vec!["http://updates.example/".to_owned()],
            poll_interval_secs: 60,
            hold: Hold::Forever,
            ..Settings::of_channel("stable".parse().unwrap())
        };
        assert_eq!(read.settings, expected);
    }

    #[test]
    fn a_file_that_cannot_be_used_counts_as_empty_and_is_told() {
        for own in [
            "hold = ",
            "reboot = 'soon'",
            "poll-interval-secs = 1",
            "store = 'http://x/'",
            "windows = ['9-5']",
            "\u{0}",
        ] {
            let device = Device::new("poll-interval-secs = 3600\n", own);
            let read = device.files.read();
            assert_eq!(read.settings.poll_interval_secs, 3600, "{own:?}");
            assert_eq!(read.settings.reboot, RebootPolicy::Window, "{own:?}");
            assert_eq!(read.warnings.len(), 1, "{own:?}");
            assert!(read.warnings[0].contains("own/updates.toml"), "{own:?}");
        }
    }

    #[test]
    fn what_a_newer_release_set_is_passed_over_and_kept() {
        let own = "hold = \"forever\"\nunknown = 1\n";
        let device = Device::new("", own);
        let read = device.files.read();
        assert_eq!(read.settings.hold, Hold::Forever);
        assert_eq!(read.warnings.len(), 1);
        assert!(read.warnings[0].contains("\"unknown\""), "{read:?}");
        device.files.set("reboot", json!("never")).unwrap();
        assert_eq!(
            device.own(),
            "hold = \"forever\"\nreboot = \"never\"\nunknown = 1\n"
        );
    }

    #[test]
    fn only_what_the_owner_set_is_kept_and_null_takes_it_back() {
        let device = Device::new("poll-interval-secs = 3600\n", "");
        let set = |key: &str, value: Value| device.files.set(key, value).unwrap();
        set("windows", json!(["22:00-05:00"]));
        let settings = set("rate-limit-bytes-per-sec", json!(65_536));
        assert_eq!(settings.rate_limit_bytes_per_sec, Some(65_536));
        assert_eq!(settings.poll_interval_secs, 3600);
        assert_eq!(
            device.own(),
            "rate-limit-bytes-per-sec = 65536\nwindows = [\"22:00-05:00\"]\n"
        );
        set("windows", Value::Null);
        let settings = set("rate-limit-bytes-per-sec", Value::Null);
        assert_eq!(settings.rate_limit_bytes_per_sec, None);
        assert_eq!(device.own(), "");
    }

    #[test]
    fn what_cannot_be_set_changes_nothing() {
        let device = Device::new("", "hold = \"forever\"\n");
        let refused = |key: &str, value: Value| device.files.set(key, value).unwrap_err();
        let error = refused("colour", json!("red"));
        assert!(matches!(error, SettingsError::Unknown(_)), "{error}");
        let error = refused("reboot", json!("soon"));
        assert!(matches!(error, SettingsError::Value(_)), "{error}");
        let error = refused("store", json!(["ftp://x/"]));
        assert!(
            matches!(error, SettingsError::Bad(BadSetting::Address(_))),
            "{error}"
        );
        assert_eq!(device.own(), "hold = \"forever\"\n");
    }

    #[test]
    fn a_channel_that_is_no_name_is_the_usual_one() {
        let table = [
            ("stable\n", "stable"),
            ("edge", "edge"),
            ("", "edge"),
            ("two words\n", "edge"),
            ("\u{1b}[2J", "edge"),
        ];
        for (text, channel) in table {
            assert_eq!(parse_channel(text).as_str(), channel, "{text:?}");
        }
    }
}
