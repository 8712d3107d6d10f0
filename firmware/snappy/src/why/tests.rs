//! The record as a person and as a program see it.

use super::output;
use crate::arguments::Form;
use crate::device::{CloudConfig, Device, Wanted};
use crate::fixtures::{HASH_B, device, flight, in_rescue};
use image_format::refusal::PartName;
use image_format::{Event, Refusal, Slot, Source, Version};
use serde_json::{Value, json};
use system_update::{CloudConfigProblem, CloudConfigReport, CloudConfigSeverity};

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
                "reasons": {},
            },
            "cloud_config": null,
            "wanted_snaps": [],
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

#[test]
fn the_rescue_system_names_the_reason_of_each_slot_first() {
    let text = output(&in_rescue(), Form::Text, None);
    assert!(
        text.starts_with(
            "\
This is the rescue system, version 7: it runs because no slot booted.
  system-a version 1 was refused: the kernel is not the one that was signed: digest mismatch
  system-b version 2 was refused: the kernel is not the one that was signed: digest mismatch

boot 9
  The loader refused system-a version 1: "
        ),
        "{text}"
    );
    assert!(
        text.ends_with("to rescue.\n  The rescue system came up.\n"),
        "{text}"
    );
}

#[test]
fn slots_that_died_without_a_word_have_their_reason_too() {
    let mut device = in_rescue();
    device.flight = flight([
        (
            3,
            Event::AttemptsExhausted {
                slot: Slot::B,
                given: 3,
            },
        ),
        (
            8,
            Event::ConfirmationLost {
                slot: Slot::A,
                boots: 5,
            },
        ),
    ]);
    let text = output(&device, Form::Text, Some(0));
    assert!(
        text.starts_with(
            "\
This is the rescue system, version 7: it runs because no slot booted.
  system-a did not come up in 5 boots in a row
  system-b used up its 3 attempts
"
        ),
        "{text}"
    );
}

#[test]
fn json_of_the_rescue_system_names_both_reasons() {
    let json = output(&in_rescue(), Form::Json, Some(0));
    let value: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        value["running"],
        json!({
            "slot": "rescue", "version": 7, "boot": 9, "status": "rescue",
            "manifest": format!("5ec0e511223344{}", "ee".repeat(25)),
        })
    );
    let reason = "was refused: the kernel is not the one that was signed: digest mismatch";
    assert_eq!(
        value["because"],
        json!({
            "cause": "rescue", "from": null,
            "sentence": "This is the rescue system, version 7: it runs because no slot booted.",
            "reasons": {
                "system-a": format!("system-a version 1 {reason}"),
                "system-b": format!("system-b version 2 {reason}"),
            },
        })
    );
}

#[test]
fn what_a_cloud_config_did_not_bring_about_is_told() {
    let mut device = device();
    let mut report = CloudConfigReport {
        source: "a disk labelled cidata".to_owned(),
        instance_id: Some("i-1".to_owned()),
        boot: 1,
        done: vec!["host name a".to_owned()],
        problems: Vec::new(),
    };
    device.cloud_config = CloudConfig::Told(report.clone());
    assert!(!output(&device, Form::Text, None).contains("cloud-config"));
    report.failed("user-data: line 3, users[0]: name is missing; add it");
    report.problems.push(CloudConfigProblem {
        severity: CloudConfigSeverity::Warning,
        text: "user-data: line 4, x\u{1b}: there is no such key".to_owned(),
    });
    device.cloud_config = CloudConfig::Told(report);
    let text = output(&device, Form::Text, None);
    let told = "
The cloud-config of instance i-1, from a disk labelled cidata, was not honoured in all of its parts (boot 1):
  error: user-data: line 3, users[0]: name is missing; add it
  warning: user-data: line 4, x";
    assert!(text.contains(told), "{text}");
    assert!(!text.contains('\u{1b}'), "{text:?}");
    let json: Value = serde_json::from_str(&output(&device, Form::Json, None)).unwrap();
    assert_eq!(json["cloud_config"]["problems"][0]["severity"], "error");
}

#[test]
fn who_is_not_root_is_told_that_there_is_more() {
    let mut device = device();
    device.cloud_config = CloudConfig::RootsAlone;
    let text = output(&device, Form::Text, None);
    assert!(
        text.contains("only root is told: sudo snappy why\n"),
        "{text}"
    );
    let json: Value = serde_json::from_str(&output(&device, Form::Json, None)).unwrap();
    assert_eq!(json["cloud_config"], Value::Null);
}

#[test]
fn snaps_that_are_wanted_and_not_here_are_told_with_their_reason() {
    let mut device = device();
    let wanted = |name: &str, state: &str, why: Option<&str>| Wanted {
        name: name.to_owned(),
        state: state.to_owned(),
        why: why.map(str::to_owned),
    };
    device.wanted = vec![
        wanted("a", "given-up", Some("snap \"a\" not found; do so")),
        wanted("b", "failed", Some("no answer\u{1b}")),
        wanted("c", "waits", None),
    ];
    let text = output(&device, Form::Text, None);
    let told = "
The cloud-config asks for snaps that are not as it wants them:
  a is not tried again: snap \"a\" not found; do so
  b will be tried again: no answer";
    assert!(text.contains(told), "{text}");
    assert!(text.contains("\n  c has not been tried yet\n"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text:?}");
    let json: Value = serde_json::from_str(&output(&device, Form::Json, None)).unwrap();
    assert_eq!(json["wanted_snaps"][1]["state"], "failed");
}
