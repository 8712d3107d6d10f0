//! A real device's story, and every write to its disk meanwhile.
//!
//! One machine, switched on once: first boot with the attempt of the trial, the health gate
//! and the confirm, the boot as confirmed; then `snappy rollback` or `snappy update`, the
//! trial of the other slot, its confirm, and an orderly end. The disk is larger than its
//! image, so that `writable` grows.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use image_format::{Slot, Source, Version, parse_envelope};
use image_trust::sha256;

use super::write_log::{Request, SECTOR_BYTES, parse_log};
use crate::bench::Bench;
use crate::disk::TestDisk;
use crate::ext4::Ext4;
use crate::proof::{Expected, Proof};

const ADDED_BYTES: u64 = 1 << 30;
/// Compared at once.
const CHUNK_BYTES: u64 = 1 << 20;

/// The version of the release that is installed.
const NEWER: Version = Version(3);
/// Where it lies in the guest, and in the root of `writable`.
const UPDATE: &str = "newer.update";

/// What the device lives through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// A first day, with a rollback at its end.
    FirstDay,
    /// An update of a device that is confirmed.
    Update,
}

impl Story {
    /// What starts after a loss of power at the flushes, without repetitions: the trial; what
    /// is left when its only attempt was begun; the confirmed one; what was asked for.
    #[must_use]
    pub fn starts(self) -> [Source; 4] {
        [Slot::A, Slot::B, Slot::A, Slot::B].map(Source::Slot)
    }

    /// The slot that is written to.
    #[must_use]
    pub fn updated(self) -> Option<Slot> {
        match self {
            Self::FirstDay => None,
            Self::Update => Some(Slot::B),
        }
    }

    /// Changes the disk before the device is switched on. Returns what is typed, and the
    /// manifest that runs in the end.
    fn prepare(self, bench: &Bench<'_>, disk: &TestDisk) -> Result<(String, Expected)> {
        if self == Self::FirstDay {
            return Ok(("snappy rollback system".into(), bench.expected(Slot::B)?));
        }
        let system = bench
            .world()
            .system()
            .with_manifest(|manifest| manifest.version = NEWER);
        let envelope = bench.world().keys().seal(&system.manifest())?;
        let update = bench.directory().join(UPDATE);
        system.write_update(&envelope, &update)?;
        Ext4::writable_of(disk)?.write(&update, &format!("/{UPDATE}"))?;
        let expected = Expected {
            source: Slot::B.into(),
            manifest: sha256(parse_envelope(&envelope)?.manifest.bytes),
        };
        Ok((format!("snappy update --from /writable/{UPDATE}"), expected))
    }
}

/// The disk before the story, and all that was written to it.
#[derive(Debug, Clone)]
pub struct Recording {
    /// The disk before.
    pub before: TestDisk,
    /// The disk after.
    pub after: TestDisk,
    /// The log of writes, as a file.
    pub log: PathBuf,
}

/// A story that was lived to its end.
pub struct Recorded {
    /// What was recorded.
    pub recording: Recording,
    /// Of the system that ran last.
    pub proof: Proof,
}

/// Lives `story` on `bench`.
///
/// # Errors
/// A system did not do what the story says, or the log is not whole.
pub fn record(bench: &Bench<'_>, story: Story) -> Result<Recorded> {
    let after = bench.disk()?;
    let (act, expected) = story.prepare(bench, &after)?;
    after.grow_to(after.image().metadata()?.len() + ADDED_BYTES)?;
    let recording = Recording {
        before: after.copy_to(&bench.directory().join("before.img"))?,
        after,
        log: bench.directory().join("writes.log"),
    };
    let mut guest = bench.start_logged(&recording.after, &recording.log)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    guest.reboot()?;
    guest.expect_up(Slot::A)?;
    guest.run(&act)?;
    guest.reboot()?;
    guest.expect_up(Slot::B)?;
    guest.expect_confirmed(Slot::B)?;
    let proof = guest.prove(expected)?;
    guest.power_off()?;
    recording.require_whole(bench.directory())?;
    Ok(Recorded { recording, proof })
}

impl Recording {
    /// The bytes of the log.
    ///
    /// # Errors
    /// There is no such file.
    pub fn read_log(&self) -> Result<Vec<u8>> {
        fs::read(&self.log).with_context(|| format!("cannot read {}", self.log.display()))
    }

    /// Replayed to its end, the log leaves the disk after, to the byte: nothing is missing in
    /// it. Works in `directory`.
    fn require_whole(&self, directory: &Path) -> Result<()> {
        let after = &self.after;
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
        let before = TestDisk::at(&place("before"));
        let after = before.copy_to(&place("after"))?;
        let recording = Recording {
            before,
            after: after.clone(),
            log: place("log"),
        };
        after.write_at(7 * SECTOR_BYTES as u64, &bytes)?;
        after.write_at(9 * SECTOR_BYTES as u64, &[0; 2 * SECTOR_BYTES])?;
        recording.require_whole(directory.path())?;
        // A byte that the log knows nothing of.
        after.write_at(16 * SECTOR_BYTES as u64 - 1, &[0x12])?;
        let error = recording.require_whole(directory.path());
        assert!(error.unwrap_err().to_string().contains("is not whole"));
        Ok(())
    }
}
