//! Snaps that the owner wants from the first boot on: each is installed once, unattended.
//!
//! A wish is a [file](WishFiles), so that it outlives a loss of power and a store that does not
//! answer. It ends when the snap is here, when the store says that it has no such snap, or when
//! somebody removes the snap. What is installed is what `snappy install NAME` would install, by
//! the same code and with the same checks, as a change that others see.

mod file;
mod watch;

pub use file::{Wish, WishFiles, WishStanding};

use crate::changes::Change;
use crate::device::{Device, Failure, FailureKind};
use crate::engine::Engine;
use crate::machine::Machine;
use crate::schedule::{Looked, Lot, pause};
use crate::settings::SettingsFile;
use crate::snaps::{SnapAct, SnapDesk, WantedSnap};
use snap_format::SnapName;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use watch::{Noticed, Watch};

/// Without a wish nothing is due.
const IDLE: Duration = Duration::from_secs(3600);
/// The network of a device may come up that late; until then it tries so often.
const SETTLED: Duration = Duration::from_secs(120);
const PROBE: Duration = Duration::from_secs(5);
/// Where files cannot be watched, they are looked at that often.
const LOOK: Duration = Duration::from_secs(60);
/// How long one look at a change lasts, which may take hours.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Does what is wished for, one after the other.
pub struct Wishes<M> {
    engine: Arc<Engine<M>>,
    desk: SnapDesk,
    /// Since the machine was switched on.
    next_try: Option<Duration>,
    tries: u32,
    /// In a row.
    failures: u32,
    /// The changes that failed: a later try takes the place of an earlier one.
    failed: BTreeMap<SnapName, u64>,
}

/// What came of a try.
enum Tried {
    /// The wish is at its end.
    Over,
    /// Another time.
    Later(FailureKind),
}

impl<M: Machine> Wishes<M> {
    /// Does nothing yet.
    #[must_use]
    pub fn new(engine: Arc<Engine<M>>, desk: SnapDesk) -> Self {
        Self {
            engine,
            desk,
            next_try: None,
            tries: 0,
            failures: 0,
            failed: BTreeMap::new(),
        }
    }

    /// Goes on for ever.
    pub fn run(mut self) -> ! {
        let watch = self.desk.wishes().make_directory();
        let watch =
            watch.and_then(|wishes| Watch::start(wishes, &self.engine.own, SettingsFile::NAME));
        if let Err(error) = &watch {
            eprintln!("cannot watch for snaps that are wanted: {error}");
        }
        loop {
            let time = self.turn();
            match watch.as_ref().map(|watch| watch.wait(time)) {
                Ok(Ok(Noticed::AFile)) => self.try_at_once(),
                Ok(Ok(Noticed::Nothing)) => {}
                _ => thread::sleep(time.min(LOOK)),
            }
        }
    }

    /// A wish is new, or the store is another one.
    pub fn try_at_once(&mut self) {
        self.next_try = None;
        self.failures = 0;
    }

    /// Does what is due, and returns how long nothing is.
    pub fn turn(&mut self) -> Duration {
        let mut open = self.open();
        if open.is_empty() {
            self.try_at_once();
            return IDLE;
        }
        let now = self.engine.machine.uptime();
        if let Some(next) = self.next_try.filter(|next| now < *next) {
            return next - now;
        }
        let mut later = Vec::new();
        while !open.is_empty() {
            let (before, mut waiting) = (open.len(), Vec::new());
            for (name, wish) in open {
                match self.fulfil(&name, &wish) {
                    Tried::Over => {}
                    // What it needs may stand behind it.
                    Tried::Later(FailureKind::FrameworkMissing) => waiting.push((name, wish)),
                    Tried::Later(kind) => later.push(kind),
                }
            }
            if waiting.len() == before {
                later.push(FailureKind::FrameworkMissing);
                break;
            }
            open = waiting;
        }
        let now = self.engine.machine.uptime();
        let time = self.pause(&later, now);
        self.next_try = Some(now + time);
        time
    }

    /// The wishes that are not at their end.
    fn open(&self) -> Vec<(SnapName, Wish)> {
        let mut open = self.desk.wishes().list();
        open.retain(|(_, wish)| !matches!(wish.standing, WishStanding::GivenUp(_)));
        open
    }

    /// After a turn that left those for later.
    fn pause(&mut self, later: &[FailureKind], now: Duration) -> Duration {
        if later.is_empty() {
            self.failures = 0;
            return IDLE;
        }
        let is_of_the_network =
            |kind: &FailureKind| matches!(kind, FailureKind::Network | FailureKind::Busy);
        let looked = match later.iter().any(is_of_the_network) {
            true if now < SETTLED => return PROBE,
            true => Looked::Failed { retry_after: None },
            false => Looked::NotInstalled,
        };
        self.failures = self.failures.saturating_add(1);
        self.tries = self.tries.wrapping_add(1);
        let interval = self.engine.settings().poll_interval();
        let lot = Lot::of(&self.engine.machine.machine_id(), self.tries);
        pause(interval, looked, self.failures, lot)
    }

    fn fulfil(&mut self, name: &SnapName, wish: &Wish) -> Tried {
        if let Some(failed) = self.failed.remove(name) {
            self.desk.changes().forget(failed);
        }
        let wanted = WantedSnap {
            name: name.clone(),
            publisher: wish.publisher.clone(),
            channel: None,
            revision: None,
        };
        let installed = self.act(SnapAct::Install(wanted, BTreeSet::new()));
        match installed {
            // A person's, or one of a try before a loss of power.
            Err(failure) if failure.kind == FailureKind::AlreadyInstalled => {
                if let Some(told) = self.failed.remove(name) {
                    self.desk.changes().forget(told);
                }
            }
            Err(Failure {
                kind: FailureKind::NotFound,
                message,
            }) => {
                let message = format!("{message}; 'snappy install {name}' asks again");
                return self.give_up(name, message);
            }
            Err(failure) => return self.put_off(name, failure),
            Ok(()) => println!("snap {name} is installed, as its owner wants"),
        }
        if !wish.configuration.is_empty() {
            let configuration = wish.configuration.clone();
            let configured = self.act(SnapAct::Configure(name.clone(), configuration));
            match configured {
                Err(failure) if failure.kind == FailureKind::Busy => {
                    return self.put_off(name, failure);
                }
                Err(failure) => {
                    let message = format!(
                        "it is installed, and its configuration is not taken: {failure}; 'snappy \
                         config {name} KEY=VALUE' sets another"
                    );
                    return self.give_up(name, message);
                }
                Ok(()) => {}
            }
        }
        // Kept, it would be done again, and there would be nothing to do.
        if let Err(error) = self.desk.wishes().remove(name) {
            eprintln!("cannot forget that snap {name} is wanted: {error}");
        }
        Tried::Over
    }

    /// Has something done, and waits for its end.
    fn act(&mut self, act: SnapAct) -> Result<(), Failure> {
        let name = act.name().clone();
        let asked = self.desk.ask(act);
        let id = asked.map_err(|conflict| Failure::new(FailureKind::Busy, conflict))?;
        let changes = self.desk.changes();
        let mut ended = None;
        while ended.is_none() {
            let change = changes.wait_until(id, PATIENCE, Change::is_ready);
            let Some(change) = change else { return Ok(()) };
            ended = change.is_ready().then_some(change.failure);
        }
        match ended.flatten() {
            None => Ok(()),
            Some(failure) => {
                self.failed.insert(name, id);
                Err(failure)
            }
        }
    }

    fn put_off(&self, name: &SnapName, failure: Failure) -> Tried {
        self.note(name, &failure.message, WishStanding::Failed);
        Tried::Later(failure.kind)
    }

    /// From here on it is a person's.
    fn give_up(&self, name: &SnapName, why: String) -> Tried {
        self.note(name, &why, WishStanding::GivenUp);
        Tried::Over
    }

    fn note(&self, name: &SnapName, why: &str, standing: fn(String) -> WishStanding) {
        eprintln!("snap {name} is wanted: {why}");
        if let Err(error) = self.desk.wishes().note(name, standing(why.to_owned())) {
            eprintln!("cannot note how far snap {name} is: {error}");
        }
    }
}
