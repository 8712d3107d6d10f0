//! Connections that nobody has logged in on yet: so many, and for so long.

use rustix::event::{PollFd, PollFlags};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// So many strangers at a time. One more, and the one that has waited longest has to go.
const MOST: usize = 12;
/// For a person who types a password.
const PATIENCE: Duration = Duration::from_secs(60);

/// One connection that waits for its login.
struct Waiting {
    process: Child,
    /// The process closes its end once somebody has logged in, or with its own end.
    login: OwnedFd,
    from: SocketAddr,
    until: Instant,
}

/// All of them.
#[derive(Default)]
pub(crate) struct WaitingRoom {
    waiting: Vec<Waiting>,
    /// Users are in there; the processes are still to be reaped.
    inside: Vec<Child>,
}

impl WaitingRoom {
    /// Starts the process for a connection.
    pub(crate) fn admit(
        &mut self,
        stream: TcpStream,
        from: SocketAddr,
        now: Instant,
    ) -> io::Result<()> {
        if self.waiting.len() >= MOST {
            self.turn_out(0, "others wait, too");
        }
        let (login, of_process) = io::pipe()?;
        let process = Command::new("/proc/self/exe")
            .arg("connection")
            .stdin(Stdio::from(OwnedFd::from(stream)))
            .stdout(of_process)
            .spawn()?;
        self.waiting.push(Waiting {
            process,
            login: login.into(),
            from,
            until: now + PATIENCE,
        });
        Ok(())
    }

    /// What to wait for.
    pub(crate) fn sources(&self) -> impl Iterator<Item = PollFd<'_>> {
        self.waiting
            .iter()
            .map(|each| PollFd::new(&each.login, PollFlags::IN))
    }

    /// When somebody has waited long enough.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.waiting.iter().map(|each| each.until).min()
    }

    /// Looks after them: `is_ready` has what became of [`Self::sources`].
    pub(crate) fn look(&mut self, is_ready: &[bool], now: Instant) {
        for (index, is_ready) in is_ready.iter().enumerate().rev() {
            if *is_ready {
                self.inside.push(self.waiting.remove(index).process);
            }
        }
        while let Some(index) = self.waiting.iter().position(|each| each.until <= now) {
            self.turn_out(index, "nobody logged in");
        }
        self.inside
            .retain_mut(|process| matches!(process.try_wait(), Ok(None)));
    }

    fn turn_out(&mut self, index: usize, why: &str) {
        let mut waiting = self.waiting.remove(index);
        println!("the connection from {} is ended: {why}", waiting.from);
        // It may have ended by itself.
        let _ = waiting.process.kill();
        let _ = waiting.process.wait();
    }
}
