//! A loader's own failure: said, and put into the flight record. Called by the shells' panic
//! handlers, which bring the console and the disk, and reset the device afterwards.

use core::fmt::{Arguments, Display};
use core::panic::Location;
use core::sync::atomic::{AtomicBool, Ordering};
use image_format::Event;
use image_format::flight::{Text, text};

use crate::flight::FlightRing;
use crate::gpt::read_layout;
use crate::platform::Disk;
use crate::state_store::StateStore;

/// What a shell keeps in a static for the day on which it panics.
#[derive(Debug)]
pub struct LastWords {
    disk_reached: AtomicBool,
    failed: AtomicBool,
}

/// The loader's first failure in this boot, not yet told.
#[derive(Debug)]
pub struct FirstFailure<'a> {
    words: &'a LastWords,
}

impl LastWords {
    /// Of a loader that has not failed and has no disk.
    #[expect(clippy::new_without_default, reason = "statics need a const fn")]
    #[must_use]
    pub const fn new() -> Self {
        Self {
            disk_reached: AtomicBool::new(false),
            failed: AtomicBool::new(false),
        }
    }

    /// The loader's own disk was opened once: finding it again is code that has worked.
    pub fn record_from_now_on(&self) {
        self.disk_reached.store(true, Ordering::Relaxed);
    }

    /// The loader panics. `None` if it did before: saying or recording the first panic made
    /// another, and both are to be given up.
    pub fn fail(&self) -> Option<FirstFailure<'_>> {
        let failed_before = self.failed.swap(true, Ordering::Relaxed);
        (!failed_before).then_some(FirstFailure { words: self })
    }
}

impl FirstFailure<'_> {
    /// Says on the console what happened, and records it if the disk was reached before.
    ///
    /// `open_disk` opens the disk anew: the one that the panic interrupted may be in the
    /// middle of anything, and is never used again.
    pub fn tell<D: Disk>(
        self,
        place: Option<&Location<'_>>,
        message: impl Display,
        mut print: impl FnMut(Arguments<'_>),
        open_disk: impl FnOnce() -> Option<D>,
    ) {
        let file = place.map_or("", Location::file);
        let line = place.map_or(0, Location::line);
        let message = text(format_args!("{file}:{line}: {message}"));
        print(format_args!("the loader failed: {message}"));
        let mut disk = match self.words.disk_reached.load(Ordering::Relaxed) {
            true => open_disk(),
            false => None,
        };
        let recorded = disk.as_mut().and_then(|disk| record(disk, message));
        if recorded.is_none() {
            print(format_args!("this failure is not in the flight record"));
        }
    }
}

/// Records `message`, unless the last entry says the same: a loader that fails at every
/// turn must not push out of the ring what led to it. `None` when it is not on record.
pub fn record<D: Disk>(disk: &mut D, message: Text) -> Option<()> {
    let layout = read_layout(disk).ok()?;
    let event = Event::LoaderPanicked { message };
    let store = StateStore::open(disk, &layout)?;
    let state = store.state()?;
    let mut ring = FlightRing::open(disk, &layout, state.flight_sequence)?;
    if ring.is_recent(disk, &event, 1) {
        return Some(());
    }
    ring.append(disk, state.boot_number, &event).ok()
}
