//! A disk in memory with a boot-state partition and two slots, that fails as it is told to.

use boot_core::state_store::StateStore;
use boot_core::{Layout, read_layout};
use embedded_io::{ErrorKind, ErrorType, Read, Seek, SeekFrom, Write};
use image_format::disk::{BLOCK_BYTES, BOOT_STATE_BYTES, Role, STATE_COPY_OFFSETS};
use image_format::{BootState, Event, Slot};
use std::io::Cursor;
use std::ops::Range;

const DISK_BYTES: usize = 22 << 20;
pub(crate) const SLOT_BYTES: u64 = 2 << 20;

/// What of the write that a power cut hits reaches the disk.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Torn {
    Nothing,
    /// Of a block its first half sector.
    Half,
    All,
}

/// What goes wrong.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    None,
    /// The power goes away at that write: nothing works from then on.
    Cut {
        writes_left: usize,
        torn: Torn,
    },
    /// The power is gone.
    Off,
    /// That write fails, once.
    Write(usize),
    /// That flush fails, once.
    Flush(usize),
    /// The same, and what it should have flushed is gone without another word: as under
    /// Linux, where an error is told once.
    FlushLoses(usize),
    /// That read fails, once.
    Read(usize),
    /// What is written there is lost without an error.
    Lost(Range<u64>),
    /// Nothing can be read there.
    Unreadable(Range<u64>),
}

#[derive(Clone)]
pub(crate) struct MemoryDisk {
    pub(crate) bytes: Vec<u8>,
    position: usize,
    pub(crate) fault: Fault,
    /// What was there before the writes since the last flush, and where.
    overwritten: Vec<(usize, Vec<u8>)>,
}

impl MemoryDisk {
    /// A disk that holds `state`, and nothing else.
    pub(crate) fn with_state(state: &BootState) -> Self {
        let mut disk = Self {
            bytes: partitioned(),
            position: 0,
            fault: Fault::None,
            overwritten: Vec::new(),
        };
        disk.set_state(state);
        disk
    }

    pub(crate) fn set_state(&mut self, state: &BootState) {
        let layout = self.layout();
        let mut store = StateStore::open(self, &layout).unwrap();
        store.write(self, &mut state.clone()).unwrap();
    }

    /// Both copies are gone.
    pub(crate) fn lose_state(&mut self) {
        let partition = self.layout().partition(Role::BootState).unwrap();
        for offset in STATE_COPY_OFFSETS {
            let start = (partition.offset_bytes + offset) as usize;
            self.bytes[start..start + 512].fill(0);
        }
    }

    /// A part of that write still reaches the disk.
    pub(crate) fn cut_at_write(&mut self, writes_left: usize) {
        let torn = Torn::Half;
        self.fault = Fault::Cut { writes_left, torn };
    }

    pub(crate) fn power_on(&mut self) {
        self.fault = Fault::None;
    }

    pub(crate) fn layout(&mut self) -> Layout {
        read_layout(self).unwrap()
    }

    /// The bytes of the disk that belong to `slot`.
    pub(crate) fn place_of(&mut self, slot: Slot) -> Range<u64> {
        let partition = self.layout().partition(slot.into()).unwrap();
        partition.offset_bytes..partition.offset_bytes + partition.length_bytes
    }

    /// The bytes of `slot`, to look at or to change.
    pub(crate) fn slot_mut(&mut self, slot: Slot) -> &mut [u8] {
        let place = self.place_of(slot);
        &mut self.bytes[place.start as usize..place.end as usize]
    }

    /// The state that counts, apart from the bookkeeping of writes.
    pub(crate) fn state(&mut self) -> BootState {
        let layout = self.layout();
        let store = StateStore::open(self, &layout).unwrap();
        BootState {
            generation: 0,
            flight_sequence: 0,
            ..store.state().unwrap().clone()
        }
    }

    pub(crate) fn events(&mut self) -> Vec<Event> {
        let layout = self.layout();
        let mut entries = Vec::new();
        boot_core::flight::for_each_entry(self, &layout, |entry| entries.push(entry));
        entries.sort_by_key(|entry| entry.sequence);
        entries.into_iter().map(|entry| entry.event).collect()
    }

    fn touches(&self, place: &Range<u64>, length: usize) -> bool {
        let position = self.position as u64;
        position < place.end && position + length as u64 > place.start
    }
}

fn partitioned() -> Vec<u8> {
    let mut disk = gpt::GptConfig::new()
        .writable(true)
        .create_from_device(Cursor::new(vec![0; DISK_BYTES]), None)
        .unwrap();
    for (role, length_bytes) in [
        (Role::BootState, BOOT_STATE_BYTES),
        (Role::SystemA, SLOT_BYTES),
        (Role::SystemB, SLOT_BYTES),
    ] {
        let partition_type = gpt::partition_types::Type {
            guid: role.type_guid().to_string().parse().unwrap(),
            os: gpt::partition_types::OperatingSystem::None,
        };
        disk.add_partition(role.name(), length_bytes, partition_type, 0, None)
            .unwrap();
    }
    disk.write().unwrap().into_inner()
}

impl ErrorType for MemoryDisk {
    type Error = ErrorKind;
}

impl Read for MemoryDisk {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        match &mut self.fault {
            Fault::Off => return Err(ErrorKind::Other),
            Fault::Read(0) => {
                self.fault = Fault::None;
                return Err(ErrorKind::Other);
            }
            Fault::Read(reads_left) => *reads_left -= 1,
            _ => {}
        }
        match &self.fault {
            Fault::Unreadable(place) if self.touches(place, buffer.len()) => {
                return Err(ErrorKind::Other);
            }
            _ => {}
        }
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.position += length;
        Ok(length)
    }
}

impl Write for MemoryDisk {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        let mut reached = bytes.len();
        let mut result = Ok(bytes.len());
        match &mut self.fault {
            Fault::Cut {
                writes_left: 0,
                torn,
            } => {
                reached = match torn {
                    Torn::Nothing => 0,
                    Torn::Half if bytes.len() <= BLOCK_BYTES => 256,
                    Torn::Half => bytes.len() / 2,
                    Torn::All => bytes.len(),
                };
                self.fault = Fault::Off;
                result = Err(ErrorKind::Other);
            }
            Fault::Off => return Err(ErrorKind::Other),
            Fault::Write(0) => {
                self.fault = Fault::None;
                return Err(ErrorKind::Other);
            }
            Fault::Cut { writes_left, .. } | Fault::Write(writes_left) => *writes_left -= 1,
            Fault::Lost(place) => {
                let place = place.clone();
                if self.touches(&place, bytes.len()) {
                    reached = 0;
                }
            }
            Fault::None
            | Fault::Flush(_)
            | Fault::FlushLoses(_)
            | Fault::Read(_)
            | Fault::Unreadable(_) => {}
        }
        if matches!(self.fault, Fault::FlushLoses(_)) {
            let old = self.bytes[self.position..][..reached].to_vec();
            self.overwritten.push((self.position, old));
        }
        self.bytes[self.position..self.position + reached].copy_from_slice(&bytes[..reached]);
        self.position += bytes.len();
        result
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        match &mut self.fault {
            Fault::Off => Err(ErrorKind::Other),
            Fault::Flush(0) => {
                self.fault = Fault::None;
                Err(ErrorKind::Other)
            }
            Fault::FlushLoses(0) => {
                self.fault = Fault::None;
                for (start, old) in self.overwritten.drain(..).rev() {
                    self.bytes[start..][..old.len()].copy_from_slice(&old);
                }
                Err(ErrorKind::Other)
            }
            Fault::Flush(flushes_left) | Fault::FlushLoses(flushes_left) => {
                *flushes_left -= 1;
                self.overwritten.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl Seek for MemoryDisk {
    fn seek(&mut self, to: SeekFrom) -> Result<u64, ErrorKind> {
        let position = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => (self.bytes.len() as u64).checked_add_signed(offset),
            SeekFrom::Current(offset) => (self.position as u64).checked_add_signed(offset),
        };
        let position = position.ok_or(ErrorKind::InvalidInput)?;
        self.position = usize::try_from(position).map_err(|_| ErrorKind::InvalidInput)?;
        Ok(self.position as u64)
    }
}
