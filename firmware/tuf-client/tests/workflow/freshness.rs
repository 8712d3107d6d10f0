//! Nothing goes back, nothing stands still for ever, and nothing is mixed.

use crate::device::Device;
use crate::repository::{FUTURE, PAST, Repository, Telling, role_keys, sign, version};
use serde_json::json;
use tuf_client::Rule;
use tuf_client::metadata::{Envelope, MetaFile, Version};

fn expired(device: &Device) -> Rule {
    Rule::Expired {
        at: PAST,
        now: device.now,
    }
}

fn back(file: &str, trusted: u64, offered: u64) -> Rule {
    let (trusted, offered) = (version(trusted), version(offered));
    Rule::Rollback {
        file: file.to_owned(),
        trusted,
        offered,
    }
}

#[track_caller]
fn assert_refused(device: &Device, repository: &Repository, role: &str, rule: Rule) {
    assert_eq!(device.refusal(repository), (role.to_owned(), rule));
}

fn assert_honest_refresh(repository: &mut Repository, device: &Device) {
    repository.release();
    device.refresh(repository).expect("an honest refresh works");
    assert_eq!(
        device.version("targets"),
        Some(repository.targets.version.get())
    );
}

#[test]
fn what_has_expired_is_refused() {
    type Expire = fn(&mut Repository);
    let cases: [(&str, Expire, Expire); 3] = [
        (
            "timestamp",
            |r| r.timestamp.expires = PAST,
            |r| r.timestamp.expires = FUTURE,
        ),
        (
            "snapshot",
            |r| r.snapshot.expires = PAST,
            |r| r.snapshot.expires = FUTURE,
        ),
        (
            "targets",
            |r| r.targets.expires = PAST,
            |r| r.targets.expires = FUTURE,
        ),
    ];
    for (role, expire, renew) in cases {
        let mut repository = Repository::new();
        let device = Device::refreshed(&repository);
        expire(&mut repository);
        repository.release();
        assert_refused(&device, &repository, role, expired(&device));
        assert_eq!(device.version(role), Some(1));
        renew(&mut repository);
        assert_honest_refresh(&mut repository, &device);
    }
}

#[test]
fn what_is_kept_expires_where_it_lies() {
    let mut repository = Repository::new();
    let mut device = Device::refreshed(&repository);
    device.now = FUTURE;
    repository.root.expires = tuf_client::UtcTime(FUTURE.0 + 1);
    repository.next_root(|_| {});
    let at_end = Rule::Expired {
        at: FUTURE,
        now: FUTURE,
    };
    let (role, rule) = crate::device::refusal(device.refresh(&repository));
    assert_eq!((role.as_str(), rule), ("timestamp", at_end));
}

#[test]
fn a_timestamp_does_not_go_back() {
    let mut repository = Repository::new();
    let old = repository.file("timestamp.json");
    repository.release();
    let device = Device::refreshed(&repository);
    repository.put("timestamp.json", old);
    assert_refused(
        &device,
        &repository,
        "timestamp",
        back("timestamp.json", 2, 1),
    );
    assert_honest_refresh(&mut repository, &device);
}

#[test]
fn an_expired_timestamp_still_guards_against_going_back() {
    let mut repository = Repository::new();
    repository.timestamp.expires = FUTURE;
    let old = repository.file("timestamp.json");
    repository.timestamp.expires = tuf_client::UtcTime(FUTURE.0 - 9);
    repository.release();
    let mut device = Device::refreshed(&repository);
    device.now = tuf_client::UtcTime(FUTURE.0 - 5);
    repository.put("timestamp.json", old);
    assert_refused(
        &device,
        &repository,
        "timestamp",
        back("timestamp.json", 2, 1),
    );
}

#[test]
fn a_timestamp_does_not_change_under_its_version() {
    let mut repository = Repository::new();
    let device = Device::refreshed(&repository);
    let before = device.kept();
    repository.timestamp.meta.snapshot = MetaFile::of_version(version(100));
    repository.publish_timestamp();
    device
        .refresh(&repository)
        .expect("the one that is known stays");
    assert_eq!(device.kept(), before);
}

#[test]
fn the_snapshot_that_a_timestamp_names_does_not_go_back() {
    let mut repository = Repository::new();
    repository.release();
    let device = Device::refreshed(&repository);
    repository.timestamp.version = version(3);
    repository.timestamp.meta.snapshot = MetaFile::of_version(Version::FIRST);
    repository.publish_timestamp();
    assert_refused(
        &device,
        &repository,
        "timestamp",
        back("snapshot.json", 2, 1),
    );
    assert_honest_refresh(&mut repository, &device);
}

#[test]
fn no_role_of_a_snapshot_goes_back_or_disappears() {
    for telling in [Telling::Versions, Telling::Bytes] {
        let mut repository = Repository::new();
        repository.telling = telling;
        repository.delegate("targets", "A", &["a/*"], 6);
        repository.release();
        let device = Device::refreshed(&repository);
        let honest = repository.snapshot.clone();
        repository.snapshot.version = version(3);
        repository.timestamp.version = version(3);
        let entry = |snapshot: &mut tuf_client::metadata::Snapshot, file: &str, number| {
            snapshot
                .meta
                .insert(file.to_owned(), MetaFile::of_version(version(number)));
        };
        entry(&mut repository.snapshot, "targets.json", 1);
        repository.publish_snapshot();
        assert_refused(&device, &repository, "snapshot", back("targets.json", 2, 1));

        repository.snapshot.meta.clone_from(&honest.meta);
        repository.snapshot.meta.remove("A.json");
        repository.publish_snapshot();
        let removed = Rule::Removed {
            file: "A.json".to_owned(),
        };
        // The timestamp was accepted, and stays under its version.
        repository.snapshot.version = version(4);
        repository.timestamp.version = version(4);
        repository.publish_snapshot();
        assert_refused(&device, &repository, "snapshot", removed);

        repository.targets.version = version(4);
        repository.snapshot.meta = honest.meta;
        assert_honest_refresh(&mut repository, &device);
    }
}

#[test]
fn a_snapshot_and_targets_of_two_days_do_not_mix() {
    let mut repository = Repository::new();
    let old = [
        repository.file("1.snapshot.json"),
        repository.file("1.targets.json"),
    ];
    let device = Device::refreshed(&repository);
    repository.release();
    let new = [
        repository.file("2.snapshot.json"),
        repository.file("2.targets.json"),
    ];
    let wrong = Rule::Version {
        expected: version(2),
        found: version(1),
    };
    repository.put("2.snapshot.json", old[0].clone());
    assert_refused(&device, &repository, "snapshot", wrong.clone());
    repository.put("2.snapshot.json", new[0].clone());
    repository.put("2.targets.json", old[1].clone());
    assert_refused(&device, &repository, "targets", wrong);
    repository.put("2.targets.json", new[1].clone());
    device
        .refresh(&repository)
        .expect("an honest refresh works");
}

/// Signed as it should be, but not what the role above it means.
#[test]
fn bytes_that_are_told_must_fit() {
    let mut repository = Repository::new();
    repository.telling = Telling::Bytes;
    let device = Device::refreshed(&repository);
    repository.release();
    let honest = repository.file("2.snapshot.json");
    let mut longer = honest.clone();
    longer.push(b' ');
    repository.put("2.snapshot.json", longer);
    let max_bytes = honest.len() as u64;
    assert_refused(
        &device,
        &repository,
        "snapshot",
        Rule::TooLong { max_bytes },
    );
    let mut shorter = Envelope::parse(&honest).expect("it is JSON");
    shorter.signatures.clear();
    let shorter = shorter.to_bytes().expect("it has bytes");
    let received_bytes = shorter.len() as u64;
    repository.put("2.snapshot.json", shorter);
    let length = Rule::Length {
        signed_bytes: max_bytes,
        received_bytes,
    };
    assert_refused(&device, &repository, "snapshot", length);
    // White space moves, and nothing else.
    let text = String::from_utf8(honest.clone()).expect("it is text");
    let moved = text.replacen(r#""version":2"#, r#""version":3"#, 1);
    assert_eq!(moved.len(), honest.len());
    repository.put("2.snapshot.json", moved.into_bytes());
    assert_refused(&device, &repository, "snapshot", Rule::Hash);
    repository.put("2.snapshot.json", honest);
    device
        .refresh(&repository)
        .expect("an honest refresh works");
}

#[test]
fn a_version_is_a_whole_number_from_one_up() {
    let mut repository = Repository::new();
    let device = Device::new(&repository);
    for odd in [
        json!(0),
        json!(-1),
        json!("1"),
        json!(true),
        json!(null),
        json!([1]),
    ] {
        let mut timestamp = serde_json::to_value(&repository.timestamp).expect("it is JSON");
        timestamp["version"] = odd.clone();
        repository.put("timestamp.json", sign(&timestamp, &[2]));
        let (role, rule) = device.refusal(&repository);
        assert_eq!(role, "timestamp");
        assert!(matches!(rule, Rule::Malformed(_)), "{odd}: {rule}");
    }
    assert_honest_refresh(&mut repository, &device);
}

#[test]
fn a_hash_that_nobody_can_compute_fits_nothing() {
    let mut repository = Repository::new();
    let device = Device::refreshed(&repository);
    repository.release();
    let mut timestamp = serde_json::to_value(&repository.timestamp).expect("it is JSON");
    timestamp["meta"]["snapshot.json"]["hashes"] = json!({ "md5": "00" });
    repository.put("timestamp.json", sign(&timestamp, &[2]));
    assert_refused(&device, &repository, "snapshot", Rule::UnknownHashes);
    assert_honest_refresh(&mut repository, &device);
}

#[test]
fn a_file_that_never_ends_is_read_to_its_bound() {
    let mut repository = Repository::new();
    let mut device = Device::refreshed(&repository);
    device.limits.root_bytes = 4000;
    device.limits.timestamp_bytes = 3000;
    device.limits.snapshot_bytes = 2000;
    device.limits.targets_bytes = 2001;
    repository.release();
    for (file, role, max_bytes) in [
        ("2.root.json", "root", 4000),
        ("timestamp.json", "timestamp", 3000),
        ("2.snapshot.json", "snapshot", 2000),
        ("2.targets.json", "targets", 2001),
    ] {
        let honest = repository.files.get(&format!("metadata/{file}")).cloned();
        repository.put(file, vec![b' '; 100_000]);
        assert_refused(&device, &repository, role, Rule::TooLong { max_bytes });
        match honest {
            Some(bytes) => repository.put(file, bytes),
            None => drop(repository.files.remove(&format!("metadata/{file}"))),
        }
    }
    device.limits.told_bytes = 500;
    repository.timestamp.meta.snapshot.length_bytes = Some(9_007_199_254_740_991);
    repository.timestamp.version = version(3);
    repository.publish_timestamp();
    repository.put("2.snapshot.json", vec![b' '; 100_000]);
    let too_long = Rule::TooLong { max_bytes: 500 };
    assert_refused(&device, &repository, "snapshot", too_long);
}

#[test]
fn without_consistent_snapshots_names_have_no_version() {
    let mut repository = Repository::new();
    let device = Device::refreshed(&repository);
    repository.next_root(|root| root.consistent_snapshot = false);
    repository.release();
    device.refresh(&repository).expect("both kinds work");
    let asked = repository.asked();
    assert_eq!(
        asked[1..],
        [
            "3.root.json",
            "timestamp.json",
            "snapshot.json",
            "targets.json"
        ]
    );
}

#[test]
fn a_role_is_not_taken_for_another() {
    let mut repository = Repository::new();
    let device = Device::refreshed(&repository);
    // The key of both roles is the same, so that only the type tells them apart.
    repository.next_root(|root| root.roles.timestamp = role_keys(&[3], 1));
    let mut disguised = repository.snapshot.clone();
    disguised.meta.insert(
        "snapshot.json".to_owned(),
        MetaFile::of_version(Version::FIRST),
    );
    repository.put("timestamp.json", sign(&disguised, &[3]));
    let (role, rule) = crate::device::refusal(device.refresh(&repository));
    assert_eq!(role, "timestamp");
    assert!(rule.to_string().contains("unknown variant"), "{rule}");
}
