//! The command line of `snap-run`.
//!
//! ```text
//! snap-run [OPTIONS] NAME[.APP] [WORD...]      a command of a person
//! snap-run [OPTIONS] --service NAME.APP        a service: the supervisor asks
//! snap-run [OPTIONS] --hook HOOK NAME          a hook
//! NAME.APP [WORD...]                           a link of that name to this program
//! snapctl WORD...                              inside: see `snapctl`
//! ```
//!
//! It is no set-id program: whoever is not root asks `sudo`. `--device DIRECTORY` has a device
//! below that directory, and `--without-groups` is for machines whose control groups are not
//! ours to limit: both are for who tries a snap.

use crate::device::Device;
use crate::handed_over::take_over;
use crate::sandbox::{ServiceAct, Start, sandbox_for};
use crate::snapctl;
use anyhow::{Context, Result, bail};
use confinement::Limits;
use lexopt::prelude::*;
use snap_format::{AppName, Hook, SnapName};
use std::ffi::OsString;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What a shell says of a program that cannot be started.
const NOT_STARTED: u8 = 126;

/// Runs what `arguments` ask for, the program's own name first. Returns the exit code.
pub fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let mut arguments = arguments.peekable();
    let called = arguments.peek().map(PathBuf::from).unwrap_or_default();
    if called.file_name() == Some("snapctl".as_ref()) {
        return snapctl::run(arguments.skip(1));
    }
    match act(arguments) {
        Ok(code) => code.into(),
        Err(error) => {
            eprintln!("error: {error:#}");
            NOT_STARTED.into()
        }
    }
}

fn act(arguments: impl Iterator<Item = OsString>) -> Result<u8> {
    let asked = asked(arguments)?;
    if !rustix::process::geteuid().is_root() {
        bail!("this command needs root, please run it with sudo");
    }
    let device = Device::at(&asked.root);
    let snap = device.snap(&asked.name, asked.revision.as_deref())?;
    let mut sandbox = sandbox_for(&device, &asked.name, &snap, &asked.start)?;
    if asked.limited == Limited::InMemoryOnly {
        sandbox.limits = Limits {
            temporary_bytes: sandbox.limits.temporary_bytes,
            ..Limits::default()
        };
    }
    let sockets = match asked.start {
        Start::Service { sockets, .. } if sockets > 0 => take_sockets(sockets)?,
        _ => Vec::new(),
    };
    sandbox.inherited_sockets = sockets.iter().map(AsRawFd::as_raw_fd).collect();
    Ok(confinement::run(&sandbox)?)
}

/// The sockets that came over standard input, which has nothing else to read then.
fn take_sockets(number: usize) -> Result<Vec<OwnedFd>> {
    let sockets = take_over(number).context("cannot take over the sockets")?;
    let nothing = std::fs::File::open("/dev/null").context("cannot open /dev/null")?;
    rustix::stdio::dup2_stdin(nothing).context("cannot leave standard input")?;
    Ok(sockets)
}

/// Which limits hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limited {
    /// All of them.
    Fully,
    /// Those of file systems in memory.
    InMemoryOnly,
}

/// The command line, understood.
struct Asked {
    root: PathBuf,
    limited: Limited,
    name: SnapName,
    revision: Option<String>,
    start: Start,
}

fn asked(arguments: impl Iterator<Item = OsString>) -> Result<Asked> {
    let mut arguments = arguments.peekable();
    let called = arguments.peek().map(PathBuf::from).unwrap_or_default();
    let called = called.file_name().unwrap_or_default().to_owned();
    if called != "snap-run" {
        let (name, app) = command_named(&called)?;
        return Ok(Asked {
            root: "/".into(),
            limited: Limited::Fully,
            name,
            revision: None,
            start: Start::Command(app, arguments.skip(1).collect()),
        });
    }
    let mut parser = lexopt::Parser::from_iter(arguments);
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("device") => options.root = Some(parser.value()?.into()),
            Long("without-groups") => options.limited = Some(Limited::InMemoryOnly),
            Long("revision") => options.revision = Some(parser.value()?.string()?),
            Long("service") => options.service = Some(parser.value()?),
            Long("hook") => options.hook = Some(parser.value()?.parse()?),
            Long("act") => options.act = Some(act_named(&parser.value()?.string()?)?),
            Long("notify") => options.notify = Some(parser.value()?.into()),
            Long("sockets") => options.sockets = parser.value()?.parse()?,
            Value(word) => {
                if let Some(hook) = options.hook {
                    return Ok(options.asked(word.parse()?, Start::Hook(hook)));
                }
                let (name, app) = command_named(&word)?;
                // Whatever follows is the command's.
                let words = parser.raw_args()?.collect();
                return Ok(options.asked(name, Start::Command(app, words)));
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let service = options.service.take();
    let (name, app) = command_named(service.context("give the name of a snap's command")?)?;
    let start = Start::Service {
        app,
        act: options.act.unwrap_or(ServiceAct::Run),
        notify: options.notify.take(),
        sockets: options.sockets,
    };
    Ok(options.asked(name, start))
}

/// What stands before the name.
#[derive(Default)]
struct Options {
    root: Option<PathBuf>,
    limited: Option<Limited>,
    revision: Option<String>,
    service: Option<OsString>,
    hook: Option<Hook>,
    act: Option<ServiceAct>,
    notify: Option<PathBuf>,
    sockets: usize,
}

impl Options {
    fn asked(self, name: SnapName, start: Start) -> Asked {
        Asked {
            root: self.root.unwrap_or_else(|| "/".into()),
            limited: self.limited.unwrap_or(Limited::Fully),
            name,
            revision: self.revision,
            start,
        }
    }
}

fn act_named(word: &str) -> Result<ServiceAct> {
    Ok(match word {
        "run" => ServiceAct::Run,
        "stop" => ServiceAct::Stop,
        "reload" => ServiceAct::Reload,
        "post-stop" => ServiceAct::PostStop,
        _ => bail!("cannot do {word:?} with a service: give run, stop, reload or post-stop"),
    })
}

/// `NAME.APP`; an app of the snap's own name needs no second word.
fn command_named(word: impl AsRef<Path>) -> Result<(SnapName, AppName)> {
    let word = word
        .as_ref()
        .to_str()
        .context("the command's name is no text")?;
    let (name, app) = word.split_once('.').unwrap_or((word, word));
    Ok((name.parse()?, app.parse()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn understood(words: &str) -> Result<Asked> {
        asked(words.split(' ').map(OsString::from))
    }

    fn command(app: &str, words: &[&str]) -> Start {
        let words = words.iter().map(OsString::from).collect();
        Start::Command(app.parse().unwrap(), words)
    }

    #[test]
    fn a_link_is_called_as_the_command_that_it_is() {
        let asked = understood("/snap/bin/web.ctl --help x").unwrap();
        assert_eq!(asked.name.as_str(), "web");
        assert_eq!(asked.start, command("ctl", &["--help", "x"]));
        // An app of the snap's own name.
        let asked = understood("hello").unwrap();
        assert_eq!(asked.start, command("hello", &[]));
        assert_eq!(asked.limited, Limited::Fully);
        assert!(understood("/snap/bin/..").is_err());
    }

    #[test]
    fn words_behind_the_command_are_its_own() {
        let asked = understood("/usr/bin/snap-run --revision 3 web.ctl --device /x").unwrap();
        assert_eq!(asked.revision.as_deref(), Some("3"));
        assert_eq!(asked.root, Path::new("/"));
        assert_eq!(asked.start, command("ctl", &["--device", "/x"]));
    }

    #[test]
    fn a_service_gets_what_its_supervisor_has() {
        let words = "snap-run --notify /run/n --sockets 2 --service web.db";
        let start = Start::Service {
            app: "db".parse().unwrap(),
            act: ServiceAct::Run,
            notify: Some("/run/n".into()),
            sockets: 2,
        };
        assert_eq!(understood(words).unwrap().start, start);
        let hook = understood("snap-run --hook install web").unwrap();
        assert_eq!(hook.start, Start::Hook(Hook::Install));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for words in [
            "snap-run",
            "snap-run --hook dance web",
            "snap-run --service web.db --act fly",
            "snap-run --sockets x --service web.db",
            "snap-run --fly",
            "snap-run WEB",
        ] {
            assert!(understood(words).is_err(), "{words}");
        }
    }
}
