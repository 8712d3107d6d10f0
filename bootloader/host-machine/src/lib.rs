//! The machine that the loader runs on, on the host: a disk, a second home of the floors,
//! and a start that takes kernel, initrd and words away.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use boot_core::{Board, Disk, FloorsNotWritten, Halt, Platform, SecondHome, StartError, boot};
use image_format::{FLOORS_BYTES, ResetCause};
use image_trust::verify_keyring;

/// A machine that was just switched on.
pub struct Machine<'a, D> {
    /// What the loader was read from.
    pub disk: &'a mut D,
    /// What the firmware keeps of the floors.
    pub second_home: SecondHome,
}

/// How a boot ended.
pub enum End {
    /// Linux has taken over.
    Started(Started),
    /// Nothing boots.
    Halted(Halt),
    /// The disk, or the loader, unwound with this.
    Panicked(Box<dyn Any + Send>),
}

/// What the firmware was asked to start.
pub struct Started {
    /// The whole file.
    pub kernel: Vec<u8>,
    /// The signed one, and the loader's file behind it.
    pub initrd: Vec<u8>,
    /// The command line.
    pub words: String,
}

impl<D: Disk> Machine<'_, D> {
    /// The loader of `board` runs.
    pub fn boot(&mut self, board: &Board, signed_keyring: &[u8]) -> End {
        let end = catch_unwind(AssertUnwindSafe(|| {
            boot(self, board, verify_keyring(signed_keyring))
        }));
        match end {
            Ok(halt) => End::Halted(halt),
            Err(end) => match end.downcast::<Started>() {
                Ok(started) => End::Started(*started),
                Err(reason) => End::Panicked(reason),
            },
        }
    }
}

impl<D: Disk> Platform for Machine<'_, D> {
    type Disk = D;
    type Memory = Vec<u8>;

    fn disk(&mut self) -> &mut D {
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
