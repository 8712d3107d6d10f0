//! An entry of the flight record: any block, and any payload in an intact frame.
//!
//! Whatever is read can be written again in the room of an entry, and reads the same. (Not
//! with the same bytes: postcard also reads integers that are longer than they need be.)

use crate::framed::{frame, payload};
use crate::{Answer, DEFAULT_BYTES, Seed, Target};
use image_format::flight::{MAX_ENTRY_BYTES, text};
use image_format::{
    BootNumber, Digest, Event, FlightEntry, Kind, Refusal, ResetCause, Slot, Source, Verdict,
    Version,
};

pub(crate) const TARGET: Target = Target {
    name: "flight_entry",
    about: "an entry of the flight record",
    max_bytes: DEFAULT_BYTES,
    run,
    seeds,
};

fn run(input: &[u8]) -> Answer {
    check(input).or(check(&frame(Kind::FlightEntry, input)))
}

fn check(block: &[u8]) -> Answer {
    let Ok(entry) = FlightEntry::parse(block) else {
        return Answer::Refused;
    };
    let mut out = [0; MAX_ENTRY_BYTES];
    let written = entry.encode(&mut out).expect("an entry fits its room");
    assert_eq!(FlightEntry::parse(written), Ok(entry));
    Answer::Accepted
}

fn seeds() -> Vec<Seed> {
    let slot = Slot::B;
    let refused = Event::Refused {
        source: Source::Rescue,
        version: Some(Version(141)),
        refusal: Refusal::WrongBoard {
            image: "arm64-uefi".try_into().unwrap_or_default(),
        },
    };
    let judged = Event::TrialJudged {
        slot,
        manifest_hash: Digest([7; 32]),
        verdict: Verdict::Failed,
        reason: text("it did not come up"),
    };
    let events = [
        ("refused", refused),
        ("judged", judged),
        (
            "silent",
            Event::EndedSilently {
                cause: ResetCause::Watchdog,
            },
        ),
        ("rebuilt", Event::StateRebuilt { trial: Some(slot) }),
        (
            "lines",
            Event::LastLines {
                lines: text("one\ntwo\n"),
            },
        ),
    ];
    events
        .into_iter()
        .map(|(name, event)| {
            let entry = FlightEntry {
                sequence: 16,
                boot_number: BootNumber(300),
                event,
            };
            (name, payload(Kind::FlightEntry, &entry))
        })
        .collect()
}
