//! A real device's story, and every write to its disk meanwhile.
//!
//! One machine, switched on once: first boot with the attempt of the trial, the health gate
//! and the confirm, the boot as confirmed, `snappy rollback`, the trial of the other slot, its
//! confirm, and an orderly end. The disk is larger than its image, so that `writable` grows.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use image_format::{Slot, Source};

use super::write_log::{Request, SECTOR_BYTES, parse_log};
use crate::bench::Bench;
use crate::disk::TestDisk;
use crate::proof::Proof;

const ADDED_BYTES: u64 = 1 << 30;
/// Compared at once.
const CHUNK_BYTES: u64 = 1 << 20;

/// What starts after a loss of power at the flushes of the story, without repetitions: the
/// trial; what is left when its only attempt was begun; the confirmed one; what was asked for.
pub const STORY: [Source; 4] = [
    Source::Slot(Slot::A),
    Source::Slot(Slot::B),
    Source::Slot(Slot::A),
    Source::Slot(Slot::B),
];

/// The disk before the story, and all that was written to it.
#[derive(Debug, Clone)]
pub struct Recording {
    /// The disk before.
    pub before: TestDisk,
    /// The log of writes, as a file.
    pub log: PathBuf,
}

/// A story that was lived to its end.
pub struct Recorded {
    /// What was recorded.
    pub recording: Recording,
    /// Of the system that ran last.
    pub proof: Proof,
    /// The disk at the end.
    pub after: TestDisk,
}

/// Lives the story on `bench`.
///
/// # Errors
/// A system did not do what the story says, or the log is not whole.
pub fn record(bench: &Bench<'_>) -> Result<Recorded> {
    let after = bench.disk()?;
    after.grow_to(after.image().metadata()?.len() + ADDED_BYTES)?;
    let recording = Recording {
        before: after.copy_to(&bench.directory().join("before.img"))?,
        log: bench.directory().join("writes.log"),
    };
    let mut guest = bench.start_logged(&after, &recording.log)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    guest.reboot()?;
    guest.expect_up(Slot::A)?;
    guest.run("snappy rollback system")?;
    guest.reboot()?;
    guest.expect_up(Slot::B)?;
    guest.expect_confirmed(Slot::B)?;
    let proof = guest.prove(bench.expected(Slot::B)?)?;
    guest.power_off()?;
    recording.require_whole(&after, bench.directory())?;
    Ok(Recorded {
        recording,
        proof,
        after,
    })
}

impl Recording {
    /// The bytes of the log.
    ///
    /// # Errors
    /// There is no such file.
    pub fn read_log(&self) -> Result<Vec<u8>> {
        fs::read(&self.log).with_context(|| format!("cannot read {}", self.log.display()))
    }

    /// Replayed to its end, the log leaves the disk `after`, to the byte: nothing is missing
    /// in it. Works in `directory`.
    fn require_whole(&self, after: &TestDisk, directory: &Path) -> Result<()> {
        let replayed = self.before.copy_to(&directory.join("replayed.img"))?;
        let log = self.read_log()?;
        replay_onto(&replayed, &parse_log(&log)?)?;
        let length = after.image().metadata()?.len();
        for start in (0..length).step_by(CHUNK_BYTES as usize) {
            let bytes = CHUNK_BYTES.min(length - start);
            ensure!(
                replayed.read_at(start, bytes)? == after.read_at(start, bytes)?,
                "the log is not whole: replayed, it leaves another disk, from {start} on"
            );
        }
        fs::remove_file(replayed.image()).context("cannot remove the replayed disk")
    }
}

/// Does to `disk` what the machine asked for. What was discarded becomes zeros, as QEMU does it.
///
/// # Errors
/// The file cannot be changed.
pub fn replay_onto<'a>(
    disk: &TestDisk,
    requests: impl IntoIterator<Item = &'a Request<'a>>,
) -> Result<()> {
    for request in requests {
        let start = request.sectors().start * SECTOR_BYTES as u64;
        match request {
            Request::Write { bytes, .. } => disk.write_at(start, bytes)?,
            Request::Discard { sectors, .. } => {
                let length = usize::try_from(*sectors)? * SECTOR_BYTES;
                disk.write_at(start, &vec![0; length])?;
            }
            Request::Flush => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::write_log::tests::log;

    #[test]
    fn a_log_is_whole_when_it_leads_to_the_disk_at_the_end() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let place = |name: &str| directory.path().join(name);
        let bytes = [0xee; SECTOR_BYTES];
        fs::write(place("before"), [0x11; 16 * SECTOR_BYTES])?;
        fs::write(place("log"), log(0, &[(7, 1, 0, &bytes), (9, 2, 4, &[])]))?;
        let recording = Recording {
            before: TestDisk::at(&place("before")),
            log: place("log"),
        };
        let after = recording.before.copy_to(&place("after"))?;
        after.write_at(7 * SECTOR_BYTES as u64, &bytes)?;
        after.write_at(9 * SECTOR_BYTES as u64, &[0; 2 * SECTOR_BYTES])?;
        recording.require_whole(&after, directory.path())?;
        // A byte that the log knows nothing of.
        after.write_at(16 * SECTOR_BYTES as u64 - 1, &[0x12])?;
        let error = recording.require_whole(&after, directory.path());
        assert!(error.unwrap_err().to_string().contains("is not whole"));
        Ok(())
    }
}
