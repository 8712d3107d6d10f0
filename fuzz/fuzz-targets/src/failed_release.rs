//! An entry of the list of failed releases: any block, and any payload in an intact frame.
//!
//! Whatever is read fits the 512 bytes that its documentation promises, and reads the same.

use crate::framed::{frame, payload};
use crate::{Answer, DEFAULT_BYTES, Seed, Target};
use image_format::flight::text;
use image_format::{BootNumber, Digest, FailedRelease, Kind};

pub(crate) const TARGET: Target = Target {
    name: "failed_release",
    about: "an entry of the list of failed releases",
    max_bytes: DEFAULT_BYTES,
    run,
    seeds,
};

fn run(input: &[u8]) -> Answer {
    check(input).or(check(&frame(Kind::FailedRelease, input)))
}

fn check(block: &[u8]) -> Answer {
    let Ok(failed) = FailedRelease::parse(block) else {
        return Answer::Refused;
    };
    let mut out = [0; 512];
    let written = failed.encode(&mut out).expect("an entry fits its room");
    assert_eq!(FailedRelease::parse(written), Ok(failed));
    Answer::Accepted
}

fn seeds() -> Vec<Seed> {
    let failed = FailedRelease {
        sequence: 3,
        manifest_hash: Digest([0x77; 32]),
        boot_number: BootNumber(420),
        reason: text("it did not come up: naïve"),
    };
    let payload = payload(Kind::FailedRelease, &failed);
    vec![
        ("block", frame(Kind::FailedRelease, &payload)),
        ("payload", payload),
    ]
}
