//! The record as a person and as a program see it.

use super::output;
use crate::arguments::Form;
use crate::device::Device;
use crate::fixtures::{HASH_B, device, flight};
use image_format::refusal::PartName;
use image_format::{Event, Refusal, Slot, Source, Version};
use serde_json::{Value, json};

/// Version 2 came up and was confirmed at boot 2; at boot 4 its kernel had changed.
fn fallen_back() -> Device {
    let mut device = device();
    device.flight = flight([
        (
            2,
            Event::TrialBegun {
                slot: Slot::B,
                attempt: 1,
                given: 3,
            },
        ),
        (
            2,
            Event::Confirmed {
                slot: Slot::B,
                version: Version(2),
                manifest_hash: HASH_B,
            },
        ),
        (
            4,
            Event::Refused {
                source: Source::Slot(Slot::B),
                version: Some(Version(2)),
                refusal: Refusal::Digest {
                    part: PartName::Kernel,
                },
            },
        ),
        (
            4,
            Event::FellBack {
                from: Slot::B,
                to: Source::Slot(Slot::A),
            },
        ),
    ]);
    device
}

#[test]
fn the_answer_stands_first_then_the_boots_newest_last() {
    assert_eq!(
        output(&fallen_back(), Form::Text, None),
        "\
system-a version 1 runs because system-b version 2 was refused: the kernel is not the one that was signed: digest mismatch (boot 4).

boot 2
  The loader began attempt 1 of 3 to boot system-b, which is on trial.
  system-b version 2 (7f068cb4fa876c) works and was confirmed.

boot 4
  The loader refused system-b version 2: the kernel is not the one that was signed: digest mismatch. Install the release there again; if this repeats, replace the disk.
  The loader fell back from system-b to system-a.
"
    );
}

#[test]
fn fewer_boots_are_told_on_request_and_it_says_what_is_left_out() {
    assert_eq!(
        output(&fallen_back(), Form::Text, Some(1)),
        "\
system-a version 1 runs because system-b version 2 was refused: the kernel is not the one that was signed: digest mismatch (boot 4).

1 earlier boot is not shown: snappy why --boots 2

boot 4
  The loader refused system-b version 2: the kernel is not the one that was signed: digest mismatch. Install the release there again; if this repeats, replace the disk.
  The loader fell back from system-b to system-a.
"
    );
    let none = output(&fallen_back(), Form::Text, Some(0));
    assert!(
        none.ends_with("\n2 earlier boots are not shown: snappy why --boots 2\n"),
        "{none}"
    );
}

#[test]
fn ten_boots_are_told_by_default() {
    let mut device = device();
    let rollback = Event::RollbackRequested {
        from: Slot::A,
        to: Slot::B,
    };
    device.flight = flight((1..=12).map(|boot| (boot, rollback.clone())));
    let text = output(&device, Form::Text, None);
    assert!(
        text.contains("2 earlier boots are not shown: snappy why --boots 12\n\nboot 3\n"),
        "{text}"
    );
}

#[test]
fn a_quiet_device_says_so() {
    assert_eq!(
        output(&device(), Form::Text, None),
        "\
system-a version 1 runs because it is confirmed.

The flight record is empty: nothing but quiet boots so far.
"
    );
}

#[test]
fn json_has_the_answer_and_every_field() {
    let json = output(&fallen_back(), Form::Json, Some(1));
    let value: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        value,
        json!({
            "running": {
                "slot": "system-a", "version": 1, "boot": 4, "status": "confirmed",
                "manifest": format!("184ad1e863e947{}", "ee".repeat(25)),
            },
            "because": {
                "cause": "fell-back", "from": "system-b",
                "sentence": "system-a version 1 runs because system-b version 2 was refused: \
                             the kernel is not the one that was signed: digest mismatch (boot 4).",
            },
            "boots_left_out": 1,
            "events": [
                {
                    "sequence": 2, "boot": 4, "kind": "refused", "source": "system-b", "version": 2,
                    "check": "digest", "part": "kernel",
                    "sentence": "The loader refused system-b version 2: the kernel is not the one \
                                 that was signed: digest mismatch. Install the release there again; \
                                 if this repeats, replace the disk.",
                },
                {
                    "sequence": 3, "boot": 4, "kind": "fell-back", "from": "system-b", "to": "system-a",
                    "sentence": "The loader fell back from system-b to system-a.",
                },
            ],
        })
    );
}
