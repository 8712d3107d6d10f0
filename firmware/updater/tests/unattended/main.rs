//! A device that nobody watches, over a real store, a real web server and a real disk image:
//! the loader, the engine and what writes the slots are those of the field. Only the clock is
//! the test's.

mod alone;
mod asked;
mod device;
mod disk;
mod few_bytes;
mod hardware;
mod maker;
mod mended;
mod owner;
mod refusals;
mod rescue;
mod server;
mod servers;
mod snap_channels;
#[path = "../snap_parts/mod.rs"]
mod snap_parts;
mod snap_refresh;
mod snaps;
mod told;
mod wishes;
