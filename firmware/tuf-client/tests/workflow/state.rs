//! The state of trust by itself: it settles one role after the other, whoever asks.

use crate::device::refusal;
use crate::repository::{NOW, PAST, Repository};
use tuf_client::{Rule, Trusted, UtcTime};

#[test]
fn each_role_waits_for_the_one_above_it() {
    let repository = Repository::new();
    let mut trusted = Trusted::new(&repository.file("1.root.json"), NOW).expect("it is signed");
    let (snapshot, targets) = (
        repository.file("1.snapshot.json"),
        repository.file("1.targets.json"),
    );
    assert_eq!(refusal(trusted.accept_targets(&targets)).1, Rule::TooEarly);
    assert_eq!(
        refusal(trusted.accept_snapshot(&snapshot)).1,
        Rule::TooEarly
    );
    let timestamp = repository.file("timestamp.json");
    trusted.accept_timestamp(&timestamp).expect("it is honest");
    assert_eq!(refusal(trusted.accept_targets(&targets)).1, Rule::TooEarly);
    trusted.recall_snapshot(&snapshot).expect("it is signed");
    assert!(trusted.snapshot().is_none(), "what is recalled only guards");
    assert_eq!(refusal(trusted.accept_targets(&targets)).1, Rule::TooEarly);
    trusted.accept_snapshot(&snapshot).expect("it is honest");
    trusted.accept_targets(&targets).expect("it is honest");
    assert!(trusted.targets().is_some());
}

#[test]
fn a_root_that_has_expired_settles_no_timestamp() {
    let mut repository = Repository::new();
    repository.root.expires = PAST;
    repository.publish_root();
    let mut trusted = Trusted::new(&repository.file("1.root.json"), NOW).expect("it is signed");
    let (role, rule) = refusal(trusted.accept_timestamp(&repository.file("timestamp.json")));
    assert_eq!(
        (role.as_str(), rule),
        ("root", Rule::Expired { at: PAST, now: NOW })
    );
}

#[test]
fn a_recalled_timestamp_that_has_expired_settles_no_snapshot() {
    let repository = Repository::new();
    let late = UtcTime(crate::repository::FUTURE.0 + 1);
    let mut trusted = Trusted::new(&repository.file("1.root.json"), late).expect("it is signed");
    let timestamp = repository.file("timestamp.json");
    trusted.recall_timestamp(&timestamp).expect("it is signed");
    let (role, rule) = refusal(trusted.accept_snapshot(&repository.file("1.snapshot.json")));
    assert_eq!(role, "timestamp");
    assert!(matches!(rule, Rule::Expired { .. }));
}
