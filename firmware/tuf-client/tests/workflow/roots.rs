//! The chain of roots.

use crate::device::Device;
use crate::repository::{FUTURE, PAST, Repository, keys_of, role_keys, sign, version};
use serde_json::json;
use tuf_client::metadata::Root;
use tuf_client::{Error, Rule, UtcTime, initialise};

/// Replaces the only root key, as an honest maker does: both sign.
fn rotate_root_key(repository: &mut Repository, old: u8, new: u8) {
    repository.signers.insert("root".to_owned(), vec![old, new]);
    repository.next_root(|root| {
        root.keys.extend(keys_of(&[new]));
        root.roles.root = role_keys(&[new], 1);
    });
    repository.signers.insert("root".to_owned(), vec![new]);
}

#[test]
fn a_device_that_is_many_roots_behind_follows_each() {
    let mut repository = Repository::new();
    let device = Device::refreshed(&repository);
    for step in 0..60 {
        rotate_root_key(
            &mut repository,
            if step == 0 { 1 } else { 99 + step },
            100 + step,
        );
    }
    repository.release();
    device
        .refresh(&repository)
        .expect("each root agrees to the next");
    assert_eq!(device.version("root"), Some(61));
    assert_eq!(device.version("timestamp"), Some(2));
    let asked = repository.asked();
    assert_eq!(asked[..2], ["2.root.json", "3.root.json"]);
    assert_eq!(asked[60], "62.root.json");
}

#[test]
fn a_chain_that_was_cut_off_goes_on_where_it_was() {
    let mut repository = Repository::new();
    let device = Device::refreshed(&repository);
    for _ in 0..10 {
        repository.next_root(|_| {});
    }
    device.memory.writes_left.set(4);
    let cut = device.refresh(&repository);
    assert!(matches!(cut, Err(Error::Storage { .. })));
    assert_eq!(device.version("root"), Some(5));
    repository.asked();
    device.memory.writes_left.set(u32::MAX);
    device.refresh(&repository).expect("it goes on");
    assert_eq!(repository.asked()[0], "6.root.json");
    assert_eq!(device.version("root"), Some(11));
}

#[test]
fn one_refresh_follows_a_bounded_number_of_roots() {
    let mut repository = Repository::new();
    let mut device = Device::refreshed(&repository);
    device.limits.roots = 5;
    for _ in 0..7 {
        repository.next_root(|_| {});
    }
    let (role, rule) = crate::device::refusal(device.refresh(&repository));
    assert_eq!(
        (role.as_str(), rule),
        ("root", Rule::TooManyRoots { followed: 5 })
    );
    device.refresh(&repository).expect("the next one goes on");
    assert_eq!(device.version("root"), Some(8));
}

#[test]
fn the_next_root_has_the_next_version() {
    let mut repository = Repository::new();
    repository.next_root(|_| {});
    let device = Device::refreshed(&repository);
    for number in [1, 2, 4, 5, 9_007_199_254_740_991] {
        let root = Root {
            version: version(number),
            ..repository.root.clone()
        };
        repository.put("3.root.json", sign(&root, &[1]));
        let (role, rule) = device.refusal(&repository);
        let expected = Rule::Version {
            expected: version(3),
            found: version(number),
        };
        assert_eq!((role.as_str(), rule), ("root", expected));
    }
    for odd in [
        json!(0),
        json!(-1),
        json!(u64::MAX),
        json!("3"),
        json!(true),
        json!(3.0),
    ] {
        let root = serde_json::to_string(&repository.root).expect("it is JSON");
        let odd_root = root.replacen("\"version\":2", &format!("\"version\":{odd}"), 1);
        assert_ne!(root, odd_root);
        let file = format!(r#"{{"signatures":[],"signed":{odd_root}}}"#);
        repository.put("3.root.json", file.into_bytes());
        assert_eq!(device.refusal(&repository).0, "root");
    }
    repository.next_root(|_| {});
    device
        .refresh(&repository)
        .expect("an honest refresh works");
    assert_eq!(device.version("root"), Some(3));
}

#[test]
fn both_the_old_and_the_new_root_agree() {
    for signers in [vec![1], vec![7]] {
        let mut repository = Repository::new();
        let device = Device::refreshed(&repository);
        repository.signers.insert("root".to_owned(), signers);
        repository.next_root(|root| {
            root.keys.extend(keys_of(&[7]));
            root.roles.root = role_keys(&[7], 1);
        });
        let none = Rule::Threshold {
            signed: 0,
            needed: 1,
        };
        assert_eq!(device.refusal(&repository), ("root".to_owned(), none));
        repository.signers.insert("root".to_owned(), vec![1, 7]);
        repository.publish_root();
        device
            .refresh(&repository)
            .expect("an honest refresh works");
    }
}

#[test]
fn only_the_last_root_may_not_have_expired() {
    let mut repository = Repository::new();
    let device = Device::refreshed(&repository);
    repository.next_root(|root| root.expires = PAST);
    repository.next_root(|root| root.expires = FUTURE);
    device.refresh(&repository).expect("the last one counts");
    repository.asked();
    repository.next_root(|root| root.expires = PAST);
    repository.release();
    let (role, rule) = crate::device::refusal(device.refresh(&repository));
    assert_eq!(
        (role.as_str(), rule),
        (
            "root",
            Rule::Expired {
                at: PAST,
                now: device.now
            }
        )
    );
    assert_eq!(device.version("root"), Some(4), "it is kept all the same");
    assert_eq!(device.version("timestamp"), Some(1));
    let asked = repository.asked();
    assert!(
        !asked.contains(&"timestamp.json".to_owned()),
        "nothing else is asked"
    );
    repository.next_root(|root| root.expires = FUTURE);
    device
        .refresh(&repository)
        .expect("an honest refresh works");
}

#[test]
fn a_clock_that_is_dead_or_mad_passes() {
    let mut repository = Repository::new();
    let mut device = Device::refreshed(&repository);
    device.now = UtcTime(4_102_444_800);
    repository.release();
    assert_eq!(device.refusal(&repository).0, "root");
    device.now = UtcTime(0);
    device
        .refresh(&repository)
        .expect("in 1970 nothing has expired");
    assert_eq!(device.version("timestamp"), Some(2));
}

#[test]
fn the_first_root_signs_itself() {
    let repository = Repository::new();
    let device = Device::new(&repository);
    let unsigned = sign(&repository.root, &[2, 3, 9]);
    let refused = initialise(&mut &device.memory, &unsigned);
    assert!(matches!(
        refused,
        Err(Error::NoTrustedRoot(Some(Rule::Threshold { .. })))
    ));
    let refused = initialise(&mut &device.memory, b"{}");
    assert!(matches!(
        refused,
        Err(Error::NoTrustedRoot(Some(Rule::Malformed(_))))
    ));
    device
        .refresh(&repository)
        .expect("the one before is still trusted");
}
