//! Refusals for a person: what to do about each, and its fields for a program.
//!
//! What is wrong is `image_format`'s to say (`Display`); the remedy depends on what a
//! device can do and stands here. Called by `sentence` and `record`.

use image_format::{Kind, Refusal};
use serde_json::{Map, Value, json};

/// What to do about a refusal: one sentence.
pub(crate) fn remedy(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NoPartition => "Flash the disk again: its partition table is not complete.",
        Refusal::Unreadable => "If this happens again, replace the disk.",
        Refusal::Empty => "Install a release there; there is nothing else to repair.",
        Refusal::Damaged {
            record: Kind::Keyring | Kind::KeyringSignatures,
            ..
        }
        | Refusal::Untrusted {
            record: Kind::Keyring,
            ..
        } => "Flash the disk again: this is the keyring of the loader itself.",
        Refusal::Damaged { .. } | Refusal::TrailingBytes | Refusal::Digest { .. } => {
            "Install the release there again; if this repeats, replace the disk."
        }
        Refusal::Untrusted { .. } => {
            "Install a release that is signed with the keys of this device."
        }
        Refusal::SerialBelowFloor { .. } => {
            "Install a release that is signed under the current delegation."
        }
        Refusal::EpochBelowFloor { .. } => {
            "Install a newer release: this one was retired for good."
        }
        Refusal::WrongBoard { .. } => "Install the release that is made for this board.",
        Refusal::Bounds { .. } => {
            "Ask the maker of the release: it does not fit the slots of this disk."
        }
        Refusal::CommandLine => {
            "Ask the maker of the release: its command line must be printable ASCII."
        }
        Refusal::NoMemory { .. } => {
            "Ask the maker of the release: it is too large for this device."
        }
        Refusal::AttemptNotRecorded => {
            "The attempt could not be counted, so it was not made: the disk refuses writes. Replace it."
        }
        Refusal::NotASystem => "Install a release there: a rescue system belongs into rescue only.",
        Refusal::NotARescue => {
            "Flash the disk again: updates never touch rescue, so something else wrote there."
        }
        Refusal::NotStarted { .. } => {
            "Ask the maker of the release: its kernel does not suit this firmware."
        }
    }
}

/// The name of the check that failed: for programs, never changed.
pub(crate) fn check_name(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NoPartition => "no-partition",
        Refusal::Unreadable => "unreadable",
        Refusal::Empty => "empty",
        Refusal::Damaged { .. } => "damaged",
        Refusal::TrailingBytes => "trailing-bytes",
        Refusal::Untrusted { .. } => "untrusted",
        Refusal::SerialBelowFloor { .. } => "serial-below-floor",
        Refusal::EpochBelowFloor { .. } => "epoch-below-floor",
        Refusal::WrongBoard { .. } => "wrong-board",
        Refusal::Bounds { .. } => "bounds",
        Refusal::CommandLine => "command-line",
        Refusal::NoMemory { .. } => "no-memory",
        Refusal::Digest { .. } => "digest",
        Refusal::NotStarted { .. } => "not-started",
        Refusal::AttemptNotRecorded => "attempt-not-recorded",
        Refusal::NotASystem => "not-a-system",
        Refusal::NotARescue => "not-a-rescue",
    }
}

/// The refusal's own fields, by their names in `image_format`, and its check.
pub(crate) fn fields(refusal: &Refusal) -> Map<String, Value> {
    let own = match refusal {
        Refusal::NoPartition
        | Refusal::Unreadable
        | Refusal::Empty
        | Refusal::TrailingBytes
        | Refusal::CommandLine
        | Refusal::AttemptNotRecorded
        | Refusal::NotASystem
        | Refusal::NotARescue => json!({}),
        Refusal::Damaged { record, error } => {
            json!({ "record": record.name(), "error": error.to_string() })
        }
        Refusal::Untrusted { record, error } => {
            json!({ "record": record.name(), "error": error.to_string() })
        }
        Refusal::SerialBelowFloor { serial, floor } => {
            json!({ "serial": serial.0, "floor": floor.0 })
        }
        Refusal::EpochBelowFloor { epoch, floor } => json!({ "epoch": epoch.0, "floor": floor.0 }),
        Refusal::WrongBoard { image } => json!({ "image": image.as_str() }),
        Refusal::Bounds { part } | Refusal::NoMemory { part } | Refusal::Digest { part } => {
            json!({ "part": part.to_string() })
        }
        Refusal::NotStarted { status } => json!({ "status": status }),
    };
    let mut fields = object(own);
    fields.insert("check".into(), check_name(refusal).into());
    fields
}

/// The fields of a JSON object.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}
