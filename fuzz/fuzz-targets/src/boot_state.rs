//! The boot state: any bytes, and any bytes with the checksum put right.
//!
//! There is one form only: a state that is read has exactly the bytes that it came from.

use crate::{Answer, DEFAULT_BYTES, Seed, Target};
use crc::{CRC_32_ISO_HDLC, Crc};
use image_format::state::STATE_BYTES;
use image_format::{
    BootNumber, BootState, Digest, Epoch, Floors, Serial, Slot, SlotRecord, SlotStatus,
};

pub(crate) const TARGET: Target = Target {
    name: "boot_state",
    about: "a copy of the boot state",
    max_bytes: DEFAULT_BYTES,
    run,
    seeds,
};

fn run(input: &[u8]) -> Answer {
    let as_it_is = check(input);
    let Some(state) = input.first_chunk::<STATE_BYTES>() else {
        return as_it_is;
    };
    let mut state = *state;
    if let Some((covered, checksum)) = state.split_last_chunk_mut::<4>() {
        *checksum = Crc::<u32>::new(&CRC_32_ISO_HDLC)
            .checksum(covered)
            .to_le_bytes();
    }
    as_it_is.or(check(&state))
}

fn check(bytes: &[u8]) -> Answer {
    let Ok(state) = BootState::parse(bytes) else {
        return Answer::Refused;
    };
    assert_eq!(state.encode(), bytes[..STATE_BYTES]);
    for record in &state.slots {
        if let SlotStatus::Trial {
            attempts_left,
            attempts_given,
        } = record.status
        {
            assert!(attempts_given >= 1 && attempts_left <= attempts_given);
        }
    }
    Answer::Accepted
}

fn seeds() -> Vec<Seed> {
    let record = |status| SlotRecord {
        status,
        manifest_hash: Digest([9; 32]),
    };
    let trial = BootState {
        generation: 5,
        boot_number: BootNumber(6),
        flight_sequence: 7,
        floors: Floors {
            epoch: Epoch(1),
            serial: Serial(2),
        },
        active: Slot::B,
        begun_without_up: 1,
        slots: [
            record(SlotStatus::Confirmed),
            record(SlotStatus::Trial {
                attempts_left: 2,
                attempts_given: 3,
            }),
        ],
    };
    let spent = BootState {
        active: Slot::A,
        slots: [SlotRecord::EMPTY, record(SlotStatus::Exhausted)],
        ..trial.clone()
    };
    vec![
        ("trial", trial.encode().to_vec()),
        ("spent", spent.encode().to_vec()),
    ]
}
