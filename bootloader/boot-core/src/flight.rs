//! The flight ring on the disk: appended to, never rewritten.
//!
//! A newer system may have recorded events that this code does not know. They take their
//! place in the ring like any other; only their content is passed over.

use crate::gpt::{Layout, Partition};
use crate::platform::{Disk, read_at, write_at};
use core::fmt;
use core::ops::ControlFlow;
use image_format::disk::{BLOCK_BYTES, FLIGHT_ENTRIES, FLIGHT_OFFSET, Role};
use image_format::flight::encode_event;
use image_format::{BootNumber, Event, FlightEntry, FlightStamp, SealedEntry};

/// Where the next entry goes.
#[derive(Clone, Copy, Debug)]
pub struct FlightRing {
    partition: Partition,
    next_sequence: u64,
}

/// An event could not be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotRecorded;

impl fmt::Display for NotRecorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot write the flight record: the device reports an error")
    }
}

impl core::error::Error for NotRecorded {}

impl FlightRing {
    /// Finds the end of the ring by walking on from the state's hint. A hint that the record
    /// does not bear out is wrong, or somebody's: then all of the ring is read.
    pub fn open<D: Disk>(disk: &mut D, layout: &Layout, hint: u64) -> Option<Self> {
        let mut ring = Self {
            partition: ring_partition(layout)?,
            next_sequence: hint,
        };
        if let Some(last) = hint.checked_sub(1) {
            let there = ring.stamp(disk, last);
            if there.is_none_or(|stamp| stamp.sequence < last) {
                return Self::recover(disk, layout).map(|(ring, _)| ring);
            }
        }
        for _ in 0..FLIGHT_ENTRIES {
            match ring.stamp(disk, ring.next_sequence) {
                Some(stamp) if stamp.sequence >= ring.next_sequence => {
                    ring.next_sequence = stamp.sequence.saturating_add(1);
                }
                _ => break,
            }
        }
        Some(ring)
    }

    /// Finds the end of the ring by reading all of it, when the hint is lost;
    /// also gives the highest boot number that is on record.
    pub fn recover<D: Disk>(disk: &mut D, layout: &Layout) -> Option<(Self, BootNumber)> {
        let mut ring = Self {
            partition: ring_partition(layout)?,
            next_sequence: 0,
        };
        let mut boot_number = BootNumber(0);
        for block in 0..FLIGHT_ENTRIES {
            if let Some(stamp) = ring.stamp(disk, block) {
                ring.next_sequence = ring.next_sequence.max(stamp.sequence.saturating_add(1));
                boot_number = boot_number.max(stamp.boot_number);
            }
        }
        Some((ring, boot_number))
    }

    /// The sequence number of the next entry: the hint for the state.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// The last `N` events of the record, the newest first.
    pub fn newest<D: Disk, const N: usize>(&self, disk: &mut D) -> heapless::Vec<Event, N> {
        let mut events = heapless::Vec::new();
        self.walk_back(disk, |entry| {
            if let Ok(event) = entry.decode()
                && events.push(event).is_err()
            {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        events
    }

    /// Whether `boot`, the last one on record, told its end.
    pub fn tells_the_end_of<D: Disk>(&self, disk: &mut D, boot: BootNumber) -> bool {
        let told = self.walk_back(disk, |entry| {
            if entry.stamp.boot_number != boot {
                ControlFlow::Break(false)
            } else if entry.tells_the_end() {
                ControlFlow::Break(true)
            } else {
                ControlFlow::Continue(())
            }
        });
        told == Some(true)
    }

    /// Whether `event` is among the last `count` entries of the record.
    pub fn is_recent<D: Disk>(&self, disk: &mut D, event: &Event, count: u64) -> bool {
        let oldest = self.next_sequence.saturating_sub(count);
        let found = self.walk_back(disk, |entry| {
            if entry.stamp.sequence < oldest {
                ControlFlow::Break(false)
            } else if entry.holds(event) {
                ControlFlow::Break(true)
            } else {
                ControlFlow::Continue(())
            }
        });
        found == Some(true)
    }

    /// Shows `look` the entries from the end of the record on, the newest first, until it
    /// breaks or there are no more.
    fn walk_back<D: Disk, T>(
        &self,
        disk: &mut D,
        mut look: impl FnMut(&SealedEntry<'_>) -> ControlFlow<T>,
    ) -> Option<T> {
        let mut block = [0; BLOCK_BYTES];
        let mut sequence = self.next_sequence;
        while let Some(before) = sequence.checked_sub(1) {
            let entry = self.read(disk, before, &mut block)?;
            if entry.stamp.sequence != before {
                break;
            }
            if let ControlFlow::Break(answer) = look(&entry) {
                return Some(answer);
            }
            sequence = before;
        }
        None
    }

    /// Records what happened.
    ///
    /// # Errors
    /// [`NotRecorded`]; the entry's place is tried again with the next event.
    pub fn append<D: Disk>(
        &mut self,
        disk: &mut D,
        boot_number: BootNumber,
        event: &Event,
    ) -> Result<(), NotRecorded> {
        let stamp = FlightStamp {
            sequence: self.next_sequence,
            boot_number,
        };
        let mut block = [0; BLOCK_BYTES];
        encode_event(stamp, event, &mut block).map_err(|_| NotRecorded)?;
        let offset = self.block_offset(self.next_sequence);
        write_at(disk, offset, &block).map_err(|_| NotRecorded)?;
        self.next_sequence = self.next_sequence.saturating_add(1);
        Ok(())
    }

    fn stamp<D: Disk>(&self, disk: &mut D, sequence: u64) -> Option<FlightStamp> {
        let mut block = [0; BLOCK_BYTES];
        self.read(disk, sequence, &mut block)
            .map(|entry| entry.stamp)
    }

    fn read<'b, D: Disk>(
        &self,
        disk: &mut D,
        sequence: u64,
        block: &'b mut [u8; BLOCK_BYTES],
    ) -> Option<SealedEntry<'b>> {
        read_at(disk, self.block_offset(sequence), block).ok()?;
        SealedEntry::parse(block).ok()
    }

    fn block_offset(&self, sequence: u64) -> u64 {
        let block = sequence.checked_rem(FLIGHT_ENTRIES).unwrap_or(0);
        block
            .saturating_mul(BLOCK_BYTES as u64)
            .saturating_add(FLIGHT_OFFSET)
            .saturating_add(self.partition.offset_bytes)
    }
}

/// Calls `take` with every entry that this code can read, in the order of the blocks: callers
/// that want the order of time sort by sequence number.
pub fn for_each_entry<D: Disk>(disk: &mut D, layout: &Layout, mut take: impl FnMut(FlightEntry)) {
    if let Some(partition) = ring_partition(layout) {
        let ring = FlightRing {
            partition,
            next_sequence: 0,
        };
        for sequence in 0..FLIGHT_ENTRIES {
            let mut block = [0; BLOCK_BYTES];
            if let Some(entry) = ring.read(disk, sequence, &mut block)
                && let Ok(event) = entry.decode()
            {
                take(FlightEntry {
                    sequence: entry.stamp.sequence,
                    boot_number: entry.stamp.boot_number,
                    event,
                });
            }
        }
    }
}

fn ring_partition(layout: &Layout) -> Option<Partition> {
    let partition = layout.partition(Role::BootState)?;
    let ring_bytes = FLIGHT_ENTRIES.checked_mul(BLOCK_BYTES as u64)?;
    let end = FLIGHT_OFFSET.checked_add(ring_bytes)?;
    (partition.length_bytes >= end).then_some(partition)
}
