//! Releases from a web server, with few bytes over the line.
//!
//! Beside an update file a publisher puts its [`chunk_file`]: the same image cut into chunks
//! by its content, each compressed, and an index of them. [`Adaptive`] cuts what
//! the device already holds in the same way, in the slot that runs and in the one that an
//! earlier attempt left half written, copies from there what it can, and fetches the rest.
//! Nothing is prepared for a pair of releases, and no byte is stored on the way.
//!
//! Nobody trusts a chunk file. A chunk that is not what the index says is fetched as it is,
//! from the update file; a chunk file that is missing, damaged or of another release leads
//! to the whole update file; and what the index says is itself held against the signed
//! manifest, by staging.

#![forbid(unsafe_code)]

mod adaptive;
mod chunk;
pub mod chunk_file;
mod code;
mod frame;
mod held;
pub mod pieces;
mod plan;
mod remote;
mod seeds;
mod slot_image;
mod tally;
mod whole;

pub use adaptive::{Adaptive, Detour};
pub use chunk::{Chunk, ChunkDigest, Cutter, DistancesDigest, LONGEST_CHUNK_BYTES};
pub use code::Code;
pub use held::Seed;
pub use seeds::Seeds;
pub use slot_image::SlotImage;
pub use tally::Tally;
pub use whole::take_release;
