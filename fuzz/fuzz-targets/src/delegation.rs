//! A delegation behind its signature: any payload, framed and signed by the root key.
//!
//! An envelope with it is accepted only if the delegation is at its floor, asks for one to
//! all of its distinct keys, and lists as many of our release keys as it asks for.

use crate::envelope::requirements;
use crate::framed::{frame, parse, payload};
use crate::signer::{
    RELEASES, ROOTS, TRUSTED, delegation, is_worth_signing, manifest, record, signed,
};
use crate::{Answer, DEFAULT_BYTES, Seed, Target};
use image_format::{Delegation, Kind, Serial};
use image_trust::{ImageKind, verify_envelope};
use std::sync::LazyLock;

pub(crate) const TARGET: Target = Target {
    name: "delegation",
    about: "a delegation that the root key signed",
    max_bytes: DEFAULT_BYTES,
    run,
    seeds,
};

/// Signed by two of the three.
static MANIFEST: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let frame = record(Kind::Manifest, &manifest());
    let signatures = signed(Kind::ManifestSignatures, &frame, &RELEASES[..2]);
    [frame, signatures].concat()
});

fn run(input: &[u8]) -> Answer {
    let bytes = frame(Kind::Delegation, input);
    let decoded: Result<Delegation, _> = parse(Kind::Delegation, &bytes).decode();
    if !is_worth_signing(decoded.is_ok(), input) {
        return Answer::Refused;
    }
    let signatures = signed(Kind::DelegationSignatures, &bytes, &ROOTS[..1]);
    let area = [&bytes, &signatures, &*MANIFEST]
        .map(Vec::as_slice)
        .concat();
    let requirements = requirements(ImageKind::System, 8 << 20);
    let Ok(release) = verify_envelope(&TRUSTED, &area, &requirements) else {
        return Answer::Refused;
    };
    let delegation: Delegation = parse(Kind::Delegation, &bytes)
        .decode()
        .expect("what was accepted can be read");
    assert_eq!(release.delegation_serial, delegation.serial);
    assert!(delegation.serial >= Serial(5));
    let threshold = usize::from(delegation.threshold);
    assert!((1..=delegation.keys.len()).contains(&threshold));
    let distinct = |(at, key)| !delegation.keys[..at].contains(key);
    assert!(delegation.keys.iter().enumerate().all(distinct));
    let signers = RELEASES[..2]
        .iter()
        .filter(|signer| delegation.keys.contains(&signer.key));
    assert!(signers.count() >= threshold);
    Answer::Accepted
}

fn seeds() -> Vec<Seed> {
    vec![
        (
            "one",
            payload(Kind::Delegation, &delegation(1, &RELEASES[..1])),
        ),
        (
            "two",
            payload(Kind::Delegation, &delegation(2, &RELEASES[..])),
        ),
    ]
}
