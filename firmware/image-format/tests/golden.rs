//! The bytes of every record in format version 1. If one of these changes, the
//! format's version number must change with it, and the old one stay readable.

use image_format::flight::text;
use image_format::frame::encode_value;
use image_format::signature::{decode_signatures, encode_signatures};
use image_format::*;

/// Pins the record in `tests/golden/NAME.hex`: 32 bytes a line.
fn assert_golden(name: &str, bytes: &[u8]) {
    let path = format!("{}/tests/golden/{name}.hex", env!("CARGO_MANIFEST_DIR"));
    let shown: String = bytes
        .chunks(32)
        .map(|line| {
            line.iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
                + "\n"
        })
        .collect();
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(shown, golden, "the bytes of {name} are not those of {path}");
}

fn digest(fill: u8) -> Digest {
    Digest([fill; 32])
}

fn key(fill: u8) -> PublicKey {
    PublicKey([fill; 32])
}

fn keyring() -> Keyring {
    Keyring {
        purpose: Purpose::Test,
        threshold: 2,
        keys: [key(0x11), key(0x22), key(0x33)].into_iter().collect(),
    }
}

fn delegation() -> Delegation {
    Delegation {
        serial: Serial(7),
        threshold: 1,
        keys: [key(0x44)].into_iter().collect(),
    }
}

fn manifest() -> Manifest<'static> {
    Manifest {
        board: "x86_64-uefi",
        product: "twinkeel",
        version: Version(141),
        epoch: Epoch(3),
        build_time_secs: 1_790_000_000,
        command_line: "console=ttyS0 panic=10",
        kernel: Part {
            offset_bytes: 1 << 20,
            length_bytes: 8_000_001,
            sha256: digest(0xaa),
        },
        initrd: Part {
            offset_bytes: 9 << 20,
            length_bytes: 3_000_001,
            sha256: digest(0xbb),
        },
        root: Root {
            offset_bytes: 12 << 20,
            data_blocks: 10_000,
            tree_offset_bytes: (12 << 20) + 10_000 * 4096,
            tree_blocks: 80,
            root_hash: digest(0xcc),
            salt: digest(0xdd),
        },
    }
}

fn state() -> BootState {
    BootState {
        generation: 0x0102_0304_0506_0708,
        boot_number: BootNumber(42),
        flight_sequence: 17,
        floors: Floors {
            epoch: Epoch(3),
            serial: Serial(7),
        },
        active: Slot::B,
        begun_without_up: 2,
        slots: [
            SlotRecord {
                status: SlotStatus::Trial {
                    attempts_left: 1,
                    attempts_given: 3,
                },
                manifest_hash: digest(0xee),
            },
            SlotRecord {
                status: SlotStatus::Confirmed,
                manifest_hash: digest(0xff),
            },
        ],
    }
}

fn entry() -> FlightEntry {
    FlightEntry {
        sequence: 16,
        boot_number: BootNumber(42),
        event: Event::Refused {
            source: Source::Slot(Slot::A),
            version: Some(Version(141)),
            refusal: Refusal::Digest {
                part: refusal::PartName::Kernel,
            },
        },
    }
}

fn failed() -> FailedRelease {
    FailedRelease {
        sequence: 3,
        manifest_hash: digest(0x77),
        boot_number: BootNumber(42),
        reason: text("it did not come up"),
    }
}

#[test]
fn framed_records_have_their_golden_bytes() {
    let mut out = [0; 1024];
    assert_golden(
        "keyring",
        encode_value(Kind::Keyring, &keyring(), &mut out).unwrap(),
    );
    assert_golden(
        "delegation",
        encode_value(Kind::Delegation, &delegation(), &mut out).unwrap(),
    );
    assert_golden(
        "manifest",
        encode_value(Kind::Manifest, &manifest(), &mut out).unwrap(),
    );
    assert_golden("flight-entry", entry().encode(&mut out).unwrap());
    assert_golden("failed-release", failed().encode(&mut out).unwrap());
    let signature = Signature {
        key: key(0x55),
        bytes: [0x66; 64],
    };
    let bytes = encode_signatures(Kind::ManifestSignatures, &[signature], &mut out).unwrap();
    assert_golden("manifest-signatures", bytes);
}

#[test]
fn the_boot_state_has_its_golden_bytes() {
    assert_golden("boot-state", &state().encode());
}

#[test]
fn the_floors_of_a_second_home_have_their_golden_bytes() {
    let record = state().floors.encode();
    assert_golden("floors", &record);
    assert_eq!(Floors::parse(&record), Ok(state().floors));
}

#[test]
fn records_decode_to_what_was_encoded() {
    let mut out = [0; 1024];
    let bytes = encode_value(Kind::Keyring, &keyring(), &mut out).unwrap();
    assert_eq!(
        parse_frame(Kind::Keyring, bytes).unwrap().0.decode(),
        Ok(keyring())
    );
    let bytes = encode_value(Kind::Delegation, &delegation(), &mut out).unwrap();
    assert_eq!(
        parse_frame(Kind::Delegation, bytes).unwrap().0.decode(),
        Ok(delegation())
    );
    let bytes = encode_value(Kind::Manifest, &manifest(), &mut out).unwrap();
    assert_eq!(
        parse_frame(Kind::Manifest, bytes).unwrap().0.decode(),
        Ok(manifest())
    );
    let bytes = entry().encode(&mut out).unwrap();
    assert_eq!(FlightEntry::parse(bytes), Ok(entry()));
    let bytes = failed().encode(&mut out).unwrap();
    assert_eq!(FailedRelease::parse(bytes), Ok(failed()));
    assert_eq!(BootState::parse(&state().encode()), Ok(state()));
    let entries = [
        Signature {
            key: key(1),
            bytes: [2; 64],
        },
        Signature {
            key: key(3),
            bytes: [4; 64],
        },
    ];
    let bytes = encode_signatures(Kind::KeyringSignatures, &entries, &mut out).unwrap();
    let (frame, rest) = parse_frame(Kind::KeyringSignatures, bytes).unwrap();
    assert_eq!(decode_signatures(&frame).unwrap().as_slice(), entries);
    assert!(rest.is_empty());
}

#[test]
fn the_longest_flight_entry_fits_its_bound() {
    let long = || -> Text { text("x".repeat(2000)) };
    assert_eq!(long().len(), 160);
    for event in [
        Event::LastLines {
            lines: text("x".repeat(2000)),
        },
        Event::CheckFailed {
            slot: Slot::B,
            check: long(),
            detail: long(),
        },
        Event::TrialJudged {
            slot: Slot::B,
            manifest_hash: digest(9),
            verdict: Verdict::Inconclusive,
            reason: long(),
        },
    ] {
        let entry = FlightEntry {
            sequence: u64::MAX,
            boot_number: BootNumber(u64::MAX),
            event,
        };
        assert!(entry.encode(&mut [0; flight::MAX_ENTRY_BYTES]).is_ok());
    }
}

/// The position of a variant is its number on the disk: none may ever move.
#[test]
fn every_event_keeps_its_number() {
    let (slot, message) = (Slot::A, || text("x"));
    let events = [
        Event::TrialBegun {
            slot,
            attempt: 1,
            given: 3,
        },
        entry().event,
        Event::AttemptsExhausted { slot, given: 3 },
        Event::ConfirmationLost { slot, boots: 5 },
        Event::FellBack {
            from: slot,
            to: Source::Rescue,
        },
        Event::StateCopyLost {
            copy: 0,
            error: StateError::Magic,
        },
        Event::StateRebuilt { trial: None },
        Event::NothingBoots,
        Event::LoaderPanicked { message: message() },
        Event::Confirmed {
            slot,
            version: Version(1),
            manifest_hash: digest(1),
        },
        Event::CheckFailed {
            slot,
            check: message(),
            detail: message(),
        },
        Event::RootCorrupt { slot, block: 1 },
        Event::InitFailed {
            slot,
            step: message(),
            reason: message(),
        },
        Event::WritableLost { reason: message() },
        Event::RollbackRequested {
            from: slot,
            to: slot,
        },
        Event::EndedSilently {
            cause: ResetCause::Watchdog,
        },
        Event::TimedOut {
            slot,
            step: message(),
            secs: 1,
        },
        Event::KernelPanicked { message: message() },
        Event::LastLines { lines: text("x") },
        Event::Interrupted { slot },
        Event::TrialJudged {
            slot,
            manifest_hash: digest(1),
            verdict: Verdict::Failed,
            reason: message(),
        },
        Event::FloorsRaised {
            epoch: Epoch(1),
            serial: Serial(1),
        },
        Event::FloorsDisagreed {
            state_epoch: Epoch(1),
            variable_epoch: Epoch(2),
            state_serial: Serial(1),
            variable_serial: Serial(1),
        },
        Event::RescueRuns,
        Event::StagingBegun {
            slot,
            version: Version(1),
            manifest_hash: digest(1),
        },
        Event::Staged {
            slot,
            version: Version(1),
            manifest_hash: digest(1),
        },
        Event::StagingFailed {
            slot,
            reason: message(),
        },
        Event::ReinstallFailed {
            from: message(),
            reason: message(),
        },
        Event::ResetRequested {
            data: AppData::Kept,
        },
        Event::ResetDone {
            data: AppData::Dropped,
        },
    ];
    let other = Event::FellBack {
        from: slot,
        to: Source::Slot(slot),
    };
    for (number, event) in events.into_iter().enumerate() {
        let entry = FlightEntry {
            sequence: 0,
            boot_number: BootNumber(0),
            event,
        };
        let mut out = [0; flight::MAX_ENTRY_BYTES];
        let payload = &entry.encode(&mut out).unwrap()[frame::HEADER_BYTES..];
        assert_eq!(payload[2] as usize, number, "{:?}", entry.event);
        let sealed = SealedEntry::parse(&out).unwrap();
        assert!(sealed.holds(&entry.event));
        assert!(!sealed.holds(&other));
        assert_eq!(sealed.tells_the_end(), is_end(&entry.event), "{sealed:?}");
    }
}

/// The loader knows these by their numbers.
fn is_end(event: &Event) -> bool {
    matches!(
        event,
        Event::CheckFailed { .. }
            | Event::InitFailed { .. }
            | Event::TimedOut { .. }
            | Event::Interrupted { .. }
            | Event::RootCorrupt { .. }
            | Event::LoaderPanicked { .. }
            | Event::EndedSilently { .. }
    )
}
