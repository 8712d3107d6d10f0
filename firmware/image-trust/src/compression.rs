//! SHA-256 of bytes that lie in memory, over a compression function that a loader's shell
//! may supply: the processor's own, which this crate cannot call.
//!
//! Padding and the order of the words are here, so that a shell brings nothing but the
//! rounds, and what it brings is tried before it is used.

use core::hint::black_box;

use image_format::Digest;
use sha2::block_api::compress256;

const BLOCK_BYTES: usize = 64;
/// Where the length of the message stands in the last block. A one bit stands before it.
const LENGTH_AT: usize = BLOCK_BYTES - size_of::<u64>();

/// The initial hash value (FIPS 180-4, section 5.3.3).
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// Takes whole blocks into the eight words of the hash value, in their order, as FIPS 180-4,
/// section 6.2.2, has it. Any number of blocks, also none.
pub type CompressBlocks = fn(&mut [u32; 8], &[[u8; BLOCK_BYTES]]);

/// A compression function that is known to be SHA-256's.
#[derive(Clone, Copy, Debug)]
pub struct Compression(CompressBlocks);

impl Compression {
    /// The code that needs nothing of the processor.
    pub const PORTABLE: Self = Self(compress256);

    /// That of a processor, or `None` when the digest of a message of four blocks and the
    /// padding is not what the portable code says.
    #[must_use]
    pub fn of_processor(compress: CompressBlocks) -> Option<Self> {
        let compression = Self(compress);
        let message: [u8; 256] = core::array::from_fn(|index| index.to_le_bytes()[0]);
        (compression.sha256(&message) == Self::PORTABLE.sha256(&message)).then_some(compression)
    }

    /// SHA-256 of `bytes`.
    #[must_use]
    #[inline(never)]
    pub fn sha256(self, bytes: &[u8]) -> Digest {
        // One function for all: the compiler would make a second one for the portable code.
        let Self(compress) = black_box(self);
        let mut words = INITIAL;
        let (blocks, rest) = bytes.as_chunks();
        compress(&mut words, blocks);
        let mut end = [[0; BLOCK_BYTES]; 2];
        compress(&mut words, padded(&mut end, rest, bytes.len()));
        let mut digest = Digest::ZERO;
        for (place, word) in digest.0.as_chunks_mut().0.iter_mut().zip(&words) {
            *place = word.to_be_bytes();
        }
        digest
    }
}

/// What lies behind the last whole block, and the padding (section 5.1.1), in one block or
/// two of zeros.
fn padded<'a>(
    end: &'a mut [[u8; BLOCK_BYTES]; 2],
    rest: &[u8],
    length_bytes: usize,
) -> &'a [[u8; BLOCK_BYTES]] {
    let bytes = end.as_flattened_mut();
    if let Some(place) = bytes.get_mut(..rest.len()) {
        place.copy_from_slice(rest);
    }
    if let Some(place) = bytes.get_mut(rest.len()) {
        *place = 0x80;
    }
    let used = if rest.len() < LENGTH_AT { 1 } else { 2 };
    let used = end.get_mut(..used).unwrap_or_default();
    // No memory holds as many bytes as have 2^64 bits.
    let length_bits = (length_bytes as u64).wrapping_mul(8);
    if let Some(place) = used.as_flattened_mut().last_chunk_mut() {
        *place = length_bits.to_be_bytes();
    }
    used
}
