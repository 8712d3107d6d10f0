//! The two copies of the boot state on the disk.
//!
//! A write goes to the older copy (or to the damaged one), is flushed and read
//! back. Until that is done the newer copy still stands, so that a power cut at
//! any instant leaves one of the two states, whole.

use crate::gpt::{Layout, Partition};
use crate::platform::{Disk, read_at, write_at};
use core::fmt;
use image_format::disk::{BLOCK_BYTES, Role, STATE_COPY_OFFSETS};
use image_format::{BootState, StateError};

/// Where the state is kept, and which copy counts.
#[derive(Clone, Debug)]
pub struct StateStore {
    partition: Partition,
    copies: [Result<BootState, StateError>; 2],
}

/// Why a state was not written. The newest valid copy still stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateWriteError {
    /// The device reported an error.
    Device,
    /// What was read back is not what was written.
    ReadBack,
}

impl fmt::Display for StateWriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Device => "cannot write the boot state: the device reports an error",
            Self::ReadBack => "cannot write the boot state: the device gives other bytes back",
        })
    }
}

impl core::error::Error for StateWriteError {}

impl StateStore {
    /// Reads both copies. `None` when the disk has no room for them.
    pub fn open<D: Disk>(disk: &mut D, layout: &Layout) -> Option<Self> {
        let partition = layout.partition(Role::BootState)?;
        let [first, second] = STATE_COPY_OFFSETS;
        let needed = second.checked_add(BLOCK_BYTES as u64)?;
        if partition.length_bytes < needed {
            return None;
        }
        let copies = [first, second].map(|offset| read_copy(disk, &partition, offset));
        Some(Self { partition, copies })
    }

    /// The state that counts: the valid copy with the higher generation.
    #[must_use]
    pub fn state(&self) -> Option<&BootState> {
        let [first, second] = &self.copies;
        match (first, second) {
            (Ok(first), Ok(second)) if second.generation > first.generation => Some(second),
            (Ok(first), _) => Some(first),
            (Err(_), Ok(second)) => Some(second),
            (Err(_), Err(_)) => None,
        }
    }

    /// The copies that are no state: which, and what is wrong with them.
    pub fn lost_copies(&self) -> impl Iterator<Item = (u8, StateError)> + use<> {
        let [first, second] = &self.copies;
        let error = |copy: &Result<_, StateError>| copy.as_ref().err().copied();
        [(0, error(first)), (1, error(second))]
            .into_iter()
            .filter_map(|(copy, error)| Some((copy, error?)))
    }

    /// Writes `state` under the next generation over the copy that does not count.
    ///
    /// # Errors
    /// [`StateWriteError`]; the state that counted before still does.
    pub fn write<D: Disk>(
        &mut self,
        disk: &mut D,
        state: &mut BootState,
    ) -> Result<(), StateWriteError> {
        let newest = self.state().map(|state| state.generation);
        if let Some(newest) = newest {
            state.generation = newest.saturating_add(1);
        }
        let [first, second] = &mut self.copies;
        let [first_offset, second_offset] = STATE_COPY_OFFSETS;
        let second_counts = match (&first, &second) {
            (Ok(first), Ok(second)) => second.generation > first.generation,
            (Err(_), Ok(_)) => true,
            (_, Err(_)) => false,
        };
        let (copy, offset) = if second_counts {
            (first, first_offset)
        } else {
            (second, second_offset)
        };
        // From here on the old content of this copy is gone, whatever happens.
        *copy = Err(StateError::Unreadable);
        write_copy(disk, &self.partition, offset, state)?;
        *copy = Ok(state.clone());
        Ok(())
    }
}

fn read_copy<D: Disk>(
    disk: &mut D,
    partition: &Partition,
    offset: u64,
) -> Result<BootState, StateError> {
    let mut block = [0; BLOCK_BYTES];
    let offset = partition.offset_bytes.saturating_add(offset);
    read_at(disk, offset, &mut block).map_err(|_| StateError::Unreadable)?;
    BootState::parse(&block)
}

fn write_copy<D: Disk>(
    disk: &mut D,
    partition: &Partition,
    offset: u64,
    state: &BootState,
) -> Result<(), StateWriteError> {
    let mut block = [0; BLOCK_BYTES];
    if let Some(room) = block.first_chunk_mut() {
        *room = state.encode();
    }
    let offset_bytes = partition.offset_bytes.saturating_add(offset);
    write_at(disk, offset_bytes, &block).map_err(|_| StateWriteError::Device)?;
    match read_copy(disk, partition, offset) {
        Ok(read) if read == *state => Ok(()),
        _ => Err(StateWriteError::ReadBack),
    }
}
