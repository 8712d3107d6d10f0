//! Why a program cannot become a PE32 file.

use std::fmt;

/// Why a program cannot become a PE32 file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pe32Error {
    /// It is no ELF file of 32 bits in little endian, or ends too early.
    NotElf,
    /// It is for another processor.
    Machine {
        /// Its number.
        found: u16,
    },
    /// It was linked for one address only.
    NotPositionIndependent,
    /// It wants something of a kind of segment that no loader has: an interpreter, say.
    Segment {
        /// The kind's number.
        kind: u32,
    },
    /// It can be written and executed at once.
    WritableCode {
        /// Where it would be.
        address: u32,
    },
    /// A segment does not begin at a page of its own behind the headers.
    Place {
        /// Where it would be.
        address: u32,
    },
    /// It wants a library, or a table of relocations that no loader has.
    Dynamic {
        /// The entry's tag.
        tag: i64,
    },
    /// A relocation other than one that adds where the program is.
    Relocation {
        /// Its type.
        kind: u32,
        /// What it changes.
        address: u32,
    },
    /// A relocation of a place that has no content, or to one outside of the program.
    RelocatesOutside {
        /// What it changes.
        address: u32,
    },
    /// The entry lies in no code.
    Entry {
        /// Where it would be.
        address: u32,
    },
}

impl fmt::Display for Pe32Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot turn the loader into a PE32 file: ")?;
        match self {
            Self::NotElf => f.write_str("it is no whole ELF file of 32 bits"),
            Self::Machine { found } => write!(f, "it is for another processor ({found})"),
            Self::NotPositionIndependent => {
                f.write_str("it runs at one address only; link it with -pie")
            }
            Self::Segment { kind } => write!(f, "it has a segment of kind {kind:#x}"),
            Self::WritableCode { address } => {
                write!(f, "its segment at {address:#x} is both code and data")
            }
            Self::Place { address } => write!(
                f,
                "its segment at {address:#x} does not begin at a page of its own; link it with arm.ld"
            ),
            Self::Dynamic { tag } => write!(
                f,
                "it asks a dynamic linker for what it has not (tag {tag:#x})"
            ),
            Self::Relocation { kind, address } => write!(
                f,
                "it has a relocation of type {kind} at {address:#x}, and only R_ARM_RELATIVE can be"
            ),
            Self::RelocatesOutside { address } => {
                write!(f, "the relocation at {address:#x} leaves the program")
            }
            Self::Entry { address } => write!(f, "its entry {address:#x} lies in no code"),
        }
    }
}

impl std::error::Error for Pe32Error {}
