//! A service with what belongs to it: its process, its sockets, its log.

use crate::log::Log;
use crate::notify::{NotifySocket, Word};
use crate::places::Places;
use crate::process::{Process, snap_run};
use crate::service::{Action, Event, Now, Off, Service, Settings, State, StopSignal, Whom};
use crate::sockets::{Owner, Sockets};
use anyhow::{Context, Result};
use confinement::{ControlGroup, SnapUsers};
use rustix::process::{Pid, Signal, kill_process};
use snap_format::app::App;
use snap_format::{AppName, SnapName, Socket};
use std::fmt;
use std::process::Stdio;
use std::sync::mpsc::Sender;

/// Which service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) snap: SnapName,
    pub(crate) app: AppName,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.snap, self.app)
    }
}

/// What the threads of a unit tell the supervisor.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) key: Key,
    /// Of which start of the unit it is: what an earlier one has to say is old.
    pub(crate) start: u32,
    pub(crate) event: Event,
    pub(crate) status: Option<String>,
}

/// A service with what belongs to it.
pub(crate) struct Unit {
    key: Key,
    pub(crate) revision: String,
    service: Service,
    listens: Vec<Socket>,
    process: Option<Process>,
    sockets: Option<Sockets>,
    notify: Option<NotifySocket>,
    /// What it says of itself.
    pub(crate) says: Option<String>,
    /// Why an act failed, until the next start.
    pub(crate) trouble: Option<String>,
}

/// What a unit works with.
pub(crate) struct Surroundings<'a> {
    pub(crate) places: &'a Places,
    pub(crate) tell: &'a Sender<Told>,
}

impl Unit {
    pub(crate) fn new(places: &Places, key: Key, revision: &str, app: &App) -> Option<Self> {
        let service = app.service.as_ref()?;
        Some(Self {
            service: Service::new(Settings::of(service, places.seed)),
            listens: service.sockets.values().cloned().collect(),
            key,
            revision: revision.to_owned(),
            process: None,
            sockets: None,
            notify: None,
            says: None,
            trouble: None,
        })
    }

    pub(crate) fn service(&self) -> &Service {
        &self.service
    }

    pub(crate) fn is_off(&self) -> bool {
        matches!(self.service.state(), State::Off(_))
    }

    /// Why it is down without anybody's wish.
    pub(crate) fn failure(&self) -> Option<String> {
        match self.service.state() {
            State::Off(Off::Failed(cause)) => {
                Some(self.trouble.clone().unwrap_or_else(|| cause.to_string()))
            }
            _ => self.trouble.clone(),
        }
    }

    /// Takes notice of `event`, and does what is to be done.
    pub(crate) fn handle(&mut self, around: &Surroundings<'_>, event: Event, now: Now) {
        if event == Event::Start {
            self.trouble = None;
        }
        if let Event::Ended(_) = event {
            self.process = None;
            self.notify = None;
        }
        for action in self.service.handle(event, now) {
            if let Err(error) = self.act(around, action) {
                self.trouble = Some(format!("{error:#}"));
                eprintln!("{}: {error:#}", self.key);
                // As if it had been started and had ended: pauses and conditions hold.
                let ended = match action {
                    Action::Spawn => Some(Event::Ended(126)),
                    Action::SpawnStopCommand => Some(Event::StopCommandEnded),
                    Action::SpawnPostStop => Some(Event::PostStopEnded),
                    _ => None,
                };
                if let Some(ended) = ended {
                    self.handle(around, ended, now);
                }
            }
        }
    }

    fn act(&mut self, around: &Surroundings<'_>, action: Action) -> Result<()> {
        match action {
            Action::Listen => self.listen(around),
            Action::CloseSockets => {
                self.sockets = None;
                Ok(())
            }
            Action::Spawn => self.spawn(around),
            Action::SpawnStopCommand => self.spawn_command(around, "stop", Event::StopCommandEnded),
            Action::SpawnPostStop => self.spawn_command(around, "post-stop", Event::PostStopEnded),
            Action::Signal(signal) => self.signal(signal),
            Action::KillAll => self.kill_all(),
        }
    }

    fn listen(&mut self, around: &Surroundings<'_>) -> Result<()> {
        let places = around.places;
        let sockets = match &mut self.sockets {
            Some(sockets) => sockets,
            None => {
                let users = SnapUsers::new(places.device.users());
                let user = users.user_of(self.key.snap.as_str())?;
                places
                    .device
                    .prepare_data(&self.key.snap, &self.revision, user)?;
                let owner = Owner {
                    snap: &self.key.snap,
                    revision: &self.revision,
                    user: user.get(),
                };
                let opened = Sockets::open(places, &owner, self.listens.iter())?;
                self.sockets.insert(opened)
            }
        };
        let tell = teller(around, &self.key, self.service.starts());
        sockets.listen(move || tell(Event::Called, None))
    }

    fn spawn(&mut self, around: &Surroundings<'_>) -> Result<()> {
        let start = self.service.starts();
        let tell = teller(around, &self.key, start);
        let path = around.places.notify().join(self.key.to_string());
        let notify = NotifySocket::open(&path, move |word| match word {
            Word::Ready => tell(Event::Ready, None),
            Word::Alive => tell(Event::Alive, None),
            Word::Status(status) => tell(Event::Alive, Some(status)),
        })
        .with_context(|| format!("cannot open {}", path.display()))?;
        let mut command = snap_run(around.places, &self.revision);
        command.arg("--notify").arg(notify.path());
        let input = match &mut self.sockets {
            Some(sockets) => {
                command.arg("--sockets").arg(sockets.number().to_string());
                sockets
                    .hand_over()
                    .context("cannot hand its sockets over")?
            }
            None => Stdio::null(),
        };
        command.arg("--service").arg(self.key.to_string());
        let tell = teller(around, &self.key, start);
        let log = Log::new(&around.places.logs(), &self.key.to_string());
        self.says = None;
        self.process = Some(Process::start(command, input, log, move |code| {
            tell(Event::Ended(code), None);
        })?);
        self.notify = Some(notify);
        Ok(())
    }

    /// A command of the service beside itself.
    fn spawn_command(&mut self, around: &Surroundings<'_>, act: &str, then: Event) -> Result<()> {
        let mut command = snap_run(around.places, &self.revision);
        command
            .args(["--act", act, "--service"])
            .arg(self.key.to_string());
        let tell = teller(around, &self.key, self.service.starts());
        let log = Log::new(&around.places.logs(), &self.key.to_string());
        Process::start(command, Stdio::null(), log, move |_| tell(then, None))?;
        Ok(())
    }

    fn group(&self) -> Result<ControlGroup> {
        let Key { snap, app } = &self.key;
        Ok(ControlGroup::of(snap.as_str(), app.as_str())?)
    }

    fn signal(&self, StopSignal { number, whom }: StopSignal) -> Result<()> {
        let to_all = match whom {
            Whom::First => Vec::new(),
            Whom::All => self.group()?.processes()?,
        };
        let signal = Signal::from_named_raw(number).context("there is no such signal")?;
        for process in to_all {
            if let Some(process) = Pid::from_raw(process) {
                // It may have ended.
                let _ = kill_process(process, signal);
            }
        }
        if let Some(process) = &self.process {
            process.signal(number);
        }
        Ok(())
    }

    /// `snap-run` ends when all others have ended: so long it is spared, or the service would
    /// be taken for gone while some of it is not.
    fn kill_all(&self) -> Result<()> {
        let group = self.group()?;
        if !group.processes()?.is_empty() {
            return Ok(group.kill()?);
        }
        // It did not come to make a group, or to put anything there.
        if let Some(process) = &self.process {
            process.signal(Signal::KILL.as_raw());
        }
        Ok(())
    }
}

/// Tells the supervisor of a unit's start.
fn teller(
    around: &Surroundings<'_>,
    key: &Key,
    start: u32,
) -> impl Fn(Event, Option<String>) + Send + 'static {
    let (key, tell) = (key.clone(), around.tell.clone());
    move |event, status| {
        // Nobody hears when the supervisor ends.
        let _ = tell.send(Told {
            key: key.clone(),
            start,
            event,
            status,
        });
    }
}
