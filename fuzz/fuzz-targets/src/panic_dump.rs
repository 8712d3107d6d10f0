//! What a kernel that panicked left in the firmware's variables. The parts are separated by
//! a zero byte.
//!
//! Words that are found begin with the panic, and everything that is said fits into the
//! flight record.

use crate::init::dump::read_dump;
use crate::{Answer, Seed, Target};
use image_format::flight::MAX_ENTRY_BYTES;
use image_format::{BootNumber, Event, FlightEntry};

pub(crate) const TARGET: Target = Target {
    name: "panic_dump",
    about: "the words of a kernel that panicked, in PID 1",
    max_bytes: 64 << 10,
    run,
    seeds,
};

fn run(input: &[u8]) -> Answer {
    let parts: Vec<_> = input
        .split(|byte| *byte == 0)
        .map(|part| String::from_utf8_lossy(part).into_owned())
        .collect();
    let Some(words) = read_dump(&parts) else {
        return Answer::Refused;
    };
    assert!(matches!(words.events[0], Event::KernelPanicked { .. }));
    assert!(words.events.len() <= 2);
    for event in words.events {
        let entry = FlightEntry {
            sequence: u64::MAX,
            boot_number: words.boot.unwrap_or(BootNumber(u64::MAX)),
            event,
        };
        assert!(entry.encode(&mut [0; MAX_ENTRY_BYTES]).is_ok());
    }
    Answer::Accepted
}

fn seeds() -> Vec<Seed> {
    let end =
        "Panic#1 Part1\n<0>[    9.5] Kernel panic - not syncing: crash\n<4>[    9.6] CPU: 0\n";
    let before = "Panic#1 Part2\n<15>[    8.1] twinkeel: twinkeel.boot=12 system-b\n[drm] a\n";
    vec![
        ("one", end.into()),
        ("two", format!("{end}\0{before}").into_bytes()),
    ]
}
