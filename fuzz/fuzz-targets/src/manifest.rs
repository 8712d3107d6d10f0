//! A manifest behind its signature: the length of the slot, then any payload.
//!
//! All parts of a manifest that is accepted lie in whole blocks inside the slot, behind the
//! envelope and apart from one another. The words that the loader adds to its command line
//! are those that PID 1 reads back. Framed and signed by the release key it is accepted
//! exactly if it is for this board and at its floor. (Only what makes sense is signed: the
//! fuzzer tries a hundred times more that way, and needs it.)

use crate::envelope::requirements;
use crate::framed::{frame, parse, payload};
use crate::init::command_line::parse_handover;
use crate::signer::{BOARD, DELEGATION, TRUSTED, manifest, signed_manifest};
use crate::{Answer, DEFAULT_BYTES, Seed, Target};
use boot_core::handover::command_line;
use image_format::disk::Role;
use image_format::manifest::BLOCK_BYTES;
use image_format::{BootNumber, Digest, ENVELOPE_BYTES, Epoch, Kind, Manifest, Root, Slot, Source};
use image_trust::{
    ImageKind, MAX_LOADED_BYTES, Requirements, check_manifest, tree_blocks, verify_envelope,
};

pub(crate) const TARGET: Target = Target {
    name: "manifest",
    about: "a manifest that the release key signed",
    max_bytes: DEFAULT_BYTES,
    run,
    seeds,
};

fn run(input: &[u8]) -> Answer {
    let Some((slot_length_bytes, payload)) = input.split_first_chunk::<8>() else {
        return Answer::Refused;
    };
    let slot_length_bytes = u64::from_le_bytes(*slot_length_bytes);
    let bytes = frame(Kind::Manifest, payload);
    let Ok(manifest) = parse(Kind::Manifest, &bytes).decode::<Manifest<'_>>() else {
        return Answer::Refused;
    };
    if check_manifest(&manifest, slot_length_bytes).is_err() {
        return Answer::Refused;
    }
    let kind = ImageKind::of(&manifest);
    check(&manifest, kind, slot_length_bytes);
    check_verdict(&manifest, payload, &requirements(kind, slot_length_bytes))
}

/// A manifest that makes sense and is signed needs only the right board and epoch.
fn check_verdict(
    manifest: &Manifest<'_>,
    payload: &[u8],
    requirements: &Requirements<'_>,
) -> Answer {
    let area = [DELEGATION.as_slice(), &signed_manifest(payload)].concat();
    let verdict = verify_envelope(&TRUSTED, &area, requirements);
    let fits = manifest.board == BOARD && manifest.epoch >= Epoch(4);
    assert_eq!(verdict.is_ok(), fits);
    match verdict {
        Ok(release) => {
            assert_eq!(release.manifest, *manifest);
            Answer::Accepted
        }
        Err(_) => Answer::Refused,
    }
}

fn check(manifest: &Manifest<'_>, kind: ImageKind, slot_length_bytes: u64) {
    let Manifest {
        kernel,
        initrd,
        root,
        ..
    } = manifest;
    for part in [kernel, initrd] {
        assert!((1..=MAX_LOADED_BYTES).contains(&part.length_bytes));
    }
    let has_root = root.data_blocks > 0;
    assert_eq!(has_root, kind == ImageKind::System);
    assert_eq!(root.tree_blocks, tree_blocks(root.data_blocks));
    // In 128 bits nothing overflows: these sums are what the numbers say.
    let wide = u128::from;
    let block = wide(BLOCK_BYTES);
    let parts = [
        (wide(kernel.offset_bytes), wide(kernel.length_bytes)),
        (wide(initrd.offset_bytes), wide(initrd.length_bytes)),
        (wide(root.offset_bytes), wide(root.data_blocks) * block),
        (wide(root.tree_offset_bytes), wide(root.tree_blocks) * block),
    ];
    let used: Vec<_> = parts
        .iter()
        .filter(|(_, length)| *length > 0)
        .map(|(start, length)| (*start, start + length.next_multiple_of(block)))
        .collect();
    for (at, (start, end)) in used.iter().enumerate() {
        assert!(start.is_multiple_of(block));
        assert!(*start >= ENVELOPE_BYTES as u128 && *end <= wide(slot_length_bytes));
        for (other_start, other_end) in &used[..at] {
            assert!(end <= other_start || other_end <= start);
        }
    }
    check_command_line(manifest);
}

fn check_command_line(manifest: &Manifest<'_>) {
    let guid = Role::SystemB.type_guid();
    for source in [Source::Slot(Slot::A), Source::Slot(Slot::B), Source::Rescue] {
        let line = command_line(manifest, source, guid, BootNumber(u64::MAX))
            .expect("a manifest that is accepted has a good command line");
        assert!(line.starts_with(manifest.command_line));
        let handover = parse_handover(&line).expect("PID 1 reads what the loader wrote");
        assert_eq!(handover.slot, source);
        assert_eq!(handover.disk_guid, guid.to_string());
        assert_eq!(handover.boot_number, BootNumber(u64::MAX));
    }
}

fn seeds() -> Vec<Seed> {
    let seed = |manifest: &Manifest<'_>| {
        // Ends where the root's tree does: the next shorter slot is too short.
        let end = manifest.root.tree_offset_bytes + manifest.root.tree_blocks * BLOCK_BYTES;
        let length = end.max(3 << 20).to_le_bytes();
        [&length[..], &payload(Kind::Manifest, manifest)].concat()
    };
    let rescue = Manifest {
        root: Root {
            offset_bytes: 0,
            data_blocks: 0,
            tree_offset_bytes: 0,
            tree_blocks: 0,
            root_hash: Digest::ZERO,
            salt: Digest::ZERO,
        },
        ..manifest()
    };
    vec![("system", seed(&manifest())), ("rescue", seed(&rescue))]
}
