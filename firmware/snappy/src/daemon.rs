//! A small client of `snappyd`'s socket: one request, one answer, JSON both ways.

mod http;
pub(crate) mod update;

use serde_json::Value;
use std::fmt;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// Where the daemon listens.
const PATH: &str = "/run/snapd.socket";
/// Names another place: for tests.
const PATH_VARIABLE: &str = "SNAPPY_SOCKET";
/// It may ask the store before it answers.
const PATIENCE: Duration = Duration::from_secs(120);

/// A daemon that can be asked.
pub(crate) struct Daemon {
    path: PathBuf,
}

/// Why the daemon did not do or tell something.
#[derive(Debug)]
pub(crate) enum DaemonError {
    /// Nobody listens.
    NotRunning(PathBuf),
    /// It was asked, and did not answer as it should.
    Broken(io::Error),
    /// It says no.
    Refused {
        /// For programs, in snapd's words.
        kind: Option<String>,
        message: String,
    },
}

impl DaemonError {
    /// Whether it says no with that kind.
    pub(crate) fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Refused { kind: Some(kind), .. } if kind == wanted)
    }
}

impl fmt::Display for DaemonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRunning(path) => write!(
                f,
                "cannot ask snappyd: nobody listens at {}; 'snappy service snappyd' tells \
                 how it is, and 'snappy service snappyd logs' why",
                path.display()
            ),
            Self::Broken(error) => write!(
                f,
                "cannot ask snappyd: {error}; 'snappy service snappyd logs' tells more"
            ),
            Self::Refused { .. } if self.is("login-required") => {
                f.write_str("This command needs root, please run with sudo")
            }
            Self::Refused { message, .. } => f.write_str(message),
        }
    }
}

impl std::error::Error for DaemonError {}

impl From<io::Error> for DaemonError {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

impl Daemon {
    /// The one of this device.
    ///
    /// # Errors
    /// [`DaemonError::NotRunning`].
    pub(crate) fn find() -> Result<Self, DaemonError> {
        let path = std::env::var_os(PATH_VARIABLE).map_or_else(|| PATH.into(), PathBuf::from);
        let daemon = Self { path };
        daemon.connect().map(|_| daemon)
    }

    /// Reads a resource.
    pub(crate) fn get(&self, address: &str) -> Result<Value, DaemonError> {
        let body = self.ask("GET", address, "")?;
        Ok(result(body))
    }

    /// Acts on a resource, and returns the number of the change that does it.
    pub(crate) fn post(&self, address: &str, body: &Value) -> Result<String, DaemonError> {
        let body = self.ask("POST", address, &body.to_string())?;
        Ok(change(&body))
    }

    /// Acts on a resource, and is answered when that is done.
    pub(crate) fn act(&self, address: &str, body: &Value) -> Result<(), DaemonError> {
        self.ask("POST", address, &body.to_string()).map(|_| ())
    }

    /// Changes a resource, and returns the number of the change.
    pub(crate) fn put(&self, address: &str, body: &Value) -> Result<String, DaemonError> {
        let body = self.ask("PUT", address, &body.to_string())?;
        Ok(change(&body))
    }

    fn connect(&self) -> Result<UnixStream, DaemonError> {
        UnixStream::connect(&self.path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                DaemonError::NotRunning(self.path.clone())
            }
            _ => DaemonError::Broken(error),
        })
    }

    /// A connection for each request: there are few.
    fn ask(&self, method: &str, address: &str, body: &str) -> Result<Value, DaemonError> {
        let mut stream = self.connect()?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let length = body.len();
        write!(
            stream,
            "{method} {address} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )?;
        let answer: Value = serde_json::from_slice(&http::read_body(stream)?)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        match answer["type"].as_str() {
            Some("sync" | "async") => Ok(answer),
            _ => Err(refused(&answer["result"])),
        }
    }
}

fn result(mut answer: Value) -> Value {
    answer["result"].take()
}

fn change(answer: &Value) -> String {
    answer["change"].as_str().unwrap_or_default().to_owned()
}

fn refused(result: &Value) -> DaemonError {
    let text = |key: &str| result[key].as_str().map(str::to_owned);
    DaemonError::Refused {
        kind: text("kind"),
        message: text("message").unwrap_or_else(|| "snappyd does not say why".to_owned()),
    }
}

/// The address of the part's resource.
pub(crate) fn of_part(rest: &str) -> String {
    format!("/v2/snaps/{}{rest}", crate::versions::PART)
}
