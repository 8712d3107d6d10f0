//! Ed25519 itself: known answers, and what only a strict verifier refuses.

use super::*;
use ed25519_dalek::{Verifier, VerifyingKey};

fn hex<const N: usize>(text: &str) -> [u8; N] {
    let byte = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
    assert_eq!(text.len(), 2 * N);
    std::array::from_fn(byte)
}

/// RFC 8032, section 7.1: public key, message, signature of tests 1 to 3.
#[test]
fn known_answers() {
    for (key, message, signature) in [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            &[][..],
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155\
             5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            &[0x72],
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            &[0xaf, 0x82],
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
             18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ] {
        let signature = Signature {
            key: PublicKey(hex(key)),
            bytes: hex(signature),
        };
        assert_eq!(verify_signature(message, &signature), Ok(()));
        assert_eq!(
            verify_signature(b"another", &signature),
            Err(SignatureError::Invalid)
        );
    }
}

/// The encodings of points of small order, and those that are not canonical: y is not
/// below 2^255 - 19, or x is zero and its sign is set. From "Taming the many EdDSAs".
const UNSOUND: [&str; 14] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

#[test]
fn a_key_of_small_order_or_of_two_encodings_is_not_listed() {
    // y = 2^255 - 19 + 3 is y = 3, a point of large order with two encodings.
    let large_order = "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
    assert!(VerifyingKey::from_bytes(&hex(large_order)).is_ok_and(|key| !key.is_weak()));
    let no_point = "0200000000000000000000000000000000000000000000000000000000000000";
    assert!(VerifyingKey::from_bytes(&hex(no_point)).is_err());

    for unsound in UNSOUND.into_iter().chain([large_order, no_point]) {
        let unsound = PublicKey(hex(unsound));
        let listed = Delegation {
            keys: [releases()[0].key(), releases()[1].key(), unsound]
                .into_iter()
                .collect(),
            ..delegation()
        };
        assert_eq!(
            Frames::of(&listed, &manifest()).verify(),
            untrusted(Kind::Delegation, SignatureError::UnusableKey),
            "{unsound}"
        );
        let listed = Keyring {
            keys: [roots()[0].key(), roots()[1].key(), unsound]
                .into_iter()
                .collect(),
            ..keyring()
        };
        assert_eq!(
            verify_keyring(&signed_keyring(&listed, &roots()[..2])).map(drop),
            untrusted(Kind::Keyring, SignatureError::UnusableKey),
            "{unsound}"
        );
    }
}

/// With a key of small order one signature is good for every message: the equation
/// R = S*B - k*A holds for R = A = the neutral point and S = 0, whatever k is.
#[test]
fn a_signature_for_every_message_is_refused() {
    let neutral = hex::<32>(UNSOUND[0]);
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(&neutral);
    let lax = VerifyingKey::from_bytes(&neutral).unwrap();
    let for_all = ed25519_dalek::Signature::from_bytes(&bytes);
    assert!(
        lax.verify(b"any message", &for_all).is_ok(),
        "the attack is real"
    );
    let signature = Signature {
        key: PublicKey(neutral),
        bytes,
    };
    assert_eq!(
        verify_signature(b"any message", &signature),
        Err(SignatureError::UnusableKey)
    );
}

#[test]
fn a_signature_whose_r_has_small_order_is_refused() {
    for small_order in &UNSOUND[..8] {
        let mut signature = releases()[0].sign(b"message");
        signature.bytes[..32].copy_from_slice(&hex::<32>(small_order));
        assert_eq!(
            verify_signature(b"message", &signature),
            Err(SignatureError::Invalid)
        );
    }
}

/// Made by a key's holder with the secret r = 0: R is the neutral point and the equation
/// holds, but R proves nothing. Lax verifiers differ on it; a strict one refuses.
#[test]
fn a_signature_without_a_secret_number_is_refused() {
    let s = "d84ea8392ccc0d07d7d278040318c7cd50508cce211aee73982ca3d0f9003d0d";
    let bytes: [u8; 64] = [hex::<32>(UNSOUND[0]), hex(s)].concat().try_into().unwrap();
    let signer = releases()[0].clone();
    let lax = ed25519_dalek::Signature::from_bytes(&bytes);
    let key = signer.0.verifying_key();
    assert!(key.verify(b"message", &lax).is_ok(), "the equation holds");
    let signature = Signature {
        key: signer.key(),
        bytes,
    };
    assert_eq!(
        verify_signature(b"message", &signature),
        Err(SignatureError::Invalid)
    );
}

/// S and S + L, the group's order, satisfy the same equation: without a bound on S anyone
/// could change a signature into another good one.
#[test]
fn a_signature_whose_s_is_not_below_the_order_is_refused() {
    let order = hex::<32>("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let genuine = releases()[0].sign(b"message");
    assert_eq!(verify_signature(b"message", &genuine), Ok(()));
    let mut malleable = genuine;
    for _ in 0..7 {
        let mut carry = 0;
        for (digit, add) in malleable.bytes[32..].iter_mut().zip(order) {
            let sum = u16::from(*digit) + u16::from(add) + carry;
            *digit = sum as u8;
            carry = sum >> 8;
        }
        assert_eq!(carry, 0, "still 256 bits");
        assert_eq!(
            verify_signature(b"message", &malleable),
            Err(SignatureError::Invalid)
        );
    }
}
