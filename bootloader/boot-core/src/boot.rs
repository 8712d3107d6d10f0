//! The story of a boot.

use crate::choice::{self, Excluded, MAX_TURNS, SlotImage};
use crate::console::say;
use crate::floor_homes::FloorHomes;
use crate::gpt::{GptError, Layout, read_layout};
use crate::journal::Journal;
use crate::load::{Conditions, LoadError, LoadPlan, load, read_numbers, with_release};
use crate::platform::{Board, Platform};
use core::fmt;
use image_format::{BootNumber, Event, Keyring, Refusal, Slot, SlotStatus, Source};
use image_trust::Verified;

/// Why nothing was started. Shown as what the person at the console should read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Halt {
    /// The loader's own root keyring is unusable.
    Keyring(Refusal),
    /// The disk has no usable partition table.
    Disk(GptError),
    /// Every source was refused, in this order.
    NothingBoots(Refused),
}

/// Sources and why each did not boot, in the order of the turns.
pub type Refused = heapless::Vec<(Source, Refusal), { MAX_TURNS as usize }>;

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyring(refusal) => write!(f, "cannot boot: this loader is unusable: {refusal}"),
            Self::Disk(error) => write!(f, "cannot boot: {error}"),
            Self::NothingBoots(refused) => {
                f.write_str("cannot boot: no source has a usable system")?;
                refused
                    .iter()
                    .try_for_each(|(source, refusal)| write!(f, "\n  {source}: {refusal}"))
            }
        }
    }
}

/// Boots with the loader's own keyring, as it was verified. Returns only when nothing could
/// be started: then the shell shows why, waits and resets.
pub fn boot<P: Platform>(
    platform: &mut P,
    board: &Board,
    keyring: Result<Verified<Keyring>, Refusal>,
) -> Halt {
    let keyring = match keyring {
        Ok(keyring) => keyring,
        Err(refusal) => return Halt::Keyring(refusal),
    };
    let layout = match read_layout(platform.disk()) {
        Ok(layout) => layout,
        Err(error) => return Halt::Disk(error),
    };
    let homes = FloorHomes::read(platform);
    let mut journal = open_journal(platform, board, &keyring, &layout, &homes);
    homes.tell_state(platform, &mut journal);
    let asked_for = choice::choose(&journal.state, Excluded::default());
    if let Some(event) = choice::settle(&mut journal.state) {
        journal.record(platform.disk(), &event);
    }

    let mut boot = Boot {
        board,
        keyring,
        layout,
        journal,
        homes,
        begun_on_disk: false,
    };
    let mut refused = boot.take_turns(platform, asked_for);
    let refusals = refused.iter().map(|(_, refusal)| refusal);
    if boot
        .homes
        .overrule_state(platform, &mut boot.journal, refusals)
    {
        refused = boot.take_turns(platform, asked_for);
    }
    // A reference to a constant would be a kilobyte of zeros in the loader.
    let event = Event::NothingBoots;
    boot.journal.record_consequence(platform.disk(), &event);
    // The reasons are on the console either way.
    let _ = boot.journal.save(platform.disk());
    Halt::NothingBoots(refused)
}

/// Reads the state, or rebuilds it from what the slots hold.
fn open_journal<P: Platform>(
    platform: &mut P,
    board: &Board,
    keyring: &Verified<Keyring>,
    layout: &Layout,
    homes: &FloorHomes,
) -> Journal {
    let cause = platform.reset_cause();
    if let Some(journal) = Journal::open(platform.disk(), layout, cause) {
        return journal;
    }
    let conditions = Conditions {
        board,
        keyring,
        floors: homes.second(),
        layout,
        boot_number: BootNumber(0),
    };
    let images = Slot::ALL.map(|slot| slot_image(platform, &conditions, slot));
    Journal::rebuild(platform.disk(), layout, images)
}

fn slot_image<P: Platform>(
    platform: &mut P,
    conditions: &Conditions<'_>,
    slot: Slot,
) -> Option<SlotImage> {
    let source = Source::Slot(slot);
    with_release(platform, conditions, source, |_, _, release| {
        Ok(SlotImage {
            version: release.manifest.version,
            manifest_hash: release.manifest_hash,
        })
    })
    .inspect_err(|error| say(format_args!("{slot}: {}", error.refusal)))
    .ok()
}

/// What stays the same from turn to turn.
struct Boot<'a> {
    board: &'a Board,
    keyring: Verified<Keyring>,
    layout: Layout,
    journal: Journal,
    homes: FloorHomes,
    /// The boot that runs is counted.
    begun_on_disk: bool,
}

impl Boot<'_> {
    /// Tries one source after the other, each once. Returns why none of them booted.
    fn take_turns<P: Platform>(&mut self, platform: &mut P, asked_for: Option<Source>) -> Refused {
        let mut excluded = Excluded::default();
        let mut refused = Refused::new();
        for _ in 0..MAX_TURNS {
            let Some(source) = choice::choose(&self.journal.state, excluded) else {
                break;
            };
            let refusal = self.attempt(platform, source, asked_for);
            excluded.add(source);
            // There is room for every turn.
            let _ = refused.push((source, refusal));
        }
        refused
    }

    /// One turn: note the attempt, then read, verify and start. Returns why the
    /// source did not boot.
    fn attempt<P: Platform>(
        &mut self,
        platform: &mut P,
        source: Source,
        asked_for: Option<Source>,
    ) -> Refusal {
        if let Some(Source::Slot(from)) = asked_for
            && Source::Slot(from) != source
        {
            say(format_args!("falling back from {from} to {source}"));
            self.journal
                .record_consequence(platform.disk(), &Event::FellBack { from, to: source });
        }
        if source == Source::Rescue {
            say(format_args!("no slot is left: the rescue system is next"));
        }
        let on_trial = self.is_on_trial(source);
        if let Some(event) = choice::begin(&mut self.journal.state, source) {
            if let Event::TrialBegun {
                slot,
                attempt,
                given,
            } = &event
            {
                say(format_args!(
                    "{slot} is on trial: attempt {attempt} of {given}"
                ));
            }
            self.journal.record(platform.disk(), &event);
        }
        self.begun_on_disk = self.journal.save(platform.disk()).is_ok();
        if on_trial && !self.begun_on_disk {
            return self.refuse(platform, source, Refusal::AttemptNotRecorded.into());
        }
        if self.begun_on_disk {
            self.homes.fill(platform, &mut self.journal);
        }
        match self.load_and_start(platform, source) {
            Ok(never) => match never {},
            Err(error) => self.refuse(platform, source, error),
        }
    }

    fn was_refused(&self, slot: Slot) -> bool {
        self.journal.state.slot(slot).status == SlotStatus::Refused
    }

    fn is_on_trial(&self, source: Source) -> bool {
        match source {
            Source::Slot(slot) => {
                matches!(
                    self.journal.state.slot(slot).status,
                    SlotStatus::Trial { .. }
                )
            }
            Source::Rescue => false,
        }
    }

    fn load_and_start<P: Platform>(
        &mut self,
        platform: &mut P,
        source: Source,
    ) -> Result<core::convert::Infallible, LoadError> {
        let plan = load(platform, &self.conditions(), source)?;
        let version = plan.version;
        self.raise_floors(platform, source, &plan);
        say(format_args!("starting {source} version {version}"));
        let error = platform.start(plan.kernel, plan.initrd, &plan.command_line);
        Err(LoadError {
            version: Some(version),
            refusal: Refusal::NotStarted {
                status: error.status,
            },
        })
    }

    fn conditions(&self) -> Conditions<'_> {
        Conditions {
            board: self.board,
            keyring: &self.keyring,
            floors: self.journal.state.floors,
            layout: &self.layout,
            boot_number: self.journal.state.boot_number,
        }
    }

    /// Raises the floors when the image that is about to start is the confirmed one. The
    /// other slot is looked at for that only now, when this boot is counted and ready.
    fn raise_floors<P: Platform>(
        &mut self,
        platform: &mut P,
        source: Source,
        plan: &LoadPlan<P::Memory>,
    ) {
        let Source::Slot(slot) = source else { return };
        if !self.is_confirmed(slot, plan) || !self.homes.may_rise(&self.journal, plan.numbers) {
            return;
        }
        let before = self.journal.state.floors;
        let other = read_numbers(platform, &self.conditions(), Source::Slot(slot.other()));
        let risen = self
            .homes
            .raise(platform, &mut self.journal, plan.numbers, other);
        let Some(floors) = risen else { return };
        let conditions = Conditions {
            floors: before,
            ..self.conditions()
        };
        if read_numbers(platform, &conditions, Source::Rescue)
            .is_some_and(|rescue| floors.exceed(rescue))
        {
            say(format_args!(
                "the rescue system is below the floors now and boots no more"
            ));
        }
    }

    /// Whether it is the image that was confirmed, in a device that is well: a boot before
    /// that did not come up may have hung at the other slot, which is then left alone.
    fn is_confirmed<M>(&self, slot: Slot, plan: &LoadPlan<M>) -> bool {
        let state = &self.journal.state;
        let record = state.slot(slot);
        record.status == SlotStatus::Confirmed
            && record.manifest_hash == plan.manifest_hash
            && state.begun_without_up <= 1
            && self.begun_on_disk
    }

    fn refuse<P: Platform>(
        &mut self,
        platform: &mut P,
        source: Source,
        LoadError { version, refusal }: LoadError,
    ) -> Refusal {
        say(format_args!("{source} is refused: {refusal}"));
        // Nothing of it ran: that is no boot that did not come up.
        self.journal.state.begun_without_up = 0;
        let event = Event::Refused {
            source,
            version,
            refusal: refusal.clone(),
        };
        match source {
            Source::Slot(slot) if !self.was_refused(slot) => {
                choice::refuse(&mut self.journal.state, slot);
                self.journal.record(platform.disk(), &event);
            }
            _ => self.journal.record_consequence(platform.disk(), &event),
        }
        refusal
    }
}
