//! Who counts towards a threshold.

use super::*;

/// The first five keys, a threshold, and who of them signs, as bits.
fn five() -> Vec<Signer> {
    (21..=25).map(Signer::new).collect()
}

fn subset(signers: &[Signer], bits: u32) -> Vec<Signer> {
    let chosen = |index: &usize| bits >> index & 1 == 1;
    let indexes = (0..signers.len()).filter(chosen);
    indexes.map(|index| signers[index].clone()).collect()
}

fn expected(record: Kind, bits: u32, threshold: u8) -> Result<(), Refusal> {
    let have = u8::try_from(bits.count_ones()).unwrap();
    if have >= threshold {
        return Ok(());
    }
    let need = threshold;
    untrusted(record, SignatureError::BelowThreshold { have, need })
}

fn each_subset(mut check: impl FnMut(u8, u32)) {
    for threshold in 1..=5 {
        (0..1 << 5).for_each(|bits| check(threshold, bits));
    }
}

#[test]
fn a_keyring_needs_its_threshold_of_root_keys() {
    each_subset(|threshold, bits| {
        let keyring = Keyring {
            purpose: Purpose::Production,
            threshold,
            keys: keys(&five()),
        };
        let signed = signed_keyring(&keyring, &subset(&five(), bits));
        assert_eq!(
            verify_keyring(&signed).map(drop),
            expected(Kind::Keyring, bits, threshold)
        );
    });
}

#[test]
fn a_delegation_needs_the_threshold_of_root_keys() {
    let frames = Frames::new();
    each_subset(|threshold, bits| {
        let keyring = Keyring {
            purpose: Purpose::Production,
            threshold,
            keys: keys(&five()),
        };
        let keyring = verify_keyring(&signed_keyring(&keyring, &five())).unwrap();
        let signed = signed_by(
            Kind::DelegationSignatures,
            &frames.0[DELEGATION],
            &subset(&five(), bits),
        );
        let envelope = frames.with(DELEGATION_SIGNATURES, signed).bytes();
        assert_eq!(
            verify_envelope(&keyring, &envelope, &requirements()).map(drop),
            expected(Kind::Delegation, bits, threshold)
        );
    });
}

#[test]
fn a_manifest_needs_the_threshold_of_release_keys() {
    each_subset(|threshold, bits| {
        let delegation = Delegation {
            serial: Serial(5),
            threshold,
            keys: keys(&five()),
        };
        let frames = Frames::of(&delegation, &manifest());
        let signed = signed_by(
            Kind::ManifestSignatures,
            &frames.0[MANIFEST],
            &subset(&five(), bits),
        );
        assert_eq!(
            frames.with(MANIFEST_SIGNATURES, signed).verify(),
            expected(Kind::Manifest, bits, threshold)
        );
    });
}

/// The frames with these signatures over the manifest.
fn with_signatures(signatures: &[Signature]) -> Result<(), Refusal> {
    let signed = signatures_frame(Kind::ManifestSignatures, signatures);
    Frames::new().with(MANIFEST_SIGNATURES, signed).verify()
}

/// Scar: one signature counted twice towards a threshold.
#[test]
fn a_key_that_signed_twice_is_refused() {
    let message = Frames::new().0[MANIFEST].clone();
    let [first, second] = [0, 1].map(|index| releases()[index].sign(&message));
    let invalid = Signature {
        bytes: second.bytes,
        ..first
    };
    let stranger = Signer::new(99).sign(&message);
    for signatures in [
        vec![first, first],
        vec![first, second, first],
        vec![first, invalid],
        vec![first, second, stranger, stranger],
    ] {
        assert_eq!(
            with_signatures(&signatures),
            untrusted(Kind::Manifest, SignatureError::DuplicateKey)
        );
    }
}

#[test]
fn a_key_that_is_listed_twice_is_refused() {
    let [one, two] = [releases()[0].clone(), releases()[1].clone()];
    let twice = Delegation {
        keys: keys(&[one.clone(), two, one]),
        ..delegation()
    };
    assert_eq!(
        Frames::of(&twice, &manifest()).verify(),
        untrusted(Kind::Delegation, SignatureError::DuplicateKey)
    );
    let twice = Keyring {
        keys: keys(&[roots()[0].clone(), roots()[0].clone()]),
        ..keyring()
    };
    assert_eq!(
        verify_keyring(&signed_keyring(&twice, &roots()[..1])).map(drop),
        untrusted(Kind::Keyring, SignatureError::DuplicateKey)
    );
}

#[test]
fn a_threshold_of_zero_or_more_than_all_is_refused() {
    for threshold in [0, 4, 255] {
        let impossible = SignatureError::ImpossibleThreshold;
        let delegation = Delegation {
            threshold,
            ..delegation()
        };
        assert_eq!(
            Frames::of(&delegation, &manifest()).verify(),
            untrusted(Kind::Delegation, impossible)
        );
        let keyring = Keyring {
            threshold,
            ..keyring()
        };
        assert_eq!(
            verify_keyring(&signed_keyring(&keyring, &roots())).map(drop),
            untrusted(Kind::Keyring, impossible)
        );
    }
    for threshold in [0, 1] {
        let nobody = Delegation {
            threshold,
            keys: keyring::Keys::new(),
            ..delegation()
        };
        assert_eq!(
            Frames::of(&nobody, &manifest()).verify(),
            untrusted(Kind::Delegation, SignatureError::ImpossibleThreshold)
        );
    }
}

#[test]
fn strangers_neither_count_nor_harm() {
    let message = Frames::new().0[MANIFEST].clone();
    let [first, second] = [0, 1].map(|index| releases()[index].sign(&message));
    let strangers = [97, 98].map(|seed| Signer::new(seed).sign(&message));
    let invalid = Signature {
        bytes: [0xff; 64],
        ..strangers[0]
    };
    assert_eq!(
        with_signatures(&[strangers[0], first, second, strangers[1]]),
        Ok(())
    );
    assert_eq!(with_signatures(&[invalid, first, second]), Ok(()));
    assert_eq!(
        with_signatures(&[strangers[0], strangers[1], first]),
        untrusted(
            Kind::Manifest,
            SignatureError::BelowThreshold { have: 1, need: 2 }
        )
    );
}

#[test]
fn a_listed_key_must_not_sign_wrongly_even_where_enough_others_do() {
    let message = Frames::new().0[MANIFEST].clone();
    let [first, second, third] = [0, 1, 2].map(|index| releases()[index].sign(&message));
    let wrong = releases()[2].sign(b"another message");
    assert_eq!(with_signatures(&[first, second, third]), Ok(()));
    for signatures in [[first, second, wrong], [wrong, first, second]] {
        assert_eq!(
            with_signatures(&signatures),
            untrusted(Kind::Manifest, SignatureError::Invalid)
        );
    }
}

#[test]
fn root_and_release_keys_do_not_stand_in_for_each_other() {
    let frames = Frames::new();
    let nobody = SignatureError::BelowThreshold { have: 0, need: 2 };
    let by_roots = signed_by(Kind::ManifestSignatures, &frames.0[MANIFEST], &roots());
    assert_eq!(
        frames.with(MANIFEST_SIGNATURES, by_roots).verify(),
        untrusted(Kind::Manifest, nobody)
    );
    let by_releases = signed_by(
        Kind::DelegationSignatures,
        &frames.0[DELEGATION],
        &releases(),
    );
    assert_eq!(
        frames.with(DELEGATION_SIGNATURES, by_releases).verify(),
        untrusted(Kind::Delegation, nobody)
    );
}

/// Scar: a signature over less than the whole.
#[test]
fn the_signature_covers_the_whole_frame() {
    let whole = Frames::new().0[MANIFEST].clone();
    let digest = sha256(&whole).0;
    let length = whole.len();
    for message in [
        &whole[16..length - 4],
        &whole[..length - 4],
        &whole[8..],
        &whole[..length / 2],
        &digest,
        &[],
    ] {
        let signatures = [0, 1].map(|index| releases()[index].sign(message));
        assert_eq!(
            with_signatures(&signatures),
            untrusted(Kind::Manifest, SignatureError::Invalid)
        );
    }
}

/// Scar: a signature whose length nobody checked.
#[test]
fn signatures_of_every_other_length_are_refused() {
    let frames = Frames::new();
    let good = frames.0[MANIFEST_SIGNATURES].clone();
    let entries = [&good[16..good.len() - 4], &[0; 96]].concat();
    for length in 0..entries.len() {
        let signed = raw_frame(Kind::ManifestSignatures, &entries[..length]);
        let refusal = frames.with(MANIFEST_SIGNATURES, signed).verify();
        match (length / 96, length % 96) {
            (2, 0) => assert_eq!(refusal, Ok(())),
            (entries, 0) => assert_eq!(
                refusal,
                untrusted(
                    Kind::Manifest,
                    SignatureError::BelowThreshold {
                        have: u8::try_from(entries).unwrap(),
                        need: 2
                    }
                )
            ),
            _ => assert_eq!(
                refusal,
                damaged(Kind::ManifestSignatures, FrameError::Payload),
                "{length} bytes"
            ),
        }
    }
    let nine = raw_frame(Kind::ManifestSignatures, &entries[..96].repeat(9));
    assert_eq!(
        frames.with(MANIFEST_SIGNATURES, nine).verify(),
        damaged(Kind::ManifestSignatures, FrameError::Payload)
    );
}
