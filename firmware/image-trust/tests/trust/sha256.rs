//! SHA-256 as FIPS 180-4 has it: the vectors of its examples, and bytes that come in pieces.
//!
//! `cargo test` runs this with the instructions that the host has for it, `cargo xtask
//! check` with the portable code that the loader is built from.

use image_trust::{Hasher, sha256};

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const TWO_BLOCKS: &str = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
const MILLION: &str = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

#[test]
fn the_standards_examples_have_the_standards_digests() {
    let two_blocks = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    for (message, digest) in [
        (&b""[..], EMPTY),
        (b"abc", ABC),
        (two_blocks, TWO_BLOCKS),
        (&[b'a'; 1_000_000], MILLION),
    ] {
        assert_eq!(sha256(message).to_string(), digest);
    }
}

#[test]
fn pieces_of_any_length_make_the_digest_of_the_whole() {
    let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
    for length in [1, 3, 63, 64, 65, 127, 128, 999] {
        let mut hasher = Hasher::new();
        for piece in bytes.chunks(length) {
            hasher.update(piece);
        }
        assert_eq!(hasher.finish(), sha256(&bytes), "pieces of {length}");
    }
}
