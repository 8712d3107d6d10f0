//! Making and opening key directories.

use super::*;
use std::os::unix::fs::PermissionsExt;

/// A plan with one root key and one release key.
fn small_plan(purpose: Purpose) -> KeyPlan {
    KeyPlan {
        roots: 1,
        root_threshold: 1,
        releases: 1,
        ..KeyPlan::new(purpose)
    }
}

#[test]
fn a_new_directory_is_what_its_documentation_says() {
    let (_place, keys) = directory();
    for (name, mode) in [
        ("root-1.pem", 0o600),
        ("root-3.pem", 0o600),
        ("release-2.pem", 0o600),
        ("release-2.pub", 0o644),
        ("root.keyring", 0o644),
        ("delegation", 0o644),
    ] {
        let metadata = fs::metadata(keys.directory().join(name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{name}");
    }
    let keyring = verify_keyring(&fs::read(keys.keyring_path()).unwrap()).unwrap();
    assert_eq!(
        (keyring.purpose, keyring.threshold, keyring.keys.len()),
        (Purpose::Test, 2, 3)
    );
    assert_eq!(keys.delegation_serial(), Serial(1));
}

#[test]
fn nothing_is_ever_overwritten() {
    let (_place, keys) = directory();
    for name in ["root-1.pem", "release-1.pub", "root.keyring"] {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join(name), "mine").unwrap();
        let error = KeyDirectory::create_test(place.path()).unwrap_err();
        assert!(matches!(error, KeyError::Exists(path) if path.ends_with(name)));
        assert_eq!(fs::read(place.path().join(name)).unwrap(), b"mine");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1, "{name}");
    }
    let before = fs::read(keys.directory().join("root-1.pem")).unwrap();
    assert!(KeyDirectory::create_test(keys.directory()).is_err());
    assert_eq!(
        fs::read(keys.directory().join("root-1.pem")).unwrap(),
        before
    );
}

#[test]
fn test_keys_are_made_once_however_many_ask() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("target/keys/test");
    let open = || KeyDirectory::open_or_create_test(&path).unwrap();
    let keyrings: Vec<_> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
        let answers = asking.into_iter().map(|thread| thread.join().unwrap());
        answers.map(|keys| keys.signed_keyring().to_vec()).collect()
    });
    assert!(keyrings.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn a_release_refuses_test_keys() {
    let (place, keys) = directory();
    assert!(matches!(
        keys.require_production(),
        Err(KeyError::TestKeys(_))
    ));
    let plan = small_plan(Purpose::Production);
    let production = KeyDirectory::create(&place.path().join("production"), &plan).unwrap();
    production.require_production().unwrap();
}

#[test]
fn a_plan_that_can_never_be_met_makes_nothing() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("keys");
    for (roots, root_threshold, release_threshold) in [(3, 4, 1), (3, 0, 1), (3, 2, 3), (0, 1, 1)] {
        let plan = KeyPlan {
            roots,
            root_threshold,
            release_threshold,
            ..KeyPlan::new(Purpose::Test)
        };
        let KeyError::Refused(Refusal::Untrusted { error, .. }) =
            write_new_keys(&path, &plan).unwrap_err()
        else {
            panic!("an untrusted record");
        };
        assert_eq!(error, SignatureError::ImpossibleThreshold);
    }
    let plan = KeyPlan {
        roots: 9,
        ..KeyPlan::new(Purpose::Test)
    };
    let error = write_new_keys(&path, &plan).unwrap_err();
    assert!(matches!(error, KeyError::TooMany(Kind::Keyring)));
    assert!(!path.exists());
}

#[test]
fn a_key_that_others_can_read_is_not_used() {
    let (_place, keys) = directory();
    let path = keys.directory().join("release-1.pem");
    for mode in [0o640, 0o604, 0o620, 0o610] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = keys.seal(&manifest()).unwrap_err();
        assert!(matches!(&error, KeyError::OpenPermissions { path: named, .. } if *named == path));
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
}

#[test]
fn missing_and_damaged_files_are_named() {
    let (place, keys) = directory();
    let none = KeyDirectory::open(&place.path().join("none")).unwrap_err();
    assert!(none.to_string().contains("cargo xtask keys new"), "{none}");

    fs::write(keys.directory().join("release-1.pem"), "no key").unwrap();
    let error = keys.seal(&manifest()).unwrap_err();
    assert!(matches!(error, KeyError::NotAPrivateKey(path) if path.ends_with("release-1.pem")));

    fs::remove_file(keys.directory().join("delegation")).unwrap();
    let error = KeyDirectory::open(keys.directory()).unwrap_err();
    assert!(matches!(error, KeyError::NoKeys(path) if path.ends_with("delegation")));

    fs::write(keys.directory().join("delegation"), keys.signed_keyring()).unwrap();
    let error = KeyDirectory::open(keys.directory()).unwrap_err();
    assert!(matches!(error, KeyError::NoRecord(Kind::Delegation)));

    fs::write(keys.keyring_path(), "").unwrap();
    assert!(matches!(
        KeyDirectory::open(keys.directory()).unwrap_err(),
        KeyError::Refused(Refusal::Damaged {
            record: Kind::Keyring,
            error: FrameError::Truncated
        })
    ));
}
