//! Updates that go wrong on the way: bad servers, and system calls that fail or are the last
//! thing a program did.
//!
//! Called by `cargo xtask faults update`. The programs are real: `snappy`, as images have it,
//! and `update-once`, which does the same with short patience. Each runs in a `root` of its
//! own, on the file of a disk that holds two signed systems (`device`, `release`), and
//! fetches from a `server` on this machine.
//!
//! - `scripts` are what a server does wrong; `play` plays them.
//! - `metadata` is the same for what a store signs, and for its client.
//! - `points` are the system calls of an update, out of a `trace`; a `tracer` kills the
//!   program at one of them, or has the call fail.
//!
//! After each of them the real loader `judge`s what is left of the disk, and the next honest
//! run has to succeed. What does not is counted in the [`Account`].

#![forbid(unsafe_code)]

mod account;
mod device;
mod judge;
mod metadata;
mod play;
mod points;
mod release;
mod root;
mod scripts;
mod server;
mod trace;
mod tracer;
mod workers;

use anyhow::{Context, Result};
use std::path::Path;

pub use account::Account;
pub use points::Effort;
pub use root::Program;

/// The programs of the device.
pub struct Programs {
    /// The person's tool.
    pub snappy: Program,
    /// The one with short patience.
    pub update_once: Program,
}

/// Does all of it, in a place below `directory`, and tells `progress` what is being done.
///
/// # Errors
/// This machine does not do what is asked of it; what a device does wrong is in the account.
pub fn run(
    programs: &Programs,
    effort: Effort,
    directory: &Path,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<Account> {
    std::fs::create_dir_all(directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    // Two runs do not meet, and nothing is left of either.
    let place = tempfile::tempdir_in(directory)?;
    let directory = place.path();
    let device = device::Device::new()?;
    let mut account = Account::default();
    metadata::play_all(&mut account, progress)?;
    play::play_all(programs, &device, directory, &mut account, progress)?;
    tracer::try_all(programs, &device, effort, directory, &mut account, progress)?;
    Ok(account)
}
