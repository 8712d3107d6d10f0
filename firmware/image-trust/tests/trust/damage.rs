//! Every single-bit flip and every truncation of every record: refused with the right
//! error, or harmless for a reason that stands here.

use super::*;
use image_format::signature::ENTRY_BYTES;
use std::ops::Range;

const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

fn flips(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..bytes.len() * 8).map(|bit| {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        (bit / 8, flipped)
    })
}

fn payload(frame: &[u8]) -> Range<usize> {
    16..frame.len() - 4
}

/// Makes the checksum right again, as an attacker would.
fn repaired(mut frame: Vec<u8>) -> Vec<u8> {
    let (covered, checksum) = frame.split_last_chunk_mut::<4>().unwrap();
    *checksum = CRC.checksum(covered).to_le_bytes();
    frame
}

/// The refusal is that of this frame, for the field that was hit.
fn assert_frame_error(refusal: Result<(), Refusal>, kind: Kind, at: usize) {
    let Err(Refusal::Damaged { record, error }) = refusal else {
        panic!("byte {at} of the {kind}: {refusal:?}");
    };
    assert_eq!(record, kind, "byte {at}");
    let expected = match at {
        0..8 => error == FrameError::Magic,
        8..10 => matches!(error, FrameError::Version(version) if version != 1),
        10..12 => error == FrameError::Reserved,
        // A length that is too short finds a wrong checksum, one too long the end.
        12..16 => matches!(error, FrameError::Checksum | FrameError::Truncated),
        _ => error == FrameError::Checksum,
    };
    assert!(expected, "byte {at} of the {kind}: {error:?}");
}

#[test]
fn a_flipped_bit_of_an_envelope_names_the_record_that_it_is_in() {
    let frames = Frames::new();
    for (index, kind) in KINDS.into_iter().enumerate() {
        for (at, flipped) in flips(&frames.0[index]) {
            assert_frame_error(frames.with(index, flipped).verify(), kind, at);
        }
    }
}

#[test]
fn a_flipped_bit_of_a_keyring_names_the_record_that_it_is_in() {
    let whole = signed_keyring(&keyring(), &roots());
    let first = frame(Kind::Keyring, &keyring()).len();
    for (at, flipped) in flips(&whole) {
        let refusal = verify_keyring(&flipped).map(drop);
        match at.checked_sub(first) {
            None => assert_frame_error(refusal, Kind::Keyring, at),
            Some(at) => assert_frame_error(refusal, Kind::KeyringSignatures, at),
        }
    }
}

/// The signature is over the whole frame: what the checksum does not find, it does.
#[test]
fn a_signed_record_with_a_repaired_checksum_is_not_trusted() {
    let frames = Frames::new();
    for index in [DELEGATION, MANIFEST] {
        for (at, flipped) in flips(&frames.0[index]) {
            let refusal = frames.with(index, repaired(flipped)).verify();
            if payload(&frames.0[index]).contains(&at) {
                assert_eq!(refusal, untrusted(KINDS[index], SignatureError::Invalid));
            } else if at < 16 {
                assert_frame_error(refusal, KINDS[index], at);
            } else {
                // The bit was one of the checksum's: the repair undid the flip.
                assert_eq!(refusal, Ok(()));
            }
        }
    }
}

/// A flip in a signer's key makes an unknown signer, whose word does not count; a flip in
/// the signature makes one that does not verify.
#[test]
fn signatures_with_a_repaired_checksum_do_not_count() {
    let frames = Frames::new();
    for (index, record) in [
        (DELEGATION_SIGNATURES, Kind::Delegation),
        (MANIFEST_SIGNATURES, Kind::Manifest),
    ] {
        let payload = payload(&frames.0[index]);
        for (at, flipped) in flips(&frames.0[index]) {
            let refusal = frames.with(index, repaired(flipped)).verify();
            if payload.contains(&at) {
                let error = match (at - payload.start) % ENTRY_BYTES {
                    0..32 => SignatureError::BelowThreshold { have: 1, need: 2 },
                    _ => SignatureError::Invalid,
                };
                assert_eq!(refusal, untrusted(record, error), "byte {at}");
            } else if at < 16 {
                assert_frame_error(refusal, KINDS[index], at);
            } else {
                assert_eq!(refusal, Ok(()), "the repair undid the flip");
            }
        }
    }
}

/// Where more sign than must, a flip in one signer's *key* is harmless: the others still
/// carry the record, and it says the same. A flip in a signature is refused even then.
#[test]
fn a_surplus_signer_who_became_unknown_does_no_harm() {
    let frames = Frames::new();
    let all = signed_by(Kind::ManifestSignatures, &frames.0[MANIFEST], &releases());
    let payload = payload(&all);
    for (at, flipped) in flips(&all) {
        if !payload.contains(&at) {
            continue;
        }
        let bytes = frames.with(MANIFEST_SIGNATURES, repaired(flipped)).bytes();
        let verified = verify_envelope(trusted(), &bytes, &requirements());
        if (at - payload.start) % ENTRY_BYTES < 32 {
            assert_eq!(verified.unwrap().manifest, manifest());
        } else {
            assert_eq!(
                verified.map(drop),
                untrusted(Kind::Manifest, SignatureError::Invalid)
            );
        }
    }
}

/// A keyring is decoded before its signatures are checked, so a flip may be refused for
/// what it says, or because nobody signed that. It is never accepted.
#[test]
fn a_keyring_with_a_repaired_checksum_is_not_trusted() {
    let signers = &roots()[..2];
    let original = frame(Kind::Keyring, &keyring());
    let signatures = signed_by(Kind::KeyringSignatures, &original, signers);
    for (at, flipped) in flips(&original) {
        let verified = verify_keyring(&[repaired(flipped), signatures.clone()].concat());
        let refusal = verified.map(drop);
        let untrusted_for = match &refusal {
            Err(Refusal::Untrusted {
                record: Kind::Keyring,
                error,
            }) => Some(*error),
            _ => None,
        };
        match at {
            0..16 => assert_frame_error(refusal, Kind::Keyring, at),
            // The purpose: production, which nobody signed, or unknown.
            16 => assert!(
                untrusted_for == Some(SignatureError::Invalid)
                    || refusal == damaged(Kind::Keyring, FrameError::Payload)
            ),
            17 => assert!(matches!(
                untrusted_for,
                Some(SignatureError::ImpossibleThreshold | SignatureError::Invalid)
            )),
            // The number of keys: too many, or the rest lies behind.
            18 => assert!(matches!(
                refusal,
                Err(Refusal::Damaged {
                    record: Kind::Keyring,
                    error: FrameError::Payload | FrameError::Trailing
                })
            )),
            _ if payload(&original).contains(&at) => assert!(matches!(
                untrusted_for,
                Some(SignatureError::UnusableKey | SignatureError::Invalid)
            )),
            _ => assert_eq!(refusal, Ok(()), "the repair undid the flip"),
        }
    }
}

#[test]
fn a_truncated_envelope_names_the_record_that_is_cut() {
    let frames = Frames::new();
    let whole = frames.bytes();
    for length in 0..whole.len() {
        let mut start = 0;
        let cut = KINDS.into_iter().zip(&frames.0).find(|(_, frame)| {
            start += frame.len();
            length < start
        });
        let (kind, _) = cut.unwrap();
        assert_eq!(
            verify(&whole[..length]),
            damaged(kind, FrameError::Truncated)
        );
    }
}

/// A write that was torn: zeros from some byte on, to the end of the area.
#[test]
fn an_envelope_that_was_written_in_part_is_refused() {
    let area = Frames::new().area();
    let written = Frames::new().bytes().len();
    for length in 0..written {
        let mut torn = area[..4096].to_vec();
        torn[length..].fill(0);
        let refusal = verify(&torn);
        if torn == area[..4096] {
            assert_eq!(refusal, Ok(()), "the bytes that are missing were zeros");
        } else if length == 0 {
            assert_eq!(refusal, Err(Refusal::Empty));
        } else {
            assert!(
                matches!(refusal, Err(Refusal::Damaged { .. })),
                "{refusal:?}"
            );
        }
    }
}

#[test]
fn a_truncated_keyring_names_the_record_that_is_cut() {
    let whole = signed_keyring(&keyring(), &roots());
    let first = frame(Kind::Keyring, &keyring()).len();
    for length in 0..whole.len() {
        let kind = match length < first {
            true => Kind::Keyring,
            false => Kind::KeyringSignatures,
        };
        assert_eq!(
            verify_keyring(&whole[..length]).map(drop),
            damaged(kind, FrameError::Truncated)
        );
    }
}

#[test]
fn nothing_may_lie_behind_the_records() {
    let frames = Frames::new();
    let written = frames.bytes().len();
    for at in (written..written + 64).chain([4095, 4096, ENVELOPE_BYTES - 1]) {
        for bit in 0..8 {
            let mut area = frames.area();
            area[at] ^= 1 << bit;
            assert_eq!(verify(&area), Err(Refusal::TrailingBytes));
        }
    }
    let longer = [frames.area(), vec![0]].concat();
    assert_eq!(verify(&longer), Err(Refusal::TrailingBytes));

    let keyring = signed_keyring(&keyring(), &roots());
    for behind in [0, 1] {
        assert_eq!(
            verify_keyring(&[keyring.clone(), vec![behind]].concat()).map(drop),
            damaged(Kind::KeyringSignatures, FrameError::Trailing)
        );
    }
}
