//! The two homes of the floors on a device: read before the choice, brought together,
//! raised when a boot is about to succeed. What follows from what is in [`floors`].
//!
//! The boot state is written first and the second home after it, so that a power cut
//! between the two leaves a difference that the next boot evens out by itself. Nothing
//! here may keep a device from booting: what cannot be written stays as it was.

use crate::console::say;
use crate::floors::{self, Found};
use crate::journal::Journal;
use crate::platform::{Platform, SecondHome};
use image_format::{Event, Floors, Refusal};

/// The second home, as this boot knows it. The first is the journal's state.
#[derive(Debug)]
pub struct FloorHomes {
    second: Found,
}

impl FloorHomes {
    /// Reads the second home. Damage counts as absence: the boot state still stands.
    pub fn read<P: Platform>(platform: &mut P) -> Self {
        let second = match platform.read_second_home() {
            SecondHome::None => Found::NoHome,
            SecondHome::Absent => Found::Nothing,
            SecondHome::Unreadable => {
                say(format_args!("the second home of the floors cannot be read"));
                Found::Nothing
            }
            SecondHome::Record(record) => match Floors::parse(&record) {
                Ok(floors) => Found::Floors(floors),
                Err(error) => {
                    say(format_args!(
                        "the second home of the floors is damaged: {error}"
                    ));
                    Found::Nothing
                }
            },
        };
        Self { second }
    }

    /// What the second home alone asks for: all there is when the state is lost.
    pub fn second(&self) -> Floors {
        self.second.floors()
    }

    /// The state takes over what is higher in the second home, to be saved with *begun*.
    pub fn tell_state<P: Platform>(&self, platform: &mut P, journal: &mut Journal) {
        let floors = journal.state.floors;
        if let Some(event) = floors::state_fell_back(floors, self.second) {
            say(format_args!(
                "the floors in the boot state are lower than they were"
            ));
            journal.record(platform.disk(), &event);
        }
        journal.state.floors = floors::effective(floors, self.second);
    }

    /// Fills a second home that holds nothing: with zeros, which raise nothing. From then
    /// on its absence means something.
    pub fn fill<P: Platform>(&mut self, platform: &mut P, journal: &mut Journal) {
        if self.second != Found::Nothing {
            return;
        }
        let state = &journal.state;
        let event = floors::second_home_forgot(state.floors, self.second, state.boot_number);
        // Recorded once it is mended: firmware that never keeps the record must not fill
        // the flight record with the same words at every boot.
        if self.write(platform, Floors::default())
            && let Some(event) = event
        {
            say(format_args!(
                "the second home of the floors had forgotten them"
            ));
            journal.record(platform.disk(), &event);
        }
    }

    /// The state gives way to the second home when it alone keeps everything from
    /// booting. Returns whether it did.
    pub fn overrule_state<'a, P: Platform>(
        &self,
        platform: &mut P,
        journal: &mut Journal,
        refusals: impl Iterator<Item = &'a Refusal>,
    ) -> bool {
        let floors = journal.state.floors;
        let Some(event) = floors::state_overreaches(floors, self.second, refusals) else {
            return false;
        };
        say(format_args!(
            "the floors in the boot state let nothing boot: they are not believed"
        ));
        journal.record(platform.disk(), &event);
        journal.state.floors = self.second.floors();
        true
    }

    /// Whether the image with the numbers `running` may raise a home, which costs a look
    /// at the other slot.
    pub fn may_rise(&self, journal: &Journal, running: Floors) -> bool {
        floors::may_rise(journal.state.floors, self.second, running)
    }

    /// Raises both homes to the lower of `confirmed` and `other`. Returns the new floors if
    /// those of the device have risen.
    pub fn raise<P: Platform>(
        &mut self,
        platform: &mut P,
        journal: &mut Journal,
        confirmed: Floors,
        other: Option<Floors>,
    ) -> Option<Floors> {
        let before = journal.state.floors;
        let risen = floors::rise(before, Some(confirmed), other);
        if let Some(Floors { epoch, serial }) = risen {
            say(format_args!(
                "the floors rise to epoch {epoch}, delegation {serial}"
            ));
            journal.record(platform.disk(), &Event::FloorsRaised { epoch, serial });
            journal.state.floors = Floors { epoch, serial };
            if journal.save(platform.disk()).is_err() {
                journal.state.floors = before;
                return None;
            }
        }
        if let Found::Floors(second) = self.second
            && let Some(floors) = floors::rise(second, Some(confirmed), other)
        {
            self.write(platform, floors);
        }
        risen
    }

    /// Writes the second home and reads it back. Where that fails the board counts as one
    /// without, until the next boot.
    fn write<P: Platform>(&mut self, platform: &mut P, floors: Floors) -> bool {
        let record = floors.encode();
        let written = platform.write_second_home(&record).is_ok()
            && platform.read_second_home() == SecondHome::Record(record);
        self.second = if written {
            Found::Floors(floors)
        } else {
            say(format_args!("the second home does not keep the floors"));
            Found::NoHome
        };
        written
    }
}
