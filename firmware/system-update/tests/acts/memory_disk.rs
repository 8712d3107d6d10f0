//! A disk in memory with a boot-state partition, whose power can be cut at any
//! write: the first half of that write's bytes still reach the disk.

use boot_core::state_store::StateStore;
use boot_core::{Layout, read_layout};
use embedded_io::{ErrorKind, ErrorType, Read, Seek, SeekFrom, Write};
use image_format::disk::{BOOT_STATE_BYTES, Role};
use image_format::{BootState, Event};
use std::io::Cursor;

const DISK_BYTES: usize = 20 << 20;

#[derive(Clone)]
pub(crate) struct MemoryDisk {
    bytes: Vec<u8>,
    position: usize,
    /// Writes that still succeed.
    writes_left: Option<usize>,
}

impl MemoryDisk {
    /// A disk that holds `state`, and nothing else.
    pub(crate) fn with_state(state: &BootState) -> Self {
        let mut disk = Self {
            bytes: partitioned(),
            position: 0,
            writes_left: None,
        };
        let layout = disk.layout();
        let mut store = StateStore::open(&mut disk, &layout).unwrap();
        store.write(&mut disk, &mut state.clone()).unwrap();
        disk
    }

    pub(crate) fn cut_at_write(&mut self, writes: usize) {
        self.writes_left = Some(writes);
    }

    pub(crate) fn power_on(&mut self) {
        self.writes_left = None;
    }

    pub(crate) fn layout(&mut self) -> Layout {
        read_layout(self).unwrap()
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
}

fn partitioned() -> Vec<u8> {
    let mut disk = gpt::GptConfig::new()
        .writable(true)
        .create_from_device(Cursor::new(vec![0; DISK_BYTES]), None)
        .unwrap();
    let role = gpt::partition_types::Type {
        guid: Role::BootState.type_guid().to_string().parse().unwrap(),
        os: gpt::partition_types::OperatingSystem::None,
    };
    disk.add_partition("boot-state", BOOT_STATE_BYTES, role, 0, None)
        .unwrap();
    disk.write().unwrap().into_inner()
}

impl ErrorType for MemoryDisk {
    type Error = ErrorKind;
}

impl Read for MemoryDisk {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.position += length;
        Ok(length)
    }
}

impl Write for MemoryDisk {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        let reached = match &mut self.writes_left {
            Some(0) => bytes.len() / 2,
            Some(left) => {
                *left -= 1;
                bytes.len()
            }
            None => bytes.len(),
        };
        self.bytes[self.position..self.position + reached].copy_from_slice(&bytes[..reached]);
        self.position += reached;
        if reached < bytes.len() {
            return Err(ErrorKind::Other);
        }
        Ok(reached)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
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
        Ok(position)
    }
}
