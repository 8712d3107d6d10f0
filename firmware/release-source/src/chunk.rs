//! Cutting bytes where their content says so, so that what moved is still the same chunk.
//!
//! Part of the format of chunk files: another way to cut is another version of them.

use crate::code::{Code, WORD_BYTES};
use image_trust::sha256;

/// No chunk is shorter, but for the last one of an image.
const SHORTEST_CHUNK_BYTES: usize = 512;
/// No chunk is longer.
pub const LONGEST_CHUNK_BYTES: usize = 8 << 10;
/// A chunk ends where so many of the highest bits are zero: once in 2 KiB.
const CUT_BITS: u32 = 11;

/// The first 8 bytes of the SHA-256 of a chunk's plain bytes: enough to find it, and to notice
/// damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChunkDigest(pub [u8; 8]);

impl ChunkDigest {
    fn of(plain: &[u8]) -> Self {
        Self(*sha256(plain).0.first_chunk().unwrap_or(&[0; 8]))
    }
}

/// The first 6 bytes of the SHA-256 of a chunk's distances, 4 bytes each. Zeros stand for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DistancesDigest(pub [u8; 6]);

impl DistancesDigest {
    /// The chunk's plain bytes are all of it.
    pub const NONE: Self = Self([0; 6]);

    fn of(distances: &[u8]) -> Self {
        if distances.is_empty() {
            return Self::NONE;
        }
        Self(*sha256(distances).0.first_chunk().unwrap_or(&[0; 6]))
    }
}

/// A piece of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Of its plain bytes: those without [distances](crate::Code).
    pub digest: ChunkDigest,
    /// Of what was taken out of them.
    pub distances: DistancesDigest,
    /// 1 to [`LONGEST_CHUNK_BYTES`].
    pub length_bytes: u32,
}

/// Cuts an image into chunks, one after the other.
pub struct Cutter {
    code: Code,
    plain: Vec<u8>,
    distances: Vec<u8>,
    addresses: Vec<u8>,
}

impl Cutter {
    /// Of an image with this code.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self {
            code,
            plain: Vec::with_capacity(LONGEST_CHUNK_BYTES),
            distances: Vec::new(),
            addresses: Vec::new(),
        }
    }

    /// The first chunk of `bytes`, which lie at `offset` of their image, and are
    /// [`LONGEST_CHUNK_BYTES`] at least, or all that is left of it. There is none in no bytes.
    ///
    /// A sum rolls over the plain bytes: shifted by a bit, plus the next byte's entry of a
    /// fixed table. From the 512th byte on, the chunk ends where the sum's 11 highest bits are
    /// zero, but never within a word that holds a distance.
    pub fn cut(&mut self, bytes: &[u8], offset: u64) -> Option<Chunk> {
        let longest = &bytes[..bytes.len().min(LONGEST_CHUNK_BYTES)];
        self.clear();
        let mut sum = Sum(0);
        while let Some(rest) = longest.get(self.plain.len()..)
            && !rest.is_empty()
        {
            if let Some(word) = self.take_word(rest, offset) {
                word.into_iter().for_each(|byte| sum.push(byte));
                if sum.cuts_behind(self.plain.len()) {
                    break;
                }
                continue;
            }
            let run = self.run(rest, offset);
            let mut length_bytes = self.plain.len();
            let end = run.iter().position(|byte| {
                sum.push(*byte);
                length_bytes += 1;
                sum.cuts_behind(length_bytes)
            });
            if let Some(last) = end {
                self.plain.extend_from_slice(&run[..=last]);
                break;
            }
            self.plain.extend_from_slice(run);
        }
        self.chunk()
    }

    /// The chunk that `bytes` are, which lie at `offset` of their image.
    pub fn split(&mut self, bytes: &[u8], offset: u64) -> Option<Chunk> {
        self.clear();
        while let Some(rest) = bytes.get(self.plain.len()..)
            && !rest.is_empty()
        {
            if self.take_word(rest, offset).is_none() {
                let run = self.run(rest, offset);
                self.plain.extend_from_slice(run);
            }
        }
        self.chunk()
    }

    /// What the last chunk is without its distances: of the same length.
    #[must_use]
    pub fn plain(&self) -> &[u8] {
        &self.plain
    }

    /// Where the distances of the last chunk lead, 4 bytes each.
    #[must_use]
    pub fn addresses(&self) -> &[u8] {
        &self.addresses
    }

    /// Puts the distances back into `plain`, a chunk at `offset` of its image, and appends all
    /// of it to `bytes`. `addresses` are those of the chunk.
    ///
    /// `None` when there are too few of them.
    #[must_use]
    pub fn join(
        &self,
        plain: &[u8],
        offset: u64,
        addresses: &[u8],
        bytes: &mut Vec<u8>,
    ) -> Option<()> {
        let (addresses, _) = addresses.as_chunks();
        let mut addresses = addresses.iter().map(|bytes| u32::from_le_bytes(*bytes));
        let mut at = 0;
        while at < plain.len() {
            let (before, behind) = plain.split_at(at);
            let here = offset + at as u64;
            let field = behind.first_chunk::<WORD_BYTES>().and_then(|word| {
                let field = self.code.field(before, *word, here)?;
                Some((field, *word))
            });
            match field {
                Some((field, word)) => {
                    let distance = field.distance(addresses.next()?, here);
                    bytes.extend(field.join(word, distance));
                    at += WORD_BYTES;
                }
                None => {
                    let run = &behind[..self.code.run_bytes(behind, here)];
                    bytes.extend_from_slice(run);
                    at += run.len();
                }
            }
        }
        Some(())
    }

    fn clear(&mut self) {
        self.plain.clear();
        self.distances.clear();
        self.addresses.clear();
    }

    /// Takes the word that `rest` of the chunk begins with, if it holds a distance; returns
    /// what it is without that.
    fn take_word(&mut self, rest: &[u8], offset: u64) -> Option<[u8; WORD_BYTES]> {
        let here = offset + self.plain.len() as u64;
        let word = *rest.first_chunk::<WORD_BYTES>()?;
        let field = self.code.field(&self.plain, word, here)?;
        let (plain, distance) = field.split(word);
        self.plain.extend(plain);
        self.distances.extend(distance.to_le_bytes());
        let address = field.address(distance, here);
        self.addresses.extend(address.to_le_bytes());
        Some(plain)
    }

    /// Of `rest` of the chunk, where no such word begins, what comes before the next place for
    /// one.
    fn run<'a>(&self, rest: &'a [u8], offset: u64) -> &'a [u8] {
        let here = offset + self.plain.len() as u64;
        &rest[..self.code.run_bytes(rest, here)]
    }

    fn chunk(&self) -> Option<Chunk> {
        (!self.plain.is_empty()).then(|| Chunk {
            digest: ChunkDigest::of(&self.plain),
            distances: DistancesDigest::of(&self.distances),
            length_bytes: u32::try_from(self.plain.len()).unwrap_or(u32::MAX),
        })
    }
}

/// It rolls over the plain bytes of a chunk: each leaves it 64 bytes later.
struct Sum(u64);

impl Sum {
    fn push(&mut self, byte: u8) {
        self.0 = (self.0 << 1).wrapping_add(TABLE[usize::from(byte)]);
    }

    fn cuts_behind(&self, length_bytes: usize) -> bool {
        self.0 >> (u64::BITS - CUT_BITS) == 0 && length_bytes >= SHORTEST_CHUNK_BYTES
    }
}

/// 256 numbers of SplitMix64, from the seed 0.
static TABLE: [u64; 256] = table();

const fn table() -> [u64; 256] {
    let mut table = [0; 256];
    let mut state = 0_u64;
    let mut index = 0;
    while index < table.len() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        table[index] = mixed ^ (mixed >> 31);
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODES: [Code; 3] = [Code::Other, Code::X86_64, Code::Aarch64];

    fn noise(bytes: usize) -> Vec<u8> {
        let mut state = 1_u32;
        let step = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        (0..bytes).map(step).collect()
    }

    fn chunks(code: Code, bytes: &[u8]) -> Vec<Chunk> {
        let mut cutter = Cutter::new(code);
        let mut chunks = Vec::new();
        let mut at = 0;
        while let Some(chunk) = cutter.cut(&bytes[at..], at as u64) {
            at += chunk.length_bytes as usize;
            chunks.push(chunk);
        }
        chunks
    }

    fn lengths(code: Code, bytes: &[u8]) -> Vec<u32> {
        let chunks = chunks(code, bytes);
        chunks.iter().map(|chunk| chunk.length_bytes).collect()
    }

    /// Devices and publishers of any age have to cut alike.
    #[test]
    fn the_cuts_of_noise_stay_where_they_are() {
        let noise = noise(20_000);
        for (code, golden) in CODES.into_iter().zip(GOLDEN) {
            assert_eq!(lengths(code, &noise), golden, "{code:?}");
        }
        assert_eq!(TABLE[0], 0xe220_a839_7b1d_cdaf);
    }

    const GOLDEN: [&[u32]; 3] = [
        &[3929, 2906, 556, 517, 1057, 6596, 1742, 1518, 1179],
        &[5824, 1011, 556, 517, 1536, 8192, 2364],
        &[2242, 4593, 2130, 1490, 5385, 1463, 1208, 846, 643],
    ];

    #[test]
    fn an_insertion_moves_the_cuts_behind_it_and_no_more() {
        let old = noise(100_000);
        let new = [&old[..10_000], b"more", &old[10_000..]].concat();
        for code in CODES {
            let (old, new) = (chunks(code, &old), chunks(code, &new));
            let same = old.iter().rev().zip(new.iter().rev());
            let same = same.take_while(|(old, new)| old == new).count();
            assert!(same * 2 > old.len(), "{code:?}: {same} of {}", old.len());
        }
    }

    /// A program of calls to one place, which moves: its chunks stay, their distances do not.
    #[test]
    fn a_program_whose_calls_moved_is_the_same_but_for_its_distances() {
        let program = |callee: u32| -> Vec<u8> {
            // Without bytes that look like an opcode.
            let filler: Vec<u8> = noise(30_000)
                .iter()
                .map(|byte| byte & 0x1f | 0x60)
                .collect();
            let call = |(at, filler): (usize, &[u8])| {
                let next = (at * 30 + 15) as u32;
                let distance = callee.wrapping_sub(next).to_le_bytes();
                [&filler[..10], &[0xe8], &distance, &filler[10..]].concat()
            };
            filler.chunks(25).enumerate().flat_map(call).collect()
        };
        let (old, new) = (program(0x10_0000), program(0x20_0000));
        let (old, new) = (chunks(Code::X86_64, &old), chunks(Code::X86_64, &new));
        let same_plain = |(old, new): (&Chunk, &Chunk)| old.digest == new.digest;
        assert!(old.iter().zip(&new).all(same_plain));
        assert!(old.iter().zip(&new).all(|(old, new)| old != new));
    }

    #[test]
    fn what_was_split_is_joined_again() {
        let bytes = noise(100_000);
        for code in CODES {
            let mut cutter = Cutter::new(code);
            let mut at = 0;
            let mut words = 0;
            while let Some(chunk) = cutter.cut(&bytes[at..], at as u64) {
                let end = at + chunk.length_bytes as usize;
                let (plain, addresses) = (cutter.plain().to_vec(), cutter.addresses().to_vec());
                let mut joined = Vec::new();
                let done = cutter.join(&plain, at as u64, &addresses, &mut joined);
                assert_eq!((done, joined.as_slice()), (Some(()), &bytes[at..end]));
                assert_eq!(cutter.split(&bytes[at..end], at as u64), Some(chunk));
                if let Some(fewer) = addresses.len().checked_sub(1) {
                    let done = cutter.join(&plain, at as u64, &addresses[..fewer], &mut joined);
                    assert_eq!(done, None);
                }
                words += addresses.len() / WORD_BYTES;
                at = end;
            }
            assert_eq!(at, bytes.len());
            assert_eq!(words > 0, code != Code::Other, "{code:?}");
        }
    }

    #[test]
    fn what_never_changes_is_cut_at_the_longest() {
        let longest = LONGEST_CHUNK_BYTES as u32;
        let cut = lengths(Code::X86_64, &vec![0; 20_000]);
        assert_eq!(cut, [longest, longest, 20_000 - 2 * longest]);
        assert_eq!(lengths(Code::X86_64, b"x"), [1]);
        assert_eq!(Cutter::new(Code::Other).cut(b"", 0), None);
    }
}
