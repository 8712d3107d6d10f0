//! After a theft, after a power cut, and with files that are of no use any more.

use crate::device::Device;
use crate::repository::{Repository, Telling, keys_of, role_keys, sign, version};
use tuf_client::{Client, Error, Rule};

const LAST: u64 = 9_007_199_254_740_991;

/// Whoever stole timestamp and snapshot made all versions the last ones there are.
fn fast_forwarded() -> (Repository, Device) {
    let mut repository = Repository::new();
    repository.timestamp.version = version(LAST);
    repository.snapshot.version = version(LAST);
    repository.targets.version = version(LAST);
    repository.publish();
    let device = Device::refreshed(&repository);
    assert_eq!(device.version("targets"), Some(LAST));
    repository.timestamp.version = version(2);
    repository.snapshot.version = version(2);
    repository.targets.version = version(2);
    (repository, device)
}

fn replace_online_keys(repository: &mut Repository) {
    repository.next_root(|root| {
        root.keys.extend(keys_of(&[12, 13]));
        root.roles.timestamp = role_keys(&[12], 1);
        root.roles.snapshot = role_keys(&[13], 1);
    });
    repository.signers.insert("timestamp".to_owned(), vec![12]);
    repository.signers.insert("snapshot".to_owned(), vec![13]);
    repository.publish();
}

#[test]
fn stolen_online_keys_are_replaced_and_versions_begin_again() {
    let (mut repository, device) = fast_forwarded();
    repository.publish();
    assert!(matches!(
        device.refusal(&repository).1,
        Rule::Rollback { .. }
    ));
    replace_online_keys(&mut repository);
    device.refresh(&repository).expect("versions begin again");
    for role in ["root", "timestamp", "snapshot", "targets"] {
        assert_eq!(device.version(role), Some(2), "{role}");
    }
}

/// One of two keys is withdrawn; the other one had signed the last version, too.
#[test]
fn a_withdrawn_key_is_enough_to_begin_again() {
    let mut repository = Repository::new();
    repository.next_root(|root| {
        root.keys.extend(keys_of(&[12]));
        root.roles.timestamp = role_keys(&[2, 12], 1);
    });
    repository
        .signers
        .insert("timestamp".to_owned(), vec![2, 12]);
    repository.timestamp.version = version(LAST);
    repository.publish();
    let device = Device::refreshed(&repository);
    repository.next_root(|root| root.roles.timestamp = role_keys(&[12], 1));
    repository.signers.insert("timestamp".to_owned(), vec![12]);
    repository.timestamp.version = version(2);
    repository.publish();
    device.refresh(&repository).expect("versions begin again");
    assert_eq!(device.version("timestamp"), Some(2));
}

/// The chain leads back to the keys of the beginning: the theft lies between.
#[test]
fn a_key_that_was_withdrawn_and_came_back_was_withdrawn() {
    let (mut repository, device) = fast_forwarded();
    replace_online_keys(&mut repository);
    repository.next_root(|root| {
        root.roles.timestamp = role_keys(&[2], 1);
        root.roles.snapshot = role_keys(&[3], 1);
    });
    repository.signers.insert("timestamp".to_owned(), vec![2]);
    repository.signers.insert("snapshot".to_owned(), vec![3]);
    repository.publish();
    device.refresh(&repository).expect("versions begin again");
    assert_eq!(device.version("snapshot"), Some(2));
}

#[test]
fn an_added_key_lets_nothing_go_back() {
    let mut repository = Repository::new();
    let old = repository.file("timestamp.json");
    repository.release();
    let device = Device::refreshed(&repository);
    repository.next_root(|root| {
        root.keys.extend(keys_of(&[12]));
        root.roles.timestamp = role_keys(&[2, 12], 1);
    });
    repository.put("timestamp.json", old);
    assert!(matches!(
        device.refusal(&repository).1,
        Rule::Rollback { .. }
    ));
}

/// The same key under another id, or in capital letters, was not withdrawn.
#[test]
fn a_renamed_key_lets_nothing_go_back() {
    let mut repository = Repository::new();
    repository.release();
    let device = Device::refreshed(&repository);
    let before = device.kept();
    repository.next_root(|root| {
        let mut twin = crate::repository::key(2);
        twin.value.public = twin.value.public.to_uppercase();
        root.keys.insert(crate::repository::key_id(22), twin);
        root.roles.timestamp.key_ids = vec![crate::repository::key_id(22)];
    });
    repository.put("timestamp.json", b"{}".to_vec());
    assert_eq!(device.refusal(&repository).0, "timestamp");
    assert_eq!(
        device.kept()["timestamp"],
        before["timestamp"],
        "nothing was dropped"
    );
}

/// The power goes at each write of a refresh that drops what a thief signed.
#[test]
fn a_power_cut_at_any_write_leaves_a_device_that_refreshes() {
    for writes in 0..8 {
        let (mut repository, device) = fast_forwarded();
        repository.next_root(|_| {});
        replace_online_keys(&mut repository);
        device.memory.writes_left.set(writes);
        let cut = device.refresh(&repository);
        assert_eq!(cut.is_err(), writes < 7, "{writes}");
        device.memory.writes_left.set(u32::MAX);
        device.refresh(&repository).expect("it goes on");
        assert_eq!(device.version("targets"), Some(2));
    }
}

#[test]
fn kept_files_of_no_use_are_fetched_again() {
    let repository = Repository::new();
    let device = Device::refreshed(&repository);
    let good = device.kept();
    let stranger = sign(&repository.timestamp, &[9]);
    for junk in [
        b"".to_vec(),
        b"\0\0\0".to_vec(),
        b"{}".to_vec(),
        vec![b'['; 100_000],
        stranger,
    ] {
        for role in ["timestamp", "snapshot", "targets"] {
            device
                .memory
                .files
                .borrow_mut()
                .insert(role.to_owned(), junk.clone());
            device
                .refresh(&repository)
                .expect("the repository has it still");
            assert_eq!(device.kept(), good);
        }
    }
}

#[test]
fn without_a_root_there_is_no_way_on() {
    let repository = Repository::new();
    let device = Device::refreshed(&repository);
    for junk in [
        None,
        Some(b"{}".to_vec()),
        Some(repository.file("timestamp.json")),
    ] {
        device.memory.files.borrow_mut().remove("root");
        if let Some(junk) = junk {
            device
                .memory
                .files
                .borrow_mut()
                .insert("root".to_owned(), junk);
        }
        let none = Client::new(&device.memory, &repository, device.now);
        assert!(matches!(none.err(), Some(Error::NoTrustedRoot(_))));
    }
    assert!(repository.asked().is_empty(), "nobody is asked");
}

/// A snapshot is kept that is not the one whose hash the timestamp tells.
#[test]
fn a_kept_snapshot_of_another_hash_is_fetched_again() {
    let mut repository = Repository::new();
    let device = Device::refreshed(&repository);
    repository.telling = Telling::Bytes;
    repository.snapshot.extra.insert("odd".to_owned(), 1.into());
    repository.timestamp.version = version(2);
    repository.publish();
    device.refresh(&repository).expect("it is honest");
    assert_eq!(
        device.kept()["snapshot"],
        repository.file("1.snapshot.json")
    );
    assert!(repository.asked().contains(&"1.snapshot.json".to_owned()));
}

/// The timestamp got lost, and so did what it says of the snapshot's version.
#[test]
fn a_snapshot_guards_itself_when_the_timestamp_is_lost() {
    let mut repository = Repository::new();
    let old = repository.file("timestamp.json");
    // Only the snapshot is new, so that nothing else goes back.
    repository.snapshot.version = version(2);
    repository.timestamp.version = version(2);
    repository.publish();
    let device = Device::refreshed(&repository);
    device.memory.files.borrow_mut().remove("timestamp");
    repository.put("timestamp.json", old);
    let (role, rule) = device.refusal(&repository);
    assert_eq!(role, "snapshot");
    assert!(matches!(rule, Rule::Rollback { .. }));
}

#[test]
fn what_is_current_is_not_fetched_again() {
    let repository = Repository::new();
    let device = Device::refreshed(&repository);
    device.refresh(&repository).expect("it is honest");
    assert_eq!(repository.asked(), ["2.root.json", "timestamp.json"]);
}
