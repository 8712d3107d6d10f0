//! Why a kernel's file cannot be laid out in memory.

use core::fmt;

/// Why a kernel's file cannot be laid out in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeError {
    /// No PE file: one of its two signatures is not there.
    NotPe,
    /// The file ends before its headers do.
    Truncated,
    /// For another processor.
    Machine {
        /// Its number.
        found: u16,
    },
    /// The optional header is not in the form that belongs to the processor.
    Form {
        /// Its magic number.
        found: u16,
    },
    /// No program for the firmware to run.
    Subsystem {
        /// What it is instead.
        found: u16,
    },
    /// The linker says itself that it is not complete.
    NotExecutable,
    /// It has base relocations: it does not run at any address as it is.
    Relocations,
    /// It runs at one address only.
    FixedAddress,
    /// Sections lie at multiples of no power of two, or of one too large.
    Alignment {
        /// The multiple.
        found: u32,
    },
    /// More sections than a kernel has.
    TooManySections {
        /// How many.
        found: u16,
    },
    /// A section's content lies behind the end of the file.
    SectionOutsideFile,
    /// A section, or the headers, would lie outside the image's memory.
    SectionOutsideImage,
    /// Two sections would lie over each other, or they are not in order.
    Overlap,
    /// The entry point lies in no section with code.
    EntryOutsideCode,
    /// The memory to lay it out in is not as long as the image.
    Memory,
}

impl fmt::Display for PeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot use the kernel's file: ")?;
        match self {
            Self::NotPe => f.write_str("it is no PE file; take a kernel with CONFIG_EFI_STUB"),
            Self::Truncated => f.write_str("it ends within its headers"),
            Self::Machine { found } => write!(f, "it is for another processor ({found:#06x})"),
            Self::Form { found } => write!(f, "its optional header has the form {found:#06x}"),
            Self::Subsystem { found } => write!(f, "it is no EFI application (subsystem {found})"),
            Self::NotExecutable => f.write_str("it is not marked as executable"),
            Self::Relocations => f.write_str("it needs relocations"),
            Self::FixedAddress => f.write_str("it runs at a fixed address only"),
            Self::Alignment { found } => write!(f, "its sections are aligned to {found} bytes"),
            Self::TooManySections { found } => write!(f, "it has {found} sections"),
            Self::SectionOutsideFile => f.write_str("a section lies outside the file"),
            Self::SectionOutsideImage => f.write_str("a section lies outside the image"),
            Self::Overlap => f.write_str("its sections overlap"),
            Self::EntryOutsideCode => f.write_str("its entry lies in no code"),
            Self::Memory => f.write_str("the memory is not of its size"),
        }
    }
}

impl core::error::Error for PeError {}
