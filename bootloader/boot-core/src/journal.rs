//! The boot state in memory together with its place on the disk, and the flight
//! record beside it: what a boot reads first and writes as it goes.
//!
//! An event is recorded before the state that follows from it: a power cut
//! between the two repeats an event rather than losing one.

use crate::aftermath;
use crate::choice::{self, SlotImage};
use crate::console::say;
use crate::flight::FlightRing;
use crate::gpt::Layout;
use crate::platform::Disk;
use crate::state_store::StateStore;
use image_format::{BootState, Event, ResetCause};

/// Where nothing has a claim any more, the same last resort dies again and again with
/// the rescue system in between. An end is no news then if it is among the last of
/// these: the end, the words of a panic and its last lines, and the rescue system.
const NEWS: u64 = 4;

/// State and flight record of the device.
#[derive(Debug)]
pub struct Journal {
    /// As it is to be written next.
    pub state: BootState,
    store: Option<StateStore>,
    ring: Option<FlightRing>,
    has_news: bool,
}

/// The state could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSaved;

impl Journal {
    /// Reads the state and counts the boot that begins; records how the one before it
    /// ended, if nobody else did. `None` when both copies are lost.
    pub fn open<D: Disk>(disk: &mut D, layout: &Layout, cause: ResetCause) -> Option<Self> {
        let store = StateStore::open(disk, layout)?;
        let state = store.state()?.clone();
        let ring = FlightRing::open(disk, layout, state.flight_sequence);
        let mut journal = Self {
            state,
            store: Some(store),
            ring,
            has_news: false,
        };
        journal.record_silent_end(disk, cause);
        journal.state.boot_number = journal.state.boot_number.next();
        journal.record_lost_copies(disk);
        Some(journal)
    }

    /// Under the number of the boot that ended: it is still the state's.
    fn record_silent_end<D: Disk>(&mut self, disk: &mut D, cause: ResetCause) {
        let Some(ring) = &self.ring else { return };
        let told = || ring.tells_the_end_of(disk, self.state.boot_number);
        let Some(event) = aftermath::silent_end(&self.state, cause, told) else {
            return;
        };
        say(format_args!(
            "the boot before this one ended without a word: {cause}"
        ));
        if choice::has_claim(&self.state) || !ring.is_recent(disk, &event, NEWS) {
            self.record(disk, &event);
        }
    }

    /// Makes a new state from what the slots hold; it is not saved yet. Boots are
    /// counted on from the last one that is on record.
    pub fn rebuild<D: Disk>(disk: &mut D, layout: &Layout, [a, b]: [Option<SlotImage>; 2]) -> Self {
        let store = StateStore::open(disk, layout);
        let (ring, boot_number) = FlightRing::recover(disk, layout).unzip();
        let next = ring.as_ref().map_or(0, FlightRing::next_sequence);
        let boot_number = boot_number.unwrap_or_default().next();
        let state = choice::rebuild(a, b, boot_number, next);
        let trial = state.trial();
        let mut journal = Self {
            state,
            store,
            ring,
            has_news: false,
        };
        say(format_args!(
            "the boot state was lost and is rebuilt from the slots"
        ));
        journal.record_lost_copies(disk);
        journal.record(disk, &Event::StateRebuilt { trial });
        journal
    }

    fn record_lost_copies<D: Disk>(&mut self, disk: &mut D) {
        let Some(store) = &self.store else {
            return;
        };
        for (copy, error) in store.lost_copies() {
            say(format_args!(
                "copy {copy} of the boot state is lost: {error}"
            ));
            self.record(disk, &Event::StateCopyLost { copy, error });
        }
    }

    /// Records what happened under the state's boot number. A record that cannot
    /// be written stops nothing: the boot matters more.
    pub fn record<D: Disk>(&mut self, disk: &mut D, event: &Event) {
        self.has_news = true;
        let recorded = match &mut self.ring {
            Some(ring) => ring.append(disk, self.state.boot_number, event).is_ok(),
            None => false,
        };
        if !recorded {
            say(format_args!(
                "an event could not be written to the flight record"
            ));
        }
    }

    /// Records what follows from something that this boot recorded before. A
    /// device that retries in vain would otherwise fill the ring with the same
    /// few events, and lose those that say how it came to this.
    pub fn record_consequence<D: Disk>(&mut self, disk: &mut D, event: &Event) {
        if self.has_news {
            self.record(disk, event);
        }
    }

    /// Writes the state.
    ///
    /// # Errors
    /// [`NotSaved`]; the state on the disk is the last one that was saved.
    pub fn save<D: Disk>(&mut self, disk: &mut D) -> Result<(), NotSaved> {
        if let Some(ring) = &self.ring {
            self.state.flight_sequence = ring.next_sequence();
        }
        let store = self.store.as_mut().ok_or(NotSaved)?;
        store.write(disk, &mut self.state).map_err(|error| {
            say(format_args!("{error}"));
            NotSaved
        })
    }
}
