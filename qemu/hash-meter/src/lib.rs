//! The marks between which the program of this crate hashes, for whoever counts from
//! outside: `cargo xtask bench boot`.
#![no_std]

/// How much is hashed between the marks.
pub const HASHED_BYTES: usize = 8 << 20;

/// Machine code that stands nowhere else: a function that loads two odd numbers and returns.
pub struct Marks {
    /// Runs just before the first byte is hashed.
    pub begin: [u32; 3],
    /// Runs just after the digest is there.
    pub end: [u32; 3],
}

/// `mov eax, ...; mov edx, ...; ret; int3`
pub const X86_64: Marks = Marks {
    begin: [0x6765_62b8, 0x6873_ba6e, 0xccc3_6168],
    end: [0x646e_65b8, 0x6873_ba2e, 0xccc3_6168],
};

/// `movz x0, ...; movz x1, ...; ret`
pub const AARCH64: Marks = Marks {
    begin: [0xd28c_aca0, 0xd28e_0d01, 0xd65f_03c0],
    end: [0xd28d_cca0, 0xd28e_0d01, 0xd65f_03c0],
};

impl Marks {
    /// The bytes of a mark, as they stand in memory.
    #[must_use]
    pub fn bytes(mark: [u32; 3]) -> [u8; 12] {
        let mut bytes = [0; 12];
        for (place, word) in bytes.chunks_exact_mut(4).zip(mark) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}
