//! A device and a store, each a line of a table.

use super::*;
use std::collections::BTreeMap;
use store_format::{Hold, Rollout, Share, Wave};

const NOW: u64 = 1000;
const MACHINE: &str = "0123456789abcdef0123456789abcdef";

fn hash(version: u64) -> Digest {
    Digest([u8::try_from(version).unwrap(); 32])
}

fn channel(name: &str) -> Channel {
    name.parse().unwrap()
}

fn listed(version: u64) -> Listed {
    let name = format!("system/board/line-{version}.update");
    Listed {
        path: name.clone(),
        name,
        length_bytes: 1,
        manifest_hash: hash(version),
        patches: Vec::new(),
        release: SystemRelease {
            board: "board".parse().unwrap(),
            product: "line".parse().unwrap(),
            version,
            epoch: 1,
            manifest_sha256: hash(version).to_string(),
            issued_secs: 1,
            channels: BTreeMap::from([(channel("stable"), Rollout::everyone(1))]),
            hold: None,
            minimum_version: None,
            notes: String::new(),
        },
    }
}

fn with_waves(version: u64, waves: Vec<Wave>) -> Listed {
    let mut one = listed(version);
    let rollout = Rollout::try_from(waves).unwrap();
    one.release.channels.insert(channel("stable"), rollout);
    one
}

fn device(channel: &Channel) -> Situation<'_> {
    Situation {
        board: "board",
        product: "line",
        channel,
        running_version: 1,
        staged: None,
        failed: &[],
        rolled_back: None,
        not_yet_again: None,
        now_secs: NOW,
        machine_id: MACHINE,
    }
}

/// What is taken, by its version, and why nothing else is.
fn chosen(listed: &[Listed], device: &Situation<'_>) -> (Option<u64>, Vec<String>) {
    let (verdicts, chosen) = choose(listed, device);
    let reasons = verdicts.iter().map(|verdict| match verdict {
        Verdict::Offered => "offered".to_owned(),
        Verdict::NotOffered(reason) => reason.to_string(),
    });
    (chosen.map(|one| one.release.version), reasons.collect())
}

#[test]
fn the_newest_of_those_that_are_offered_is_taken() {
    let stable = channel("stable");
    let store = [listed(3), listed(1), listed(2)];
    let (taken, reasons) = chosen(&store, &device(&stable));
    assert_eq!(taken, Some(3));
    assert_eq!(
        reasons,
        [
            "offered",
            "it is not newer than what runs",
            "a newer one is taken"
        ]
    );
    assert_eq!(chosen(&[], &device(&stable)), (None, Vec::new()));
}

#[test]
fn each_reason_against_a_release_is_told() {
    let stable = channel("stable");
    let usual = device(&stable);
    let beta = channel("beta");
    let release = |change: fn(&mut SystemRelease)| {
        let mut one = listed(3);
        change(&mut one.release);
        one
    };
    let nobody = vec![Wave {
        share: Share::ALL,
        from_secs: NOW + 1,
    }];
    let failed = [hash(2), hash(3)];
    let table = [
        (
            "it is for another board",
            release(|one| one.board = "other".parse().unwrap()),
            usual.clone(),
        ),
        (
            "it is for another product line",
            release(|one| one.product = "other".parse().unwrap()),
            usual.clone(),
        ),
        ("the channel does not have it", listed(3), device(&beta)),
        (
            "it is held: slow",
            release(|one| one.hold = Some(Hold("slow".to_owned()))),
            usual.clone(),
        ),
        (
            "it needs version 2 or newer first",
            release(|one| one.minimum_version = Some(2)),
            usual.clone(),
        ),
        (
            "so far 0% of the devices may take it",
            with_waves(3, nobody),
            usual.clone(),
        ),
        (
            "it failed its trial on this device",
            listed(3),
            Situation {
                failed: &failed,
                ..usual.clone()
            },
        ),
        (
            "somebody rolled this device back from it",
            listed(3),
            Situation {
                rolled_back: Some(3),
                ..usual.clone()
            },
        ),
        (
            "its trial ended without a verdict; it is tried again in 90 s",
            listed(3),
            Situation {
                not_yet_again: Some((hash(3), Duration::from_secs(90))),
                ..usual.clone()
            },
        ),
        (
            "it is installed and waits for a reboot",
            listed(3),
            Situation {
                staged: Some(Image {
                    version: 3,
                    manifest_hash: hash(3),
                }),
                ..usual.clone()
            },
        ),
        (
            "it is not newer than what runs",
            listed(3),
            Situation {
                staged: Some(Image {
                    version: 4,
                    manifest_hash: hash(4),
                }),
                ..usual.clone()
            },
        ),
    ];
    for (reason, one, device) in table {
        assert_eq!(chosen(&[one], &device), (None, vec![reason.to_owned()]));
    }
}

#[test]
fn what_stands_against_one_release_does_not_stand_against_a_newer_one() {
    let stable = channel("stable");
    let failed = [hash(3)];
    let stopped = Situation {
        failed: &failed,
        rolled_back: Some(3),
        not_yet_again: Some((hash(3), Duration::from_secs(90))),
        ..device(&stable)
    };
    // Nor is an older one taken than the one that somebody went back from.
    let (taken, _) = chosen(&[listed(2), listed(3)], &stopped);
    assert_eq!(taken, None);
    let (taken, _) = chosen(&[listed(2), listed(3), listed(4)], &stopped);
    assert_eq!(taken, Some(4));
}

#[test]
fn a_release_that_needs_another_first_comes_after_it() {
    let stable = channel("stable");
    let mut third = listed(3);
    third.release.minimum_version = Some(2);
    let store = [listed(2), third];
    assert_eq!(chosen(&store, &device(&stable)).0, Some(2));
    let second = Situation {
        running_version: 2,
        ..device(&stable)
    };
    assert_eq!(chosen(&store, &second).0, Some(3));
}

#[test]
fn a_wave_takes_in_its_share_of_the_devices_and_others_for_the_next_release() {
    let stable = channel("stable");
    let tenth = vec![Wave {
        share: Share::from_permille(100).unwrap(),
        from_secs: 1,
    }];
    let ids: Vec<_> = (0..1000).map(|id| format!("{id:032x}")).collect();
    let takers = |version: u64| -> Vec<&str> {
        let store = [with_waves(version, tenth.clone())];
        let takes = |id: &&str| {
            let device = Situation {
                machine_id: id,
                ..device(&stable)
            };
            chosen(&store, &device).0.is_some()
        };
        ids.iter().map(String::as_str).filter(takes).collect()
    };
    let (second, third) = (takers(2), takers(3));
    assert!((70..130).contains(&second.len()), "{}", second.len());
    let both = second.iter().filter(|id| third.contains(id)).count();
    assert!(both < 30, "{both} are always among the first");
}

/// Devices in the field draw their lots so for ever: computed by another program.
#[test]
fn a_lot_is_of_the_machines_id_and_the_manifests_hash() {
    let digest = "2df1e8877fd15a054f22e32c9e55695538f46114af21f4a91c92f0d3613868d0";
    let digest = Digest::parse_hex(digest).unwrap();
    assert_eq!(draw(MACHINE, &hash(7)), Draw::from_digest(&digest.0));
}
