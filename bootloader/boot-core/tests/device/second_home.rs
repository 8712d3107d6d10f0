//! The second home of the floors in memory: keeps a record, or refuses to, and is hit by
//! the same power cuts as the disk.

use super::{MemoryDisk, PowerCut, Torn};
use boot_core::{FloorsNotWritten, SecondHome};
use image_format::{FLOORS_BYTES, Floors};
use std::panic::resume_unwind;

#[derive(Clone)]
pub struct TestHome {
    pub holds: SecondHome,
    /// What the loader wrote, in order.
    pub writes: Vec<Floors>,
    /// Every write fails.
    pub is_full: bool,
}

impl TestHome {
    /// Of a board that has none.
    pub fn none() -> Self {
        Self {
            holds: SecondHome::None,
            writes: Vec::new(),
            is_full: false,
        }
    }

    pub fn write(
        &mut self,
        disk: &mut MemoryDisk,
        record: &[u8; FLOORS_BYTES],
    ) -> Result<(), FloorsNotWritten> {
        if self.is_full {
            return Err(FloorsNotWritten);
        }
        match &mut disk.cut {
            Some((0, torn)) => {
                match torn {
                    Torn::Before => {}
                    // The old record is deleted, the new one not there yet.
                    Torn::Half => self.holds = SecondHome::Absent,
                    Torn::Garbage => self.holds = SecondHome::Unreadable,
                    Torn::After => self.holds = SecondHome::Record(*record),
                }
                resume_unwind(Box::new(PowerCut));
            }
            Some((left, _)) => *left -= 1,
            None => {}
        }
        self.holds = SecondHome::Record(*record);
        self.writes.push(Floors::parse(record).unwrap());
        Ok(())
    }
}
