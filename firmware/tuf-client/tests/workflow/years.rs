//! Devices that are old: many roots behind, with clocks of any year, after thefts of keys.
//!
//! There is no clock in here to be set. A device goes by its watermark, from nothing (1970), from
//! the build time of its image, or from what a thief signed (2100).

use crate::device::{Device, refusal};
use crate::repository::{Repository, keys_of, role_keys, version};
use serde_json::json;
use std::fs;
use std::path::Path;
use tuf_client::{ISSUED, Rule, UtcTime, watermark};

const YEAR: i64 = 365 * 86_400;
const DAY: i64 = 86_400;
/// 2026-01-01, when the image was built.
const BUILT: UtcTime = UtcTime(1_767_225_600);
const IN_1970: UtcTime = UtcTime(0);
/// 2100-01-01.
const IN_2100: UtcTime = UtcTime(4_102_444_800);

fn after(time: UtcTime, seconds: i64) -> UtcTime {
    UtcTime(time.0 + seconds)
}

/// The store on a day: everything is signed anew, for as long as such files last.
fn sign_all(repository: &mut Repository, today: UtcTime) {
    repository.root.expires = after(today, YEAR);
    repository.next_root(|_| {});
    sign_targets(repository, today);
}

fn sign_targets(repository: &mut Repository, today: UtcTime) {
    repository.targets.expires = after(today, 90 * DAY);
    repository.snapshot.expires = after(today, 14 * DAY);
    sign_timestamp(repository, today);
    repository.release();
}

fn sign_timestamp(repository: &mut Repository, today: UtcTime) {
    repository.timestamp.expires = after(today, 7 * DAY);
    let extra = &mut repository.timestamp.extra;
    extra.insert(ISSUED.to_owned(), json!(today.0));
}

/// A repository and a device of the day when the image was built.
fn long_ago(built: UtcTime) -> (Repository, Device) {
    let mut repository = Repository::new();
    repository.add_target("system.img", b"one");
    sign_all(&mut repository, BUILT);
    let mut device = Device::new(&repository);
    go_by_the_watermark(&mut device, built);
    device.refresh(&repository).expect("the first day is good");
    (repository, device)
}

/// What a device does before each refresh.
fn go_by_the_watermark(device: &mut Device, built: UtcTime) -> UtcTime {
    device.now = watermark(&&device.memory, built).expect("its store can be read");
    device.now
}

#[track_caller]
fn assert_updates(device: &mut Device, built: UtcTime, repository: &Repository) {
    go_by_the_watermark(device, built);
    let mut client = device.client(repository);
    client.refresh().expect("it updates");
    let target = client.target_info("system.img").expect("it is looked for");
    let mut bytes = Vec::new();
    let target = target.expect("it is found");
    client.download(&target, &mut bytes).expect("it is fetched");
    assert_eq!(bytes, b"two");
}

/// Forty rotations of all root keys, eight a year; then a release.
fn forty_rotations(repository: &mut Repository) -> UtcTime {
    let mut today = BUILT;
    for rotation in 0_u8..40 {
        today = after(today, YEAR / 8);
        let (old, new) = (repository.signers["root"].clone(), 100 + rotation);
        repository.root.expires = after(today, YEAR);
        repository
            .signers
            .insert("root".to_owned(), [old, vec![new]].concat());
        repository.next_root(|root| {
            root.keys.extend(keys_of(&[new]));
            root.roles.root = role_keys(&[new], 1);
        });
        repository.signers.insert("root".to_owned(), vec![new]);
    }
    repository.add_target("system.img", b"two");
    sign_all(repository, today);
    today
}

#[test]
fn a_device_that_was_away_for_five_years_and_forty_roots_updates() {
    for built in [IN_1970, BUILT] {
        let (mut repository, mut device) = long_ago(built);
        let today = forty_rotations(&mut repository);
        assert!(today.0 >= after(BUILT, 5 * YEAR).0 - 8);
        assert_updates(&mut device, built, &repository);
        assert_eq!(device.version("root"), Some(43));
        assert_eq!(go_by_the_watermark(&mut device, built), today);
    }
}

/// The power goes again and again, each time a few roots further on.
#[test]
fn a_device_that_is_switched_off_underway_arrives() {
    let (mut repository, mut device) = long_ago(BUILT);
    forty_rotations(&mut repository);
    for tries in 1.. {
        device.memory.writes_left.set(3);
        let refreshed = device.refresh(&repository);
        if refreshed.is_ok() {
            assert_eq!(tries, 15, "41 roots and three more files, three at a time");
            break;
        }
    }
    device.memory.writes_left.set(u32::MAX);
    assert_updates(&mut device, BUILT, &repository);
}

#[test]
fn a_new_device_takes_what_is_current_whatever_it_knows_of_the_time() {
    for built in [IN_1970, BUILT] {
        let mut repository = Repository::new();
        forty_rotations(&mut repository);
        assert_updates(&mut Device::new(&repository), built, &repository);
    }
}

/// Time passes by what is signed: after today's timestamp, yesterday's world has expired.
#[test]
fn what_expired_before_the_watermark_is_refused() {
    let (mut repository, mut device) = long_ago(IN_1970);
    let today = after(BUILT, 100 * DAY);
    sign_timestamp(&mut repository, today);
    repository.snapshot.expires = after(today, DAY);
    repository.release();
    // By the watermark of before, the targets still count.
    device
        .refresh(&repository)
        .expect("nothing has expired that it knows of");
    assert_eq!(go_by_the_watermark(&mut device, IN_1970), today);
    let (role, rule) = device.refusal(&repository);
    let at = after(BUILT, 90 * DAY);
    assert_eq!(
        (role.as_str(), rule),
        ("targets", Rule::Expired { at, now: today })
    );
    repository.add_target("system.img", b"two");
    sign_targets(&mut repository, today);
    assert_updates(&mut device, IN_1970, &repository);
}

#[test]
fn a_store_that_stood_still_for_years_bricks_nobody() {
    let (mut repository, mut device) = long_ago(BUILT);
    for _ in 0..3 {
        go_by_the_watermark(&mut device, BUILT);
        device
            .refresh(&repository)
            .expect("no time has passed that anyone signed");
    }
    repository.add_target("system.img", b"two");
    sign_all(&mut repository, after(BUILT, 10 * YEAR));
    assert_updates(&mut device, BUILT, &repository);
}

#[test]
fn all_stolen_release_keys_are_replaced_by_the_root() {
    let (mut repository, mut device) = long_ago(BUILT);
    let today = after(BUILT, 30 * DAY);
    let old = repository.signers["targets"].clone();
    repository.signers.insert("targets".to_owned(), vec![14]);
    repository.root.keys.extend(keys_of(&[14]));
    repository.root.roles.targets = role_keys(&[14], 1);
    repository.add_target("system.img", b"two");
    sign_all(&mut repository, today);
    // The thief has the mirror as well, and signs with what he stole.
    let mut stolen = repository.clone();
    stolen.signers.insert("targets".to_owned(), old);
    stolen.add_target("system.img", b"evil");
    stolen.publish();
    assert!(matches!(device.refusal(&stolen), (role, Rule::Threshold { .. }) if role == "targets"));
    assert_updates(&mut device, BUILT, &repository);
    sign_targets(&mut stolen, after(today, DAY));
    assert!(matches!(device.refusal(&stolen), (role, Rule::Threshold { .. }) if role == "targets"));
}

/// A thief of the online keys names the year 2100, or the last second of the root's life, and the
/// highest versions. A root with new online keys ends it.
#[test]
fn stolen_online_keys_cannot_end_time() {
    let (repository, _) = long_ago(BUILT);
    let end_of_root = after(repository.root.expires, -1);
    for (named, believed) in [(IN_2100, BUILT), (end_of_root, end_of_root)] {
        let (mut repository, mut device) = long_ago(BUILT);
        let today = after(BUILT, 30 * DAY);
        let mut stolen = repository.clone();
        sign_timestamp(&mut stolen, named);
        stolen.timestamp.version = version(1_000_000);
        stolen.publish_timestamp();
        device.refresh(&stolen).expect("his key is still trusted");
        assert_eq!(go_by_the_watermark(&mut device, BUILT), believed);

        sign_targets(&mut repository, today);
        refusal(device.refresh(&repository));
        repository.root.keys.extend(keys_of(&[12, 13]));
        repository.root.roles.timestamp = role_keys(&[12], 1);
        repository.root.roles.snapshot = role_keys(&[13], 1);
        repository.signers.insert("timestamp".to_owned(), vec![12]);
        repository.signers.insert("snapshot".to_owned(), vec![13]);
        repository.add_target("system.img", b"two");
        sign_all(&mut repository, today);
        // The first refresh still goes by what he was believed, and drops what he signed.
        let first = device.refresh(&repository);
        assert_eq!(first.is_ok(), believed == BUILT);
        assert_updates(&mut device, BUILT, &repository);
        assert_eq!(go_by_the_watermark(&mut device, BUILT), today);
    }
}

#[test]
fn a_watermark_comes_from_nothing_but_what_verifies() {
    let (mut repository, mut device) = long_ago(IN_1970);
    assert_eq!(go_by_the_watermark(&mut device, IN_1970), BUILT);
    assert_eq!(go_by_the_watermark(&mut device, IN_2100), IN_2100);
    for odd in [
        json!(4_102_444_799_u64),
        json!("2026-02-30T00:00:00Z"),
        json!(null),
        json!(after(BUILT, 8 * DAY).0),
        json!(BUILT),
        json!([]),
    ] {
        repository.timestamp.extra.insert(ISSUED.to_owned(), odd);
        repository.release();
        go_by_the_watermark(&mut device, IN_1970);
        device
            .refresh(&repository)
            .expect("it decides nothing else");
        assert_eq!(go_by_the_watermark(&mut device, IN_1970), IN_1970);
    }
    sign_timestamp(&mut repository, BUILT);
    repository.signers.insert("timestamp".to_owned(), vec![9]);
    repository.publish_timestamp();
    let stranger = repository.file("timestamp.json");
    device
        .memory
        .files
        .borrow_mut()
        .insert("timestamp".to_owned(), stranger);
    assert_eq!(go_by_the_watermark(&mut device, IN_1970), IN_1970);
    device.memory.files.borrow_mut().clear();
    assert_eq!(go_by_the_watermark(&mut device, BUILT), BUILT);
}

/// The library takes the time from its caller. Only the program asks the machine.
#[test]
fn no_decision_asks_a_clock() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut asking = Vec::new();
    let mut directories = vec![sources];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).expect("it is a directory") {
            let path = entry.expect("it has an entry").path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).expect("it is text");
            if ["SystemTime::now", "Instant::now", "of_this_machine()"]
                .iter()
                .any(|call| text.contains(call))
            {
                asking.push(path.file_name().expect("it has a name").to_owned());
            }
        }
    }
    asking.sort();
    assert_eq!(asking, ["main.rs", "time.rs"]);
}
