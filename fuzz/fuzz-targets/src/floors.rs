//! The record of the floors in the firmware's variable.
//!
//! There is one form only: the encoded floors are the bytes that they came from. A payload
//! of another length is refused.

use crate::framed::frame;
use crate::{Answer, DEFAULT_BYTES, Seed, Target};
use image_format::{Epoch, Floors, Kind, Serial};

pub(crate) const TARGET: Target = Target {
    name: "floors",
    about: "the floors in a second home",
    max_bytes: DEFAULT_BYTES,
    run,
    seeds,
};

fn run(input: &[u8]) -> Answer {
    let framed = check(&frame(Kind::Floors, input));
    assert_eq!(framed == Answer::Accepted, input.len() == 8);
    framed.or(check(input))
}

fn check(record: &[u8]) -> Answer {
    let Ok(floors) = Floors::parse(record) else {
        return Answer::Refused;
    };
    assert_eq!(&floors.encode()[..], record);
    Answer::Accepted
}

fn seeds() -> Vec<Seed> {
    let floors = Floors {
        epoch: Epoch(3),
        serial: Serial(0x0102_0304),
    };
    let record = floors.encode();
    vec![
        ("record", record.to_vec()),
        ("payload", record[16..24].to_vec()),
    ]
}
