//! What happens to a service, what it is doing, and what is to be done.

use super::restart::Cause;
use super::settings::StopSignal;
use std::time::{Duration, Instant, SystemTime};

/// A moment, by the clock that never jumps and by the one on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// For spans.
    pub instant: Instant,
    /// For timers.
    pub wall: SystemTime,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody wants it to run.
    Start,
    /// Somebody wants it not to.
    Stop,
    /// It says that it is ready.
    Ready,
    /// It says that it lives.
    Alive,
    /// Somebody called at one of its sockets.
    Called,
    /// It ended, with this exit code.
    Ended(u8),
    /// Its stop command ended.
    StopCommandEnded,
    /// Its post-stop command ended.
    PostStopEnded,
    /// Time has passed.
    Tick,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open its sockets, if they are not, and listen for callers.
    Listen,
    /// Close them.
    CloseSockets,
    /// Start it.
    Spawn,
    /// Start its stop command.
    SpawnStopCommand,
    /// Start its post-stop command.
    SpawnPostStop,
    /// Send it its stop signal.
    Signal(StopSignal),
    /// Kill all of its processes.
    KillAll,
}

/// What it is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing; nobody wants it to run, or it will not.
    Off(Off),
    /// Its sockets wait for a caller.
    Listening,
    /// Its timer waits.
    Scheduled(SystemTime),
    /// It was started and is not ready.
    Starting {
        /// When that takes too long.
        deadline: Option<Instant>,
        /// When it was started.
        since: Instant,
    },
    /// It runs.
    Running {
        /// When it was started.
        since: Instant,
        /// When it last said that it lives.
        alive: Instant,
    },
    /// It is being ended.
    Ending {
        /// How.
        step: Step,
        /// When the next step is taken.
        deadline: Instant,
        /// Why, if nobody asked for it.
        cause: Option<Cause>,
        /// When it was started.
        since: Instant,
    },
    /// Its post-stop command runs.
    PostStop {
        /// How the service ended.
        cause: Cause,
        /// How long it had run.
        ran: Duration,
    },
    /// It is started again then.
    Waiting(Instant),
}

/// Why nothing runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// It was not started.
    NotStarted,
    /// Somebody stopped it.
    Stopped,
    /// It did what it had to do.
    Done,
    /// It ended so, and is not started again.
    Failed(Cause),
}

/// How something is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Its own command does it.
    Command,
    /// A signal asks it.
    Signal,
    /// The kernel does it.
    Kill,
}
