//! The client: hands over what is needed, and waits with the user for the end.

mod arguments;
mod relay;
mod signals;
mod terminal;

use crate::answer::Answer;
use crate::descriptors::{self, Handed};
use crate::environment::passes;
use crate::request::{self, Request};
use arguments::Wanted;
pub use arguments::{HELP, UsageError};
use rustix::fs::{Mode, OFlags, open};
use signals::Signals;
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use terminal::Terminal;

/// Why there is no exit code of a command.
#[derive(Debug)]
pub enum ClientError {
    /// The command line.
    Usage(UsageError),
    /// Nobody listens there.
    NotRunning,
    /// The service says no, and why.
    Refused(String),
    /// The service ended before the command.
    Lost,
    /// A system call failed here.
    System(io::Error),
}

impl std::fmt::Display for ClientError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Usage(error) => error.fmt(f),
            Self::NotRunning => f.write_str(
                "cannot ask sudod, which runs commands as root: it does not run; \
                 'snappy service sudod' tells how it is, 'snappy service sudod logs' why",
            ),
            Self::Refused(why) => f.write_str(why),
            Self::Lost => f.write_str(
                "cannot tell how the command ended: sudod went away; 'snappy service sudod \
                 logs' tells why",
            ),
            Self::System(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ClientError {}

impl From<io::Error> for ClientError {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

/// Has the command run that stands on the command line; returns the code to exit with: that
/// of the command, or 128 and the number of the signal that ended it.
///
/// # Errors
/// [`ClientError`].
pub fn run(
    socket: &Path,
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<u8, ClientError> {
    let shell = std::env::var_os("SHELL").unwrap_or_else(|| "/bin/sh".into());
    let wanted = arguments::parse(arguments, &shell).map_err(ClientError::Usage)?;
    let Wanted::Run {
        user,
        start,
        command,
    } = wanted
    else {
        print!("{HELP}");
        return Ok(0);
    };
    let mut service = UnixStream::connect(socket).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => ClientError::NotRunning,
        _ => error.into(),
    })?;
    let signals = Signals::listen()?;
    let made = match Terminal::is_there() {
        true => Some(Terminal::make()?),
        false => None,
    };
    let request = Request {
        user,
        start,
        terminal: match made {
            Some(_) => request::Terminal::Own,
            None => request::Terminal::Borrowed,
        },
        command,
        environment: std::env::vars_os()
            .filter(|(name, value)| passes(name, value))
            .collect(),
    };
    let (terminal, of_command) = made.unzip();
    // Whoever is refused is told so before the request is read.
    let sent = hand_over(&mut service, &request, of_command.as_ref());
    drop(of_command);
    let relayed = sent.and_then(|()| relay::relay(&mut service, &signals, terminal.as_ref()));
    // The user's terminal is itself again before anything is said on it.
    drop(terminal);
    match Answer::read(&mut service) {
        Ok(Some(Answer::Exited(code))) => Ok(code),
        Ok(Some(Answer::Killed(signal))) => Ok(signal.saturating_add(128)),
        Ok(Some(Answer::Refused(why))) => Err(ClientError::Refused(why)),
        Ok(None) => Err(ClientError::Lost),
        Err(error) => Err(relayed.err().unwrap_or(error).into()),
    }
}

fn hand_over(
    service: &mut UnixStream,
    request: &Request,
    terminal: Option<&OwnedFd>,
) -> io::Result<()> {
    let directory = open(
        ".",
        OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )?;
    let of_user = (
        rustix::stdio::stdin(),
        rustix::stdio::stdout(),
        rustix::stdio::stderr(),
    );
    let (input, output, error) = match terminal {
        Some(terminal) => (terminal.as_fd(), terminal.as_fd(), terminal.as_fd()),
        None => of_user,
    };
    let handed = Handed {
        input,
        output,
        error,
        directory: directory.as_fd(),
    };
    descriptors::send(service, &request.to_bytes(), &handed)
}
