//! The rescue system at its console: tells why no slot booted, waits for Enter, runs the
//! shell, has a release looked for meanwhile, and ends when nobody came. What follows from what is `vigil`'s to say.

use super::installer::{Installer, Outcome};
use super::vigil::{Happened, PATIENCE, Vigil};
use crate::guard::Guard;
use crate::process::{self, reap};
use crate::shell::Shell;
use crate::shutdown::Ending;
use crate::signals::{Signal, Signals};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::process::Pid;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use system_update::BootDisk;

const CONSOLE: &str = "/dev/console";
/// Tells the reasons, by the same words as everywhere else.
const TELLER: [&str; 4] = ["/usr/bin/snappy", "why", "--boots", "3"];
/// A sick disk may keep the teller waiting; the person is invited in all the same.
const TELLING: Duration = Duration::from_secs(20);

/// A turn of the loop may take so long.
const TURN_SECS: u32 = 60;
/// It sleeps no longer than this, so that the guard hears of it in time.
const LONGEST_SLEEP: Duration = Duration::from_secs(20);

/// The event loop.
pub(super) struct Watch<'a> {
    signals: &'a Signals,
    guard: &'a Guard,
    vigil: Vigil,
    shell: Shell,
    installer: Installer,
    /// Open while Enter is waited for, which is between the invitation and the shell: what
    /// is told before must not fall into what the person sees.
    console: Option<File>,
    teller: Option<Pid>,
    /// When the person is to be invited, unless that was done.
    invitation: Option<Instant>,
}

impl<'a> Watch<'a> {
    /// Begins without a person.
    pub(super) fn new(signals: &'a Signals, guard: &'a Guard, installer: Installer) -> Self {
        Self {
            signals,
            guard,
            vigil: Vigil::begin(Instant::now()),
            shell: Shell::new(),
            installer,
            console: None,
            teller: None,
            invitation: None,
        }
    }

    /// Runs until the system is to end.
    pub(super) fn run(&mut self) -> Ending {
        self.tell();
        loop {
            self.guard.expect("look after the rescue system", TURN_SECS);
            self.invite_if_due();
            self.installer.start_if_due();
            if self.wait() {
                self.note(Happened::Enter);
            }
            for signal in self.signals.drain() {
                match signal {
                    Signal::ChildEnded => {
                        if let Some(ending) = self.reap() {
                            return ending;
                        }
                    }
                    Signal::PowerOff => return Ending::PowerOff,
                    Signal::Halt => return Ending::Halt,
                    Signal::Reboot => return Ending::Reboot,
                }
            }
            if self.vigil.is_over(Instant::now()) && BootDisk::is_being_staged() {
                self.vigil = self.vigil.after(Happened::SlotIsWritten, Instant::now());
            }
            if self.vigil.is_over(Instant::now()) {
                log::info!("nobody came: the slots are tried again");
                return Ending::Reboot;
            }
        }
    }

    /// Starts what tells the reasons; its end brings the invitation.
    fn tell(&mut self) {
        self.invitation = Some(Instant::now());
        match start_teller() {
            Ok(teller) => {
                self.teller = Some(teller);
                self.invitation = Some(Instant::now() + TELLING);
            }
            Err(error) => log::warn!("cannot run {}: {error}", TELLER.join(" ")),
        }
    }

    fn invite_if_due(&mut self) {
        if self.invitation.is_some_and(|due| due <= Instant::now()) {
            self.invitation = None;
            let minutes = PATIENCE.as_secs() / 60;
            log::info!(
                "press Enter for a shell; the device tries its slots again in {minutes} minutes"
            );
            self.console = open_console();
            self.installer.begin();
        }
    }

    /// Waits until something happens; says whether that was Enter.
    fn wait(&mut self) -> bool {
        let now = Instant::now();
        let end = match self.vigil {
            Vigil::Unattended { until } => Some(until),
            Vigil::Attended => None,
        };
        let due = self.invitation.into_iter().chain(self.installer.due());
        let awake = end.into_iter().chain(due).min();
        let left = awake.map_or(LONGEST_SLEEP, |due| due.saturating_duration_since(now));
        let timeout = Timespec::try_from(left.min(LONGEST_SLEEP)).ok();
        let mut sources = vec![PollFd::new(self.signals, PollFlags::IN)];
        sources.extend(
            self.console
                .as_ref()
                .map(|console| PollFd::new(console, PollFlags::IN)),
        );
        // Every outcome is the same: the loop looks at all sources.
        let _ = poll(&mut sources, timeout.as_ref());
        let console = sources.get(1).map_or(PollFlags::empty(), PollFd::revents);
        if console.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            // It would wake the loop for ever. The shell opens it anew.
            self.console = None;
        }
        console.contains(PollFlags::IN) && self.console.as_mut().is_some_and(has_line)
    }

    /// Says how the system ends, if it does.
    fn reap(&mut self) -> Option<Ending> {
        let mut installed = None;
        for (process, end) in reap() {
            self.shell.ended(process);
            installed = installed.or(self.installer.ended(process, end));
            if self.teller == Some(process) {
                self.teller = None;
                self.invitation = self.invitation.map(|_| Instant::now());
            }
        }
        if self.vigil == Vigil::Attended && self.shell.due().is_some() {
            self.note(Happened::ShellEnded);
        }
        match (installed?, self.vigil) {
            (Outcome::Installed, Vigil::Unattended { .. }) => {
                log::info!("a release is installed: the next boot tries it");
                Some(Ending::Reboot)
            }
            (Outcome::Installed, Vigil::Attended) => {
                log::info!("a release is installed; reboot to try it");
                None
            }
            (Outcome::NotWanted | Outcome::Failed, _) => None,
        }
    }

    fn note(&mut self, happened: Happened) {
        self.vigil = self.vigil.after(happened, Instant::now());
        match self.vigil {
            Vigil::Attended => {
                self.invitation = None;
                self.installer.stop();
                self.console = None;
                self.shell = Shell::new();
                self.shell.start_if_due();
                if self.shell.due().is_some() {
                    self.note(Happened::ShellEnded);
                }
            }
            Vigil::Unattended { .. } => self.invitation = Some(Instant::now()),
        }
    }
}

/// `None` when the console cannot be read: then the device waits without one.
fn open_console() -> Option<File> {
    let flags = OFlags::NOCTTY | OFlags::NONBLOCK;
    File::options()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(CONSOLE)
        .inspect_err(|error| log::warn!("cannot read {CONSOLE}: {error}"))
        .ok()
}

/// A terminal gives whole lines: whatever it gives ends in Enter.
fn has_line(console: &mut File) -> bool {
    let mut line = [0; 256];
    matches!(console.read(&mut line), Ok(length) if length > 0)
}

/// Writes to the console by itself: the event loop reaps it, with all the others.
fn start_teller() -> std::io::Result<Pid> {
    let console = File::options().write(true).open(CONSOLE)?;
    let [program, arguments @ ..] = TELLER;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(console.try_clone()?)
        .stderr(console);
    process::start(&mut command)
}
