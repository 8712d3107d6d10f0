//! The machine that the loader runs on, on the host: a disk, a second home of the floors,
//! and a start that takes kernel, initrd and words away.

use crate::overlay::{Endless, Overlay};
use boot_core::{Board, FloorsNotWritten, Halt, Platform, SecondHome, StartError, boot};
use image_format::{FLOORS_BYTES, ResetCause};
use image_trust::verify_keyring;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// What the firmware was asked to start.
pub(crate) struct Started {
    pub(crate) kernel: Vec<u8>,
    pub(crate) initrd: Vec<u8>,
    pub(crate) words: String,
}

/// How a boot ended.
pub(crate) enum End {
    Started(Started),
    Halted(Halt),
    Endless,
    Panicked,
}

/// A machine that was just switched on.
pub(crate) struct Machine<'a> {
    pub(crate) disk: &'a mut Overlay,
    pub(crate) second_home: SecondHome,
}

impl Machine<'_> {
    /// The loader runs.
    pub(crate) fn boot(&mut self, board: &Board, signed_keyring: &[u8]) -> End {
        let end = catch_unwind(AssertUnwindSafe(|| {
            boot(self, board, verify_keyring(signed_keyring))
        }));
        match end {
            Ok(halt) => End::Halted(halt),
            Err(end) => match end.downcast::<Started>() {
                Ok(started) => End::Started(*started),
                Err(end) if end.is::<Endless>() => End::Endless,
                Err(_) => End::Panicked,
            },
        }
    }
}

impl Platform for Machine<'_> {
    type Disk = Overlay;
    type Memory = Vec<u8>;

    fn disk(&mut self) -> &mut Overlay {
        self.disk
    }

    fn reset_cause(&mut self) -> ResetCause {
        ResetCause::PowerLoss
    }

    fn read_second_home(&mut self) -> SecondHome {
        self.second_home
    }

    fn write_second_home(&mut self, record: &[u8; FLOORS_BYTES]) -> Result<(), FloorsNotWritten> {
        self.second_home = SecondHome::Record(*record);
        Ok(())
    }

    fn allocate(&mut self, length_bytes: usize) -> Option<Vec<u8>> {
        Some(vec![0; length_bytes])
    }

    fn start(&mut self, kernel: Vec<u8>, initrd: Vec<u8>, words: &str) -> StartError {
        // Linux has taken over: nothing of the loader runs any more.
        resume_unwind(Box::new(Started {
            kernel,
            initrd,
            words: words.to_owned(),
        }))
    }
}
