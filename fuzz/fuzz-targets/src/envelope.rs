//! The first 64 KiB of a slot as they are.
//!
//! An envelope that is intact is its four frames and zeros. One that is accepted has the
//! manifest that the test keys signed: nobody forges another.

use crate::framed::payload;
use crate::signer::{BOARD, DELEGATION, TRUSTED, manifest, signed_manifest};
use crate::{Answer, Seed, Target};
use image_format::{ENVELOPE_BYTES, Epoch, Floors, Kind, Serial, parse_envelope};
use image_trust::{ImageKind, Requirements, verify_envelope};
use std::sync::LazyLock;

pub(crate) const TARGET: Target = Target {
    name: "envelope",
    about: "the envelope of a slot, as it is",
    max_bytes: ENVELOPE_BYTES + 64,
    run,
    seeds,
};

/// What every place asks, for a slot of that length.
pub(crate) fn requirements(kind: ImageKind, slot_length_bytes: u64) -> Requirements<'static> {
    Requirements {
        kind,
        board: BOARD,
        floors: Floors {
            epoch: Epoch(4),
            serial: Serial(5),
        },
        slot_length_bytes,
    }
}

static GENUINE: LazyLock<Vec<u8>> =
    LazyLock::new(|| signed_manifest(&payload(Kind::Manifest, &manifest())));

fn run(area: &[u8]) -> Answer {
    if let Ok(envelope) = parse_envelope(area) {
        let frames = [
            envelope.delegation,
            envelope.delegation_signatures,
            envelope.manifest,
            envelope.manifest_signatures,
        ];
        let bytes = frames.map(|frame| frame.bytes).concat();
        let (start, behind) = area.split_at(bytes.len());
        assert_eq!(start, bytes);
        assert!(behind.iter().all(|byte| *byte == 0));
    }
    let requirements = requirements(ImageKind::System, 8 << 20);
    let Ok(release) = verify_envelope(&TRUSTED, area, &requirements) else {
        return Answer::Refused;
    };
    assert!(GENUINE.starts_with(release.manifest_frame));
    assert_eq!(release.manifest, manifest());
    assert_eq!(release.delegation_serial, Serial(5));
    Answer::Accepted
}

fn seeds() -> Vec<Seed> {
    let file = [DELEGATION.as_slice(), GENUINE.as_slice()].concat();
    let padded = [file.as_slice(), &[0; 32]].concat();
    vec![
        ("file", file),
        ("padded", padded),
        ("refused-erased", vec![0xff; 64]),
    ]
}
