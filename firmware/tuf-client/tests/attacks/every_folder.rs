//! Each folder, step by step.

use crate::case::folders;
use crate::device::Device;

/// Every attack that the plan names has its folder.
const PLANNED: &[&str] = &[
    "arbitrary-key",
    "below-threshold",
    "delegated-role-expired",
    "delegated-role-oversized",
    "delegated-role-with-a-foreign-signature",
    "delegation-depth",
    "delegation-loop",
    "depth-bomb",
    "duplicate-json-keys",
    "duplicate-signature",
    "endless-data",
    "expired-root",
    "expired-snapshot",
    "expired-targets",
    "expired-timestamp",
    "fast-forward",
    "freeze",
    "hash-field",
    "huge-numbers",
    "keyid-repeated-in-a-role",
    "missing-snapshot-entry",
    "mix-and-match",
    "rollback-root",
    "rollback-snapshot",
    "rollback-targets",
    "rollback-timestamp",
    "root-fork",
    "root-version-skipped",
    "same-key-under-two-ids",
    "signature-length",
    "spec-version-of-another-major",
    "stolen-online-keys",
    "terminating-delegation",
    "threshold-above-the-keys",
    "threshold-negative",
    "threshold-zero",
    "traversal-role-name",
    "traversal-target-name",
    "unknown-fields",
    "wrong-hash",
    "wrong-length",
    "wrong-shape",
    "wrong-type",
];

#[test]
fn every_planned_attack_has_its_folder() {
    let found: Vec<String> = folders().into_iter().map(|folder| folder.name).collect();
    for name in PLANNED {
        assert!(
            found.iter().any(|folder| folder == name),
            "no folder {name}"
        );
    }
}

#[test]
fn each_step_is_answered_as_its_case_says() {
    let mut wrong = Vec::new();
    for case in folders() {
        assert_eq!(case.name, case.attack, "a folder is named by its attack");
        let device = Device::new(&case);
        for step in &case.steps {
            if step.refused.is_none() {
                wrong.extend(device.play(&case, step));
                continue;
            }
            let shaken = device.copy();
            wrong.extend(shaken.play(&case, step));
            let recovers = shaken.play(&case, case.last());
            wrong.extend(recovers.map(|error| format!("{error}, after {}", step.name)));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn a_client_that_saw_all_attacks_in_a_row_takes_the_last_honest_state() {
    for case in folders() {
        let device = Device::new(&case);
        for step in &case.steps {
            // What comes of it is the other test's; here it only leaves its traces.
            let _ = device.play(&case, step);
        }
        assert_eq!(device.play(&case, case.last()), None, "{}", case.name);
    }
}

/// A thief of the online keys gets at least twenty tries, and installs nothing in any.
#[test]
fn stolen_online_keys_install_nothing() {
    let case = folders()
        .into_iter()
        .find(|case| case.name == "stolen-online-keys")
        .unwrap();
    let attempts = case
        .steps
        .iter()
        .filter(|step| step.name.contains("-attack-"))
        .count();
    assert!(attempts >= 20, "{attempts}");
    for step in &case.steps {
        let evil = step.targets.get("evil.txt");
        assert!(evil.is_none_or(|rule| rule == "not-found"), "{}", step.name);
    }
}
