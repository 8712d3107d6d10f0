//! Why a kernel's ELF file cannot be laid out in memory.

use core::fmt;

/// Why a kernel's ELF file cannot be laid out in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElfError {
    /// No ELF file.
    NotElf,
    /// The file ends before its headers do, or they are of another length.
    Truncated,
    /// Not of 64 bits, or not little-endian.
    Form {
        /// 1 for 32 bits.
        class: u8,
        /// 2 for big-endian.
        order: u8,
    },
    /// For another processor.
    Machine {
        /// Its number.
        found: u16,
    },
    /// An object file, or a dump: nothing that runs.
    NotExecutable,
    /// Nothing in it goes to memory.
    NoSegment,
    /// More segments than a kernel has.
    TooManySegments,
    /// A segment's content lies behind the end of the file.
    SegmentOutsideFile,
    /// A segment has less room than content, or would lie outside any memory.
    SegmentOutsideImage,
    /// Two segments would lie over each other, or they are not in order.
    Overlap,
    /// The entry point lies in no segment with code.
    EntryOutsideCode,
    /// The memory to lay it out in is not as long as the image.
    Memory,
}

impl fmt::Display for ElfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot use the kernel's file: ")?;
        match self {
            Self::NotElf => f.write_str("it is no ELF file; take `vmlinux`, not compressed"),
            Self::Truncated => f.write_str("it ends within its headers"),
            Self::Form { class, order } => write!(
                f,
                "it is not of 64 bits and little-endian (class {class}, data {order})"
            ),
            Self::Machine { found } => write!(f, "it is for another processor ({found})"),
            Self::NotExecutable => f.write_str("it is not marked as executable"),
            Self::NoSegment => f.write_str("nothing in it goes to memory"),
            Self::TooManySegments => write!(f, "it has more than {} segments", super::MAX_SEGMENTS),
            Self::SegmentOutsideFile => f.write_str("a segment lies outside the file"),
            Self::SegmentOutsideImage => f.write_str("a segment does not fit into memory"),
            Self::Overlap => f.write_str("its segments overlap"),
            Self::EntryOutsideCode => f.write_str("its entry lies in no code"),
            Self::Memory => f.write_str("the memory is not of its size"),
        }
    }
}

impl core::error::Error for ElfError {}
