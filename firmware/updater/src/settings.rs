//! What the owner of a device decides: when it looks for releases, which, and when it reboots.
//!
//! [`SettingsFile`] reads and keeps them; what the owner did not set is as the image has it.

mod file;
mod hold;
mod window;

pub use file::{SettingsError, SettingsFile};
pub use hold::Hold;
pub use window::Window;

use serde::{Deserialize, Serialize};
use snap_format::SnapName;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use store_format::Channel;

/// A poll costs a server some hundred bytes and a device its radio.
const POLL_INTERVAL_SECS: std::ops::RangeInclusive<u64> = 30..=30 * 86_400;
/// Below this a release takes days.
const LEAST_RATE: u64 = 1 << 10;
/// The most addresses and windows.
const MOST: usize = 8;

/// What the owner decides. The image has defaults for all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Settings {
    /// Whether the device takes anything by itself.
    pub autopilot: Autopilot,
    /// Whether it refreshes snaps by itself, too.
    pub snap_autopilot: Autopilot,
    /// Addresses of the store and its mirrors, the first one first: what lies below them is
    /// `metadata/` and `targets/`. None: there is no store.
    pub store: Vec<String>,
    /// Which releases the device asks for.
    pub channel: Channel,
    /// Between two polls, in seconds.
    pub poll_interval_secs: u64,
    /// When unattended updates begin and reboot. None: at any time.
    pub windows: Vec<Window>,
    /// How fast a release is fetched, in bytes a second.
    #[serde(default)]
    pub rate_limit_bytes_per_sec: Option<u64>,
    /// What follows an unattended update.
    pub reboot: RebootPolicy,
    /// Whether nothing is taken for a while.
    pub hold: Hold,
    /// The same of single snaps, by their names.
    pub held_snaps: BTreeMap<String, Hold>,
    /// Whether polls tell the machine's id to the store.
    pub report_machine_id: ReportMachineId,
    /// Where the rescue system looks for a release when no slot boots.
    pub rescue: RescueSources,
}

impl Settings {
    /// Where neither image nor owner says anything.
    #[must_use]
    pub fn of_channel(channel: Channel) -> Self {
        Self {
            autopilot: Autopilot::On,
            snap_autopilot: Autopilot::On,
            store: Vec::new(),
            channel,
            poll_interval_secs: 6 * 3600,
            windows: Vec::new(),
            rate_limit_bytes_per_sec: None,
            reboot: RebootPolicy::Window,
            hold: Hold::None,
            held_snaps: BTreeMap::new(),
            report_machine_id: ReportMachineId::No,
            rescue: RescueSources::Off,
        }
    }

    /// Between two polls.
    #[must_use]
    pub fn poll_interval(&self) -> Duration {
        Duration::from_secs(self.poll_interval_secs)
    }

    /// Whether an unattended update may begin, or reboot, at this moment.
    #[must_use]
    pub fn is_window_open(&self, unix_secs: i64) -> bool {
        self.windows.is_empty() || self.windows.iter().any(|window| window.holds(unix_secs))
    }

    /// Whether the owner holds this one snap.
    #[must_use]
    pub fn holds_snap(&self, name: &SnapName, unix_secs: i64) -> bool {
        let hold = self.held_snaps.get(name.as_str());
        hold.is_some_and(|hold| hold.holds(unix_secs))
    }

    pub(crate) fn check(&self) -> Result<(), BadSetting> {
        if !POLL_INTERVAL_SECS.contains(&self.poll_interval_secs) {
            return Err(BadSetting::PollInterval(self.poll_interval_secs));
        }
        let rate = self.rate_limit_bytes_per_sec;
        if let Some(rate) = rate.filter(|rate| *rate < LEAST_RATE) {
            return Err(BadSetting::Rate(rate));
        }
        if self.store.len() > MOST || self.windows.len() > MOST {
            return Err(BadSetting::TooMany);
        }
        let is_no_snap = |name: &&String| name.parse::<SnapName>().is_err();
        if let Some(name) = self.held_snaps.keys().find(is_no_snap) {
            return Err(BadSetting::SnapName(name.clone()));
        }
        self.store
            .iter()
            .try_for_each(|address| check_address(address))
    }
}

fn check_address(address: &str) -> Result<(), BadSetting> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"?#\"<>\\^`{|}".contains(&byte);
    let schemes = ["http://", "https://"];
    let host = schemes
        .iter()
        .find_map(|scheme| address.strip_prefix(scheme));
    let host = host.unwrap_or_default();
    if host.is_empty() || host.starts_with('/') || !host.bytes().all(plain) {
        return Err(BadSetting::Address(address.to_owned()));
    }
    Ok(())
}

/// A setting that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadSetting {
    /// Polls would be too many or too few.
    PollInterval(u64),
    /// A release would take days.
    Rate(u64),
    /// More addresses or windows than anybody needs.
    TooMany,
    /// No address of a store.
    Address(String),
    /// No snap has such a name.
    SnapName(String),
}

impl fmt::Display for BadSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PollInterval(secs) => write!(
                f,
                "cannot poll every {secs} s: take {} s to {} days",
                POLL_INTERVAL_SECS.start(),
                POLL_INTERVAL_SECS.end() / 86_400
            ),
            Self::Rate(rate) => write!(
                f,
                "cannot fetch at {rate} bytes a second: take {LEAST_RATE} or more, or no limit"
            ),
            Self::TooMany => write!(f, "cannot use more than {MOST} addresses or windows"),
            Self::Address(address) => write!(
                f,
                "cannot use {address:?} as the address of a store: it must be of the form \
                 http://HOST/PATH or https://HOST/PATH"
            ),
            Self::SnapName(name) => write!(
                f,
                "cannot hold {name:?}: no snap has such a name; write {{\"NAME\": \"forever\"}}"
            ),
        }
    }
}

impl std::error::Error for BadSetting {}

/// Whether the device takes something by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Autopilot {
    /// It does.
    On,
    /// It looks for them, and takes one when somebody says so.
    Off,
}

/// What follows an unattended update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RebootPolicy {
    /// Somebody else's reboot is waited for.
    Never,
    /// A reboot, as soon as a window is open.
    Window,
    /// A reboot.
    Now,
}

/// Whether polls tell the machine's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportMachineId {
    /// They do.
    Yes,
    /// They do not.
    No,
}

/// Where the rescue system looks for a release by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RescueSources {
    /// Nowhere: somebody has to come.
    Off,
    /// On disks that are attached, such as a stick.
    Usb,
    /// In the store.
    Network,
    /// On disks, and then in the store.
    Both,
}

impl RescueSources {
    /// Whether it looks on disks.
    #[must_use]
    pub fn has_disks(self) -> bool {
        matches!(self, Self::Usb | Self::Both)
    }

    /// Whether it asks the store.
    #[must_use]
    pub fn has_store(self) -> bool {
        matches!(self, Self::Network | Self::Both)
    }

    /// As it is written, or `None` for any other word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "off" => Some(Self::Off),
            "usb" => Some(Self::Usb),
            "network" => Some(Self::Network),
            "both" => Some(Self::Both),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings::of_channel("edge".parse().expect("a channel"))
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert_eq!(settings().check(), Ok(()));
        for secs in [0, 29, 31 * 86_400] {
            let bad = Settings {
                poll_interval_secs: secs,
                ..settings()
            };
            assert_eq!(bad.check(), Err(BadSetting::PollInterval(secs)));
        }
        let slow = Settings {
            rate_limit_bytes_per_sec: Some(1023),
            ..settings()
        };
        assert_eq!(slow.check(), Err(BadSetting::Rate(1023)));
        for address in [
            "",
            "updates.example",
            "ftp://x/",
            "https://",
            "http://",
            "http:///x",
            "http://x/?a",
            "http://x y",
        ] {
            let bad = Settings {
                store: vec![
                    "http://10.0.2.100:8080/store".to_owned(),
                    "https://updates.example.com/".to_owned(),
                    address.to_owned(),
                ],
                ..settings()
            };
            assert_eq!(bad.check(), Err(BadSetting::Address(address.to_owned())));
        }
        let nameless = Settings {
            held_snaps: BTreeMap::from([("Hello World".to_owned(), Hold::Forever)]),
            ..settings()
        };
        assert_eq!(
            nameless.check(),
            Err(BadSetting::SnapName("Hello World".to_owned()))
        );
        let many = Settings {
            store: vec!["http://x/".to_owned(); 9],
            ..settings()
        };
        assert_eq!(many.check(), Err(BadSetting::TooMany));
    }
}
