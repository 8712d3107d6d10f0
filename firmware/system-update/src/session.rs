//! One act on the boot state: open, compare, change, write, record.

use crate::installer::Installer;
use crate::running::{Conflict, Running};
use boot_core::flight::{FlightRing, NotRecorded};
use boot_core::gpt::GptError;
use boot_core::state_store::{StateStore, StateWriteError};
use boot_core::{Disk, Layout, read_layout};
use core::fmt;
use image_format::{BootNumber, BootState, Event};

/// How many events count as new.
const NEWEST: usize = 8;

/// Why an act was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActError {
    /// The disk's partition table cannot be used.
    Layout(GptError),
    /// The disk has no `boot-state` partition, or a too small one.
    NoBootState,
    /// Both copies of the state are lost. The next boot rebuilds it.
    StateLost,
    /// Another system runs than the caller believes. Nothing was changed.
    Conflict(Conflict),
    /// The new state was not written: the old one stands.
    Write(StateWriteError),
    /// The act is done, but the flight record does not tell of it.
    Record(NotRecorded),
}

impl fmt::Display for ActError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layout(error) => write!(f, "cannot find the boot state: {error}"),
            Self::NoBootState => f.write_str(
                "cannot find the boot state: the disk has no boot-state partition of the right size; \
                 flash it again",
            ),
            Self::StateLost => f.write_str(
                "cannot read the boot state: both copies are damaged; reboot to have it rebuilt",
            ),
            Self::Conflict(conflict) => {
                write!(f, "cannot change the boot state: {conflict}; reboot and try again")
            }
            Self::Write(error) => error.fmt(f),
            Self::Record(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ActError {}

/// The boot state of a disk, opened to be changed.
pub(crate) struct Session<'a, D> {
    pub(crate) disk: &'a mut D,
    pub(crate) layout: Layout,
    store: StateStore,
    /// As read, then as it is to be.
    pub(crate) state: BootState,
}

impl<'a, D: Disk> Session<'a, D> {
    /// Reads the state.
    pub(crate) fn open(disk: &'a mut D) -> Result<Self, ActError> {
        let layout = read_layout(disk).map_err(ActError::Layout)?;
        let store = StateStore::open(disk, &layout).ok_or(ActError::NoBootState)?;
        let state = store.state().ok_or(ActError::StateLost)?.clone();
        Ok(Self {
            disk,
            layout,
            store,
            state,
        })
    }

    /// Reads the state, which must tell of what runs.
    pub(crate) fn open_for(disk: &'a mut D, running: &Running) -> Result<Self, ActError> {
        let session = Self::open(disk)?;
        running
            .compare(&session.state)
            .map_err(ActError::Conflict)?;
        Ok(session)
    }

    /// Reads the state, which must tell of the boot of who installs.
    pub(crate) fn open_by(disk: &'a mut D, installer: &Installer) -> Result<Self, ActError> {
        let session = Self::open(disk)?;
        installer
            .compare(&session.state)
            .map_err(ActError::Conflict)?;
        Ok(session)
    }

    /// Writes the state as it is to be.
    pub(crate) fn write(&mut self) -> Result<(), ActError> {
        self.store
            .write(self.disk, &mut self.state)
            .map_err(ActError::Write)
    }

    /// What the flight record tells of last, the newest first.
    pub(crate) fn newest_events(&mut self) -> Vec<Event> {
        let hint = self.state.flight_sequence;
        let ring = FlightRing::open(self.disk, &self.layout, hint);
        let newest = ring.map(|ring| ring.newest::<_, NEWEST>(self.disk));
        newest.into_iter().flatten().collect()
    }

    /// Appends to the flight record. The state's hint follows with the next write.
    pub(crate) fn record(&mut self, boot: BootNumber, event: Event) -> Result<(), ActError> {
        let hint = self.state.flight_sequence;
        let mut ring =
            FlightRing::open(self.disk, &self.layout, hint).ok_or(ActError::NoBootState)?;
        ring.append(self.disk, boot, &event)
            .map_err(ActError::Record)?;
        self.state.flight_sequence = ring.next_sequence();
        Ok(())
    }
}
