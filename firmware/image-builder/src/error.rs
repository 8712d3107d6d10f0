//! Why an image cannot be made of what was asked for.
//!
//! Only what a maker can act on by changing the request or the board. That a disk is full
//! or a program fails comes as an ordinary error with context.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use image_format::Refusal;
use image_trust::ImageKind;

/// Why an image cannot be made of what was asked for.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageError {
    /// The parts need more room than the slot has.
    TooLarge {
        /// Which image: each has a partition of its own size.
        image: ImageKind,
        /// The board whose geometry it is.
        board: String,
        /// Up to the end of the last part.
        needed_bytes: u64,
        /// Of the slot.
        slot_bytes: u64,
        /// The largest part.
        component: &'static str,
        /// Its length.
        component_bytes: u64,
    },
    /// The effective command line lets a panicked kernel hang for ever.
    NoPanic {
        /// That command line.
        command_line: String,
    },
    /// A product or channel of a form that nothing else could name.
    Name {
        /// Which of the two.
        what: &'static str,
        /// What was asked for.
        name: String,
    },
    /// The manifest would not pass the loader's own checks.
    Refused(Refusal),
    /// Fewer than one, or more than the boot state can count.
    Attempts,
    /// Something in the maker's tree that an image cannot carry.
    Overlay {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A module that the kernel package does not have.
    NoSuchModule {
        /// The board that names it.
        board: String,
        /// The module.
        module: String,
        /// The kernel's release.
        kernel: String,
    },
    /// A part of the firmware lies where something else is.
    FirmwarePart {
        /// The board that places it.
        board: String,
        /// Its first byte, and the one behind its last.
        place: Range<u64>,
        /// What is free: behind the partition table, in front of the first partition.
        room: Range<u64>,
    },
    /// A release needs a time that another build can repeat.
    NoBuildTime,
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge {
                image,
                board,
                needed_bytes,
                slot_bytes,
                component,
                component_bytes,
            } => {
                let (image, place, key) = match image {
                    ImageKind::System => ("system image", "slot", "system_slot_mib"),
                    ImageKind::Rescue => ("rescue system", "partition", "rescue_mib"),
                };
                write!(
                    f,
                    "cannot fit the {image} into its {place}: it needs {} and the {place} has {}; the largest \
                     part is the {component} with {}. Make that smaller, or raise geometry.{key} in \
                     boards/{board}.toml (only for devices that are flashed anew)",
                    Mebibytes(*needed_bytes),
                    Mebibytes(*slot_bytes),
                    Mebibytes(*component_bytes),
                )
            }
            Self::NoPanic { command_line } => write!(
                f,
                "cannot use the command line {command_line:?}: its last panic= must be a number other than 0, or a \
                 panicked kernel would never come back; add panic=10"
            ),
            Self::Name { what, name } => write!(
                f,
                "cannot use {name:?} as the {what}: give 1 to 32 printable ASCII characters without spaces"
            ),
            Self::Refused(refusal) => write!(f, "cannot make an image that the loader would refuse: {refusal}"),
            Self::Attempts => f.write_str("cannot count that many attempts: give 1 to 255"),
            Self::Overlay { path, why } => write!(
                f,
                "cannot take {} from the overlay: {why}",
                path.display()
            ),
            Self::NoSuchModule {
                board,
                module,
                kernel,
            } => write!(
                f,
                "cannot find the module {module} in the kernel {kernel}: correct [modules] in boards/{board}.toml"
            ),
            Self::FirmwarePart { board, place, room } => write!(
                f,
                "cannot put a part of the firmware at bytes {} to {}: it overlaps another one, or leaves what is free, \
                 bytes {} to {}. Correct firmware_parts in boards/{board}.toml, or geometry.table_entries",
                place.start, place.end, room.start, room.end
            ),
            Self::NoBuildTime => f.write_str(
                "cannot tell when this release was made: set SOURCE_DATE_EPOCH, or build from a git checkout",
            ),
        }
    }
}

impl std::error::Error for ImageError {}

/// A length as a person reads it.
pub(crate) struct Mebibytes(pub(crate) u64);

impl fmt::Display for Mebibytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.0.saturating_mul(10).div_ceil(1 << 20);
        write!(f, "{}.{} MiB", tenths / 10, tenths % 10)
    }
}
