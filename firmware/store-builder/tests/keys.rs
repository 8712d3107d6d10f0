//! Keys of a store: rotated, lost, off-line, for tests and for the field.

mod support;

use image_format::Signature;
use std::fs;
use store_builder::{
    Outcome, RealFiles, RolePlan, Rotation, StoreError, StoreKeys, StorePlan, create_store,
};
use store_format::Purpose;
use support::{BOARD, Maker, NOW, release};
use tuf_client::metadata::RoleName;

const FIRST: &str = "system/x86_64-uefi/twinkeel-1.update";

fn role(name: &str) -> RoleName {
    RoleName(name.to_owned())
}

#[test]
fn devices_follow_when_keys_change() {
    let maker = Maker::new();
    maker.add(1).expect("added");
    let mut left_behind = maker.device();
    for name in ["timestamp", "snapshot", "targets", "system", "root"] {
        let mut device = maker.device();
        device.custom(&maker.layout(), 0, FIRST).expect("before");
        let revoked = store_builder::parse_key(&maker.path("keys"), &format!("{name}-1"));
        let rotation = Rotation {
            new_keys: 1,
            revoked: vec![revoked.expect("a key")],
            ..Rotation::default()
        };
        let done = maker.act(&mut RealFiles, 0, |store, keys| {
            store.rotate(&role(name), &rotation, keys)
        });
        assert_eq!(done.expect(name), Outcome::Published);
        assert!(
            device
                .custom(&maker.layout(), 0, FIRST)
                .expect(name)
                .is_some(),
            "{name}"
        );
    }
    assert!(
        left_behind
            .custom(&maker.layout(), 0, FIRST)
            .expect("all at once")
            .is_some()
    );
    // What was revoked signs nothing any more.
    fs::remove_file(maker.path("keys").join("timestamp-2.pem")).expect("a key");
    let refreshed = maker.act(&mut RealFiles, 0, |store, keys| store.refresh(keys));
    assert!(matches!(
        refreshed,
        Err(StoreError::OnlineKeys {
            have: 0,
            need: 1,
            ..
        })
    ));
}

#[test]
fn a_lost_timestamp_key_is_replaced() {
    let maker = Maker::new();
    maker.add(1).expect("added");
    let mut device = maker.device();
    device.custom(&maker.layout(), 0, FIRST).expect("before");
    let lost = store_builder::parse_key(&maker.path("keys"), "timestamp-1").expect("a key");
    fs::remove_file(maker.path("keys").join("timestamp-1.pem")).expect("the key");
    let rotation = Rotation {
        new_keys: 1,
        revoked: vec![lost],
        ..Rotation::default()
    };
    maker
        .act(&mut RealFiles, 0, |store, keys| {
            store.rotate(&role("timestamp"), &rotation, keys)
        })
        .expect("rotated");
    assert!(
        device
            .custom(&maker.layout(), 0, FIRST)
            .expect("after")
            .is_some()
    );
}

#[test]
fn thresholds_that_nobody_could_meet_are_refused() {
    let maker = Maker::new();
    for threshold in [0, 4] {
        let rotation = Rotation {
            threshold: Some(threshold),
            ..Rotation::default()
        };
        let rotated = maker.act(&mut RealFiles, 0, |store, keys| {
            store.rotate(&role("root"), &rotation, keys)
        });
        assert!(
            matches!(rotated, Err(StoreError::Threshold { .. })),
            "{threshold}"
        );
    }
}

#[test]
fn offline_keys_sign_what_they_are_handed() {
    let maker = Maker::new();
    maker.add(1).expect("added");
    // The keys of root are in a safe.
    let safe = maker.path("safe");
    fs::create_dir(&safe).expect("a safe");
    for key in ["root-1", "root-2", "root-3"] {
        let name = format!("{key}.pem");
        fs::rename(maker.path("keys").join(&name), safe.join(&name)).expect("moved");
    }
    let mut device = maker.device();
    let rotation = Rotation {
        new_keys: 1,
        ..Rotation::default()
    };
    let waits = maker
        .act(&mut RealFiles, 1, |store, keys| {
            store.rotate(&role("timestamp"), &rotation, keys)
        })
        .expect("waits");
    let Outcome::Waits(quorums) = waits else {
        panic!("published without the keys of root");
    };
    assert_eq!(
        (quorums[&role("root")].have, quorums[&role("root")].need),
        (0, 2)
    );
    assert!(matches!(maker.add(2), Err(StoreError::Pending(_))));
    // A timestamp does not wait.
    maker
        .act(&mut RealFiles, 1, |store, keys| store.refresh(keys))
        .expect("a refresh");

    let request = maker
        .act(&mut RealFiles, 1, |store, _| store.request(&role("root")))
        .expect("a request");
    let sign = |key: &str, message: &[u8]| {
        let path = safe.join(format!("{key}.pem"));
        let key = image_builder::signing::PrivateKey::read(&path).expect("a key");
        key.sign(message)
    };
    let import = |signature: Signature| {
        maker.act(&mut RealFiles, 1, |store, keys| {
            store.import_signature(&signature, keys)
        })
    };
    let stray = sign("root-1", b"something else");
    assert!(matches!(import(stray), Err(StoreError::StraySignature(_))));
    let stranger = image_builder::signing::PrivateKey::from_seed([1; 32]).sign(&request);
    assert!(matches!(import(stranger), Err(StoreError::Unlisted { .. })));
    let twice = || import(sign("root-1", &request)).expect("a signature").1;
    for _ in 0..2 {
        assert!(matches!(twice(), Outcome::Waits(_)));
    }
    let (whose, outcome) = import(sign("root-3", &request)).expect("the second key");
    assert_eq!((whose, outcome), (role("root"), Outcome::Published));
    assert!(
        device
            .custom(&maker.layout(), 1, FIRST)
            .expect("after")
            .is_some()
    );
    let nothing = maker.act(&mut RealFiles, 1, |store, _| store.abandon());
    assert!(matches!(nothing, Err(StoreError::NothingPending)));
}

#[test]
fn an_abandoned_change_leaves_no_trace() {
    let maker = Maker::new();
    let key = maker.path("keys").join("system-1.pem");
    fs::rename(&key, maker.path("system-1.pem")).expect("moved");
    let file = maker.system_file(BOARD, 1);
    let add = || {
        maker.act(&mut RealFiles, 0, |store, keys| {
            store.add(&release(&file), keys)
        })
    };
    assert!(matches!(add().expect("waits").1, Outcome::Waits(_)));
    maker
        .act(&mut RealFiles, 0, |store, _| store.abandon())
        .expect("abandoned");
    assert!(matches!(add().expect("waits").1, Outcome::Waits(_)));
    // The key comes to the machine instead of the request to the key.
    fs::rename(maker.path("system-1.pem"), &key).expect("moved");
    let signed = maker.act(&mut RealFiles, 0, |store, keys| store.sign_pending(keys));
    assert_eq!(signed.expect("signed"), Outcome::Published);
    assert!(
        maker
            .device()
            .custom(&maker.layout(), 0, FIRST)
            .expect("a refresh")
            .is_some()
    );
}

#[test]
fn a_store_begins_with_offline_root_keys() {
    let maker = Maker::without_store();
    let elsewhere = image_builder::signing::PrivateKey::from_seed([9; 32]);
    let keyring = maker.images.keyring_path();
    let mut plan = StorePlan::new(Purpose::Test, &keyring);
    plan.root = RolePlan {
        keys: 0,
        foreign: vec![elsewhere.public_key()],
        threshold: 1,
    };
    let mut keys = maker.new_keys();
    let store = maker.store_path();
    let begun = create_store(&store, &plan, &mut keys, &mut RealFiles, NOW).expect("begun");
    assert!(matches!(begun, Outcome::Waits(_)));
    let again = create_store(&store, &plan, &mut keys, &mut RealFiles, NOW);
    assert!(matches!(again, Err(StoreError::Exists(_))));
    let request = maker
        .act(&mut RealFiles, 0, |store, _| store.request(&role("root")))
        .expect("a request");
    let signature = elsewhere.sign(&request);
    maker
        .act(&mut RealFiles, 0, |store, keys| {
            store.import_signature(&signature, keys)
        })
        .expect("signed");
    maker.add(1).expect("added");
    assert!(
        maker
            .device()
            .custom(&maker.layout(), 0, FIRST)
            .expect("a refresh")
            .is_some()
    );
}

#[test]
fn a_store_for_the_field_takes_no_keys_for_tests() {
    let maker = Maker::without_store();
    let keyring = maker.images.keyring_path();
    let plan = StorePlan::new(Purpose::Production, &keyring);
    let mut test_keys = maker.new_keys();
    let create = |keys: &mut StoreKeys, plan: &StorePlan<'_>| {
        create_store(&maker.store_path(), plan, keys, &mut RealFiles, NOW)
    };
    assert!(matches!(
        create(&mut test_keys, &plan),
        Err(StoreError::TestKeys(_))
    ));
    let path = maker.path("field-keys");
    let mut keys = StoreKeys::open_or_create(&path, Purpose::Production).expect("keys");
    assert!(matches!(
        create(&mut keys, &plan),
        Err(StoreError::TestKeyring(_))
    ));
    let field = image_builder::signing::KeyPlan::new(image_format::Purpose::Production);
    let images = maker.path("field-image-keys");
    image_builder::signing::write_new_keys(&images, &field).expect("image keys");
    let keyring = images.join("root.keyring");
    let plan = StorePlan::new(Purpose::Production, &keyring);
    assert_eq!(
        create(&mut keys, &plan).expect("a store"),
        Outcome::Published
    );
    let refreshed = maker.act(&mut RealFiles, 0, |store, keys| store.refresh(keys));
    assert!(matches!(refreshed, Err(StoreError::TestKeys(_))));
    assert!(matches!(
        StoreKeys::open(&maker.path("nowhere")),
        Err(StoreError::NoKeyDirectory(_))
    ));
}

#[test]
fn a_store_that_was_forgotten_for_years_is_brought_back() {
    let maker = Maker::new();
    maker.add(1).expect("added");
    let mut device = maker.device();
    let years_later = 3000;
    let act = |roles: &[&str]| {
        let roles: Vec<_> = roles.iter().map(|name| role(name)).collect();
        maker.act(&mut RealFiles, years_later, |store, keys| {
            store.renew(&roles, keys)
        })
    };
    for too_few in [vec!["root"], vec!["targets", "system"]] {
        assert!(
            matches!(act(&too_few), Err(StoreError::Refused(_))),
            "{too_few:?}"
        );
    }
    act(&["root", "targets", "system"]).expect("renewed");
    let custom = device.custom(&maker.layout(), years_later, FIRST);
    assert!(custom.expect("a refresh").is_some());
}

#[test]
fn a_publisher_who_went_away_holds_nobody_up() {
    let maker = Maker::new();
    let acme = "acme".parse().expect("a name");
    maker
        .act(&mut RealFiles, 0, |store, keys| {
            store.add_publisher(&acme, &RolePlan::new(1, 1), keys)
        })
        .expect("added");
    let after_its_life = 740;
    maker
        .act(&mut RealFiles, after_its_life, |store, keys| {
            store.renew(&[role("targets"), role("system")], keys)
        })
        .expect("renewed without the publisher");
    let mut device = maker.device();
    let mut client = device
        .client(&maker.layout(), after_its_life)
        .expect("a client");
    client.refresh().expect("a refresh");
    assert!(client.target_info(FIRST).expect("a search").is_none());
    assert!(client.target_info("snaps/acme/hello_1.snap").is_err());
}
