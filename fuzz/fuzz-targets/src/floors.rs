//! The record of the floors in the firmware's variable.
//!
//! There is one form only: the encoded floors are the bytes that they came from. A payload
//! of another length is refused.

use crate::framed::frame;
use crate::{Seed, Target};
use image_format::{Epoch, Floors, Kind, Serial};

pub(crate) const TARGET: Target = Target {
    name: "floors",
    about: "the floors in a second home",
    run,
    seeds,
};

fn run(input: &[u8]) {
    check(input);
    let framed = frame(Kind::Floors, input);
    check(&framed);
    assert_eq!(Floors::parse(&framed).is_ok(), input.len() == 8);
}

fn check(record: &[u8]) {
    if let Ok(floors) = Floors::parse(record) {
        assert_eq!(&floors.encode()[..], record);
    }
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
