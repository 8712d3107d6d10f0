//! A small client of `snappyd`'s socket: one request, one answer, JSON both ways.

pub(crate) mod follow;
mod http;
pub(crate) mod update;

use serde_json::Value;
use std::fmt;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// Where the daemon listens.
const PATH: &str = "/run/snapd.socket";
/// Names another place: for tests.
const PATH_VARIABLE: &str = "SNAPPY_SOCKET";
/// It may ask the store before it answers.
const PATIENCE: Duration = Duration::from_secs(120);

/// Stands in no snap: a squashfs has no such line by chance.
const BOUNDARY: &str = "twinkeel-5f6e6a3a9d1b4d4e";
const DISPOSITION: &str = "Content-Disposition: form-data";

/// A file for the daemon.
pub(crate) struct Sent<'a> {
    /// What is said of it.
    pub(crate) fields: &'a [(&'a str, &'a str)],
    /// Of the file.
    pub(crate) length_bytes: u64,
    /// Its content.
    pub(crate) file: &'a mut dyn Read,
}

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

    /// Sends a file with fields before it (RFC 7578), and returns the number of the change.
    pub(crate) fn send(&self, address: &str, sent: Sent<'_>) -> Result<String, DaemonError> {
        let mut head = String::new();
        for (name, value) in sent.fields {
            head += &format!("--{BOUNDARY}\r\n{DISPOSITION}; name=\"{name}\"\r\n\r\n{value}\r\n");
        }
        head += &format!("--{BOUNDARY}\r\n{DISPOSITION}; name=\"snap\"; filename=\"snap\"\r\n\r\n");
        let tail = format!("\r\n--{BOUNDARY}--\r\n");
        let length = (head.len() + tail.len()) as u64 + sent.length_bytes;
        let mut stream = self.patient()?;
        write!(
            stream,
            "POST {address} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\
             Content-Length: {length}\r\n\r\n{head}"
        )?;
        // A daemon that refuses ends it in the middle, and says why.
        let copied = io::copy(&mut sent.file.take(sent.length_bytes), &mut stream);
        let copied = copied.and_then(|_| stream.write_all(tail.as_bytes()));
        match answer(stream) {
            Ok(answer) => Ok(change(&answer)),
            Err(DaemonError::Broken(error)) => Err(copied.err().unwrap_or(error).into()),
            Err(error) => Err(error),
        }
    }

    fn patient(&self) -> Result<UnixStream, DaemonError> {
        let stream = self.connect()?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(stream)
    }

    /// A connection for each request: there are few.
    fn ask(&self, method: &str, address: &str, body: &str) -> Result<Value, DaemonError> {
        let mut stream = self.patient()?;
        let length = body.len();
        write!(
            stream,
            "{method} {address} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )?;
        answer(stream)
    }
}

fn answer(stream: UnixStream) -> Result<Value, DaemonError> {
    let answer: Value = serde_json::from_slice(&http::read_body(stream)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    match answer["type"].as_str() {
        Some("sync" | "async") => Ok(answer),
        _ => Err(refused(&answer["result"])),
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

/// What a person typed, as a value behind the `?` of an address.
pub(crate) fn encoded(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    word.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

/// The address of the part's resource.
pub(crate) fn of_part(rest: &str) -> String {
    format!("/v2/snaps/{}{rest}", crate::versions::PART)
}
