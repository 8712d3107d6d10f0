//! What the owner of a device decides: when it looks for releases, which, and when it reboots.

use serde::{Deserialize, Serialize};
use store_format::Channel;

/// What the owner decides. The image has defaults for all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// Whether the device takes releases by itself.
    pub autopilot: Autopilot,
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
    pub rate_limit_bytes_per_sec: Option<u64>,
    /// What follows an unattended update.
    pub reboot: RebootPolicy,
    /// Whether nothing is taken for a while.
    pub hold: Hold,
    /// Whether polls tell the machine's id to the store.
    pub report_machine_id: ReportMachineId,
}

/// Whether the device takes releases by itself.
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

/// Whether nothing is taken for a while: `none`, `forever`, or a moment of the form
/// `2026-12-24T00:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Hold {
    /// Releases are taken.
    None,
    /// Until then none is, in seconds since 1970.
    Until(i64),
    /// None is.
    Forever,
}

impl TryFrom<String> for Hold {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "none" => Ok(Self::None),
            "forever" => Ok(Self::Forever),
            _ => Err(text),
        }
    }
}

impl From<Hold> for String {
    fn from(hold: Hold) -> String {
        match hold {
            Hold::None => "none".to_owned(),
            Hold::Until(secs) => secs.to_string(),
            Hold::Forever => "forever".to_owned(),
        }
    }
}

/// A part of each day, in UTC: `22:30-05:00`. It may go over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its first minute of the day.
    pub from_minutes: u16,
    /// The minute behind it.
    pub to_minutes: u16,
}
