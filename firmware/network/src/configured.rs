//! The owner's configuration of the ports: the one in force, and one that is tried.

use crate::kernel::Kernel;
use crate::ports::Ports;
use network::configuration::Configuration;
use network::trial::{Outcome, Side, Trial};
use rustix::fs::inotify;
use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};
use system_update::{CloudConfigReport, say_on_console};

/// Where the files are.
const DIRECTORY: &str = "/writable/system";
/// How often a trial looks whether somebody answered.
const PAUSE: Duration = Duration::from_secs(1);
const REFUSED: &str = "network-config: under it nobody answered, and under the one before somebody \
     did, which is in force again";

/// What the owner says, as far as it is known.
pub(crate) struct Configured {
    /// Told of files that come. Without it they count at the next start.
    events: Option<OwnedFd>,
    trial: Option<Trial>,
    begun: Begun,
    due: Option<Instant>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Begun {
    NotYet,
    Yes,
}

impl Configured {
    /// Nothing is followed before the first look.
    pub(crate) fn open() -> Self {
        Self {
            events: watch()
                .inspect_err(|error| eprintln!("cannot watch {DIRECTORY}: {error}"))
                .ok(),
            trial: None,
            begun: Begun::NotYet,
            due: None,
        }
    }

    pub(crate) fn events(&self) -> Option<&OwnedFd> {
        self.events.as_ref()
    }

    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Takes in what came, and what became of a trial. Ports that begin anew are to be
    /// looked at next.
    pub(crate) fn look(&mut self, ports: &mut Ports, kernel: &Kernel, now: Instant) {
        if self.begun == Begun::NotYet || self.drain_events() {
            self.begun = Begun::Yes;
            self.begin(ports, kernel, now);
        }
        self.due = None;
        let Some(trial) = &mut self.trial else {
            return;
        };
        match trial.look(now, ports.reach()) {
            Outcome::Open => {}
            Outcome::Turn(side) => ports.follow(read_side(side), kernel),
            Outcome::Kept => {
                println!("the new configuration works and is kept");
                self.end(Configuration::IN_FORCE);
                return;
            }
            Outcome::Refused => {
                println!("the new configuration does not work: the one before stays");
                tell_refused();
                self.end(Configuration::REFUSED);
                return;
            }
        }
        self.due = Some(trial.due().min(now + PAUSE));
    }

    fn begin(&mut self, ports: &mut Ports, kernel: &Kernel, now: Instant) {
        if Path::new(Configuration::ON_TRIAL).exists() {
            println!("a new configuration is tried");
            self.trial = Some(Trial::begin(now));
            ports.follow(read_side(Side::New), kernel);
        } else if self.trial.is_none() {
            ports.follow(read_side(Side::Before), kernel);
        }
    }

    /// The file gets its new name before anything else relies on it.
    fn end(&mut self, name: &str) {
        self.trial = None;
        let renamed = fs::rename(Configuration::ON_TRIAL, name)
            .and_then(|()| File::open(DIRECTORY)?.sync_all());
        if let Err(error) = renamed {
            eprintln!("cannot rename {}: {error}", Configuration::ON_TRIAL);
        }
    }

    /// Whether a file came or changed its name.
    fn drain_events(&self) -> bool {
        let mut came = false;
        let mut buffer = [core::mem::MaybeUninit::uninit(); 4096];
        if let Some(events) = &self.events {
            let mut reader = inotify::Reader::new(events, &mut buffer);
            while let Ok(event) = reader.next() {
                let name = event.file_name().map(|name| name.to_bytes());
                came |= name == Some(b"network-trial.json") || name == Some(b"network.json");
            }
        }
        came
    }
}

fn watch() -> io::Result<OwnedFd> {
    let events = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)?;
    inotify::add_watch(&events, DIRECTORY, inotify::WatchFlags::MOVED_TO)?;
    Ok(events)
}

/// A file that is not understood counts as none: then ports get addresses by DHCP.
fn read_side(side: Side) -> Configuration {
    let path = match side {
        Side::New => Configuration::ON_TRIAL,
        Side::Before => Configuration::IN_FORCE,
    };
    let read = Configuration::read(Path::new(path));
    read.unwrap_or_else(|error| {
        eprintln!("cannot use {path}: {error}; it counts as empty");
        None
    })
    .unwrap_or_default()
}

/// On the console and for `snappy why`.
fn tell_refused() {
    say_on_console("network", REFUSED);
    let path = Path::new(CloudConfigReport::PATH);
    let mut report = CloudConfigReport::read(path)
        .ok()
        .flatten()
        .unwrap_or_default();
    report.failed(REFUSED);
    if let Err(error) = report.write(path) {
        eprintln!("cannot write {}: {error}", path.display());
    }
}
