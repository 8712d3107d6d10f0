//! What a publisher does, and what devices make of it.

mod support;

use image_format::Refusal;
use release_source::pieces::list::{PieceList, SUFFIX};
use snap_format::Grant;
use std::fs;
use std::path::PathBuf;
use store_builder::{NewRelease, Outcome, RealFiles, RolePlan, Store, StoreError, StoreKeys};
use store_format::{Custom, Rollout};
use support::{BOARD, Maker, NOW, after_days, edge, release};
use tuf_client::metadata::RoleName;
use tuf_client::{Error, Rule};

const FIRST: &str = "system/x86_64-uefi/twinkeel-1.update";

fn role(name: &str) -> RoleName {
    RoleName(name.to_owned())
}

#[test]
fn a_device_finds_and_fetches_what_was_added() {
    let maker = Maker::new();
    assert_eq!(maker.add(1).expect("added"), FIRST);
    let mut device = maker.device();
    let mut client = device.client(&maker.layout(), 0).expect("a client");
    client.refresh().expect("a refresh");
    let target = client
        .target_info(FIRST)
        .expect("a search")
        .expect("the target");
    assert_eq!(target.role(), &role("system"));
    let mut fetched = Vec::new();
    client.download(&target, &mut fetched).expect("a download");
    assert_eq!(fetched, maker.system_bytes(BOARD, 1));
    let issued = client
        .trusted()
        .timestamp()
        .map(|timestamp| timestamp.extra["issued"].as_i64());
    assert_eq!(issued, Some(Some(NOW.0)));
}

#[test]
fn a_chunk_file_lies_beside_a_system_image() {
    let maker = Maker::new();
    maker.add(1).expect("added");
    let update = maker.system_file(BOARD, 1);
    let expected = image_builder::make_chunk_file(&update).expect("a chunk file");
    let hash = image_trust::sha256(&maker.system_bytes(BOARD, 1)).to_string();
    let target = maker.layout().target(FIRST, &hash);
    let beside = image_builder::chunk_file_of(&target);
    assert_eq!(fs::read(beside).expect("a file beside it"), expected);
}

#[test]
fn channels_hold_and_withdrawal_reach_devices() {
    let maker = Maker::new();
    maker.add(1).expect("added");
    let (mut device, layout) = (maker.device(), maker.layout());
    let mut custom = || device.custom(&layout, 0, FIRST).expect("a refresh");
    let stable: store_format::Channel = "stable".parse().expect("a channel");
    let act = |act: &dyn Fn(&mut Store<'_>, &StoreKeys) -> Result<Outcome, StoreError>| {
        maker.act(&mut RealFiles, 0, |store, keys| act(store, keys))
    };

    act(&|store, keys| store.promote(FIRST, stable.clone(), Rollout::everyone(5), keys))
        .expect("promoted");
    let channels: Vec<_> = custom()
        .expect("listed")
        .channels()
        .keys()
        .cloned()
        .collect();
    assert_eq!(channels, [edge(), stable.clone()]);
    act(&|store, keys| store.hold(FIRST, "boots slowly", keys)).expect("held");
    assert!(custom().expect("listed").hold().is_some());
    act(&|store, keys| store.resume(FIRST, keys)).expect("resumed");
    assert!(custom().expect("listed").hold().is_none());
    assert!(matches!(
        act(&|store, keys| store.resume(FIRST, keys)),
        Err(StoreError::NotHeld(_))
    ));
    act(&|store, keys| store.withdraw_from(FIRST, &edge(), keys)).expect("withdrawn");
    assert!(!custom().expect("listed").channels().contains_key(&edge()));
    assert!(matches!(
        act(&|store, keys| store.withdraw_from(FIRST, &edge(), keys)),
        Err(StoreError::NotInChannel { .. })
    ));
    act(&|store, keys| store.withdraw(FIRST, keys)).expect("withdrawn");
    assert_eq!(custom(), None);
    assert!(matches!(
        act(&|store, keys| store.withdraw(FIRST, keys)),
        Err(StoreError::NoTarget { .. })
    ));
}

#[test]
fn a_system_file_that_devices_would_refuse_is_not_added() {
    let maker = Maker::new();
    let stranger = Maker::without_store();
    let good = maker.system_bytes(BOARD, 1);
    let bad = |name: &str, bytes: &[u8]| {
        let path = maker.path(name);
        fs::write(&path, bytes).expect("a file");
        maker
            .act(&mut RealFiles, 0, |store, keys| {
                store.add(&release(&path), keys)
            })
            .expect_err(name)
    };
    assert!(matches!(
        bad("stranger", &stranger.system_bytes(BOARD, 1)),
        StoreError::System(Refusal::Untrusted { .. })
    ));
    assert!(matches!(
        bad("long", &[good.as_slice(), &[0]].concat()),
        StoreError::Length { .. }
    ));
    assert!(matches!(
        bad("short", &good[..good.len() - 1]),
        StoreError::Length { .. }
    ));
    for (name, at) in [
        ("kernel", 16 * 4096),
        ("initrd", 17 * 4096),
        ("root", 22 * 4096),
    ] {
        let mut changed = good.clone();
        changed[at] ^= 1;
        assert!(
            matches!(
                bad(name, &changed),
                StoreError::System(Refusal::Digest { .. })
            ),
            "{name}"
        );
    }
    let mut gap = good.clone();
    gap[17 * 4096 - 1] = 1;
    assert!(matches!(bad("gap", &gap), StoreError::NotZero(_)));
    assert!(matches!(bad("text", b"hello"), StoreError::UnknownFile(_)));
    assert_eq!(maker.add(1).expect("the good one"), FIRST);
}

#[test]
fn a_wrong_board_and_a_lower_version_are_not_added() {
    let maker = Maker::new();
    let file = maker.system_file(BOARD, 2);
    let for_another = NewRelease {
        board: Some("rpi3"),
        ..release(&file)
    };
    let added = maker.act(&mut RealFiles, 0, |store, keys| {
        store.add(&for_another, keys)
    });
    assert!(matches!(
        added,
        Err(StoreError::System(Refusal::WrongBoard { .. }))
    ));
    maker.add(2).expect("added");
    for version in [1, 2] {
        let added = maker.add(version);
        assert!(
            matches!(added, Err(StoreError::NotHigher { present: 2, .. })),
            "{version}"
        );
    }
    maker.add(3).expect("a higher one");
}

#[test]
fn a_refresh_changes_one_file_and_renews_the_snapshot_in_time() {
    let maker = Maker::new();
    maker.add(1).expect("added");
    let mut device = maker.device();
    let names = || {
        let entries = fs::read_dir(maker.layout().metadata()).expect("a directory");
        let mut names: Vec<_> = entries
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        names.sort();
        names
    };
    let before = names();
    let refresh = |days| maker.act(&mut RealFiles, days, |store, keys| store.refresh(keys));
    refresh(13).expect("a refresh");
    assert_eq!(names(), before);
    device
        .custom(&maker.layout(), 26, FIRST)
        .expect("still fresh");
    assert!(matches!(
        device.custom(&maker.layout(), 27, FIRST),
        Err(Error::Refused {
            rule: Rule::Expired { .. },
            ..
        })
    ));
    refresh(41).expect("a refresh");
    assert_eq!(names().len(), before.len() + 1);
    assert!(matches!(refresh(40), Err(StoreError::ClockWentBack { .. })));
}

#[test]
fn a_store_that_somebody_changed_is_not_signed_again() {
    let maker = Maker::new();
    let metadata = maker.layout().metadata();
    let old_timestamp = fs::read(metadata.join("timestamp.json")).expect("the timestamp");
    maker.add(1).expect("added");
    let list = metadata.join("2.system.json");
    let honest = fs::read_to_string(&list).expect("the list");
    fs::write(&list, honest.replace("twinkeel-1", "twinkeel-9")).expect("a forgery");
    assert!(matches!(maker.add(2), Err(StoreError::Refused(_))));
    fs::write(&list, honest).expect("the list");
    // An old state that was brought back.
    fs::write(metadata.join("timestamp.json"), old_timestamp).expect("the timestamp");
    assert!(matches!(maker.add(2), Err(StoreError::Refused(_))));
}

/// By another writer than ours, which would not make one with a bad version.
fn snap_of(maker: &Maker, version: &str) -> PathBuf {
    let tree = maker.path(&format!("tree-{version}"));
    fs::create_dir_all(tree.join("meta")).expect("a tree");
    let yaml = format!("name: hello\nversion: {version}\nsummary: A greeting\n");
    fs::write(tree.join("meta/snap.yaml"), yaml).expect("a snap.yaml");
    let snap = maker.path(&format!("{version}.snap"));
    let made = std::process::Command::new("mksquashfs")
        .arg(&tree)
        .arg(&snap)
        .args(["-quiet", "-no-progress"])
        .output()
        .expect("mksquashfs; install squashfs-tools or run `cargo xtask setup`");
    assert!(made.status.success());
    snap
}

#[test]
fn a_publisher_signs_for_its_own_snaps_only() {
    let maker = Maker::new();
    let snap = snap_of(&maker, "1.0");
    let acme = "acme".parse().expect("a name");
    let of_acme = NewRelease {
        publisher: Some(&acme),
        ..release(&snap)
    };
    let add = |new: &NewRelease<'_>| {
        maker.act(&mut RealFiles, 0, |store, keys| Ok(store.add(new, keys)?.0))
    };
    assert!(matches!(
        add(&of_acme),
        Err(StoreError::UnknownPublisher(_))
    ));
    let plan = RolePlan::new(1, 1);
    let add_publisher = || {
        maker.act(&mut RealFiles, 0, |store, keys| {
            store.add_publisher(&acme, &plan, keys)
        })
    };
    assert_eq!(add_publisher().expect("added"), Outcome::Published);
    assert!(matches!(
        add_publisher(),
        Err(StoreError::PublisherExists(_))
    ));
    assert!(matches!(
        add(&release(&snap)),
        Err(StoreError::Publisher(_))
    ));
    let name = add(&of_acme).expect("added");
    assert_eq!(name, "snaps/acme/hello_1.snap");
    assert_eq!(add(&of_acme).expect("added"), "snaps/acme/hello_2.snap");
    // Devices that have another revision fetch what its list leads to.
    let bytes = fs::read(&snap).expect("the snap");
    let hash = image_trust::sha256(&bytes).to_string();
    let mut list = maker.layout().target(&name, &hash).into_os_string();
    list.push(SUFFIX);
    let list = PieceList::parse(&fs::read(list).expect("a list")).expect("one");
    assert_eq!(list.length_bytes(), bytes.len() as u64);
    let refused = NewRelease {
        file: &snap_of(&maker, "1_0"),
        ..of_acme
    };
    let error = add(&refused).expect_err("no device would install it");
    let said = "cannot use snap.yaml: line 2, version: cannot use \"1_0\" as version";
    assert!(error.to_string().contains(said), "{error}");
    let custom = maker
        .device()
        .custom(&maker.layout(), 0, &name)
        .expect("a refresh");
    let Some(Custom::Snap(snap)) = custom else {
        panic!("{name} is no snap: {custom:?}");
    };
    // Nothing was said of it, so the snap speaks for itself.
    assert_eq!((&*snap.version, &*snap.notes), ("1.0", "A greeting"));
}

#[test]
fn what_a_snap_is_granted_can_be_said_anew() {
    let maker = Maker::new();
    let snap = snap_of(&maker, "1.0");
    let (acme, hello) = ("acme".parse().unwrap(), "hello".parse().unwrap());
    let words = |all: &[&str]| {
        all.iter()
            .map(|word| word.parse().unwrap())
            .collect::<Vec<_>>()
    };
    let grant = |words: &[Grant]| {
        maker.act(&mut RealFiles, 0, |store, keys| {
            store.grant(&acme, &hello, words, keys)
        })
    };
    let granted = || {
        let status = maker.act(&mut RealFiles, 0, |store, _| store.status());
        status.unwrap().releases[0].grants.clone()
    };
    maker
        .act(&mut RealFiles, 0, |store, keys| {
            store.add_publisher(&acme, &RolePlan::new(1, 1), keys)
        })
        .unwrap();
    let unknown = grant(&words(&["gpio"])).unwrap_err().to_string();
    assert!(unknown.contains("cannot find \"acme/hello\""), "{unknown}");
    let new = NewRelease {
        publisher: Some(&acme),
        grants: &words(&["gpio"]),
        ..release(&snap)
    };
    maker
        .act(&mut RealFiles, 0, |store, keys| store.add(&new, keys))
        .unwrap();
    assert_eq!(granted(), ["gpio"]);
    grant(&words(&["spi", "/dev/ttyUSB0"])).unwrap();
    assert_eq!(granted(), ["/dev/ttyUSB0", "spi"]);
    // Who says nothing of it leaves it as it is.
    let silent = NewRelease { grants: &[], ..new };
    maker
        .act(&mut RealFiles, 0, |store, keys| store.add(&silent, keys))
        .unwrap();
    assert_eq!(granted(), ["/dev/ttyUSB0", "spi"]);
    grant(&[]).unwrap();
    assert!(granted().is_empty());
    // What is so already is not signed again.
    let version = || {
        let status = maker.act(&mut RealFiles, 0, |store, _| store.status());
        status.unwrap().roles[1].version
    };
    let before = version();
    grant(&[]).unwrap();
    assert_eq!(version(), before);
}

#[test]
fn two_commands_at_once_are_one_too_many() {
    let maker = Maker::new();
    let (mut one, mut two) = (RealFiles, RealFiles);
    let _held = Store::open(&maker.store_path(), &mut one, NOW).expect("a store");
    let other = Store::open(&maker.store_path(), &mut two, after_days(1));
    assert!(matches!(other, Err(StoreError::Busy(_))));
}

#[test]
fn the_status_tells_what_there_is() {
    let maker = Maker::new();
    maker.add(1).expect("added");
    let status = maker
        .act(&mut RealFiles, 13, |store, _| store.status())
        .expect("a status");
    let text = status.to_string();
    assert!(text.starts_with("TEST KEYS"), "{text}");
    assert!(
        text.contains(FIRST) && text.contains("edge: 100% now"),
        "{text}"
    );
    let names: Vec<_> = status.roles.iter().map(|role| role.role.as_str()).collect();
    assert_eq!(
        names,
        ["root", "targets", "system", "snapshot", "timestamp"]
    );
    assert_eq!(
        (status.roles[0].threshold, status.roles[0].keys.len()),
        (2, 3)
    );
}
