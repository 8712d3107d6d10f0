//! The processors that Linux calls differently.

/// A system call: its name, and its number for each [`Architecture`].
pub(super) type Row = (&'static str, [u32; 4]);

/// No such call there.
pub(super) const NONE: u32 = u32::MAX;

/// How a processor calls Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// 64 bits of x86.
    X86_64,
    /// 64 bits of ARM.
    Aarch64,
    /// 32 bits of ARM.
    Arm,
    /// 64 bits of POWER, little-endian.
    Powerpc64le,
}

impl Architecture {
    /// All of them, in the order of the tables.
    pub const ALL: [Self; 4] = [Self::X86_64, Self::Aarch64, Self::Arm, Self::Powerpc64le];

    /// The one that this program was built for. On any other nothing can be confined.
    #[must_use]
    pub fn native() -> Option<Self> {
        match std::env::consts::ARCH {
            "x86_64" => Some(Self::X86_64),
            "aarch64" => Some(Self::Aarch64),
            "arm" => Some(Self::Arm),
            "powerpc64" if u16::from_ne_bytes([1, 0]) == 1 => Some(Self::Powerpc64le),
            _ => None,
        }
    }

    /// As the kernel's audit names it (`linux/audit.h`): how a call was made, whatever the
    /// kernel is.
    pub(super) fn audit(self) -> u32 {
        const BITS_64: u32 = 0x8000_0000;
        const LITTLE_ENDIAN: u32 = 0x4000_0000;
        match self {
            Self::X86_64 => BITS_64 | LITTLE_ENDIAN | 62,
            Self::Aarch64 => BITS_64 | LITTLE_ENDIAN | 183,
            Self::Arm => LITTLE_ENDIAN | 40,
            Self::Powerpc64le => BITS_64 | LITTLE_ENDIAN | 21,
        }
    }

    /// The number of a call, if there is such a call.
    pub(super) fn number(self, row: &Row) -> Option<u32> {
        Some(row.1[self as usize]).filter(|number| *number != NONE)
    }
}
