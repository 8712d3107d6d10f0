//! Every single-bit flip and every truncation of each record: refused with the
//! right error. Where a checksum was repaired after the flip, decoding either
//! fails by name or gives a different value, never the same one.

use image_format::frame::encode_value;
use image_format::*;

const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

fn state() -> BootState {
    let record = |status| SlotRecord {
        status,
        manifest_hash: Digest([9; 32]),
    };
    BootState {
        generation: 5,
        boot_number: BootNumber(6),
        flight_sequence: 7,
        floors: Floors {
            epoch: Epoch(1),
            serial: Serial(2),
        },
        active: Slot::A,
        begun_without_up: 1,
        slots: [
            record(SlotStatus::Confirmed),
            record(SlotStatus::Trial {
                attempts_left: 2,
                attempts_given: 3,
            }),
        ],
    }
}

fn delegation_frame() -> Vec<u8> {
    let keys = [PublicKey([3; 32]), PublicKey([4; 32])]
        .into_iter()
        .collect();
    let delegation = Delegation {
        serial: Serial(9),
        threshold: 2,
        keys,
    };
    encode_value(Kind::Delegation, &delegation, &mut [0; 256])
        .unwrap()
        .to_vec()
}

fn flips(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..bytes.len() * 8).map(|bit| {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        (bit / 8, flipped)
    })
}

fn repair(bytes: &mut [u8]) {
    let (covered, checksum) = bytes.split_last_chunk_mut::<4>().unwrap();
    *checksum = CRC.checksum(covered).to_le_bytes();
}

#[test]
fn a_flipped_bit_of_a_frame_is_named() {
    for (at, flipped) in flips(&delegation_frame()) {
        let error = parse_frame(Kind::Delegation, &flipped).unwrap_err();
        match at {
            0..8 => assert_eq!(error, FrameError::Magic),
            8..10 => assert!(matches!(error, FrameError::Version(v) if v != 1)),
            10..12 => assert_eq!(error, FrameError::Reserved),
            // A shorter length finds a wrong checksum, a longer one the end.
            12..16 => assert!(matches!(
                error,
                FrameError::Truncated | FrameError::Checksum
            )),
            _ => assert_eq!(error, FrameError::Checksum),
        }
    }
}

#[test]
fn a_truncated_frame_is_named() {
    let whole = delegation_frame();
    for length in 0..whole.len() {
        assert_eq!(
            parse_frame(Kind::Delegation, &whole[..length]),
            Err(FrameError::Truncated)
        );
    }
}

#[test]
fn a_frame_is_not_taken_for_another_kind() {
    let frame = delegation_frame();
    for kind in [
        Kind::Keyring,
        Kind::Manifest,
        Kind::DelegationSignatures,
        Kind::FlightEntry,
    ] {
        assert_eq!(parse_frame(kind, &frame), Err(FrameError::Magic));
    }
}

#[test]
fn a_flipped_payload_never_decodes_to_the_same_value() {
    let whole = delegation_frame();
    let original: Delegation = parse_frame(Kind::Delegation, &whole)
        .unwrap()
        .0
        .decode()
        .unwrap();
    let payload = 16..whole.len() - 4;
    for (at, mut flipped) in flips(&whole) {
        if payload.contains(&at) {
            repair(&mut flipped);
            let (frame, _) = parse_frame(Kind::Delegation, &flipped).unwrap();
            assert_ne!(frame.decode::<Delegation>(), Ok(original.clone()));
        }
    }
}

#[test]
fn bytes_behind_the_payload_are_refused() {
    let whole = delegation_frame();
    let mut longer = whole[..whole.len() - 4].to_vec();
    longer.extend([0; 5]);
    let length = u32::try_from(longer.len() - 20).unwrap();
    longer[12..16].copy_from_slice(&length.to_le_bytes());
    repair(&mut longer);
    let (frame, _) = parse_frame(Kind::Delegation, &longer).unwrap();
    assert_eq!(frame.decode::<Delegation>(), Err(FrameError::Trailing));
}

#[test]
fn a_flipped_bit_of_the_state_is_named() {
    for (at, flipped) in flips(&state().encode()) {
        let error = BootState::parse(&flipped).unwrap_err();
        match at {
            0..8 => assert_eq!(error, StateError::Magic),
            8..10 => assert!(matches!(error, StateError::Version(v) if v != 1)),
            _ => assert_eq!(error, StateError::Checksum),
        }
    }
}

#[test]
fn floors_of_a_second_home_are_whole_or_refused_by_name() {
    let record = state().floors.encode();
    for (at, flipped) in flips(&record) {
        let error = Floors::parse(&flipped).unwrap_err();
        match at {
            0..8 => assert_eq!(error, FrameError::Magic),
            8..10 => assert!(matches!(error, FrameError::Version(v) if v != 1)),
            10..12 => assert_eq!(error, FrameError::Reserved),
            12..16 => assert!(matches!(
                error,
                FrameError::Truncated | FrameError::Checksum
            )),
            _ => assert_eq!(error, FrameError::Checksum),
        }
    }
    for length in 0..record.len() {
        assert_eq!(Floors::parse(&record[..length]), Err(FrameError::Truncated));
    }
    let longer = [&record[..], &[0]].concat();
    assert_eq!(Floors::parse(&longer), Err(FrameError::Trailing));
    for payload in [&[0; 7][..], &[0; 9]] {
        let mut out = [0; 64];
        let other = frame::encode_frame(Kind::Floors, payload, &mut out).unwrap();
        assert_eq!(Floors::parse(other), Err(FrameError::Payload));
    }
}

#[test]
fn a_truncated_state_is_named() {
    let whole = state().encode();
    for length in 0..whole.len() {
        assert_eq!(
            BootState::parse(&whole[..length]),
            Err(StateError::Truncated)
        );
    }
}

#[test]
fn a_state_with_a_repaired_checksum_is_another_state_or_refused() {
    for (at, mut flipped) in flips(&state().encode()) {
        if (10..508).contains(&at) {
            repair(&mut flipped);
            match BootState::parse(&flipped) {
                Ok(other) => assert_ne!(other, state(), "byte {at}"),
                Err(error) => assert_eq!(error, StateError::Field, "byte {at}"),
            }
        }
    }
}

#[test]
fn every_status_and_attempt_count_outside_the_table_is_refused() {
    for status in 0..=255 {
        for left in [0, 1, 3, 255] {
            for given in [0, 1, 3, 255] {
                let mut bytes = state().encode();
                bytes[50..53].copy_from_slice(&[status, left, given]);
                repair(&mut bytes);
                let listed = match status {
                    2 => given >= 1 && left <= given,
                    0..=5 => left == 0 && given == 0,
                    _ => false,
                };
                assert_eq!(
                    BootState::parse(&bytes).is_ok(),
                    listed,
                    "{status} {left} {given}"
                );
            }
        }
    }
}

#[test]
fn a_flipped_bit_of_a_flight_entry_is_refused() {
    let entry = FlightEntry {
        sequence: 1,
        boot_number: BootNumber(2),
        event: Event::NothingBoots,
    };
    let bytes = entry.encode(&mut [0; 512]).unwrap().to_vec();
    for (_, flipped) in flips(&bytes) {
        assert!(FlightEntry::parse(&flipped).is_err());
    }
    for length in 0..bytes.len() {
        assert_eq!(
            FlightEntry::parse(&bytes[..length]),
            Err(FrameError::Truncated)
        );
    }
}

#[test]
fn an_envelope_of_zeros_or_of_erased_flash_is_empty() {
    assert_eq!(parse_envelope(&[0; 4096]), Err(Refusal::Empty));
    assert_eq!(parse_envelope(&[0xff; 4096]), Err(Refusal::Empty));
    let record = Kind::Delegation;
    let error = FrameError::Truncated;
    assert_eq!(parse_envelope(&[]), Err(Refusal::Damaged { record, error }));
}
