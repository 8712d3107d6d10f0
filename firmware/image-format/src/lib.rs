//! Bytes <-> types of everything that Twinkeel keeps on a disk.
//!
//! The loader, the userland, the image builder and the tests all read and write
//! the disk through this crate, so that each format is defined once. It takes
//! and returns bytes: it does no I/O, allocates nothing and trusts nothing.
//! Whether a signature is good is `image-trust`'s to say.
//!
//! # The records
//!
//! | record | where | form |
//! |---|---|---|
//! | [`Keyring`] | inside the loader | [frame](mod@frame) + signatures frame |
//! | [envelope](mod@envelope) | first 64 KiB of a slot | four frames: delegation, its signatures, [`Manifest`], its signatures |
//! | [`BootState`] | partition `boot-state`, two copies | 512 bytes, [fixed layout](mod@state) |
//! | [`FlightEntry`] | partition `boot-state`, a ring | one frame per 4096-byte block |
//! | [`FailedRelease`] | partition `boot-state`, a list | one frame per 4096-byte block |
//! | [`Floors`] | boot state, and a variable of the firmware | two integers, and [one frame](mod@floors) |
//! | partitions | GPT | [roles](mod@disk) by type GUID |
//!
//! All integers are little-endian. Payloads of frames are
//! [postcard](https://postcard.jamesmunns.com/wire-format) unless their module
//! says otherwise: fields in the order of the struct, varint integers, enums as
//! the varint of the variant's position. A format never changes under the same
//! version number; `tests/golden.rs` pins the bytes of each.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

pub mod digest;
pub mod disk;
pub mod envelope;
pub mod failed;
pub mod flight;
pub mod floors;
pub mod frame;
pub mod keyring;
pub mod manifest;
pub mod number;
mod octets;
pub mod refusal;
pub mod sealed_entry;
pub mod signature;
pub mod slot;
pub mod state;

pub use digest::Digest;
pub use envelope::{ENVELOPE_BYTES, Envelope, parse_envelope};
pub use failed::FailedRelease;
pub use flight::{AppData, Event, FlightEntry, FlightStamp, Lines, ResetCause, Text, Verdict};
pub use floors::{FLOORS_BYTES, Floors};
pub use frame::{Frame, FrameError, Kind, parse_frame};
pub use keyring::{Delegation, Keyring, PublicKey, Purpose};
pub use manifest::{Manifest, Part, Root};
pub use number::{BootNumber, Epoch, Serial, Version};
pub use refusal::{Refusal, SignatureError};
pub use sealed_entry::SealedEntry;
pub use signature::{Signature, Signatures};
pub use slot::{Slot, Source};
pub use state::{BootState, SlotRecord, SlotStatus, StateError};
