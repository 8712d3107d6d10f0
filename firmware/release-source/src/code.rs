//! Programs without the distances that their instructions hold.
//!
//! A library that was compiled anew has hardly a KiB as it was: one function grew, what lies
//! behind it moved, and every call and every use of data across that place holds another
//! distance. With these distances taken out, most of it is as it was. Where the distances
//! lead is sent apart, as addresses: the same function called from many places is the same
//! number many times, and compresses well.
//!
//! What is found need not be an instruction. Text and data lose bytes here and there in the
//! same way, and get them back.
//!
//! Part of the format of chunk files: other fields are another version of them.

/// Whose instructions an image has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Nothing is taken out.
    Other,
    /// x86-64: distances of 32 bits behind `call`, `jmp`, `jcc`, and as displacements from
    /// the instruction pointer.
    X86_64,
    /// A64: the 26 bits of `b` and `bl`, and the 21 bits of `adrp`.
    Aarch64,
}

/// How a word holds its distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// All 32 bits: bytes from the word's end.
    Bytes32,
    /// The low 26 bits: words from the word's start.
    Words26,
    /// 21 bits in two pieces: pages of 4 KiB from the word's.
    Pages21,
}

/// A field takes so many bytes.
pub(crate) const WORD_BYTES: usize = 4;

const LOW_26: u32 = 0x03ff_ffff;
const LOW_21: u32 = 0x001f_ffff;
/// Of `adrp`: bits 29 and 30, and bits 5 to 23.
const ADRP_DISTANCE: u32 = 0x60ff_ffe0;

impl Code {
    /// The number that chunk files have for it.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::Other => 0,
            Self::X86_64 => 1,
            Self::Aarch64 => 2,
        }
    }

    /// Whose number it is.
    #[must_use]
    pub fn of_number(number: u32) -> Option<Self> {
        [Self::Other, Self::X86_64, Self::Aarch64]
            .into_iter()
            .find(|code| code.number() == number)
    }

    /// The code of most programs in an image, whose files begin in blocks of their own.
    #[must_use]
    pub fn most_in(image: &[u8]) -> Self {
        let (blocks, _) = image.as_chunks::<4096>();
        let (mut x86_64, mut aarch64) = (0, 0);
        for block in blocks {
            // The ELF header: magic, little-endian, and `e_machine` at 18.
            if block.starts_with(b"\x7fELF") {
                match u16::from_le_bytes([block[18], block[19]]) {
                    62 => x86_64 += 1,
                    183 => aarch64 += 1,
                    _ => {}
                }
            }
        }
        match (x86_64, aarch64) {
            (0, 0) => Self::Other,
            _ if x86_64 >= aarch64 => Self::X86_64,
            _ => Self::Aarch64,
        }
    }

    /// How `word`, at `offset` of the image and behind `plain` of the same chunk, holds a
    /// distance, if it does. The distance itself does not matter.
    pub(crate) fn field(self, plain: &[u8], word: [u8; WORD_BYTES], offset: u64) -> Option<Field> {
        match self {
            Self::Other => None,
            Self::X86_64 => x86_64_distance_follows(plain).then_some(Field::Bytes32),
            Self::Aarch64 if offset.is_multiple_of(WORD_BYTES as u64) => aarch64_field(word),
            Self::Aarch64 => None,
        }
    }

    /// Of `rest`, at `offset` of the image and not empty: how many bytes there are up to the
    /// next place where a word may hold a distance, but for the very first.
    pub(crate) fn run_bytes(self, rest: &[u8], offset: u64) -> usize {
        let longest = rest.len();
        match self {
            Self::Other => longest,
            Self::X86_64 => {
                let last = rest.iter().position(|byte| MAY_END[usize::from(*byte)]);
                last.map_or(longest, |last| last + 1)
            }
            Self::Aarch64 => {
                let word = WORD_BYTES as u64;
                longest.min((word - offset % word) as usize)
            }
        }
    }
}

/// The bytes that [`x86_64_distance_follows`] may end with.
static MAY_END: [bool; 256] = {
    let mut may_end = [false; 256];
    let mut byte = 0;
    while byte < may_end.len() {
        may_end[byte] = matches!(byte, 0xe8 | 0xe9 | 0x80..=0x8f) || byte & 0xc7 == 0x05;
        byte += 1;
    }
    may_end
};

/// Whether these bytes end an instruction but for its distance.
fn x86_64_distance_follows(plain: &[u8]) -> bool {
    let mut back = plain.iter().rev().copied();
    let Some(last) = back.next() else {
        return false;
    };
    // `call` and `jmp`.
    if matches!(last, 0xe8 | 0xe9) {
        return true;
    }
    let Some(before) = back.next() else {
        return false;
    };
    // `jcc`.
    if before == 0x0f && last & 0xf0 == 0x80 {
        return true;
    }
    // Mod 0, R/M 5: relative to the instruction pointer.
    if last & 0xc7 != 0x05 {
        return false;
    }
    match before {
        // Opcodes that text does not have: `mov`, `lea`, `call`, `test`, `add` ...
        0x03 | 0x80 | 0x83 | 0x85 | 0x89 | 0x8b | 0x8d | 0xc7 | 0xff => true,
        // `cmp` and `movsxd` of 64 bits, and all opcodes of two bytes.
        0x39 | 0x3b | 0x63 => matches!(back.next(), Some(0x48 | 0x4c)),
        _ => back.next() == Some(0x0f),
    }
}

fn aarch64_field(word: [u8; WORD_BYTES]) -> Option<Field> {
    let word = u32::from_le_bytes(word);
    if word & 0x7c00_0000 == 0x1400_0000 {
        Some(Field::Words26)
    } else if word & 0x9f00_0000 == 0x9000_0000 {
        Some(Field::Pages21)
    } else {
        None
    }
}

impl Field {
    /// The word without its distance, and the distance.
    pub(crate) fn split(self, word: [u8; WORD_BYTES]) -> ([u8; WORD_BYTES], u32) {
        let word = u32::from_le_bytes(word);
        let (plain, distance) = match self {
            Self::Bytes32 => (0, word),
            Self::Words26 => (word & !LOW_26, word & LOW_26),
            Self::Pages21 => {
                let distance = (word >> 3) & (LOW_21 & !3) | (word >> 29) & 3;
                (word & !ADRP_DISTANCE, distance)
            }
        };
        (plain.to_le_bytes(), distance)
    }

    /// Undoes [`split`](Self::split).
    pub(crate) fn join(self, plain: [u8; WORD_BYTES], distance: u32) -> [u8; WORD_BYTES] {
        let plain = u32::from_le_bytes(plain);
        let word = match self {
            Self::Bytes32 => distance,
            Self::Words26 => plain & !LOW_26 | distance & LOW_26,
            Self::Pages21 => {
                let pieces = (distance & (LOW_21 & !3)) << 3 | (distance & 3) << 29;
                plain & !ADRP_DISTANCE | pieces
            }
        };
        word.to_le_bytes()
    }

    /// Where the distance leads, from a word at `offset` of the image.
    pub(crate) fn address(self, distance: u32, offset: u64) -> u32 {
        distance.wrapping_add(self.origin(offset)) & self.mask()
    }

    /// Undoes [`address`](Self::address).
    pub(crate) fn distance(self, address: u32, offset: u64) -> u32 {
        address.wrapping_sub(self.origin(offset)) & self.mask()
    }

    /// From where a distance counts, in its own unit.
    fn origin(self, offset: u64) -> u32 {
        let origin = match self {
            Self::Bytes32 => offset + WORD_BYTES as u64,
            Self::Words26 => offset >> 2,
            Self::Pages21 => offset >> 12,
        };
        // Modulo 2^32, like the sums.
        origin as u32
    }

    fn mask(self) -> u32 {
        match self {
            Self::Bytes32 => u32::MAX,
            Self::Words26 => LOW_26,
            Self::Pages21 => LOW_21,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follows(bytes: &[u8]) -> bool {
        Code::X86_64.field(bytes, [1, 2, 3, 4], 7) == Some(Field::Bytes32)
    }

    #[test]
    fn x86_64_distances_are_found_behind_their_opcodes() {
        // call, jmp, jne, lea rax, mov rcx, cmp rdi, movaps, call [rip]
        for bytes in [
            &[0xe8_u8][..],
            &[0xe9],
            &[0x0f, 0x85],
            &[0x48, 0x8d, 0x05],
            &[0x48, 0x8b, 0x0d],
            &[0x48, 0x3b, 0x3d],
            &[0x0f, 0x28, 0x05],
            &[0xff, 0x15],
        ] {
            assert!(follows(bytes), "{bytes:x?}");
        }
        for text in ["c=", "x86=", "o-", "9%", "", "="] {
            assert!(!follows(text.as_bytes()), "{text}");
        }
        assert_eq!(Code::Other.field(&[0xe8], [0; 4], 0), None);
    }

    #[test]
    fn a_run_passes_over_no_word_that_may_hold_a_distance() {
        let mut state = 1_u32;
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        })
        .take(100_000)
        .collect();
        for code in [Code::Other, Code::X86_64, Code::Aarch64] {
            let (mut start, mut words) = (0, 0);
            while start < bytes.len() {
                let run = code.run_bytes(&bytes[start..], start as u64);
                assert!(run > 0);
                let is_word = |at: usize| {
                    let word = bytes[at..].first_chunk()?;
                    code.field(&bytes[..at], *word, at as u64)
                };
                let passed = (start + 1..start + run).find_map(is_word);
                assert_eq!(passed, None, "{code:?}, from {start}");
                start += run;
                words += usize::from(is_word(start).is_some());
            }
            assert_eq!(words > 0, code != Code::Other, "{code:?}");
        }
    }

    #[test]
    fn aarch64_distances_are_found_in_aligned_words() {
        let field = |word: u32, offset| Code::Aarch64.field(&[], word.to_le_bytes(), offset);
        assert_eq!(field(0x9400_0001, 8), Some(Field::Words26));
        assert_eq!(field(0x1400_0001, 8), Some(Field::Words26));
        assert_eq!(field(0x9000_0000, 8), Some(Field::Pages21));
        assert_eq!(field(0xf000_0010, 8), Some(Field::Pages21));
        // Not aligned; adr; ret.
        assert_eq!(field(0x9400_0001, 9), None);
        assert_eq!(field(0x1000_0000, 8), None);
        assert_eq!(field(0xd65f_03c0, 8), None);
    }

    /// `bl .+8` at 0x1000, `adrp x0, .+3 pages` at 0x2004, and `call` over 16 bytes.
    #[test]
    fn addresses_are_where_the_processor_goes() {
        let (plain, distance) = Field::Words26.split(0x9400_0002_u32.to_le_bytes());
        assert_eq!(u32::from_le_bytes(plain), 0x9400_0000);
        assert_eq!(Field::Words26.address(distance, 0x1000), 0x1008 >> 2);
        let (plain, distance) = Field::Pages21.split(0xf000_0000_u32.to_le_bytes());
        assert_eq!(u32::from_le_bytes(plain), 0x9000_0000);
        assert_eq!(Field::Pages21.address(distance, 0x2004), 5);
        let (plain, distance) = Field::Bytes32.split([16, 0, 0, 0]);
        assert_eq!(plain, [0; 4]);
        assert_eq!(Field::Bytes32.address(distance, 0x101), 0x115);
    }

    #[test]
    fn every_word_comes_back() {
        let mut word = 0x9000_0001_u32;
        for step in 0..20_000_u64 {
            word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            for (field, word) in [
                (Field::Bytes32, word),
                (Field::Words26, word & 0x83ff_ffff | 0x1400_0000),
                (Field::Pages21, word & 0x60ff_ffff | 0x9000_0000),
            ] {
                let offset = step * 0x1_0003;
                let (plain, distance) = field.split(word.to_le_bytes());
                let address = field.address(distance, offset);
                assert_eq!(field.distance(address, offset), distance);
                assert_eq!(field.join(plain, distance), word.to_le_bytes());
            }
        }
    }

    #[test]
    fn the_code_of_an_image_is_that_of_most_of_its_programs() {
        let program = |machine: u8| {
            let mut block = [0; 4096];
            block[..4].copy_from_slice(b"\x7fELF");
            block[18] = machine;
            block
        };
        let image = [program(183), [0; 4096], program(62), program(183)].concat();
        assert_eq!(Code::most_in(&image), Code::Aarch64);
        assert_eq!(Code::most_in(&image[4096..3 * 4096]), Code::X86_64);
        assert_eq!(Code::most_in(&program(20)), Code::Other);
        for code in [Code::Other, Code::X86_64, Code::Aarch64] {
            assert_eq!(Code::of_number(code.number()), Some(code));
        }
        assert_eq!(Code::of_number(3), None);
    }
}
