//! Golden tables, to the character.

use super::output;
use crate::arguments::{Form, Scope};
use crate::device::Device;
use crate::fixtures::{HASH_B, TRIAL, device, in_rescue};
use crate::slot_image::{NotVerified, SlotImage};
use image_format::{Kind, Refusal, SignatureError, Slot, SlotStatus};
use serde_json::{Value, json};

fn all(device: &Device) -> String {
    output(device, Form::Text, Scope::All)
}

fn with_other(status: SlotStatus, image: SlotImage) -> Device {
    let mut device = device();
    device.state.slot_mut(Slot::B).status = status;
    device.slots[1] = image;
    device
}

#[test]
fn without_a_flag_what_runs_is_listed() {
    let text = output(&device(), Form::Text, Scope::Running);
    assert_eq!(
        text,
        "\
Part    Tag   Installed  Available  Fingerprint     Active
system  edge  1          -          184ad1e863e947  *
"
    );
}

#[test]
fn both_slots_are_listed_with_a() {
    assert_eq!(
        all(&device()),
        "\
Part    Tag   Installed  Available  Fingerprint     Active
system  edge  1          -          184ad1e863e947  *
system  edge  2          -          7f068cb4fa876c
"
    );
}

#[test]
fn a_pending_trial_runs_at_the_next_reboot() {
    let device = with_other(TRIAL, device().slots[1].clone());
    assert_eq!(
        all(&device),
        "\
Part    Tag   Installed  Available  Fingerprint     Active
system  edge  1          -          184ad1e863e947  *
system  edge  2          -          7f068cb4fa876c  R
system-b is on trial: 2 of 3 attempts are left.
Reboot to use the new system.
"
    );
    let running = output(&device, Form::Text, Scope::Running);
    assert!(
        running.ends_with("*\nReboot to use the new system.\n"),
        "{running}"
    );
}

#[test]
fn a_rollback_to_a_confirmed_slot_is_pending() {
    let mut device = with_other(SlotStatus::Confirmed, device().slots[1].clone());
    device.state.active = Slot::B;
    let text = all(&device);
    assert!(
        text.contains("7f068cb4fa876c  R\nReboot to use the new system.\n"),
        "{text}"
    );
}

#[test]
fn an_envelope_that_does_not_verify_is_marked_and_explained() {
    let refusal = Refusal::Untrusted {
        record: Kind::Manifest,
        error: SignatureError::Invalid,
    };
    let image = SlotImage::Unverified {
        manifest_hash: HASH_B,
        reason: NotVerified::Refused(refusal),
    };
    assert_eq!(
        all(&with_other(SlotStatus::Refused, image)),
        "\
Part    Tag   Installed  Available  Fingerprint     Active
system  edge  1          -          184ad1e863e947  *
system  edge  ?          -          7f068cb4fa876c
system-b cannot be used: it does not verify: the manifest is not trusted: a signature does not verify.
system-b was refused: 'snappy why' tells the reason.
"
    );
}

#[test]
fn without_a_keyring_nothing_is_believed() {
    let image = SlotImage::Unverified {
        manifest_hash: HASH_B,
        reason: NotVerified::NoKeyring,
    };
    let text = all(&with_other(SlotStatus::Confirmed, image));
    let note = "system-b cannot be used: it does not verify: \
                there is no usable keyring at /usr/lib/twinkeel/root.keyring.\n";
    assert!(text.ends_with(note), "{text}");
    assert!(text.contains("system  edge  ?  "), "{text}");
}

#[test]
fn an_empty_slot_has_no_version() {
    assert_eq!(
        all(&with_other(
            SlotStatus::Empty,
            SlotImage::Unusable(Refusal::Empty)
        )),
        "\
Part    Tag   Installed  Available  Fingerprint     Active
system  edge  1          -          184ad1e863e947  *
system  edge  -          -          -
system-b cannot be used: it holds no system image.
"
    );
}

#[test]
fn the_last_attempt_of_what_runs_is_no_update() {
    let mut device = with_other(SlotStatus::Confirmed, device().slots[1].clone());
    device.state.slot_mut(Slot::A).status = SlotStatus::Trial {
        attempts_left: 0,
        attempts_given: 3,
    };
    assert_eq!(
        all(&device),
        "\
Part    Tag   Installed  Available  Fingerprint     Active
system  edge  1          -          184ad1e863e947  *
system  edge  2          -          7f068cb4fa876c  R
system-a is on trial: 0 of 3 attempts are left.
"
    );
}

#[test]
fn json_has_the_same_facts() {
    let json = output(
        &with_other(TRIAL, device().slots[1].clone()),
        Form::Json,
        Scope::All,
    );
    let value: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json.matches('\n').count(), 1);
    assert_eq!(
        value,
        json!({
            "reboot_pending": true,
            "versions": [
                {
                    "part": "system", "slot": "system-a", "tag": "edge", "installed": 1,
                    "available": null, "fingerprint": "184ad1e863e947",
                    "manifest": format!("184ad1e863e947{}", "ee".repeat(25)), "epoch": 1,
                    "status": "confirmed", "running": true, "next": false, "verified": true,
                    "problem": null,
                },
                {
                    "part": "system", "slot": "system-b", "tag": "edge", "installed": 2,
                    "available": null, "fingerprint": "7f068cb4fa876c",
                    "manifest": format!("7f068cb4fa876c{}", "ee".repeat(25)), "epoch": 1,
                    "status": "trial", "running": false, "next": true, "verified": true,
                    "problem": null,
                },
            ],
        })
    );
}

#[test]
fn json_of_an_unusable_slot_names_the_problem() {
    let device = with_other(SlotStatus::Empty, SlotImage::Unusable(Refusal::Empty));
    let json = output(&device, Form::Json, Scope::All);
    let value: Value = serde_json::from_str(&json).unwrap();
    let other = &value["versions"][1];
    assert_eq!(other["installed"], Value::Null);
    assert_eq!(other["fingerprint"], Value::Null);
    assert_eq!(other["verified"], false);
    assert_eq!(other["problem"], "it holds no system image");
}

#[test]
fn the_tag_is_the_channel_of_the_image() {
    let mut device = device();
    device.channel = "stable".into();
    let text = output(&device, Form::Text, Scope::Running);
    assert_eq!(
        text,
        "\
Part    Tag     Installed  Available  Fingerprint     Active
system  stable  1          -          184ad1e863e947  *
"
    );
}

#[test]
fn the_rescue_system_is_listed_as_itself_with_both_slots() {
    assert_eq!(
        all(&in_rescue()),
        "\
Part    Tag   Installed  Available  Fingerprint     Active
system  edge  1          -          184ad1e863e947  R
system  edge  2          -          7f068cb4fa876c
rescue  edge  7          -          5ec0e511223344  *
system-a was refused: 'snappy why' tells the reason.
system-b was refused: 'snappy why' tells the reason.
This is the rescue system: 'snappy why' tells why no slot booted. A reboot tries them again.
"
    );
    let json = output(&in_rescue(), Form::Json, Scope::Running);
    let value: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["reboot_pending"], false);
    assert_eq!(
        value["versions"],
        json!([{
            "part": "rescue", "slot": "rescue", "tag": "edge", "installed": 7,
            "available": null, "fingerprint": "5ec0e511223344",
            "manifest": format!("5ec0e511223344{}", "ee".repeat(25)), "epoch": 1,
            "status": "rescue", "running": true, "next": false, "verified": true,
            "problem": null,
        }])
    );
}
