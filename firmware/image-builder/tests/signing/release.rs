//! Sealing releases, and changing who may.

use super::*;

#[test]
fn a_sealed_release_is_what_devices_accept() {
    let (_place, keys) = directory();
    let envelope = keys.seal(&manifest()).unwrap();
    for area in [envelope.clone(), padded_envelope(&envelope).unwrap()] {
        let release = verify_envelope(keys.keyring(), &area, &requirements(1)).unwrap();
        assert_eq!(release.manifest, manifest());
    }
    assert_eq!(
        keys.seal(&manifest()).unwrap(),
        envelope,
        "sealing is reproducible"
    );
}

#[test]
fn too_few_release_keys_seal_nothing() {
    let (_place, keys) = directory();
    for name in ["release-1.pem", "release-2.pem"] {
        fs::remove_file(keys.directory().join(name)).unwrap();
    }
    let error = keys.seal(&manifest()).unwrap_err();
    assert!(matches!(
        error,
        KeyError::TooFewKeys {
            record: Kind::Manifest,
            have: 0,
            need: 1
        }
    ));
    assert!(error.to_string().contains("export-request"), "{error}");
}

#[test]
fn a_manifest_that_devices_refuse_is_not_sealed() {
    let (_place, keys) = directory();
    let mut odd = manifest();
    odd.kernel.offset_bytes = 1;
    assert!(matches!(
        keys.seal(&odd),
        Err(KeyError::Manifest(Refusal::Bounds { .. }))
    ));
    keys.seal_under(keys.delegation(), &odd)
        .expect("tests can have it");
}

#[test]
fn a_new_delegation_revokes_a_release_key() {
    let (_place, keys) = directory();
    let lost = PrivateKey::read(&keys.directory().join("release-1.pem")).unwrap();
    let change = DelegationChange {
        revoked: vec![lost.public_key()],
        new_keys: 1,
        ..DelegationChange::to_serial(Serial(2))
    };
    let stolen = keys.seal(&manifest()).unwrap();
    keys.write_delegation(&change).unwrap();

    let keys = KeyDirectory::open(keys.directory()).unwrap();
    assert_eq!(keys.delegation_serial(), Serial(2));
    assert!(keys.directory().join("delegation-1").exists());
    assert!(keys.directory().join("release-3.pem").exists());
    let sealed = Document::parse(&keys.seal(&manifest()).unwrap()).unwrap();
    let signatures = sealed.record(Kind::Manifest).unwrap().signatures();
    assert_eq!(signatures.len(), 2, "release-2 and release-3");
    assert!(
        signatures
            .iter()
            .all(|signature| signature.key != lost.public_key())
    );

    let sealed = sealed.encode().unwrap();
    verify_envelope(keys.keyring(), &sealed, &requirements(2)).unwrap();
    assert_eq!(
        verify_envelope(keys.keyring(), &stolen, &requirements(2)).unwrap_err(),
        Refusal::SerialBelowFloor {
            serial: Serial(1),
            floor: Serial(2)
        }
    );
}

#[test]
fn a_delegation_that_changes_nothing_for_the_better_is_refused() {
    let (_place, keys) = directory();
    for serial in [Serial(0), Serial(1)] {
        let error = keys
            .write_delegation(&DelegationChange::to_serial(serial))
            .unwrap_err();
        assert!(matches!(
            error,
            KeyError::SerialNotHigher {
                present: Serial(1),
                ..
            }
        ));
    }
    let stranger = DelegationChange {
        revoked: vec![PrivateKey::from_seed([1; 32]).public_key()],
        ..DelegationChange::to_serial(Serial(2))
    };
    assert!(matches!(
        keys.write_delegation(&stranger).unwrap_err(),
        KeyError::Unlisted {
            record: Kind::Delegation,
            ..
        }
    ));
    let impossible = DelegationChange {
        threshold: Some(3),
        ..DelegationChange::to_serial(Serial(2))
    };
    assert!(matches!(
        keys.write_delegation(&impossible).unwrap_err(),
        KeyError::Refused(Refusal::Untrusted { .. })
    ));
    assert_eq!(
        KeyDirectory::open(keys.directory())
            .unwrap()
            .delegation_serial(),
        Serial(1)
    );
}

#[test]
fn releases_under_another_serial_are_made_without_writing() {
    let (_place, keys) = directory();
    let delegation = keys.delegate(Serial(9)).unwrap();
    let envelope = keys.seal_under(&delegation, &manifest()).unwrap();
    let release = verify_envelope(keys.keyring(), &envelope, &requirements(9)).unwrap();
    assert_eq!(release.delegation_serial, Serial(9));
    assert_eq!(
        KeyDirectory::open(keys.directory())
            .unwrap()
            .delegation_serial(),
        Serial(1)
    );
}

#[test]
fn signing_again_replaces_and_strangers_are_turned_away() {
    let (place, keys) = directory();
    let releases = keys.private_keys(Role::Release).unwrap();
    let mut document = Document::parse(&keys.seal_unsigned(&manifest()).unwrap()).unwrap();
    assert_eq!(document.record(Kind::Manifest).unwrap().signatures(), &[]);
    for _ in 0..2 {
        assert_eq!(document.sign(&[], &releases).unwrap(), 2);
        assert_eq!(
            document.record(Kind::Manifest).unwrap().signatures().len(),
            2
        );
    }
    assert_eq!(document.encode().unwrap(), keys.seal(&manifest()).unwrap());

    let stranger = KeyDirectory::create_test(&place.path().join("stranger")).unwrap();
    let strangers = stranger.private_keys(Role::Release).unwrap();
    assert_eq!(document.sign(&[], &strangers).unwrap(), 0);
    let request = document.record(Kind::Manifest).unwrap().request().to_vec();
    let error = document.import(strangers[0].sign(&request)).unwrap_err();
    assert!(matches!(
        error,
        KeyError::Unlisted {
            record: Kind::Manifest,
            ..
        }
    ));
    let error = document
        .import(releases[0].sign(b"something else"))
        .unwrap_err();
    assert!(matches!(error, KeyError::StraySignature(key) if key == releases[0].public_key()));
}

#[test]
fn more_signers_than_a_record_holds_are_refused() {
    let (_place, keys) = directory();
    let mut record = keys.delegation().record().clone();
    for seed in 0..5 {
        record.sign(&PrivateKey::from_seed([seed; 32])).unwrap();
    }
    let error = record.sign(&PrivateKey::from_seed([5; 32])).unwrap_err();
    assert!(matches!(error, KeyError::TooMany(Kind::Delegation)));
}

#[test]
fn a_description_tells_who_signed_and_what_is_missing() {
    let (_place, keys) = directory();
    let unsigned = Document::parse(&keys.seal_unsigned(&manifest()).unwrap()).unwrap();
    let description = describe(&unsigned, Some(keys.keyring())).unwrap();
    assert_eq!(
        (description.kind, description.purpose),
        ("envelope", Some("test"))
    );
    assert_eq!(
        description.verdict.as_deref(),
        Some("the manifest is not trusted: signed by 0 of the 1 keys that must agree")
    );
    assert_eq!(
        description.records[1].fields[0],
        ("board", "x86_64-uefi".to_owned())
    );

    let sealed = Document::parse(&keys.seal(&manifest()).unwrap()).unwrap();
    assert_eq!(describe(&sealed, None).unwrap().verdict, None);
    let description = describe(&sealed, Some(keys.keyring())).unwrap();
    assert_eq!(description.verdict.as_deref(), Some("complete"));

    let whole = describe_directory(keys.directory()).unwrap();
    let names: Vec<_> = whole
        .private_keys
        .iter()
        .map(|key| key.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["root-1", "root-2", "root-3", "release-1", "release-2"]
    );
    let verdicts = whole.documents.iter().map(|it| it.verdict.as_deref());
    assert!(
        verdicts
            .into_iter()
            .all(|verdict| verdict == Some("complete"))
    );
}
