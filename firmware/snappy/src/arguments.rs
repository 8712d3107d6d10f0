//! The command line -> what to do. No verb is run here, nothing is printed.

mod config;
mod hardware;
mod hold;
mod list;
mod reinstall;
mod reset;
mod snap;
mod update;

use crate::help;
use crate::list::List;
use crate::origin::Origin;
use crate::verb::Verb;
pub(crate) use config::{Config, ConfigOf};
pub(crate) use hardware::HardwareAct;
use image_format::AppData;
use lexopt::{Arg, Parser, ValueExt};
pub(crate) use snap::SnapAct;
use std::ffi::OsString;
use std::path::PathBuf;
use system_update::{Downgrade, FailedBefore};
use updater::settings::RescueSources;

/// What the person asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// `snappy --help`, `snappy help [VERB]`, `snappy VERB --help`.
    Help(Option<Verb>),
    /// `snappy --version`.
    ProgramVersion,
    /// `snappy info [SNAP]`.
    Info(Form, Option<String>),
    /// `snappy versions`.
    Versions(Form, Scope),
    /// `snappy why`.
    Why(Form, Option<usize>),
    /// `snappy update`.
    Update(Form, Update),
    /// `snappy reinstall`.
    Reinstall(Form, Reinstall),
    /// `snappy reset`.
    Reset(Form, Reset),
    /// `snappy rollback`.
    Rollback(Form),
    /// `snappy network`.
    Network(Form),
    /// `snappy service`.
    Service(Form, Asked),
    /// `snappy update-versions`.
    UpdateVersions(Form),
    /// `snappy hold`: the system, or a snap.
    Hold(Form, String, Hold),
    /// `snappy config`.
    Config(Form, Config),
    /// `snappy changes`.
    Changes(Form, Option<String>),
    /// `snappy build`.
    Build(Form, Build),
    /// `snappy install`, and the other verbs with a snap's name.
    Snap(Form, SnapAct),
    /// `snappy search`.
    Search(Form, Option<String>),
    /// `snappy framework`.
    Framework(Form),
    /// `snappy hw-assign`, `hw-unassign` and `hw-info`.
    Hardware(Form, HardwareAct),
    /// `snappy list`.
    List(Form, List),
    /// `snappy tags`.
    Tags(Form),
    /// `snappy chroot`.
    Chroot,
}

/// For whom the output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A person.
    Text,
    /// A program.
    Json,
}

/// Which versions are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// What runs.
    Running,
    /// Both slots.
    All,
}

/// From where, and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Update {
    pub(crate) from: UpdateSource,
    pub(crate) downgrade: Downgrade,
    pub(crate) failed_before: FailedBefore,
}

/// A factory reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reset {
    pub(crate) data: AppData,
    pub(crate) confirmation: Confirmation,
}

/// Whether somebody says again that it is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirmation {
    Ask,
    Given,
}

/// Where a release for a device that cannot boot is looked for, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reinstall {
    /// Everywhere if it is not said.
    pub(crate) sources: Option<RescueSources>,
    pub(crate) watch: Watch,
}

/// How often it is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watch {
    /// Once: a person waits.
    Once,
    /// Until there is one, where image and owner want it.
    UntilInstalled,
}

impl Default for Update {
    /// The newest of the store, with all refusals.
    fn default() -> Self {
        Self {
            from: UpdateSource::Store(StoreUpdate::default()),
            downgrade: Downgrade::Refuse,
            failed_before: FailedBefore::Refuse,
        }
    }
}

/// Of what a snap is made, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Build {
    pub(crate) directory: PathBuf,
    /// Named after the snap if it is not there.
    pub(crate) output: Option<PathBuf>,
}

/// Where an update comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UpdateSource {
    /// An update file.
    Origin(Origin),
    /// The store, by way of the daemon.
    Store(StoreUpdate),
}

/// What is asked of the daemon beyond an update.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoreUpdate {
    /// This one, and not the newest.
    pub(crate) version: Option<u64>,
    pub(crate) stopped: Stopped,
    pub(crate) reboot: Reboot,
}

/// A release that its publisher stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stopped {
    #[default]
    Refuse,
    Allow,
}

/// When the device reboots into a release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Reboot {
    #[default]
    ByHand,
    Automatic,
}

/// How long nothing is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    Forever,
    /// As it was typed; the daemon reads it.
    Until(String),
    ForSecs(u64),
    Release,
}

/// What of a service is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// How all of them are.
    List,
    /// How one of them is.
    Status(String),
    /// What one of them wrote.
    Logs(String),
    /// What one of them writes from now on.
    Follow(String),
    /// Something to be done with it.
    Act(String, ServiceAct),
}

/// What a person does with a service of a snap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServiceAct {
    /// Start it now.
    Start,
    /// Stop it now.
    Stop,
    /// One behind the other.
    Restart,
    /// Start it with its snap from now on.
    Enable,
    /// Do not.
    Disable,
}

impl ServiceAct {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "start" => Self::Start,
            "stop" => Self::Stop,
            "restart" => Self::Restart,
            "enable" => Self::Enable,
            "disable" => Self::Disable,
            _ => return None,
        })
    }
}

/// The command line makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UsageError(pub(crate) String);

impl From<lexopt::Error> for UsageError {
    fn from(error: lexopt::Error) -> Self {
        Self(error.to_string())
    }
}

/// Parses the words behind the program's name.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Command, UsageError> {
    let mut parser = Parser::from_args(words);
    match parser.next()? {
        None | Some(Arg::Long("help") | Arg::Short('h')) => Ok(Command::Help(None)),
        Some(Arg::Long("version") | Arg::Short('V')) => Ok(Command::ProgramVersion),
        Some(Arg::Value(word)) if word == "help" => parse_help(&mut parser),
        Some(Arg::Value(word)) => parse_verb(Verb::parse(&word.string()?)?, &mut parser),
        Some(other) => Err(other.unexpected().into()),
    }
}

fn parse_help(parser: &mut Parser) -> Result<Command, UsageError> {
    match parser.next()? {
        None => Ok(Command::Help(None)),
        Some(Arg::Value(word)) => Ok(Command::Help(Some(Verb::parse(&word.string()?)?))),
        Some(other) => Err(other.unexpected().into()),
    }
}

/// Refuses what the help does not tell, so that it tells everything.
fn check_options(verb: Verb, words: Vec<OsString>) -> Result<(), UsageError> {
    let mut parser = Parser::from_args(words);
    while let Some(argument) = parser.next()? {
        let found = match argument {
            Arg::Value(_) => continue,
            Arg::Long(long) => help::options(verb).find(|option| option.long == long),
            Arg::Short(short) => help::options(verb).find(|option| option.short == Some(short)),
        };
        match found {
            None => return Err(argument.unexpected().into()),
            Some(option) if option.value.is_some() => drop(parser.value()?),
            Some(_) => {}
        }
    }
    Ok(())
}

fn parse_verb(verb: Verb, parser: &mut Parser) -> Result<Command, UsageError> {
    check_options(verb, parser.raw_args()?.as_slice().to_vec())?;
    match verb {
        Verb::Update => update::parse(parser),
        Verb::Hold => hold::parse(parser),
        Verb::Reinstall => reinstall::parse(parser),
        Verb::Reset => reset::parse(parser),
        Verb::Install | Verb::Remove | Verb::Purge => snap::parse(verb, parser),
        Verb::List => list::parse(parser),
        Verb::HwAssign | Verb::HwUnassign | Verb::HwInfo => hardware::parse(verb, parser),
        verb => parse_short(verb, parser),
    }
}

/// The verbs with few words.
fn parse_short(verb: Verb, parser: &mut Parser) -> Result<Command, UsageError> {
    let (mut form, mut scope, mut boots) = (Form::Text, Scope::Running, None);
    let (mut asked, mut change, mut part) = (Asked::List, None, None);
    let mut config = config::Words::default();
    let (mut directory, mut output, mut word) = (None, None, None);
    while let Some(argument) = parser.next()? {
        match (verb, argument) {
            (_, Arg::Long("help") | Arg::Short('h')) => return Ok(Command::Help(Some(verb))),
            (_, Arg::Long("json")) => form = Form::Json,
            (Verb::Versions, Arg::Short('a') | Arg::Long("all")) => scope = Scope::All,
            (Verb::Why, Arg::Long("boots")) => boots = Some(parser.value()?.parse()?),
            (Verb::Rollback | Verb::Info, Arg::Value(name)) if part.is_none() => {
                part = Some(name.string()?)
            }
            (Verb::Service, Arg::Value(word)) => asked = ask_more(asked, word.string()?)?,
            (Verb::Service, Arg::Short('f') | Arg::Long("follow")) => match asked {
                Asked::Logs(name) => asked = Asked::Follow(name),
                _ => return Err(UsageError("only logs can be followed".into())),
            },
            (Verb::Search, Arg::Value(text)) if word.is_none() => word = Some(text.string()?),
            (Verb::Changes, Arg::Value(id)) if change.is_none() => change = Some(id.string()?),
            (Verb::Config, Arg::Value(word)) => config.take(word.string()?)?,
            (Verb::Build, Arg::Long("output") | Arg::Short('o')) => {
                output = Some(parser.value()?.into());
            }
            (Verb::Build, Arg::Value(word)) if directory.is_none() => directory = Some(word.into()),
            (_, other) => return Err(other.unexpected().into()),
        }
    }
    Ok(match verb {
        // They have a parser of their own.
        Verb::Update
        | Verb::Hold
        | Verb::Reinstall
        | Verb::Reset
        | Verb::Install
        | Verb::Remove
        | Verb::Purge
        | Verb::List
        | Verb::HwAssign
        | Verb::HwUnassign
        | Verb::HwInfo => Command::Help(Some(verb)),
        Verb::Framework => Command::Framework(form),
        Verb::Info => {
            let snap = part.filter(|part| !is_system(part));
            Command::Info(form, snap.map(snap::name).transpose()?)
        }
        Verb::Tags => Command::Tags(form),
        Verb::Chroot => Command::Chroot,
        Verb::Versions => Command::Versions(form, scope),
        Verb::Why => Command::Why(form, boots),
        Verb::Rollback => match part.filter(|part| !is_system(part)) {
            None => Command::Rollback(form),
            Some(snap) => Command::Snap(form, SnapAct::Rollback(snap::name(snap)?)),
        },
        Verb::Search => Command::Search(form, word),
        Verb::Network => Command::Network(form),
        Verb::Service => Command::Service(form, asked),
        Verb::UpdateVersions => Command::UpdateVersions(form),
        Verb::Config => Command::Config(form, config.finish()),
        Verb::Changes => Command::Changes(form, change),
        Verb::Build => Command::Build(
            form,
            Build {
                directory: directory.ok_or_else(no_directory)?,
                output,
            },
        ),
    })
}

fn no_directory() -> UsageError {
    UsageError("cannot build a snap of nothing: name its directory".into())
}

/// `[NAME [logs | start | ...]]`, word by word.
fn ask_more(asked: Asked, word: String) -> Result<Asked, UsageError> {
    match (asked, &*word) {
        (Asked::List, _) => Ok(Asked::Status(word)),
        (Asked::Status(name), "logs") => Ok(Asked::Logs(name)),
        (Asked::Status(name), act) => match ServiceAct::parse(act) {
            Some(act) => Ok(Asked::Act(name, act)),
            None => Err(UsageError(format!("cannot do {word:?} with a service"))),
        },
        _ => Err(UsageError(format!("cannot do {word:?} with a service"))),
    }
}

/// Whether the system is meant; `ubuntu-core` was its name in 2014.
fn is_system(part: &str) -> bool {
    matches!(part, "system" | "ubuntu-core")
}

#[cfg(test)]
mod tests;
