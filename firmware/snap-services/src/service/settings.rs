//! What of a snap.yaml the state machine needs to know.

use snap_format::app::Service;
use snap_format::timer::Timer;
use snap_format::{Daemon, RestartCondition, StopMode};
use std::time::Duration;

/// How long a start or a stop may take of which the snap says nothing.
const USUAL_TIMEOUT: Duration = Duration::from_secs(30);
const USUAL_PAUSE: Duration = Duration::from_secs(1);

/// How a service is to be run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// When it counts as started.
    pub daemon: Daemon,
    /// When it is started again.
    pub restart: RestartCondition,
    /// The first pause before that.
    pub restart_delay: Duration,
    /// How long a start may take; a oneshot may take as long as it likes.
    pub start_timeout: Option<Duration>,
    /// How long it may take to end once it was asked.
    pub stop_timeout: Duration,
    /// How long it may be silent.
    pub watchdog: Option<Duration>,
    /// What asks it to end.
    pub stop_signal: StopSignal,
    /// A command does that first.
    pub has_stop_command: bool,
    /// A command runs behind every end.
    pub has_post_stop_command: bool,
    /// It is started by callers.
    pub has_sockets: bool,
    /// It is started by the clock.
    pub timer: Option<Timer>,
    /// Where in an open span of it: by this devices differ.
    pub seed: u64,
}

/// A signal, and who gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopSignal {
    /// Its number.
    pub number: i32,
    /// Who gets it.
    pub whom: Whom,
}

/// Who gets a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// The process that was started.
    First,
    /// All processes of the service.
    All,
}

impl Settings {
    /// Of a service as its snap describes it, on the device with that `seed`.
    #[must_use]
    pub fn of(service: &Service, seed: u64) -> Self {
        let start_timeout = match service.daemon {
            Daemon::Oneshot => service.start_timeout,
            _ => Some(service.start_timeout.unwrap_or(USUAL_TIMEOUT)),
        };
        Self {
            daemon: service.daemon,
            restart: service.restart_condition,
            restart_delay: service.restart_delay.unwrap_or(USUAL_PAUSE),
            start_timeout,
            stop_timeout: service.stop_timeout.unwrap_or(USUAL_TIMEOUT),
            watchdog: service.watchdog_timeout,
            stop_signal: StopSignal::of(service.stop_mode),
            has_stop_command: service.stop_command.is_some(),
            has_post_stop_command: service.post_stop_command.is_some(),
            has_sockets: !service.sockets.is_empty(),
            timer: service.timer.clone(),
            seed,
        }
    }
}

impl StopSignal {
    fn of(mode: StopMode) -> Self {
        // The numbers are the same on all architectures.
        const HUP: i32 = 1;
        const INT: i32 = 2;
        const USR1: i32 = 10;
        const USR2: i32 = 12;
        const TERM: i32 = 15;
        let (number, whom) = match mode {
            StopMode::Term => (TERM, Whom::First),
            StopMode::TermAll => (TERM, Whom::All),
            StopMode::Hup => (HUP, Whom::First),
            StopMode::HupAll => (HUP, Whom::All),
            StopMode::Usr1 => (USR1, Whom::First),
            StopMode::Usr1All => (USR1, Whom::All),
            StopMode::Usr2 => (USR2, Whom::First),
            StopMode::Usr2All => (USR2, Whom::All),
            StopMode::Int => (INT, Whom::First),
            StopMode::IntAll => (INT, Whom::All),
        };
        Self { number, whom }
    }
}
