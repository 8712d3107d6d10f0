//! A client of the supervisor: one request, one answer.

use crate::protocol::{Answer, HookOutcome, Request, ServiceStatus, Standing};
use serde_json::{Map, Value};
use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Asks the supervisor.
#[derive(Clone, Debug)]
pub struct Client {
    socket: PathBuf,
}

/// Why something was not done.
#[derive(Debug)]
pub enum ClientError {
    /// It does not hear, or its answer is none.
    Unheard(PathBuf, io::Error),
    /// It says why.
    Refused(String),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unheard(path, error) => write!(
                f,
                "cannot ask snap-services at {}: {error}; 'snappy service snap-services' tells \
                 how it is",
                path.display()
            ),
            Self::Refused(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for ClientError {}

impl Client {
    /// Of the supervisor that listens there.
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self {
            socket: socket.into(),
        }
    }

    /// Starts the enabled services of a snap, and waits until they are ready.
    ///
    /// # Errors
    /// One does not start: it is named.
    pub fn start(&self, snap: &str, revision: &str) -> Result<(), ClientError> {
        self.done(&Request::Start {
            snap: snap.to_owned(),
            revision: Some(revision.to_owned()),
            apps: Vec::new(),
        })
    }

    /// Stops all services of a snap, and waits until they are gone.
    ///
    /// # Errors
    /// The supervisor does not hear.
    pub fn stop(&self, snap: &str) -> Result<(), ClientError> {
        self.done(&Request::Stop {
            snap: snap.to_owned(),
            apps: Vec::new(),
        })
    }

    /// Starts some services of a snap's current revision.
    ///
    /// # Errors
    /// As of [`Self::start`].
    pub fn start_services(&self, snap: &str, apps: &[String]) -> Result<(), ClientError> {
        self.done(&Request::Start {
            snap: snap.to_owned(),
            revision: None,
            apps: apps.to_vec(),
        })
    }

    /// Stops some services of a snap.
    ///
    /// # Errors
    /// As of [`Self::stop`].
    pub fn stop_services(&self, snap: &str, apps: &[String]) -> Result<(), ClientError> {
        self.done(&Request::Stop {
            snap: snap.to_owned(),
            apps: apps.to_vec(),
        })
    }

    /// Says whether services are started with their snap.
    ///
    /// # Errors
    /// It cannot be kept.
    pub fn enable(
        &self,
        snap: &str,
        apps: &[String],
        standing: Standing,
    ) -> Result<(), ClientError> {
        self.done(&Request::Enable {
            snap: snap.to_owned(),
            apps: apps.to_vec(),
            standing,
        })
    }

    /// Has a running service read its settings again, by the command that it has for that.
    ///
    /// # Errors
    /// The command fails.
    pub fn reload(&self, snap: &str, app: &str) -> Result<(), ClientError> {
        self.done(&Request::Reload {
            snap: snap.to_owned(),
            app: app.to_owned(),
        })
    }

    /// Forgets which services of a snap that is gone were enabled or disabled.
    ///
    /// # Errors
    /// It cannot be kept.
    pub fn forget(&self, snap: &str) -> Result<(), ClientError> {
        self.done(&Request::Forget {
            snap: snap.to_owned(),
        })
    }

    /// Runs a hook to its end. It finds the configuration on its standard input.
    ///
    /// # Errors
    /// It cannot be started. How it ended is no error.
    pub fn hook(
        &self,
        snap: &str,
        revision: &str,
        hook: &str,
        limit: Duration,
        configuration: &Map<String, Value>,
    ) -> Result<HookOutcome, ClientError> {
        let answer = self.ask(&Request::Hook {
            snap: snap.to_owned(),
            revision: revision.to_owned(),
            hook: hook.to_owned(),
            timeout_secs: limit.as_secs().max(1),
            configuration: configuration.clone(),
        })?;
        match answer {
            Answer::Hook(outcome) => Ok(outcome),
            other => Err(self.unexpected(&other)),
        }
    }

    /// How all services of all snaps are, those that were never started among them.
    ///
    /// # Errors
    /// The supervisor does not hear.
    pub fn status(&self) -> Result<Vec<ServiceStatus>, ClientError> {
        match self.ask(&Request::Status)? {
            Answer::Services(services) => Ok(services),
            other => Err(self.unexpected(&other)),
        }
    }

    fn done(&self, request: &Request) -> Result<(), ClientError> {
        match self.ask(request)? {
            Answer::Done => Ok(()),
            other => Err(self.unexpected(&other)),
        }
    }

    fn unexpected(&self, answer: &Answer) -> ClientError {
        match answer {
            Answer::Error(reason) => ClientError::Refused(reason.clone()),
            other => {
                let error = io::Error::other(format!("it answers {other:?}"));
                ClientError::Unheard(self.socket.clone(), error)
            }
        }
    }

    fn ask(&self, request: &Request) -> Result<Answer, ClientError> {
        exchange(&self.socket, request)
            .map_err(|error| ClientError::Unheard(self.socket.clone(), error))
    }
}

fn exchange(socket: &Path, request: &Request) -> io::Result<Answer> {
    let mut stream = UnixStream::connect(socket)?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    Ok(serde_json::from_str(&answer)?)
}
