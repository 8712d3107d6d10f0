//! What happens when nobody asks: poll, choose, take, reboot.
//!
//! [`Engine::turn`] does what is due and says when to come again. It keeps no plan that a
//! restart would lose: what is staged, what runs and what was rolled back tells the disk.

use crate::choice::Listed;
use crate::device::{Unattended, Verdict};
use crate::engine::{Engine, Order};
use crate::install_error::InstallError;
use crate::machine::Machine;
use crate::schedule::{Looked, Lot, first_pause, pause};
use crate::settings::{Autopilot, RebootPolicy, Settings};
use crate::slots::Slots;
use crate::snap_autopilot::{SnapTurn, lists};
use crate::store::{Known, Listing, Lists};
use http_file::Patience;
use image_format::SlotStatus;
use snap_store::State;
use std::time::Duration;
use system_update::{Downgrade, FailedBefore};

/// While it waits for a window, a confirm or a reboot, it looks so often.
const WATCH: Duration = Duration::from_secs(60);
/// A trial that has yet to reach the store tries that often: the health gate waits for it.
const PROBE: Duration = Duration::from_secs(5);
/// Without a store nothing is due.
const IDLE: Duration = Duration::from_secs(3600);

/// Some twenty minutes without a byte, then the next poll begins anew.
pub(crate) const PATIENCE: Patience = Patience {
    failures: 12,
    longest_pause: Duration::from_secs(300),
    ..Patience::OF_A_PERSON
};

/// What the loop knows from one turn to the next.
pub(crate) struct Loop {
    started: Duration,
    /// Since the machine was switched on.
    next_poll: Option<Duration>,
    polls: u32,
    /// In a row.
    failures: u32,
    /// What the server said last.
    pub(crate) known: Option<Known>,
    wanting: Wanting,
    pub(crate) snaps: SnapTurn,
    warnings: Vec<String>,
}

/// Whether a release waits for nothing but a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanting {
    Nothing,
    AWindow,
}

impl Loop {
    pub(crate) fn new(started: Duration) -> Self {
        Self {
            started,
            next_poll: None,
            polls: 0,
            failures: 0,
            known: None,
            wanting: Wanting::Nothing,
            snaps: SnapTurn::default(),
            warnings: Vec::new(),
        }
    }

    /// What is there is looked for again when a window opens, if one has to.
    pub(crate) fn wait_for_window(&mut self, settings: &Settings, moment_secs: i64) {
        if !settings.is_window_open(moment_secs) {
            self.wanting = Wanting::AWindow;
        }
    }

    /// How a poll ended: says when the next one is due.
    fn polled(&mut self, interval: Duration, looked: Looked, now: Duration, lot: Lot) {
        self.polls = self.polls.wrapping_add(1);
        self.failures = match looked {
            Looked::Answered => 0,
            _ => self.failures.saturating_add(1),
        };
        self.next_poll = Some(now + pause(interval, looked, self.failures, lot));
    }
}

/// What came of a look at the device.
enum Standing {
    /// The system that runs has yet to prove itself.
    Unconfirmed,
    /// In words.
    Waits(&'static str),
    /// Nothing is in the way of a poll.
    Free,
}

impl<M: Machine> Engine<M> {
    /// Does what is due of the system alone, and returns how long nothing is.
    pub fn turn(&self) -> Duration {
        self.turn_of(&mut self.changing(), &State::default())
    }

    /// The same, and notes what is due of the snaps that are `here`.
    pub(crate) fn turn_of(&self, own: &mut Loop, here: &State) -> Duration {
        let read = self.settings.read();
        if read.warnings != own.warnings {
            read.warnings
                .iter()
                .for_each(|warning| eprintln!("{warning}"));
            own.warnings = read.warnings;
        }
        let settings = read.settings;
        let slots = match self.slots() {
            Ok(slots) => slots,
            Err(failure) => return self.tell(own, failure.message, WATCH),
        };
        if let Some(time) = self.before_reboot(own, &settings, &slots) {
            return time;
        }
        match waits(&slots) {
            Standing::Unconfirmed => return self.probe(own, &settings, &slots),
            Standing::Waits(why) => return self.tell(own, why.to_owned(), WATCH),
            Standing::Free if settings.store.is_empty() => {
                self.forget_the_store();
                return self.tell(own, "no store is set".to_owned(), IDLE);
            }
            Standing::Free => {}
        }
        let now = self.machine.uptime();
        let lot = Lot::of(&self.machine.machine_id(), own.polls);
        // The verdict on a trial may depend on whether the store answers this system.
        let first = match slots.inconclusive() {
            Some(_) => own.started,
            None => own.started + first_pause(settings.poll_interval(), lot),
        };
        let due = *own.next_poll.get_or_insert(first);
        let opened =
            own.wanting == Wanting::AWindow && settings.is_window_open(self.moment(&slots));
        if now < due && !opened {
            let left = due - now;
            return match own.wanting {
                Wanting::AWindow => left.min(WATCH),
                Wanting::Nothing => left,
            };
        }
        self.poll(own, &settings, &slots, lot, here)
    }

    /// On trial: finds out whether the store answers, and takes nothing.
    fn probe(&self, own: &mut Loop, settings: &Settings, slots: &Slots) -> Duration {
        let mut time = WATCH;
        if !settings.store.is_empty() && !self.has_reached(slots) {
            match self.look(settings, slots, None, Lists::System) {
                Ok(listing) => own.known = listing.known,
                Err(error) => {
                    eprintln!("{error}");
                    time = PROBE;
                }
            }
        }
        let state = "the running system has yet to be confirmed";
        self.tell(own, state.to_owned(), time)
    }

    fn poll(
        &self,
        own: &mut Loop,
        settings: &Settings,
        slots: &Slots,
        lot: Lot,
        here: &State,
    ) -> Duration {
        own.wanting = Wanting::Nothing;
        let interval = settings.poll_interval();
        let lists = lists(settings, here);
        let looked = self.look(settings, slots, own.known.as_ref(), lists);
        let listing = match looked {
            Ok(listing) => listing,
            Err(error) => {
                eprintln!("{error}");
                own.known = None;
                own.polled(interval, error.looked(), self.machine.uptime(), lot);
                self.told().last_failure = Some(error.to_string());
                return self.until_next(own, "the last poll failed".to_owned());
            }
        };
        own.known.clone_from(&listing.known);
        self.told().last_failure = None;
        let (verdicts, chosen) = self.choose(settings, slots, &listing);
        let Some(release) = chosen else {
            own.polled(interval, Looked::Answered, self.machine.uptime(), lot);
            let of_snaps = self.note_snaps(own, settings, slots, here, &listing);
            let told = of_snaps.unwrap_or_else(|| nothing_to_take(&listing, &verdicts));
            return self.until_next(own, told);
        };
        if let Some(why) = self.keeps_from(settings, slots) {
            own.polled(interval, Looked::Answered, self.machine.uptime(), lot);
            own.wait_for_window(settings, self.moment(slots));
            let version = release.release.version;
            return self.until_next(own, format!("version {version} is there; {why}"));
        }
        self.take(own, settings, slots, &listing, release, lot)
    }

    /// What keeps the device from taking a release or a snap that it is offered.
    pub(crate) fn keeps_from(&self, settings: &Settings, slots: &Slots) -> Option<&'static str> {
        let moment = self.moment(slots);
        if settings.autopilot == Autopilot::Off {
            return Some("the autopilot is off");
        }
        if settings.hold.holds(moment) {
            return Some("updates are on hold");
        }
        (!settings.is_window_open(moment)).then_some("it waits for a window")
    }

    fn take(
        &self,
        own: &mut Loop,
        settings: &Settings,
        slots: &Slots,
        listing: &Listing,
        release: &Listed,
        lot: Lot,
    ) -> Duration {
        let version = release.release.version;
        println!("taking version {version} from {}", listing.address);
        self.told().state = format!("installs version {version}");
        let order = Order {
            release,
            address: &listing.address,
            rate_bytes_per_sec: settings.rate_limit_bytes_per_sec,
            patience: PATIENCE,
            downgrade: Downgrade::Refuse,
            failed_before: FailedBefore::Refuse,
        };
        let interval = settings.poll_interval();
        match self.install(&order, slots, &mut |_| {}) {
            Ok(staged) => {
                println!("version {version} is installed in {}", staged.slot);
                own.polled(interval, Looked::Answered, self.machine.uptime(), lot);
                self.memory.change(|memory| {
                    memory.reboot_into = Some(staged.manifest_hash.to_string());
                });
                // Comes round at once, to see whether it may reboot.
                self.tell(
                    own,
                    format!("version {version} is installed"),
                    Duration::ZERO,
                )
            }
            Err(error) => {
                eprintln!("{error}");
                own.polled(interval, looked(&error), self.machine.uptime(), lot);
                self.told().last_failure = Some(error.to_string());
                self.until_next(own, format!("version {version} could not be installed"))
            }
        }
    }

    /// If a release that was taken unattended waits for its reboot: does what the owner wants.
    fn before_reboot(&self, own: &Loop, settings: &Settings, slots: &Slots) -> Option<Duration> {
        let wanted = self.memory.read().reboot_into?;
        let staged = slots.staged()?;
        if staged.manifest_hash.to_string() != wanted {
            return None;
        }
        let moment = self.moment(slots);
        let may = match settings.reboot {
            RebootPolicy::Never => false,
            RebootPolicy::Window => settings.is_window_open(moment),
            RebootPolicy::Now => true,
        };
        if !may || settings.autopilot == Autopilot::Off || settings.hold.holds(moment) {
            // A newer release may still take its place.
            return None;
        }
        println!("rebooting into version {}", staged.version);
        let state = match self.machine.reboot() {
            Ok(()) => format!("reboots into version {}", staged.version),
            Err(error) => format!("cannot ask for a reboot: {error}"),
        };
        Some(self.tell(own, state, WATCH))
    }

    /// The time of day, and never before the image was built.
    pub(crate) fn moment(&self, slots: &Slots) -> i64 {
        self.machine.unix_secs().max(slots.built().0)
    }

    fn until_next(&self, own: &Loop, state: String) -> Duration {
        let now = self.machine.uptime();
        let left = own.next_poll.unwrap_or(now).saturating_sub(now);
        let time = match own.wanting {
            Wanting::AWindow => left.min(WATCH),
            Wanting::Nothing => left,
        };
        self.tell(own, state, time)
    }

    fn tell(&self, own: &Loop, state: String, time: Duration) -> Duration {
        let now = self.machine.uptime();
        let next_poll = own.next_poll.map(|due| due.saturating_sub(now).as_secs());
        let mut told = self.told();
        *told = Unattended {
            state,
            last_failure: told.last_failure.take(),
            next_poll_secs: next_poll,
        };
        time
    }
}

/// What has to happen before anything is taken.
fn waits(slots: &Slots) -> Standing {
    match slots.status() {
        Some(SlotStatus::Trial { .. } | SlotStatus::Installed) => Standing::Unconfirmed,
        _ if slots.is_going_back() => Standing::Waits("a rollback waits for a reboot"),
        _ => Standing::Free,
    }
}

fn nothing_to_take(listing: &Listing, verdicts: &[Verdict]) -> String {
    let newest = listing.listed.iter().zip(verdicts).next();
    match newest {
        Some((one, Verdict::NotOffered(reason))) => {
            format!(
                "takes nothing; of version {}: {reason}",
                one.release.version
            )
        }
        _ => "takes nothing; the store lists no release".to_owned(),
    }
}

/// What it means for the next poll that a release was not installed.
fn looked(error: &InstallError) -> Looked {
    use crate::device::FailureKind::{Busy, Network, NotFound};
    match error.kind() {
        Network | Busy => Looked::Failed { retry_after: None },
        NotFound => Looked::Refused,
        _ => Looked::NotInstalled,
    }
}
