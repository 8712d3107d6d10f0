//! SHA-256 over a compression function that was supplied: right for every length, and
//! nothing verifies with a wrong one.

use super::*;
use image_format::refusal::PartName;
use sha2::Digest as _;

/// What a processor would have brought: the function's own loop over single blocks.
fn one_by_one(words: &mut [u32; 8], blocks: &[[u8; 64]]) {
    for block in blocks {
        sha2::block_api::compress256(words, std::slice::from_ref(block));
    }
}

fn message(length_bytes: usize) -> Vec<u8> {
    (0..length_bytes).map(|index| (index * 7) as u8).collect()
}

#[test]
fn every_length_has_the_digest_that_sha2_gives() {
    let supplied = Compression::of_processor(one_by_one).unwrap();
    for length_bytes in (0..=300).chain([4095, 4096, 1 << 20]) {
        let bytes = message(length_bytes);
        let expected = Digest(sha2::Sha256::digest(&bytes).into());
        for compression in [supplied, Compression::PORTABLE] {
            assert_eq!(compression.sha256(&bytes), expected, "{length_bytes} bytes");
        }
    }
}

#[test]
fn a_function_that_is_wrong_in_any_way_is_not_taken() {
    let wrong: [(&str, CompressBlocks); 4] = [
        ("does nothing", |_, _| ()),
        ("forgets all blocks but the first", |words, blocks| {
            one_by_one(words, &blocks[..blocks.len().min(1)]);
        }),
        ("turns the order of the words", |words, blocks| {
            one_by_one(words, blocks);
            words.reverse();
        }),
        ("has one bit wrong", |words, blocks| {
            one_by_one(words, blocks);
            words[7] ^= 1;
        }),
    ];
    for (what, compress) in wrong {
        assert!(Compression::of_processor(compress).is_none(), "{what}");
    }
}

/// Right wherever it is tried, and wrong for what is loaded: the error of a processor that
/// shows late.
fn wrong_for_long_messages(words: &mut [u32; 8], blocks: &[[u8; 64]]) {
    one_by_one(words, blocks);
    words[0] ^= u32::from(blocks.len() > 4);
}

#[test]
fn with_a_function_that_is_wrong_later_nothing_verifies() {
    let bytes = message(5000);
    let part = Part {
        offset_bytes: 1 << 20,
        length_bytes: 5000,
        sha256: sha256(&bytes),
    };
    let name = PartName::Kernel;
    let verify = |compress| {
        let compression = Compression::of_processor(compress).unwrap();
        verify_part(name, &part, &bytes, compression).map(drop)
    };
    assert_eq!(verify(one_by_one), Ok(()));
    assert_eq!(
        verify(wrong_for_long_messages),
        Err(Refusal::Digest { part: name })
    );
}
