//! Every write of a real device, replayed and judged.
//!
//! Called by `cargo xtask replay` and by the scenario of that name. From the outside in: a
//! [`recording`] is a device's story with a [`write_log`]; [`mod@state`] says which disks a
//! loss of power may leave of it; the real [`loader`] boots each of them as a
//! [`replayed_disk`], and [`mod@judge`] keeps the [`account`], by [`place`], and tells each
//! [`problem`]. A [`sample`] is started in a machine.

pub mod account;
pub mod judge;
pub mod loader;
pub mod place;
pub mod problem;
pub mod recording;
pub mod replayed_disk;
pub mod sample;
#[cfg(test)]
mod small_device;
pub mod state;
pub mod write_log;

use anyhow::Result;
use boards::Board;

use account::Account;
use loader::Loader;
use recording::{Recording, Story};
use replayed_disk::ReplayedDisk;

/// Judges a recording of `story` with the loader of `board` and that keyring.
///
/// # Errors
/// The recording cannot be read, or is not whole.
pub fn replay(
    recording: &Recording,
    story: Story,
    board: &Board,
    signed_keyring: &[u8],
) -> Result<Account> {
    let disks = [recording.before.image(), recording.after.image()];
    let loader = Loader::new(board, signed_keyring, &disks)?;
    let log = recording.read_log()?;
    let mut account = judge::judge(
        &loader,
        ReplayedDisk::open(recording.before.image())?,
        &write_log::parse_log(&log)?,
        story.updated(),
    )?;
    account.expect_story(&story.starts());
    Ok(account)
}
