//! Boot state, flight record and list of failed releases.

use super::{CRC, Damage, Subject};
use crate::random::Random;
use image_format::disk::BLOCK_BYTES;
use image_format::frame::encode_frame;
use image_format::state::STATE_BYTES;
use image_format::{
    BootNumber, BootState, Digest, Epoch, Kind, Serial, Slot, SlotRecord, SlotStatus,
};

pub(super) fn damage(subject: &Subject<'_>, random: &mut Random) -> Damage {
    match random.below(8) {
        0..3 => forged_state(subject, random),
        3 => bytes_of_state(subject, random),
        4 | 5 => copies(subject, random),
        6 => records(subject, random, Kind::FlightEntry),
        _ => records(subject, random, Kind::FailedRelease),
    }
}

fn copy_of(subject: &Subject<'_>, copy: usize) -> Vec<u8> {
    subject.disk.bytes(&subject.map.state_copies[copy])
}

/// Which copies are changed.
fn some_copies(random: &mut Random) -> &'static [usize] {
    const CHOICES: [&[usize]; 3] = [&[0], &[1], &[0, 1]];
    CHOICES[random.below(3) as usize]
}

/// A state that says what it likes, in one copy or in both.
fn forged_state(subject: &Subject<'_>, random: &mut Random) -> Damage {
    let state = BootState {
        generation: wild(random),
        boot_number: BootNumber(wild(random)),
        flight_sequence: wild(random),
        floors: image_format::Floors {
            epoch: Epoch(random.below(3) as u32),
            serial: Serial(random.below(3) as u32),
        },
        active: *random.pick(&Slot::ALL),
        begun_without_up: *random.pick(&[0, 1, 4, 5, 255]),
        slots: [0, 1].map(|_| record(random)),
    };
    let copies = some_copies(random);
    let patch = |copy: &usize| {
        let start = subject.map.state_copies[*copy].start;
        (start, state.encode().to_vec())
    };
    let story = format!("copies {copies:?} of the boot state say {state:?}");
    Damage::new("state, forged", story, copies.iter().map(patch).collect())
}

fn wild(random: &mut Random) -> u64 {
    match random.below(3) {
        0 => random.below(20),
        1 => u64::MAX - random.below(2),
        _ => random.next(),
    }
}

fn record(random: &mut Random) -> SlotRecord {
    let trial = |attempts_left, attempts_given| SlotStatus::Trial {
        attempts_left,
        attempts_given,
    };
    SlotRecord {
        status: *random.pick(&[
            SlotStatus::Empty,
            SlotStatus::Installed,
            trial(0, 1),
            trial(1, 1),
            trial(3, 3),
            SlotStatus::Confirmed,
            SlotStatus::Exhausted,
            SlotStatus::Refused,
        ]),
        manifest_hash: match random.below(2) {
            0 => Digest::ZERO,
            _ => Digest([random.next() as u8; 32]),
        },
    }
}

/// Bytes of a state, with its checksum put right or not.
fn bytes_of_state(subject: &Subject<'_>, random: &mut Random) -> Damage {
    let copies = some_copies(random);
    let changes: Vec<_> = (0..=random.below(6))
        .map(|_| (random.below(120) as usize, random.next() as u8))
        .collect();
    let recomputed = random.one_in(2);
    let patch = |copy: &usize| {
        let mut block = copy_of(subject, *copy);
        for (at, byte) in &changes {
            block[*at] = *byte;
        }
        if recomputed {
            let sum = CRC.checksum(&block[..STATE_BYTES - 4]);
            block[STATE_BYTES - 4..STATE_BYTES].copy_from_slice(&sum.to_le_bytes());
        }
        (subject.map.state_copies[*copy].start, block)
    };
    let story = format!(
        "bytes {changes:x?} of copies {copies:?} of the boot state, checksum put right: {recomputed}"
    );
    Damage::new("state, bytes", story, copies.iter().map(patch).collect())
}

/// Copies that are lost, old, or in each other's place.
fn copies(subject: &Subject<'_>, random: &mut Random) -> Damage {
    let place = |copy: usize| subject.map.state_copies[copy].start;
    let (story, patches) = match random.below(4) {
        0 => {
            let patches = vec![
                (place(0), vec![0; BLOCK_BYTES]),
                (place(1), vec![0xff; BLOCK_BYTES]),
            ];
            ("both copies of the boot state are lost", patches)
        }
        1 => (
            "copy 1 of the boot state is what copy 0 was",
            vec![(place(1), copy_of(subject, 0))],
        ),
        2 => (
            "copy 0 of the boot state is what copy 1 was",
            vec![(place(0), copy_of(subject, 1))],
        ),
        _ => {
            let patches = vec![
                (place(0), copy_of(subject, 1)),
                (place(1), copy_of(subject, 0)),
            ];
            ("the copies of the boot state have changed places", patches)
        }
    };
    Damage::new("state, copies", story.to_owned(), patches)
}

/// Entries with the right frame and wrong insides, or old ones in many places.
fn records(subject: &Subject<'_>, random: &mut Random, kind: Kind) -> Damage {
    let span = match kind {
        Kind::FlightEntry => &subject.map.flight,
        _ => &subject.map.failed,
    };
    let blocks = (span.end - span.start) / BLOCK_BYTES as u64;
    let place = |block: u64| span.start + block * BLOCK_BYTES as u64;
    let first = subject.disk.bytes(&(place(0)..place(1)));
    let patches = (0..=random.below(blocks))
        .map(|block| {
            let content = match random.below(3) {
                0 => first.clone(),
                1 => framed(kind, &random.bytes(40)),
                // The sequence number comes first in both.
                _ => framed(kind, &[&[0xff; 9], &[1][..], &random.bytes(30)].concat()),
            };
            (place(block), content)
        })
        .collect();
    let story = format!(
        "{kind}s with the right checksums from byte {} on",
        span.start
    );
    Damage::new("records, forged", story, patches)
}

fn framed(kind: Kind, payload: &[u8]) -> Vec<u8> {
    let mut out = [0; BLOCK_BYTES];
    // There is room.
    let _ = encode_frame(kind, payload, &mut out);
    out.to_vec()
}
