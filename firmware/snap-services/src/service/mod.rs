//! A service as a state machine: what happened goes in, what is to be done comes out.
//!
//! It reads no clock and starts nothing. Every moment is given to it, so its tests wait for
//! nothing.

mod restart;
mod settings;
mod state;

pub use restart::{Backoff, Cause};
pub use settings::{Settings, StopSignal, Whom};
pub use state::{Action, Event, Now, Off, State, Step};

use crate::calendar;
use snap_format::Daemon;
use std::time::{Duration, Instant};

/// Who is killed is gone soon; if it is not, it is killed again.
const KILL_AGAIN: Duration = Duration::from_secs(5);

/// A service of a snap.
#[derive(Clone, Debug)]
pub struct Service {
    settings: Settings,
    state: State,
    wanted: Wanted,
    backoff: Backoff,
    starts: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Up,
    Down,
}

impl Service {
    /// One that was not started.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            backoff: Backoff::new(settings.restart_delay),
            settings,
            state: State::Off(Off::NotStarted),
            wanted: Wanted::Down,
            starts: 0,
        }
    }

    /// What it is doing.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// How it was described.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How often its program was started.
    #[must_use]
    pub fn starts(&self) -> u32 {
        self.starts
    }

    /// Did a start come to where it was to come to?
    #[must_use]
    pub fn is_settled(&self) -> bool {
        !matches!(
            self.state,
            State::Starting { .. } | State::Ending { .. } | State::PostStop { .. }
        )
    }

    /// When it wants to be told that time has passed.
    #[must_use]
    pub fn due(&self, now: Now) -> Option<Instant> {
        match self.state {
            State::Off(_) | State::Listening | State::PostStop { .. } => None,
            State::Scheduled(at) => {
                // The clock on the wall may be set: looked at again soon.
                const LOOK_AGAIN: Duration = Duration::from_secs(60);
                let left = at.duration_since(now.wall).unwrap_or_default();
                Some(now.instant + left.min(LOOK_AGAIN))
            }
            State::Starting { deadline, .. } => deadline,
            State::Running { alive, .. } => Some(alive + self.settings.watchdog?),
            State::Ending { deadline, .. } => Some(deadline),
            State::Waiting(until) => Some(until),
        }
    }

    /// Takes notice of `event`.
    pub fn handle(&mut self, event: Event, now: Now) -> Vec<Action> {
        match event {
            Event::Start => self.start(now),
            Event::Stop => self.stop(now),
            Event::Ready => self.ready(now),
            Event::Alive => {
                if let State::Running { alive, .. } = &mut self.state {
                    *alive = now.instant;
                }
                vec![]
            }
            Event::Called if self.state == State::Listening => self.spawn(now),
            Event::Called => vec![],
            Event::Ended(code) => self.ended(code, now),
            Event::StopCommandEnded => match self.state {
                State::Ending {
                    step: Step::Command,
                    ..
                } => self.end_by(Step::Signal, now),
                _ => vec![],
            },
            Event::PostStopEnded => match self.state {
                State::PostStop { cause, ran } => self.after(cause, ran, now),
                _ => vec![],
            },
            Event::Tick => self.tick(now),
        }
    }

    fn start(&mut self, now: Now) -> Vec<Action> {
        self.wanted = Wanted::Up;
        match self.state {
            State::Off(_) | State::Waiting(_) => {
                self.backoff.forget();
                self.arm(now)
            }
            _ => vec![],
        }
    }

    /// Waits for what starts it, or starts it.
    fn arm(&mut self, now: Now) -> Vec<Action> {
        if self.settings.has_sockets {
            self.state = State::Listening;
            return vec![Action::Listen];
        }
        if let Some(timer) = &self.settings.timer {
            self.state = State::Scheduled(calendar::next(timer, now.wall, self.settings.seed));
            return vec![];
        }
        self.spawn(now)
    }

    fn spawn(&mut self, now: Now) -> Vec<Action> {
        let since = now.instant;
        self.starts = self.starts.saturating_add(1);
        self.state = match self.settings.daemon {
            Daemon::Simple => State::Running {
                since,
                alive: since,
            },
            Daemon::Oneshot | Daemon::Forking | Daemon::Notify | Daemon::Dbus => State::Starting {
                deadline: self.settings.start_timeout.map(|timeout| since + timeout),
                since,
            },
        };
        vec![Action::Spawn]
    }

    fn ready(&mut self, now: Now) -> Vec<Action> {
        let waits = matches!(self.settings.daemon, Daemon::Notify | Daemon::Forking);
        if let State::Starting { since, .. } = self.state
            && waits
        {
            let alive = now.instant;
            self.state = State::Running { since, alive };
        }
        vec![]
    }

    fn stop(&mut self, now: Now) -> Vec<Action> {
        self.wanted = Wanted::Down;
        match self.state {
            State::Starting { since, .. } | State::Running { since, .. } => {
                self.begin_end(since, None, now)
            }
            State::Off(_) | State::Ending { .. } | State::PostStop { .. } => vec![],
            State::Listening | State::Scheduled(_) | State::Waiting(_) => self.rest(Off::Stopped),
        }
    }

    fn rest(&mut self, why: Off) -> Vec<Action> {
        self.state = State::Off(why);
        if self.settings.has_sockets {
            vec![Action::CloseSockets]
        } else {
            vec![]
        }
    }

    fn begin_end(&mut self, since: Instant, cause: Option<Cause>, now: Now) -> Vec<Action> {
        let step = match cause {
            None if self.settings.has_stop_command => Step::Command,
            None => Step::Signal,
            // It did not answer when it should have: it is not asked again.
            Some(_) => Step::Kill,
        };
        self.state = State::Ending {
            step,
            deadline: now.instant,
            cause,
            since,
        };
        self.end_by(step, now)
    }

    fn end_by(&mut self, next: Step, now: Now) -> Vec<Action> {
        let State::Ending { step, deadline, .. } = &mut self.state else {
            return vec![];
        };
        *step = next;
        let timeout = self.settings.stop_timeout;
        *deadline = now.instant
            + if next == Step::Kill {
                KILL_AGAIN
            } else {
                timeout
            };
        vec![match next {
            Step::Command => Action::SpawnStopCommand,
            Step::Signal => Action::Signal(self.settings.stop_signal),
            Step::Kill => Action::KillAll,
        }]
    }

    fn tick(&mut self, now: Now) -> Vec<Action> {
        match self.state {
            State::Waiting(until) if until <= now.instant => self.spawn(now),
            State::Scheduled(at) if at <= now.wall => self.spawn(now),
            State::Starting {
                deadline: Some(deadline),
                since,
            } if deadline <= now.instant => self.begin_end(since, Some(Cause::Timeout), now),
            State::Running { since, alive } => match self.settings.watchdog {
                Some(limit) if alive + limit <= now.instant => {
                    self.begin_end(since, Some(Cause::Watchdog), now)
                }
                _ => vec![],
            },
            State::Ending { step, deadline, .. } if deadline <= now.instant => {
                let next = match step {
                    Step::Command => Step::Signal,
                    Step::Signal | Step::Kill => Step::Kill,
                };
                self.end_by(next, now)
            }
            _ => vec![],
        }
    }

    fn ended(&mut self, code: u8, now: Now) -> Vec<Action> {
        let (cause, since) = match self.state {
            State::Starting { since, .. } | State::Running { since, .. } => {
                (Cause::of_exit_code(code), since)
            }
            State::Ending { cause, since, .. } => {
                (cause.unwrap_or(Cause::of_exit_code(code)), since)
            }
            _ => return vec![],
        };
        let ran = now.instant.duration_since(since);
        if self.settings.has_post_stop_command {
            self.state = State::PostStop { cause, ran };
            return vec![Action::SpawnPostStop];
        }
        self.after(cause, ran, now)
    }

    /// What comes after an end.
    fn after(&mut self, cause: Cause, ran: Duration, now: Now) -> Vec<Action> {
        if self.wanted == Wanted::Down {
            return self.rest(Off::Stopped);
        }
        if self.settings.timer.is_some() {
            return self.arm(now);
        }
        if self.settings.has_sockets && cause.is_clean() {
            return self.arm(now);
        }
        let oneshot_done = self.settings.daemon == Daemon::Oneshot && cause.is_clean();
        if !oneshot_done && cause.restarts(self.settings.restart) {
            self.state = State::Waiting(now.instant + self.backoff.pause_after(ran));
            return vec![];
        }
        if cause.is_clean() {
            self.rest(Off::Done)
        } else {
            self.rest(Off::Failed(cause))
        }
    }
}

#[cfg(test)]
mod tests;
