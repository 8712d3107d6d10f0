//! Which system is running: the compare part of every compare-and-swap.

use core::fmt;
use image_format::{BootNumber, BootState, Digest, Slot};

/// What a process believes to be running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// The slot that the loader started.
    pub slot: Slot,
    /// Of the manifest that the loader verified.
    pub manifest_hash: Digest,
    /// The boot that this is.
    pub boot_number: BootNumber,
}

/// The boot state tells of another system than the one that runs: a process that
/// slept through a reboot of a virtual machine's disk, a second disk, a slot that
/// was rewritten. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The state tells of that boot.
    Boot(BootNumber),
    /// The slot holds another image by now.
    Image(Digest),
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boot(boot) => write!(f, "it tells of boot {boot}, which is not this one"),
            Self::Image(hash) => write!(f, "the slot holds another image by now ({hash})"),
        }
    }
}

impl Running {
    /// Is this what the state tells of?
    ///
    /// # Errors
    /// See [`Conflict`].
    pub fn compare(&self, state: &BootState) -> Result<(), Conflict> {
        if state.boot_number != self.boot_number {
            return Err(Conflict::Boot(state.boot_number));
        }
        match state.slot(self.slot).manifest_hash {
            // A slot that was believed empty, and booted as a last resort.
            Digest::ZERO => Ok(()),
            hash if hash == self.manifest_hash => Ok(()),
            hash => Err(Conflict::Image(hash)),
        }
    }
}
