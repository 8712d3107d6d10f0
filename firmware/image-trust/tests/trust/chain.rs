//! The chain from root keys to a release, link by link.

use super::*;

#[test]
fn a_release_that_enough_keys_signed_is_verified() {
    let frames = Frames::new();
    for bytes in [frames.bytes(), frames.area()] {
        let release = verify_envelope(trusted(), &bytes, &requirements()).unwrap();
        assert_eq!(release.manifest, manifest());
        assert_eq!(release.manifest_frame, frames.0[MANIFEST]);
        assert_eq!(release.manifest_hash, sha256(&frames.0[MANIFEST]));
        assert_eq!(release.delegation_serial, Serial(5));
    }
}

#[test]
fn an_empty_slot_is_no_damaged_one() {
    for fill in [0x00, 0xff] {
        assert_eq!(verify(&vec![fill; ENVELOPE_BYTES]), Err(Refusal::Empty));
    }
}

#[test]
fn floors_refuse_what_lies_below_and_nothing_else() {
    let keyring = trusted();
    let envelope = Frames::new().bytes();
    let verify_with = |epoch, serial| {
        let floors = Floors {
            epoch: Epoch(epoch),
            serial: Serial(serial),
        };
        let requirements = Requirements {
            floors,
            ..requirements()
        };
        verify_envelope(keyring, &envelope, &requirements).map(drop)
    };
    for (epoch, serial) in [(0, 0), (4, 5), (3, 4)] {
        assert_eq!(verify_with(epoch, serial), Ok(()));
    }
    for epoch in [5, u32::MAX] {
        let (epoch, floor) = (Epoch(4), Epoch(epoch));
        assert_eq!(
            verify_with(floor.0, 5),
            Err(Refusal::EpochBelowFloor { epoch, floor })
        );
    }
    for serial in [6, u32::MAX] {
        let (serial, floor) = (Serial(5), Serial(serial));
        assert_eq!(
            verify_with(4, floor.0),
            Err(Refusal::SerialBelowFloor { serial, floor })
        );
    }
}

#[test]
fn an_image_for_another_board_is_refused_by_its_name() {
    for (board, shown) in [
        ("aarch64-uefi", "aarch64-uefi"),
        ("x86_64-uef", "x86_64-uef"),
        ("", ""),
        (
            "a-board-with-a-name-that-is-longer-than-any",
            "a-board-with-a-name-that-is-long",
        ),
        ("ééééééééééééééééx", "éééééééééééééééé"),
        ("clear\u{1b}[2J\u{9b}2J\0", "clear?[2J?2J?"),
    ] {
        let other = Manifest {
            board,
            ..manifest()
        };
        let image = shown.try_into().unwrap();
        assert_eq!(
            Frames::of(&delegation(), &other).verify(),
            Err(Refusal::WrongBoard { image })
        );
    }
}

#[test]
fn a_revoked_delegation_is_named_before_its_manifest_is_looked_at() {
    let old = Delegation {
        serial: Serial(4),
        ..delegation()
    };
    let frames = Frames::of(&old, &manifest());
    let unsigned = signatures_frame(Kind::ManifestSignatures, &[]);
    for frames in [frames.with(MANIFEST_SIGNATURES, unsigned), frames] {
        assert_eq!(
            frames.verify(),
            Err(Refusal::SerialBelowFloor {
                serial: Serial(4),
                floor: Serial(5)
            })
        );
    }
}

/// Scar: a configuration that was parsed before its signature was checked.
#[test]
fn no_payload_is_decoded_before_its_signatures_hold() {
    let nonsense = raw_frame(Kind::Delegation, &[0xff; 40]);
    let unsigned = Frames::new().with(DELEGATION, nonsense.clone());
    assert_eq!(
        unsigned.verify(),
        untrusted(Kind::Delegation, SignatureError::Invalid)
    );
    let signed = Frames::of_frames(nonsense, frame(Kind::Manifest, &manifest()));
    assert_eq!(
        signed.verify(),
        damaged(Kind::Delegation, FrameError::Payload)
    );

    let nonsense = raw_frame(Kind::Manifest, &[0xff; 40]);
    let unsigned = Frames::new().with(MANIFEST, nonsense.clone());
    assert_eq!(
        unsigned.verify(),
        untrusted(Kind::Manifest, SignatureError::Invalid)
    );
    let signed = Frames::of_frames(frame(Kind::Delegation, &delegation()), nonsense);
    assert_eq!(
        signed.verify(),
        damaged(Kind::Manifest, FrameError::Payload)
    );
}

#[test]
fn signed_payloads_with_bytes_behind_them_are_refused() {
    let longer = |kind, frame: &[u8]| {
        let payload = &frame[16..frame.len() - 4];
        raw_frame(kind, &[payload, &[0]].concat())
    };
    let [delegation, _, manifest, _] = Frames::new().0;
    let frames = Frames::of_frames(longer(Kind::Delegation, &delegation), manifest.clone());
    assert_eq!(
        frames.verify(),
        damaged(Kind::Delegation, FrameError::Trailing)
    );
    let frames = Frames::of_frames(delegation, longer(Kind::Manifest, &manifest));
    assert_eq!(
        frames.verify(),
        damaged(Kind::Manifest, FrameError::Trailing)
    );
}

#[test]
fn parts_are_verified_to_the_byte() {
    let bytes = b"kernel".to_vec();
    let part = Part {
        offset_bytes: 0,
        length_bytes: 6,
        sha256: sha256(&bytes),
    };
    let name = refusal::PartName::Kernel;
    let loaded = verify_part(name, &part, bytes.clone(), Compression::PORTABLE).unwrap();
    assert_eq!(*loaded, bytes);
    let refused = Refusal::Digest { part: name };
    for other in [b"kernem".as_slice(), b"kerne", b"kernel\0", b""] {
        assert_eq!(
            verify_part(name, &part, other, Compression::PORTABLE).unwrap_err(),
            refused
        );
    }
    let longer = Part {
        length_bytes: 7,
        ..part
    };
    assert_eq!(
        verify_part(name, &longer, bytes, Compression::PORTABLE).unwrap_err(),
        refused
    );
}

#[test]
fn a_digest_does_not_depend_on_how_the_bytes_come() {
    let bytes: Vec<u8> = (0..1000_u32).map(|i| i as u8).collect();
    for size in [1, 63, 64, 65, 1000] {
        let mut hasher = Hasher::new();
        bytes.chunks(size).for_each(|chunk| hasher.update(chunk));
        assert_eq!(hasher.finish(), sha256(&bytes));
    }
    // FIPS 180-4, "abc".
    assert_eq!(
        sha256(b"abc").to_string(),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

/// The same keys sign both, so each must be kept out of the other's place by what it is.
#[test]
fn a_system_and_a_rescue_image_do_not_fit_each_others_place() {
    let absent = Root {
        offset_bytes: 0,
        data_blocks: 0,
        tree_offset_bytes: 0,
        tree_blocks: 0,
        root_hash: Digest::ZERO,
        salt: Digest::ZERO,
    };
    let rescue = Manifest {
        root: absent,
        ..manifest()
    };
    let table = [
        (manifest(), Source::Slot(Slot::A), Ok(())),
        (manifest(), Source::Rescue, Err(Refusal::NotARescue)),
        (rescue.clone(), Source::Rescue, Ok(())),
        (rescue, Source::Slot(Slot::B), Err(Refusal::NotASystem)),
    ];
    for (manifest, source, expected) in table {
        let requirements = Requirements {
            kind: source.into(),
            ..requirements()
        };
        let envelope = Frames::of(&delegation(), &manifest).bytes();
        let verified = verify_envelope(trusted(), &envelope, &requirements).map(drop);
        assert_eq!(verified, expected, "{source}");
    }
}
