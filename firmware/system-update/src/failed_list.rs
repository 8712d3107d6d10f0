//! The releases that failed here, on the disk: written once each, never erased in the
//! field. An updater asks before it stages.

use boot_core::platform::{DeviceError, read_at, write_at};
use boot_core::{Disk, Layout, Partition};
use image_format::disk::{BLOCK_BYTES, FAILED_ENTRIES, FAILED_OFFSET, Role};
use image_format::{Digest, FailedRelease};

/// The list. It holds the newest [`FAILED_ENTRIES`] releases.
pub(crate) struct FailedList {
    partition: Partition,
}

impl FailedList {
    /// `None` when the disk has no room for it.
    pub(crate) fn find(layout: &Layout) -> Option<Self> {
        let partition = layout.partition(Role::BootState)?;
        let end = FAILED_OFFSET + FAILED_ENTRIES * BLOCK_BYTES as u64;
        (partition.length_bytes >= end).then_some(Self { partition })
    }

    /// All intact entries, oldest first.
    pub(crate) fn read<D: Disk>(&self, disk: &mut D) -> Vec<FailedRelease> {
        let mut block = [0; BLOCK_BYTES];
        let mut entries: Vec<_> = (0..FAILED_ENTRIES)
            .filter_map(|place| {
                read_at(disk, self.offset_of(place), &mut block).ok()?;
                FailedRelease::parse(&block).ok()
            })
            .collect();
        entries.sort_by_key(|entry| entry.sequence);
        entries
    }

    /// Adds `release`, unless it is in the list; its sequence number is given here.
    ///
    /// # Errors
    /// The device's.
    pub(crate) fn add<D: Disk>(
        &self,
        disk: &mut D,
        mut release: FailedRelease,
    ) -> Result<(), DeviceError> {
        let entries = self.read(disk);
        if holds(&entries, &release.manifest_hash) {
            return Ok(());
        }
        release.sequence = entries.last().map_or(0, |last| last.sequence + 1);
        let mut block = [0; BLOCK_BYTES];
        release.encode(&mut block).map_err(|_| DeviceError)?;
        write_at(disk, self.offset_of(release.sequence), &block)
    }

    fn offset_of(&self, sequence: u64) -> u64 {
        let place = sequence % FAILED_ENTRIES * BLOCK_BYTES as u64;
        self.partition.offset_bytes + FAILED_OFFSET + place
    }
}

/// Is that release among `entries`?
pub(crate) fn holds(entries: &[FailedRelease], manifest_hash: &Digest) -> bool {
    entries
        .iter()
        .any(|entry| entry.manifest_hash == *manifest_hash)
}

#[cfg(test)]
mod tests;
