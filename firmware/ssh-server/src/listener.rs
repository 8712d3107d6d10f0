//! The service: opens the port when the settings say so, and admits connections.

use crate::host_key;
use crate::settings_watch::SettingsWatch;
use crate::waiting::WaitingRoom;
use accounts::{Logins, Places, SshSettings};
use anyhow::{Context, Result};
use core::convert::Infallible;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::time::{Duration, Instant};

/// Processes of users who are inside are looked after that often.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// Serves for ever.
///
/// # Errors
/// A system call without which there is no service.
pub(crate) fn run(places: &Places) -> Result<Infallible> {
    // Without it every connection ends at once, and the log says why. That is no reason for
    // the health gate to hold against a release.
    if let Err(error) = host_key::read_or_make(places) {
        eprintln!("{error:#}");
    }
    let watch = SettingsWatch::start(places).context("cannot watch the settings")?;
    let mut port = Port::closed();
    let mut room = WaitingRoom::default();
    loop {
        watch.drain();
        port.follow(places);
        let is_ready = wait(&watch, &port, &room)?;
        let now = Instant::now();
        let (of_port, of_room) = is_ready.split_at(port.listener.iter().len());
        let is_called = of_port.contains(&true);
        room.look(of_room, now);
        if let Some(listener) = port.listener.as_ref().filter(|_| is_called) {
            let admitted = listener
                .accept()
                .and_then(|(stream, from)| room.admit(stream, from, now));
            match admitted {
                // Whoever called has hung up already.
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => eprintln!("cannot take a connection: {error}"),
                Ok(()) => {}
            }
        }
    }
}

/// Which of the port and the connections are ready.
fn wait(watch: &SettingsWatch, port: &Port, room: &WaitingRoom) -> Result<Vec<bool>> {
    let sleep = room.due().map_or(LONGEST_SLEEP, |due| {
        due.saturating_duration_since(Instant::now())
            .min(LONGEST_SLEEP)
    });
    let timeout = Timespec::try_from(sleep).context("a minute is too long")?;
    let mut sources = vec![PollFd::new(watch, PollFlags::IN)];
    sources.extend(
        port.listener
            .iter()
            .map(|each| PollFd::new(each, PollFlags::IN)),
    );
    sources.extend(room.sources());
    match poll(&mut sources, Some(&timeout)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(error) => return Err(error).context("cannot wait for connections"),
    }
    let is_ready = |source: &PollFd<'_>| !source.revents().is_empty();
    Ok(sources.iter().skip(1).map(is_ready).collect())
}

/// The port, open or not.
struct Port {
    listener: Option<TcpListener>,
    settings: SshSettings,
    /// A problem is told once.
    problem: Option<String>,
}

impl Port {
    fn closed() -> Self {
        Self {
            listener: None,
            settings: SshSettings::default(),
            problem: None,
        }
    }

    /// Does what the settings say. Whoever is inside stays inside.
    fn follow(&mut self, places: &Places) {
        let (settings, problem) = match SshSettings::read(places) {
            Ok(settings) => (settings, None),
            Err(problem) => (SshSettings::default(), Some(problem)),
        };
        let problem = problem.or_else(|| self.apply(settings).err());
        if problem.is_some() {
            self.listener = None;
        }
        if let Some(problem) = problem.as_ref().filter(|_| problem != self.problem) {
            eprintln!("{problem}; nobody can log in");
        }
        self.problem = problem;
    }

    fn apply(&mut self, settings: SshSettings) -> Result<(), String> {
        let is_open = self.listener.is_some();
        let wants_open = settings.logins != Logins::Off;
        if is_open != wants_open || self.settings.port != settings.port {
            self.listener = None;
            if wants_open {
                self.listener = Some(listen(settings.port)?);
                println!("listening at port {}", settings.port);
            } else if is_open {
                println!("nobody can log in any more: ssh.toml says so");
            }
        }
        self.settings = settings;
        Ok(())
    }
}

fn listen(port: u16) -> Result<TcpListener, String> {
    // On Linux, the address of IPv6 serves both.
    let bound = TcpListener::bind((Ipv6Addr::UNSPECIFIED, port))
        .or_else(|_| TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)));
    bound
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .map_err(|error| format!("cannot listen at port {port}: {error}"))
}
