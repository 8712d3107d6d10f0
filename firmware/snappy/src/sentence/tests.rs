//! Every kind of event and every refusal has a sentence of its own.

mod tables;

use super::sentence;
use crate::record::{kind, record};
use crate::refusal_text::{check_name, remedy};
use image_format::frame::encode_frame;
use image_format::refusal::PartName;
use image_format::{
    BootNumber, Epoch, Event, FlightEntry, FrameError, Kind, Refusal, Slot, Source, flight::text,
};
use std::collections::BTreeSet;
use tables::{events, refusals};

#[test]
fn every_kind_of_event_has_its_sentence() {
    for (event, expected) in events() {
        assert_eq!(sentence(&event), expected);
    }
}

#[test]
fn no_two_kinds_share_a_sentence_or_a_name() {
    let events = events();
    let sentences: BTreeSet<_> = events.iter().map(|(event, _)| sentence(event)).collect();
    let kinds: BTreeSet<_> = events.iter().map(|(event, _)| kind(event)).collect();
    assert_eq!((sentences.len(), kinds.len()), (events.len(), events.len()));
}

/// Stored enums are numbered by position, so the number behind the tables' last is no
/// event and no refusal: if it is, a variant is missing from the tables.
#[test]
fn the_tables_hold_every_variant() {
    const SEQUENCE_AND_BOOT: [u8; 2] = [1, 1];
    const REFUSED_RESCUE_UNKNOWN_VERSION: [u8; 3] = [1, 1, 0];
    let event = |number: usize| [&SEQUENCE_AND_BOOT[..], &[number as u8]].concat();
    let refusal = |number: usize| {
        let refused = [
            SEQUENCE_AND_BOOT.as_slice(),
            &REFUSED_RESCUE_UNKNOWN_VERSION,
        ]
        .concat();
        [refused, vec![number as u8]].concat()
    };
    let (events, refusals) = (events().len(), refusals().len());
    assert!(is_known(event(events - 1)) && is_known(refusal(refusals - 1)));
    assert!(
        !is_known(event(events)),
        "an event is missing from the table"
    );
    assert!(
        !is_known(refusal(refusals)),
        "a refusal is missing from the table"
    );
}

/// Whether an entry that starts like this decodes, with zeros for its fields.
fn is_known(mut payload: Vec<u8>) -> bool {
    payload.resize(64, 0);
    let mut block = [0; 512];
    let frame = encode_frame(Kind::FlightEntry, &payload, &mut block).unwrap();
    FlightEntry::parse(frame) != Err(FrameError::Payload)
}

#[test]
fn every_refusal_has_its_reason_name_and_remedy() {
    let refusals = refusals();
    let names: BTreeSet<_> = refusals.iter().map(check_name).collect();
    let sentences: BTreeSet<_> = refusals
        .iter()
        .map(|refusal| refused(refusal.clone()))
        .collect();
    assert_eq!(
        (names.len(), sentences.len()),
        (refusals.len(), refusals.len())
    );
    for refusal in refusals {
        let sentence = refused(refusal.clone());
        assert!(sentence.starts_with(&format!("The loader refused system-b: {refusal}. ")));
        assert!(sentence.ends_with(remedy(&refusal)) && remedy(&refusal).ends_with('.'));
    }
}

fn refused(refusal: Refusal) -> String {
    sentence(&Event::Refused {
        source: Source::Slot(Slot::B),
        version: None,
        refusal,
    })
}

#[test]
fn a_damaged_record_does_not_drive_the_terminal() {
    let message = text("\u{1b}[2Jgone\r\n");
    let sentence = sentence(&Event::LoaderPanicked { message });
    assert!(sentence.chars().all(|c| !c.is_control()), "{sentence:?}");
}

#[test]
fn a_block_that_nobody_knows_has_no_number() {
    let event = Event::RootCorrupt {
        slot: Slot::A,
        block: u64::MAX,
    };
    assert!(sentence(&event).contains(": a block is not the one"));
    let entry = FlightEntry {
        sequence: 7,
        boot_number: BootNumber(4),
        event,
    };
    assert_eq!(record(&entry)["block"], serde_json::Value::Null);
}

#[test]
fn a_record_has_the_fields_of_its_event() {
    for (event, expected) in events() {
        let entry = FlightEntry {
            sequence: 7,
            boot_number: BootNumber(4),
            event,
        };
        let record = record(&entry);
        assert_eq!(record["sequence"], 7);
        assert_eq!(record["boot"], 4);
        assert_eq!(record["kind"], kind(&entry.event));
        assert_eq!(record["sentence"], expected);
    }
}

#[test]
fn a_refusal_is_told_with_its_check_and_fields() {
    let table = [
        (
            Refusal::Damaged {
                record: Kind::DelegationSignatures,
                error: FrameError::Truncated,
            },
            r#"{"check":"damaged","error":"truncated","record":"delegation signatures"}"#,
        ),
        (
            Refusal::EpochBelowFloor {
                epoch: Epoch(3),
                floor: Epoch(4),
            },
            r#"{"check":"epoch-below-floor","epoch":3,"floor":4}"#,
        ),
        (
            Refusal::Digest {
                part: PartName::Initrd,
            },
            r#"{"check":"digest","part":"initrd"}"#,
        ),
        (Refusal::TrailingBytes, r#"{"check":"trailing-bytes"}"#),
    ];
    for (refusal, expected) in table {
        let fields = serde_json::Value::Object(crate::refusal_text::fields(&refusal));
        assert_eq!(fields.to_string(), expected);
    }
}
