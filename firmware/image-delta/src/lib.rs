//! Patches between two releases of one product.
//!
//! A maker prepares a patch for a pair of update files (`make`, a feature); a device
//! that runs the older release gets the newer one from its own slot and the patch
//! ([`PatchSource`]). Most of a new release lies in the old one, byte for byte or nearly so:
//! the patch says where, and brings the rest. Unlike a patch of one compressed stream over
//! the whole image, it asks for little memory: it is cut into segments of bounded size, and
//! the old release stays on the disk.
//!
//! # The file
//!
//! All numbers are little endian.
//!
//! ```text
//! offset  bytes
//! 0       8      magic and version, "TKPATCH2"
//! 8       4      length of the header: what follows up to the first segment
//! 12      4      CRC-32 of the header
//! 16      32     SHA-256 of the old release's manifest
//! 48      32     SHA-256 of the new release's manifest
//! 80      4      length of the new envelope
//! 84      4      number of segments
//! 88             the new envelope, without the zeros at its end
//! then           a record for each segment, 32 bytes:
//!         8        where in the new slot its bytes begin
//!         8        how many bytes it gives
//!         4        length of the segment in this file
//!         4        CRC-32 of the segment
//!         8        the first bytes of the SHA-256 of the bytes that it gives
//! then           the segments, one behind the other, up to the end of the file
//! ```
//!
//! A segment is read without the others: a device that was interrupted finds by their digests
//! the segments that are in the slot already, and begins with the one in which it stopped. So
//! that little of it comes twice, segments are made of a MiB or less. One consists of four
//! streams, each with its length when it is unpacked and its length in the file (4 bytes each,
//! in front of all streams). Where the two are equal the stream is as it is, otherwise it is
//! one zstd frame:
//!
//! | stream | content |
//! |---|---|
//! | steps | of numbers: how far the place in the old slot moves, how many bytes are taken from there, how many follow from `fresh` |
//! | runs | of numbers: of the bytes taken, how many stay as they are, how many differ, and so on in turn until all are told |
//! | differences | for each byte that differs, what is added to the old one (modulo 256) |
//! | fresh | bytes that are not in the old release |
//!
//! A number is written in groups of seven bits, the lowest first, the eighth bit set in all
//! but the last byte. A distance that goes backwards is odd: `2 * distance - 1`; one that goes
//! forwards is `2 * distance`. The place in the old slot is 0 where a segment begins.
//!
//! # Trust
//!
//! Nothing of a patch is believed: what comes out is held against the signed manifest, as
//! with every other source. The checksums only tell early that a copy is damaged. Lengths
//! are bounded before memory is asked for ([`MAX_UNPACKED_BYTES`], [`MAX_SEGMENTS`]).
#![forbid(unsafe_code)]

mod error;
mod header;
mod left;
#[cfg(feature = "make")]
pub mod make;
mod number;
mod old;
mod patch;
mod segment;
mod source;
mod streams;

pub use error::PatchError;
pub use header::{GivenDigest, Header, MAX_SEGMENTS, SegmentRecord, is_patch};
pub use old::{SlotFile, StoredImage};
pub use patch::Patch;
pub use source::PatchSource;
pub use streams::{MAX_STORED_BYTES, MAX_UNPACKED_BYTES};

/// The checksum of header and segments: the one of zip and PNG.
const CHECKSUM: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
