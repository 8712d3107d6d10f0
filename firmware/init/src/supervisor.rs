//! The event loop of a running system: signals, ended processes, damage to the root, the
//! services, the health gate, the console's shell. It sleeps in `poll` until one of them
//! has something to do, and comes round often enough for the guard.

use crate::failure;
use crate::guard::Guard;
use crate::health::{Gate, Progress};
use crate::inquest::Inquest;
use crate::process::reap;
use crate::root::VerifiedRoot;
use crate::service::Services;
use crate::settings::Settings;
use crate::shell::Shell;
use crate::shutdown::Ending;
use crate::signals::{Signal, Signals};
use crate::trial::{Standing, Trial};
use crate::uevent::UeventSocket;
use crate::writable::Writable;
use core::ops::ControlFlow;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::time::{Duration, Instant};
use system_update::Refused;

/// A turn of the loop may take so long.
const TURN_SECS: u32 = 60;
/// It sleeps no longer than this, so that the guard hears of it in time.
const LONGEST_SLEEP: Duration = Duration::from_secs(20);

/// What the loop listens to.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'a> {
    pub(crate) signals: &'a Signals,
    pub(crate) uevents: &'a UeventSocket,
    pub(crate) root: &'a VerifiedRoot,
    pub(crate) guard: &'a Guard,
}

/// The running system.
pub(crate) struct Supervisor<'a> {
    sources: Sources<'a>,
    trial: &'a Trial<'a>,
    settings: &'a Settings,
    services: Services,
    phase: Phase,
    /// Is the root known to be damaged, with nothing to fall back to?
    damage: Damage,
}

/// A system first proves itself, then it serves.
enum Phase {
    /// The gate is open.
    Proving { gate: Gate, standing: Standing },
    /// Nothing is left to prove.
    Serving { shell: Shell, inquest: Inquest },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    NoneSeen,
    Known,
}

impl<'a> Supervisor<'a> {
    /// A system that is up. One that is not confirmed has to pass the gate.
    pub(crate) fn new(
        sources: Sources<'a>,
        trial: &'a Trial<'a>,
        settings: &'a Settings,
        services: Services,
        standing: Standing,
        writable: &Writable,
    ) -> Self {
        let phase = match standing {
            Standing::Confirmed => Phase::serving(trial, settings),
            Standing::OnTrial | Standing::LastResort => Phase::Proving {
                gate: Gate::open(writable, settings.health(), settings.settle()),
                standing,
            },
        };
        Self {
            sources,
            trial,
            settings,
            services,
            phase,
            damage: Damage::NoneSeen,
        }
    }

    /// Runs until the system is to end.
    pub(crate) fn run(&mut self) -> Ending {
        loop {
            self.sources
                .guard
                .expect("look after the system", TURN_SECS);
            self.services.start_due(Instant::now());
            self.services.report();
            if let Some(ending) = self.look_for_damage() {
                return ending;
            }
            match self.advance() {
                ControlFlow::Break(ending) => return ending,
                ControlFlow::Continue(due) => self.wait(due),
            }
            if let Some(ending) = self.handle_signals() {
                return ending;
            }
        }
    }

    /// Does what is due in this phase; returns when something is due again.
    fn advance(&mut self) -> ControlFlow<Ending, Instant> {
        match &mut self.phase {
            Phase::Proving { gate, standing } => match gate.look(&self.services) {
                Progress::Waiting(until) => return ControlFlow::Continue(until),
                Progress::Passed => self.trial.confirm(),
                Progress::Failed(checks) => {
                    self.trial.failed(&checks);
                    let slot = self.trial.handover.slot;
                    if *standing == Standing::OnTrial {
                        log::error!("{slot} failed its trial: the attempt ends");
                        return ControlFlow::Break(Ending::Reboot);
                    }
                    log::error!("{slot} is not confirmed, and the last resort: it goes on");
                }
            },
            Phase::Serving { shell, inquest } => {
                shell.start_if_due();
                inquest.look(self.trial);
                let due = shell.due().into_iter().fold(inquest.due(), Instant::min);
                return ControlFlow::Continue(due);
            }
        }
        self.phase = Phase::serving(self.trial, self.settings);
        self.advance()
    }

    fn handle_signals(&mut self) -> Option<Ending> {
        for signal in self.sources.signals.drain() {
            let ending = match signal {
                Signal::ChildEnded => {
                    self.reap();
                    continue;
                }
                Signal::PowerOff => Ending::PowerOff,
                Signal::Halt => Ending::Halt,
                Signal::Reboot => Ending::Reboot,
            };
            if let Phase::Proving {
                standing: Standing::OnTrial,
                ..
            } = self.phase
            {
                self.trial.interrupted();
            }
            return Some(ending);
        }
        None
    }

    fn reap(&mut self) {
        let now = Instant::now();
        for (process, end) in reap() {
            self.services.ended(process, end, now);
            match &mut self.phase {
                Phase::Proving { gate, .. } => gate.ended(process, end),
                Phase::Serving { shell, .. } => shell.ended(process),
            }
        }
    }

    /// Handles a damaged block, if the kernel has told of one: refuses the slot and
    /// asks for a reboot when there is something to fall back to.
    fn look_for_damage(&mut self) -> Option<Ending> {
        let events = self.sources.uevents.drain();
        if self.damage == Damage::Known {
            return None;
        }
        let block = self.sources.root.damage(&events)?;
        match failure::refuse_root(block) {
            Ok(Refused::FallsBack) => return Some(Ending::FallBack),
            Ok(Refused::NoFallback) => log::error!("nothing to fall back to: the system goes on"),
            Err(error) => log::error!("{error:#}; the system goes on"),
        }
        // Said once: every read of the block would say it again.
        self.damage = Damage::Known;
        None
    }

    fn wait(&self, due: Instant) {
        let due = self.services.due().into_iter().fold(due, Instant::min);
        let left = due.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left.min(LONGEST_SLEEP)).ok();
        let mut sources = [
            PollFd::new(self.sources.signals, PollFlags::IN),
            PollFd::new(self.sources.uevents, PollFlags::IN),
        ];
        // Every outcome is the same: the loop looks at all sources.
        let _ = poll(&mut sources, timeout.as_ref());
    }
}

impl Phase {
    fn serving(trial: &Trial<'_>, settings: &Settings) -> Self {
        Self::Serving {
            shell: Shell::new(),
            inquest: Inquest::open(trial, settings.health()),
        }
    }
}
