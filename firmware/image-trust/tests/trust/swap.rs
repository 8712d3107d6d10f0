//! Genuine records in the wrong place.

use super::*;

/// Every frame in every place: the first that is out of place is named.
#[test]
fn a_record_of_another_kind_is_refused_by_its_magic() {
    let frames = Frames::new();
    let keyring = frame(Kind::Keyring, &keyring());
    let keyring_signatures = signed_by(Kind::KeyringSignatures, &keyring, &roots());
    let genuine = frames.0.iter().chain([&keyring, &keyring_signatures]);
    let genuine: Vec<_> = genuine.cloned().collect();
    for (place, kind) in KINDS.into_iter().enumerate() {
        for (index, record) in genuine.iter().enumerate() {
            let refusal = frames.with(place, record.clone()).verify();
            if index == place {
                assert_eq!(refusal, Ok(()));
            } else {
                assert_eq!(refusal, damaged(kind, FrameError::Magic));
            }
        }
    }
    assert_eq!(
        verify_keyring(&frames.bytes()).map(drop),
        damaged(Kind::Keyring, FrameError::Magic)
    );
}

/// What was signed as a keyring is no delegation, even with the magic exchanged.
#[test]
fn a_signature_for_one_kind_serves_no_other() {
    let keyring_frame = frame(Kind::Keyring, &keyring());
    let payload = &keyring_frame[16..keyring_frame.len() - 4];
    let disguised = raw_frame(Kind::Delegation, payload);
    let signatures = signed_by(Kind::DelegationSignatures, &keyring_frame, &roots());
    let frames = Frames::new()
        .with(DELEGATION, disguised)
        .with(DELEGATION_SIGNATURES, signatures);
    assert_eq!(
        frames.verify(),
        untrusted(Kind::Delegation, SignatureError::Invalid)
    );
}

#[test]
fn a_manifest_does_not_move_to_a_delegation_that_does_not_name_its_signers() {
    let others = Delegation {
        serial: Serial(6),
        keys: keys(&[Signer::new(31), Signer::new(32)]),
        ..delegation()
    };
    let newer = Frames::of(&others, &manifest());
    assert_eq!(
        newer.verify(),
        untrusted(
            Kind::Manifest,
            SignatureError::BelowThreshold { have: 0, need: 2 }
        )
    );
}

#[test]
fn signatures_do_not_move_to_another_release() {
    let other = Manifest {
        version: Version(301),
        ..manifest()
    };
    let other = Frames::of(&delegation(), &other);
    let mixed = Frames::new().with(MANIFEST, other.0[MANIFEST].clone());
    assert_eq!(
        mixed.verify(),
        untrusted(Kind::Manifest, SignatureError::Invalid)
    );
}

#[test]
fn an_envelope_of_other_root_keys_is_refused() {
    let strangers: Vec<_> = (41..=43).map(Signer::new).collect();
    let foreign = Keyring {
        keys: keys(&strangers),
        ..keyring()
    };
    let foreign = verify_keyring(&signed_keyring(&foreign, &strangers)).unwrap();
    assert_eq!(
        verify_envelope(&foreign, &Frames::new().bytes(), &requirements()).map(drop),
        untrusted(
            Kind::Delegation,
            SignatureError::BelowThreshold { have: 0, need: 2 }
        )
    );
}

/// Scar: keys are exchanged while devices with the old keyring are in the field.
#[test]
fn a_delegation_signed_by_old_and_new_root_keys_serves_both() {
    let strangers: Vec<_> = (41..=43).map(Signer::new).collect();
    let renewed = Keyring {
        keys: keys(&strangers),
        ..keyring()
    };
    let renewed = verify_keyring(&signed_keyring(&renewed, &strangers)).unwrap();
    let both = [roots(), strangers].concat();
    let frames = Frames::new();
    let signed = signed_by(Kind::DelegationSignatures, &frames.0[DELEGATION], &both);
    let envelope = frames.with(DELEGATION_SIGNATURES, signed).bytes();
    for keyring in [trusted(), &renewed] {
        verify_envelope(keyring, &envelope, &requirements()).unwrap();
    }
}
