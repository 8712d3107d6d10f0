//! The flight ring on the disk: appended to, never rewritten.
//!
//! A newer system may have recorded events that this code does not know. They take their
//! place in the ring like any other; only their content is passed over.

use crate::gpt::{Layout, Partition};
use crate::platform::{Disk, read_at, write_at};
use core::fmt;
use image_format::disk::{BLOCK_BYTES, FLIGHT_ENTRIES, FLIGHT_OFFSET, Role};
use image_format::{BootNumber, Event, FlightEntry, FlightStamp, FrameError};

/// Where the next entry goes.
#[derive(Clone, Copy, Debug)]
pub struct FlightRing {
    partition: Partition,
    next_sequence: u64,
}

/// How many events of one boot are looked at.
pub const MAX_WORDS: usize = 8;

/// The last events of one boot.
pub type Words = heapless::Vec<Event, MAX_WORDS>;

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
    /// Finds the end of the ring by walking on from the state's hint.
    pub fn open<D: Disk>(disk: &mut D, layout: &Layout, hint: u64) -> Option<Self> {
        let mut ring = Self {
            partition: ring_partition(layout)?,
            next_sequence: hint,
        };
        for _ in 0..FLIGHT_ENTRIES {
            let stamp = ring.read(disk, ring.next_sequence, FlightStamp::parse);
            match stamp {
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
            if let Some(stamp) = ring.read(disk, block, FlightStamp::parse) {
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
        self.walk_back(disk, |_| true)
    }

    /// The events at the end of the record that happened during `boot`, the newest first,
    /// at most the last [`MAX_WORDS`].
    pub fn words_of<D: Disk>(&self, disk: &mut D, boot: BootNumber) -> Words {
        self.walk_back(disk, |stamp| stamp.boot_number == boot)
    }

    /// The events from the end of the record on, as long as they are wanted and there is
    /// room.
    fn walk_back<D: Disk, const N: usize>(
        &self,
        disk: &mut D,
        is_wanted: impl Fn(&FlightStamp) -> bool,
    ) -> heapless::Vec<Event, N> {
        let mut events = heapless::Vec::new();
        let mut sequence = self.next_sequence;
        while let Some(before) = sequence.checked_sub(1) {
            let stamp = self
                .read(disk, before, FlightStamp::parse)
                .filter(|stamp| stamp.sequence == before && is_wanted(stamp));
            if stamp.is_none() || events.is_full() {
                break;
            }
            if let Some(entry) = self.read(disk, before, FlightEntry::parse) {
                // There is room: see above.
                let _ = events.push(entry.event);
            }
            sequence = before;
        }
        events
    }

    /// Records what happened.
    ///
    /// # Errors
    /// [`NotRecorded`]; the entry's place is tried again with the next event.
    pub fn append<D: Disk>(
        &mut self,
        disk: &mut D,
        boot_number: BootNumber,
        event: Event,
    ) -> Result<(), NotRecorded> {
        let entry = FlightEntry {
            sequence: self.next_sequence,
            boot_number,
            event,
        };
        let mut block = [0; BLOCK_BYTES];
        entry.encode(&mut block).map_err(|_| NotRecorded)?;
        let offset = self.block_offset(self.next_sequence);
        write_at(disk, offset, &block).map_err(|_| NotRecorded)?;
        self.next_sequence = self.next_sequence.saturating_add(1);
        Ok(())
    }

    fn read<D: Disk, T>(
        &self,
        disk: &mut D,
        sequence: u64,
        parse: impl FnOnce(&[u8]) -> Result<T, FrameError>,
    ) -> Option<T> {
        let mut block = [0; BLOCK_BYTES];
        read_at(disk, self.block_offset(sequence), &mut block).ok()?;
        parse(&block).ok()
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
        (0..FLIGHT_ENTRIES)
            .filter_map(|block| ring.read(disk, block, FlightEntry::parse))
            .for_each(&mut take);
    }
}

fn ring_partition(layout: &Layout) -> Option<Partition> {
    let partition = layout.partition(Role::BootState)?;
    let ring_bytes = FLIGHT_ENTRIES.checked_mul(BLOCK_BYTES as u64)?;
    let end = FLIGHT_OFFSET.checked_add(ring_bytes)?;
    (partition.length_bytes >= end).then_some(partition)
}
