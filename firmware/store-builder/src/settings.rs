//! What a publisher decided once, in a file that may be edited.

use crate::StoreError;
use crate::files::{Files, place, read};
use crate::layout::Layout;
use serde::{Deserialize, Serialize};
use store_format::Purpose;
use tuf_client::UtcTime;

/// `settings.json`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// A store for the field takes no keys for tests.
    pub purpose: Purpose,
    /// How long signatures last.
    pub lifetime_hours: Lifetimes,
}

/// How long the signatures of each role last, in hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifetimes {
    /// Off-line keys; nobody learns of new ones after it.
    pub root: u32,
    /// Off-line keys.
    pub targets: u32,
    /// `system` and the publishers of snaps.
    pub delegated: u32,
    /// Signed again by `refresh` in its last third.
    pub snapshot: u32,
    /// So long somebody can hold news back from a device.
    pub timestamp: u32,
}

const DAY: u32 = 24;

impl Default for Lifetimes {
    fn default() -> Self {
        Lifetimes {
            root: 5 * 365 * DAY,
            targets: 2 * 365 * DAY,
            delegated: 2 * 365 * DAY,
            snapshot: 60 * DAY,
            timestamp: 14 * DAY,
        }
    }
}

/// The moment so many hours after `now`.
pub(crate) fn after(now: UtcTime, hours: u32) -> UtcTime {
    UtcTime(now.0.saturating_add(i64::from(hours) * 3600))
}

impl Settings {
    pub(crate) fn read(layout: &Layout) -> Result<Self, StoreError> {
        let path = layout.settings();
        if !path.exists() {
            return Err(StoreError::NoStore(layout.directory().to_owned()));
        }
        serde_json::from_slice(&read(&path)?).map_err(|error| StoreError::damaged(&path, error))
    }

    pub(crate) fn write(&self, layout: &Layout, files: &mut dyn Files) -> Result<(), StoreError> {
        let path = layout.settings();
        let mut text =
            serde_json::to_vec_pretty(self).map_err(|error| StoreError::damaged(&path, error))?;
        text.push(b'\n');
        place(files, &path, &text)
    }
}
