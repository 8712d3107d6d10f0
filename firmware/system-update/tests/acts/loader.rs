//! The real loader over the disk in memory: what would start next?

use crate::memory_disk::MemoryDisk;
use crate::release::{BOARD, signed_keyring};
use boot_core::{Board, FloorsNotWritten, Platform, SecondHome, StartError, boot};
use image_format::{FLOORS_BYTES, ResetCause};
use image_trust::verify_keyring;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

struct Machine<'a>(&'a mut MemoryDisk);

/// What the loader started.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Started {
    pub(crate) slot: String,
    pub(crate) kernel: Vec<u8>,
}

impl Platform for Machine<'_> {
    type Disk = MemoryDisk;
    type Memory = Vec<u8>;

    fn disk(&mut self) -> &mut MemoryDisk {
        self.0
    }

    fn reset_cause(&mut self) -> ResetCause {
        ResetCause::Unknown
    }

    fn read_second_home(&mut self) -> SecondHome {
        SecondHome::None
    }

    fn write_second_home(&mut self, _: &[u8; FLOORS_BYTES]) -> Result<(), FloorsNotWritten> {
        Err(FloorsNotWritten)
    }

    fn allocate(&mut self, length_bytes: usize) -> Option<Vec<u8>> {
        Some(vec![0; length_bytes])
    }

    fn start(&mut self, kernel: Vec<u8>, _: Vec<u8>, command_line: &str) -> StartError {
        let slot = command_line
            .split(' ')
            .find_map(|word| word.strip_prefix("twinkeel.slot="));
        let slot = slot.unwrap().to_owned();
        // Linux has taken over: nothing of the loader runs any more.
        resume_unwind(Box::new(Started { slot, kernel }))
    }
}

/// Boots once.
pub(crate) fn boot_once(disk: &mut MemoryDisk) -> Started {
    let board = Board { id: BOARD };
    let ended = catch_unwind(AssertUnwindSafe(|| {
        boot(
            &mut Machine(disk),
            &board,
            verify_keyring(&signed_keyring()),
        )
    }));
    match ended {
        Ok(halt) => panic!("nothing was started: {halt}"),
        Err(payload) => match payload.downcast::<Started>() {
            Ok(started) => *started,
            Err(other) => resume_unwind(other),
        },
    }
}
