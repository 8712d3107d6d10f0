//! The signed keyring: any bytes, and any payload framed and signed by keys that it may
//! or may not list.
//!
//! A keyring that is accepted asks for at least one and at most all of its distinct keys,
//! and as many of them as it asks for have signed it.

use crate::framed::{frame, parse, payload};
use crate::signer::{ROOTS, is_worth_signing, keys, signed, signed_keyring};
use crate::{Answer, DEFAULT_BYTES, Seed, Target};
use image_format::{Keyring, Kind, Purpose};
use image_trust::verify_keyring;

pub(crate) const TARGET: Target = Target {
    name: "keyring",
    about: "the keyring in the loader",
    max_bytes: DEFAULT_BYTES,
    run,
    seeds,
};

fn run(input: &[u8]) -> Answer {
    let as_it_is = check(input);
    let frame = frame(Kind::Keyring, input);
    let is_keyring = parse(Kind::Keyring, &frame).decode::<Keyring>().is_ok();
    if !is_worth_signing(is_keyring, input) {
        return as_it_is;
    }
    let signatures = signed(Kind::KeyringSignatures, &frame, &*ROOTS);
    as_it_is.or(check(&[frame, signatures].concat()))
}

fn check(bytes: &[u8]) -> Answer {
    let Ok(keyring) = verify_keyring(bytes) else {
        return Answer::Refused;
    };
    assert!((1..=keyring.keys.len()).contains(&usize::from(keyring.threshold)));
    let distinct = |(at, key)| !keyring.keys[..at].contains(key);
    assert!(keyring.keys.iter().enumerate().all(distinct));
    // Nobody else has a key: whoever is listed and counted is one of ours.
    let ours = ROOTS
        .iter()
        .filter(|signer| keyring.keys.contains(&signer.key));
    assert!(ours.count() >= usize::from(keyring.threshold));
    Answer::Accepted
}

fn seeds() -> Vec<Seed> {
    let keyring = Keyring {
        purpose: Purpose::Production,
        threshold: 2,
        keys: keys(&*ROOTS),
    };
    vec![
        ("signed", signed_keyring()),
        ("payload", payload(Kind::Keyring, &keyring)),
    ]
}
