//! A session: one program, its terminal or pipes, and the channel that carries them.

#![expect(unsafe_code, reason = "pre_exec runs between fork and exec")]

mod carry;

use crate::sftp;
use crate::terminal::Terminal;
use crate::welcome;
use accounts::Account;
use russh::Channel;
use russh::server::{Handle, Msg};
use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where a user's programs are. The login shell's profile may say otherwise.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:/snap/bin";
/// A client may send that many variables.
const MOST_VARIABLES: usize = 32;

/// A channel that waits for its program.
pub(crate) struct Opened {
    channel: Channel<Msg>,
    terminal: Option<Terminal>,
    variables: Vec<(String, String)>,
}

/// What runs in a session.
pub(crate) enum Program {
    /// The user's shell, as a login shell.
    Shell,
    /// A line for the user's shell.
    Command(Vec<u8>),
    /// This program, as the server of the user's files.
    Files,
}

/// Whose session it is, and where.
pub(crate) struct Surroundings<'a> {
    pub(crate) user: &'a Account,
    pub(crate) home: PathBuf,
    /// The client's and the device's.
    pub(crate) addresses: (SocketAddr, SocketAddr),
}

impl Opened {
    pub(crate) fn new(channel: Channel<Msg>) -> Self {
        Self {
            channel,
            terminal: None,
            variables: Vec::new(),
        }
    }

    pub(crate) fn give_terminal(&mut self, terminal: Terminal, kind: &str) {
        self.terminal = Some(terminal);
        self.variables.push(("TERM".to_owned(), kind.to_owned()));
    }

    /// Takes words for people only: `false` if it is another variable.
    pub(crate) fn give_variable(&mut self, name: &str, value: &str) -> bool {
        let passes = (name == "LANG" || name.starts_with("LC_") || name == "COLORTERM")
            && !name.contains(['=', '\0'])
            && !value.contains('\0')
            && self.variables.len() < MOST_VARIABLES;
        if passes {
            self.variables.push((name.to_owned(), value.to_owned()));
        }
        passes
    }

    /// Starts the program, and a task that carries what it reads and writes.
    pub(crate) fn start(
        self,
        program: &Program,
        surroundings: &Surroundings<'_>,
        handle: Handle,
    ) -> io::Result<()> {
        let mut command = self.command(program, surroundings);
        let welcome = match (&self.terminal, program) {
            (Some(_), Program::Shell) => welcome::words(),
            _ => String::new(),
        };
        let has_terminal = self.terminal.is_some();
        match &self.terminal {
            Some(terminal) => {
                let other_end = terminal.open()?;
                command
                    .stdin(other_end.try_clone()?)
                    .stdout(other_end.try_clone()?)
                    .stderr(other_end);
            }
            None => {
                command
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped());
            }
        }
        // SAFETY: the closure makes system calls only; it allocates nothing and takes no lock
        // that another thread could hold.
        unsafe {
            command.pre_exec(move || {
                rustix::process::setsid()?;
                if has_terminal {
                    rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
                }
                Ok(())
            });
        }
        let child = tokio::process::Command::from(command).spawn()?;
        let carried = carry::Carried {
            child,
            terminal: self.terminal,
            channel: self.channel,
            handle,
        };
        tokio::spawn(carried.carry(welcome));
        Ok(())
    }

    fn command(&self, program: &Program, surroundings: &Surroundings<'_>) -> Command {
        let Surroundings {
            user,
            home,
            addresses: (from, to),
        } = surroundings;
        let mut command = match program {
            Program::Shell | Program::Command(_) => Command::new(&user.shell),
            Program::Files => Command::new("/proc/self/exe"),
        };
        match program {
            // A login shell is known by the hyphen.
            Program::Shell => {
                let name = Path::new(&user.shell).file_name().unwrap_or_default();
                let mut login = OsString::from("-");
                login.push(name);
                command.arg0(login);
            }
            Program::Command(line) => {
                command.arg("-c").arg(OsString::from_vec(line.clone()));
            }
            Program::Files => {
                command.arg(sftp::WORD);
            }
        }
        let (from_address, to_address) = (from.ip().to_canonical(), to.ip().to_canonical());
        command
            .env_clear()
            .envs(self.variables.iter().cloned())
            .env("HOME", home)
            .env("LOGNAME", user.name.as_str())
            .env("PATH", PATH)
            .env("SHELL", &user.shell)
            .env("USER", user.name.as_str())
            .env(
                "SSH_CONNECTION",
                format!("{from_address} {} {to_address} {}", from.port(), to.port()),
            )
            .current_dir(if home.is_dir() { home } else { Path::new("/") });
        if let Some(terminal) = &self.terminal {
            command.env("SSH_TTY", &terminal.path);
        }
        command
    }
}
