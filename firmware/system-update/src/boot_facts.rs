//! What a device's disk tells of its slots and its boots, as it stands there: bytes that
//! whoever gets them judges. `snappy` reads it; where it may not, the daemon hands it on.

use crate::boot_report::{BootReport, ReportError};
use crate::session::ActError;
use base64ct::{Base64, Encoding};
use boot_core::flight::for_each_entry;
use boot_core::gpt::GptError;
use boot_core::platform::read_at;
use boot_core::state_store::StateStore;
use boot_core::{Disk, Layout, read_layout};
use core::fmt;
use image_format::flight::MAX_ENTRY_BYTES;
use image_format::{BootState, ENVELOPE_BYTES, FlightEntry, Slot};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The device as its disk has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootFacts {
    /// What runs, by the word of PID 1.
    pub report: BootReport,
    /// The boot state.
    pub state: BootState,
    /// Where `system-a` and `system-b` begin.
    pub slots: [SlotArea; 2],
    /// The flight record by its boots, the oldest first: some things are known, and recorded,
    /// only one boot later.
    pub flight: Vec<FlightEntry>,
}

/// The first bytes of a slot, where its envelope is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlotArea {
    /// Nobody has judged them.
    Read {
        /// [`ENVELOPE_BYTES`] of them.
        bytes: Vec<u8>,
        /// Of the whole slot.
        slot_length_bytes: u64,
    },
    /// The disk has no such partition.
    Missing,
    /// The disk does not give them.
    Unreadable,
}

/// Why nobody knows.
#[derive(Debug)]
pub enum FactsError {
    /// The rescue system found no disk of that GUID.
    NoDisk(String),
    /// Its partition table cannot be used.
    Layout(PathBuf, GptError),
    /// It is not the one that everything came from.
    OtherDisk(PathBuf),
    /// The boot state cannot be read.
    State(ActError),
    /// What was handed on is not of the form that it should have.
    Malformed,
}

impl fmt::Display for FactsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDisk(guid) => write!(
                f,
                "cannot read the boot state: the rescue system found no disk {guid}; attach it \
                 and reboot"
            ),
            Self::Layout(path, error) => write!(f, "cannot use {}: {error}", path.display()),
            Self::OtherDisk(path) => write!(
                f,
                "cannot use {}: it is not the disk that this system was booted from; reboot",
                path.display()
            ),
            Self::State(error) => error.fmt(f),
            Self::Malformed => {
                f.write_str("cannot understand what the daemon says of this device; reboot")
            }
        }
    }
}

impl core::error::Error for FactsError {}

impl BootFacts {
    /// Reads them from the disk that the report names.
    ///
    /// # Errors
    /// All but [`FactsError::Malformed`].
    pub fn read<D: Disk>(report: BootReport, disk: &mut D) -> Result<Self, FactsError> {
        let Some(path) = report.disk.clone() else {
            return Err(FactsError::NoDisk(report.disk_guid));
        };
        let layout = read_layout(disk).map_err(|error| FactsError::Layout(path.clone(), error))?;
        if layout.disk_guid.to_string() != report.disk_guid {
            return Err(FactsError::OtherDisk(path));
        }
        let store = StateStore::open(disk, &layout);
        let store = store.ok_or(FactsError::State(ActError::NoBootState))?;
        let state = store.state().cloned();
        let state = state.ok_or(FactsError::State(ActError::StateLost))?;
        let slots = Slot::ALL.map(|slot| SlotArea::read(disk, &layout, slot));
        let mut flight = Vec::new();
        for_each_entry(disk, &layout, |entry| flight.push(entry));
        flight.sort_by_key(|entry| (entry.boot_number, entry.sequence));
        Ok(Self {
            report,
            state,
            slots,
            flight,
        })
    }

    /// For whoever may not read the disk.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let mut buffer = [0; MAX_ENTRY_BYTES];
        let entries = self.flight.iter().filter_map(|entry| {
            let frame = entry.encode(&mut buffer).ok()?;
            Some(Base64::encode_string(frame))
        });
        let json = Json {
            report: self.report.to_json(),
            state: Base64::encode_string(&self.state.encode()),
            flight: entries.collect(),
            slots: self.slots.each_ref().map(SlotJson::of),
        };
        // Texts and numbers.
        serde_json::to_value(json).unwrap_or_default()
    }

    /// What [`to_json`](Self::to_json) made of them.
    ///
    /// # Errors
    /// [`FactsError::Malformed`].
    pub fn parse(json: serde_json::Value) -> Result<Self, FactsError> {
        Self::try_parse(json).ok_or(FactsError::Malformed)
    }

    fn try_parse(json: serde_json::Value) -> Option<Self> {
        let json: Json = serde_json::from_value(json).ok()?;
        let report: Result<_, ReportError> = BootReport::parse(&json.report);
        let [a, b] = json.slots.map(SlotJson::area);
        let entry = |frame: &String| FlightEntry::parse(&decode(frame)?).ok();
        Some(Self {
            report: report.ok()?,
            state: BootState::parse(&decode(&json.state)?).ok()?,
            slots: [a?, b?],
            flight: json.flight.iter().map(entry).collect::<Option<_>>()?,
        })
    }
}

impl SlotArea {
    fn read<D: Disk>(disk: &mut D, layout: &Layout, slot: Slot) -> Self {
        let Some(partition) = layout.partition(slot.into()) else {
            return Self::Missing;
        };
        let mut bytes = vec![0; ENVELOPE_BYTES];
        match read_at(disk, partition.offset_bytes, &mut bytes) {
            Ok(()) => Self::Read {
                bytes,
                slot_length_bytes: partition.length_bytes,
            },
            Err(_) => Self::Unreadable,
        }
    }
}

/// Frames and envelopes are as on the disk, in Base64.
#[derive(Serialize, Deserialize)]
struct Json {
    report: String,
    state: String,
    slots: [SlotJson; 2],
    flight: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SlotJson {
    #[serde(rename_all = "kebab-case")]
    Read {
        bytes: String,
        slot_length_bytes: u64,
    },
    Missing,
    Unreadable,
}

impl SlotJson {
    fn of(area: &SlotArea) -> Self {
        match area {
            SlotArea::Read {
                bytes,
                slot_length_bytes,
            } => Self::Read {
                bytes: Base64::encode_string(bytes),
                slot_length_bytes: *slot_length_bytes,
            },
            SlotArea::Missing => Self::Missing,
            SlotArea::Unreadable => Self::Unreadable,
        }
    }

    fn area(self) -> Option<SlotArea> {
        Some(match self {
            Self::Read {
                bytes,
                slot_length_bytes,
            } => SlotArea::Read {
                bytes: decode(&bytes)?,
                slot_length_bytes,
            },
            Self::Missing => SlotArea::Missing,
            Self::Unreadable => SlotArea::Unreadable,
        })
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    Base64::decode_vec(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image_format::{BootNumber, Digest, Event, Floors, SlotRecord, SlotStatus};

    #[test]
    fn what_is_handed_on_is_what_was_read() {
        let report = r#"{"slot":"system-b","version":3,"manifest":"HASH","boot":12,
            "disk":"/dev/vda","disk_guid":"g","board":"b","product":"p","epoch":1,
            "build_time_secs":2,"status":"trial"}"#;
        let report = report.replace("HASH", &"a5".repeat(32));
        let entry = |sequence| FlightEntry {
            sequence,
            boot_number: BootNumber(4),
            event: Event::NothingBoots,
        };
        let facts = BootFacts {
            report: BootReport::parse(&report).unwrap(),
            state: BootState {
                generation: 9,
                boot_number: BootNumber(12),
                flight_sequence: 2,
                floors: Floors::default(),
                active: Slot::A,
                begun_without_up: 0,
                slots: [SlotRecord {
                    status: SlotStatus::Confirmed,
                    manifest_hash: Digest([7; 32]),
                }; 2],
            },
            slots: [
                SlotArea::Read {
                    bytes: (0..=255).collect(),
                    slot_length_bytes: 1 << 30,
                },
                SlotArea::Missing,
            ],
            flight: vec![entry(1), entry(2)],
        };
        let json = facts.to_json();
        assert_eq!(BootFacts::parse(json.clone()).unwrap(), facts);
        for (key, wrong) in [("state", "AAAA"), ("report", "{}"), ("slots", "x")] {
            let mut json = json.clone();
            json[key] = wrong.into();
            let error = BootFacts::parse(json).unwrap_err();
            assert!(matches!(error, FactsError::Malformed), "{key}");
        }
    }
}
