//! The payload of a signatures frame, over a manifest of which two of three keys must agree.
//!
//! Entries that are read write the same payload. Accepted is only what has at least two
//! distinct keys of the three, each with the one signature that its owner makes.

use crate::framed::{frame, parse, payload};
use crate::signer::{RELEASES, delegation, manifest, signed};
use crate::{Answer, DEFAULT_BYTES, Seed, Target};
use image_format::keyring::MAX_KEYS;
use image_format::signature::{ENTRY_BYTES, decode_signatures, encode_signatures};
use image_format::{Delegation, Kind, Signatures};
use image_trust::{Quorum, verify_quorum};
use std::sync::LazyLock;

pub(crate) const TARGET: Target = Target {
    name: "signatures",
    about: "the signatures over a record",
    max_bytes: DEFAULT_BYTES,
    run,
    seeds,
};

static DELEGATION: LazyLock<Delegation> = LazyLock::new(|| delegation(2, &*RELEASES));
static MANIFEST: LazyLock<Vec<u8>> =
    LazyLock::new(|| frame(Kind::Manifest, &payload(Kind::Manifest, &manifest())));
static GENUINE: LazyLock<Signatures> = LazyLock::new(|| {
    let signatures = RELEASES.iter().map(|signer| signer.sign(&MANIFEST));
    signatures.collect()
});

fn run(input: &[u8]) -> Answer {
    let bytes = frame(Kind::ManifestSignatures, input);
    let signatures = parse(Kind::ManifestSignatures, &bytes);
    let Ok(entries) = decode_signatures(&signatures) else {
        assert!(!input.len().is_multiple_of(ENTRY_BYTES) || input.len() > MAX_KEYS * ENTRY_BYTES);
        return Answer::Refused;
    };
    let mut out = [0; MAX_KEYS * ENTRY_BYTES + 20];
    let written = encode_signatures(Kind::ManifestSignatures, &entries, &mut out);
    assert_eq!(written, Ok(bytes.as_slice()));

    let quorum = Quorum::of_releases(&DELEGATION).expect("the delegation is sound");
    let manifest = parse(Kind::Manifest, &MANIFEST);
    let accepted = verify_quorum(&quorum, &manifest, &signatures).is_ok();
    let mut listed = entries
        .iter()
        .filter(|entry| DELEGATION.keys.contains(&entry.key));
    let genuine = GENUINE.iter().filter(|entry| entries.contains(entry));
    if !accepted {
        return Answer::Refused;
    }
    assert!(genuine.count() >= 2);
    assert!(listed.all(|entry| GENUINE.contains(entry)));
    Answer::Accepted
}

fn seeds() -> Vec<Seed> {
    let entries = |signers| {
        let frame = signed(Kind::ManifestSignatures, &MANIFEST, signers);
        parse(Kind::ManifestSignatures, &frame).payload.to_vec()
    };
    vec![
        ("two", entries(&RELEASES[..2])),
        ("three", entries(&RELEASES[..])),
    ]
}
