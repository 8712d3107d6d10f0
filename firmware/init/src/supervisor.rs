//! The event loop of a running system: signals, ended processes, damage to the
//! root, the console's shell. It sleeps in `poll` until one of them happens.

use crate::failure;
use crate::root::VerifiedRoot;
use crate::shell::Shell;
use crate::shutdown::Ending;
use crate::signals::{Signal, Signals};
use crate::uevent::UeventSocket;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, WaitOptions};
use std::time::Instant;
use system_update::Refused;

/// What the loop listens to.
pub(crate) struct Supervisor<'a> {
    pub(crate) signals: &'a Signals,
    pub(crate) uevents: &'a UeventSocket,
    pub(crate) root: &'a VerifiedRoot,
    /// Is the root known to be damaged, with nothing to fall back to?
    damage: Damage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    NoneSeen,
    Known,
}

impl<'a> Supervisor<'a> {
    pub(crate) fn new(
        signals: &'a Signals,
        uevents: &'a UeventSocket,
        root: &'a VerifiedRoot,
    ) -> Self {
        Self {
            signals,
            uevents,
            root,
            damage: Damage::NoneSeen,
        }
    }

    /// Runs until the system is to end.
    pub(crate) fn run(&mut self) -> Ending {
        let mut shell = Shell::new();
        loop {
            shell.start_if_due();
            self.wait(shell.due());
            for signal in self.signals.drain() {
                match signal {
                    Signal::ChildEnded => reap().for_each(|process| shell.ended(process)),
                    Signal::PowerOff => return Ending::PowerOff,
                    Signal::Halt => return Ending::Halt,
                    Signal::Reboot => return Ending::Reboot,
                }
            }
            if let Some(ending) = self.look_for_damage() {
                return ending;
            }
        }
    }

    /// Handles a damaged block, if the kernel has told of one: refuses the slot and
    /// asks for a reboot when there is something to fall back to.
    pub(crate) fn look_for_damage(&mut self) -> Option<Ending> {
        let events = self.uevents.drain();
        if self.damage == Damage::Known {
            return None;
        }
        let block = self.root.damage(&events)?;
        match failure::refuse_root(block) {
            Ok(Refused::FallsBack) => return Some(Ending::FallBack),
            Ok(Refused::NoFallback) => log::error!("nothing to fall back to: the system goes on"),
            Err(error) => log::error!("{error:#}; the system goes on"),
        }
        // Said once: every read of the block would say it again.
        self.damage = Damage::Known;
        None
    }

    fn wait(&self, due: Option<Instant>) {
        let left = due.map(|due| due.saturating_duration_since(Instant::now()));
        let timeout = left.and_then(|left| Timespec::try_from(left).ok());
        let mut sources = [
            PollFd::new(self.signals, PollFlags::IN),
            PollFd::new(self.uevents, PollFlags::IN),
        ];
        // Every outcome is the same: the loop looks at all sources.
        let _ = poll(&mut sources, timeout.as_ref());
    }
}

/// Reaps every process that has ended: PID 1 inherits all orphans.
pub(crate) fn reap() -> impl Iterator<Item = Pid> {
    core::iter::from_fn(|| match rustix::process::wait(WaitOptions::NOHANG) {
        Ok(Some((process, _))) => Some(process),
        Ok(None) | Err(_) => None,
    })
}
