//! The services of the root: started, logged, started again with growing pauses.
//!
//! A maker adds one by a file in `/usr/lib/twinkeel/services`. The event loop calls in
//! here; the health gate asks which are not up.

mod definition;
mod log;

use crate::backoff::Backoff;
use crate::process::{self, ENVIRONMENT, End};
use anyhow::Context;
use definition::{Definition, Kind, Restart};
use rustix::process::Pid;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use system_update::{ServiceReport, ServiceState};

/// In the verified root: services are part of the image.
pub(crate) const DIRECTORY: &str = "/usr/lib/twinkeel/services";

/// All services.
pub(crate) struct Services {
    services: Vec<Service>,
    /// As programs were told last.
    reported: Vec<ServiceReport>,
}

struct Service {
    name: String,
    definition: Result<Definition, String>,
    state: State,
    backoff: Backoff,
    starts: u32,
}

/// What a service is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Waiting {
        until: Instant,
        after: Option<String>,
    },
    Running {
        process: Pid,
        since: Instant,
    },
    /// It did what it had to do.
    Done,
    /// It is not started again.
    Ended {
        why: String,
    },
}

impl Services {
    /// Reads the files of `directory`. One that cannot be used is a service that is not up.
    pub(crate) fn read(directory: &Path) -> Self {
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        let mut services: Vec<_> = entries
            .filter_map(|entry| Service::read(&entry.path()))
            .collect();
        services.sort_by(|one, other| one.name.cmp(&other.name));
        Self {
            services,
            reported: Vec::new(),
        }
    }

    /// Tells programs how the services are, if that is news.
    pub(crate) fn report(&mut self) {
        let reports: Vec<_> = self.services.iter().map(Service::report).collect();
        if reports == self.reported {
            return;
        }
        if let Err(error) = ServiceReport::write_all(&reports) {
            ::log::warn!("cannot write {}: {error}", ServiceReport::PATH);
        }
        self.reported = reports;
    }

    /// When there is something to start next.
    pub(crate) fn due(&self) -> Option<Instant> {
        let waiting = |service: &Service| match &service.state {
            State::Waiting { until, .. } => Some(*until),
            _ => None,
        };
        self.services.iter().filter_map(waiting).min()
    }

    /// Starts those whose time has come.
    pub(crate) fn start_due(&mut self, now: Instant) {
        self.services
            .iter_mut()
            .for_each(|service| service.start_if_due(now));
    }

    /// To be told of every process that ended.
    pub(crate) fn ended(&mut self, ended: Pid, end: End, now: Instant) {
        self.services
            .iter_mut()
            .for_each(|service| service.ended(ended, end, now));
    }

    /// Those that are not up, each with the reason; a daemon is up once it has run for
    /// `settle`.
    pub(crate) fn not_up(&self, now: Instant, settle: Duration) -> Vec<String> {
        let problem = |service: &Service| {
            let reason = service.not_up(now, settle)?;
            Some(format!("{}: {reason}", service.name))
        };
        self.services.iter().filter_map(problem).collect()
    }
}

impl Service {
    fn read(path: &Path) -> Option<Self> {
        let name = path
            .file_name()?
            .to_str()?
            .strip_suffix(".toml")?
            .to_owned();
        let definition = std::fs::read_to_string(path)
            .map_err(anyhow::Error::from)
            .and_then(|content| definition::parse(&content))
            .map_err(|error| format!("{error:#}"));
        let state = match &definition {
            Ok(_) => State::Waiting {
                until: Instant::now(),
                after: None,
            },
            Err(reason) => {
                ::log::error!("cannot use the service {name}: {reason}");
                State::Ended {
                    why: reason.clone(),
                }
            }
        };
        Some(Self {
            name,
            definition,
            state,
            backoff: Backoff::default(),
            starts: 0,
        })
    }

    fn start_if_due(&mut self, now: Instant) {
        let (State::Waiting { until, .. }, Ok(definition)) = (&self.state, &self.definition) else {
            return;
        };
        if *until > now {
            return;
        }
        self.starts = self.starts.saturating_add(1);
        match start(&self.name, definition) {
            Ok(process) => {
                self.state = State::Running {
                    process,
                    since: now,
                }
            }
            Err(error) => {
                ::log::warn!("cannot start the service {}: {error:#}", self.name);
                self.wait(now, Duration::ZERO, format!("{error:#}"));
            }
        }
    }

    fn ended(&mut self, ended: Pid, end: End, now: Instant) {
        let (State::Running { process, since }, Ok(definition)) = (&self.state, &self.definition)
        else {
            return;
        };
        if *process != ended {
            return;
        }
        let ran = now.duration_since(*since);
        if definition.kind == Kind::Oneshot && end == End::Exit(0) {
            self.state = State::Done;
            return;
        }
        ::log::warn!("the service {} has ended: {end}", self.name);
        let again = match definition.restart {
            Restart::Always => true,
            Restart::OnFailure => end != End::Exit(0),
            Restart::Never => false,
        };
        if again {
            self.wait(now, ran, end.to_string());
        } else {
            self.state = State::Ended {
                why: end.to_string(),
            };
        }
    }

    fn wait(&mut self, now: Instant, ran: Duration, after: String) {
        self.state = State::Waiting {
            until: now + self.backoff.pause_after(ran),
            after: Some(after),
        };
    }

    fn report(&self) -> ServiceReport {
        let (state, detail) = match &self.state {
            State::Waiting { after, .. } => (ServiceState::Waiting, after.clone()),
            State::Running { .. } => (ServiceState::Running, None),
            State::Done => (ServiceState::Done, None),
            State::Ended { why } => (ServiceState::Failed, Some(why.clone())),
        };
        ServiceReport {
            name: self.name.clone(),
            state,
            starts: self.starts,
            detail,
        }
    }

    fn not_up(&self, now: Instant, settle: Duration) -> Option<String> {
        let oneshot =
            matches!(&self.definition, Ok(definition) if definition.kind == Kind::Oneshot);
        match &self.state {
            State::Done => None,
            State::Running { since, .. } if !oneshot && now.duration_since(*since) >= settle => {
                None
            }
            State::Running { .. } if oneshot => Some("it has not ended".to_owned()),
            State::Running { .. } if self.starts > 1 => {
                Some(format!("it was started {} times", self.starts))
            }
            State::Running { .. } => Some("it has not run for long enough".to_owned()),
            State::Waiting { after: None, .. } => Some("it was not started".to_owned()),
            State::Waiting {
                after: Some(why), ..
            }
            | State::Ended { why } => Some(why.clone()),
        }
    }
}

fn start(name: &str, definition: &Definition) -> anyhow::Result<Pid> {
    let (reader, writer) = std::io::pipe().context("cannot make a pipe for its log")?;
    let (program, arguments) = definition
        .command
        .split_first()
        .context("it has no command")?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(ENVIRONMENT)
        .envs(&definition.environment)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(writer.try_clone().context("cannot share a pipe")?)
        .stderr(writer);
    let process = process::start(&mut command).with_context(|| format!("cannot run {program}"))?;
    // The parent's ends of the pipe are closed with the command, or the log never ends.
    drop(command);
    log::keep(name, reader);
    Ok(process)
}

#[cfg(test)]
mod tests;
