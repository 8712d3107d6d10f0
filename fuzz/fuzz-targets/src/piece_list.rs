//! The list of a snap's pieces, as any web server may have it beside the snap.
//!
//! What is taken says the same when it is written again, and its pieces are of lengths that
//! they can have. The checksum is put right first.

use crate::{Answer, Seed, Target};
use image_trust::sha256;
use release_source::pieces::list::{LONGEST_BYTES, PieceList};
use release_source::pieces::{Level, Piece, PieceDigest};

pub(crate) const TARGET: Target = Target {
    name: "piece_list",
    about: "what lies beside a snap on a web server",
    max_bytes: 4096,
    run,
    seeds,
};

const CHECKSUM_BYTES: usize = 32;

fn run(file: &[u8]) -> Answer {
    let mut file = file.to_vec();
    if let Some((covered, checksum)) = file.split_last_chunk_mut::<CHECKSUM_BYTES>() {
        *checksum = sha256(covered).0;
    }
    let Ok(list) = PieceList::parse(&file) else {
        return Answer::Refused;
    };
    assert_eq!(list.bytes(), file);
    assert!(file.len() as u64 <= LONGEST_BYTES);
    let mut lengths = list.pieces.iter().map(|piece| piece.length_bytes);
    assert!(lengths.all(|length| (1..=list.level.longest_bytes()).contains(&length)));
    Answer::Accepted
}

fn seeds() -> Vec<Seed> {
    let two = list(1 << 20, &[2000, 512]);
    let mut longer = two.clone();
    longer.push(0);
    vec![
        ("two-pieces", two),
        ("none", list(0, &[])),
        ("long-pieces", list(1 << 34, &[1 << 20, 1])),
        ("refused-longer", longer),
        ("refused-a-piece-without-bytes", list(1 << 20, &[0])),
        (
            "refused-a-piece-that-is-too-long",
            list(1 << 20, &[1 << 20]),
        ),
    ]
}

/// Cut as a snap of that length is, into pieces of those.
fn list(length_bytes: u64, pieces: &[u32]) -> Vec<u8> {
    let piece = |length_bytes: &u32| Piece {
        digest: PieceDigest([*length_bytes as u8; 8]),
        length_bytes: *length_bytes,
    };
    let list = PieceList {
        level: Level::of(length_bytes),
        pieces: pieces.iter().map(piece).collect(),
    };
    list.bytes()
}
