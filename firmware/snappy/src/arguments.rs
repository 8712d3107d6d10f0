//! The command line -> what to do. No verb is run here, nothing is printed.

use crate::origin::Origin;
use lexopt::{Arg, Parser, ValueExt};
use std::ffi::OsString;
use std::path::PathBuf;
use system_update::{Downgrade, FailedBefore};

/// What the person asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// `snappy --help`, `snappy help [VERB]`, `snappy VERB --help`.
    Help(Option<Verb>),
    /// `snappy --version`.
    ProgramVersion,
    /// `snappy info`.
    Info(Form),
    /// `snappy versions`.
    Versions(Form, Scope),
    /// `snappy why`.
    Why(Form, Option<usize>),
    /// `snappy update`.
    Update(Form, Update),
    /// `snappy rollback`.
    Rollback(Form),
    /// `snappy network`.
    Network(Form),
    /// `snappy service`.
    Service(Form, Asked),
    /// `snappy build`.
    Build(Form, Build),
}

/// The verbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Info,
    Versions,
    Why,
    Update,
    Rollback,
    Network,
    Service,
    Build,
}

impl Verb {
    /// All, in the order of the help.
    pub(crate) const ALL: [Self; 8] = [
        Self::Info,
        Self::Versions,
        Self::Why,
        Self::Update,
        Self::Rollback,
        Self::Network,
        Self::Service,
        Self::Build,
    ];

    /// As it is typed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Versions => "versions",
            Self::Why => "why",
            Self::Update => "update",
            Self::Rollback => "rollback",
            Self::Network => "network",
            Self::Service => "service",
            Self::Build => "build",
        }
    }

    fn parse(name: &str) -> Result<Self, UsageError> {
        let found = Self::ALL.into_iter().find(|verb| verb.name() == name);
        found.ok_or_else(|| UsageError(format!("unknown command {name:?}")))
    }
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
    /// The update file.
    pub(crate) from: Origin,
    pub(crate) downgrade: Downgrade,
    pub(crate) failed_before: FailedBefore,
}

/// Of what a snap is made, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Build {
    pub(crate) directory: PathBuf,
    /// Named after the snap if it is not there.
    pub(crate) output: Option<PathBuf>,
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

fn parse_verb(verb: Verb, parser: &mut Parser) -> Result<Command, UsageError> {
    let (mut form, mut scope, mut boots) = (Form::Text, Scope::Running, None);
    let mut asked = Asked::List;
    let mut from = None;
    let (mut directory, mut output) = (None, None);
    let (mut downgrade, mut failed_before) = (Downgrade::Refuse, FailedBefore::Refuse);
    while let Some(argument) = parser.next()? {
        match (verb, argument) {
            (_, Arg::Long("help") | Arg::Short('h')) => return Ok(Command::Help(Some(verb))),
            (_, Arg::Long("json")) => form = Form::Json,
            (Verb::Versions, Arg::Short('a') | Arg::Long("all")) => scope = Scope::All,
            (Verb::Why, Arg::Long("boots")) => boots = Some(parser.value()?.parse()?),
            (Verb::Update, Arg::Long("from")) => from = Some(Origin::parse(parser.value()?)?),
            (Verb::Update, Arg::Long("allow-downgrade")) => downgrade = Downgrade::Allow,
            (Verb::Update, Arg::Long("retry-failed")) => failed_before = FailedBefore::Allow,
            (Verb::Rollback, Arg::Value(part)) => require_system(&part.string()?)?,
            (Verb::Service, Arg::Value(word)) => asked = ask_more(asked, word.string()?)?,
            (Verb::Build, Arg::Long("output") | Arg::Short('o')) => {
                output = Some(parser.value()?.into());
            }
            (Verb::Build, Arg::Value(word)) if directory.is_none() => directory = Some(word.into()),
            (_, other) => return Err(other.unexpected().into()),
        }
    }
    Ok(match verb {
        Verb::Info => Command::Info(form),
        Verb::Versions => Command::Versions(form, scope),
        Verb::Why => Command::Why(form, boots),
        Verb::Update => Command::Update(
            form,
            Update {
                from: from.ok_or_else(no_source)?,
                downgrade,
                failed_before,
            },
        ),
        Verb::Rollback => Command::Rollback(form),
        Verb::Network => Command::Network(form),
        Verb::Service => Command::Service(form, asked),
        Verb::Build => Command::Build(
            form,
            Build {
                directory: directory.ok_or_else(no_directory)?,
                output,
            },
        ),
    })
}

/// There is no store to ask yet.
fn no_source() -> UsageError {
    UsageError("cannot update without a release: name a file or an address with --from".into())
}

fn no_directory() -> UsageError {
    UsageError("cannot build a snap of nothing: name its directory".into())
}

/// `[NAME [logs]]`, word by word.
fn ask_more(asked: Asked, word: String) -> Result<Asked, UsageError> {
    match (asked, &*word) {
        (Asked::List, _) => Ok(Asked::Status(word)),
        (Asked::Status(name), "logs") => Ok(Asked::Logs(name)),
        _ => Err(UsageError(format!("cannot do {word:?} with a service"))),
    }
}

/// The one part that can be rolled back; `ubuntu-core` was its name in 2014.
fn require_system(part: &str) -> Result<(), UsageError> {
    match part {
        "system" | "ubuntu-core" => Ok(()),
        other => Err(UsageError(format!(
            "cannot roll back {other:?}: only \"system\" can be"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, UsageError> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn every_command_line_means_one_command() {
        let table = [
            ("", Command::Help(None)),
            ("-h", Command::Help(None)),
            ("--help", Command::Help(None)),
            ("help", Command::Help(None)),
            ("help why", Command::Help(Some(Verb::Why))),
            ("rollback --help", Command::Help(Some(Verb::Rollback))),
            ("--version", Command::ProgramVersion),
            ("info", Command::Info(Form::Text)),
            ("network", Command::Network(Form::Text)),
            ("network --json", Command::Network(Form::Json)),
            ("service", Command::Service(Form::Text, Asked::List)),
            (
                "service web --json",
                Command::Service(Form::Json, Asked::Status("web".into())),
            ),
            (
                "service web logs",
                Command::Service(Form::Text, Asked::Logs("web".into())),
            ),
            (
                "build hello --output hello.snap",
                Command::Build(
                    Form::Text,
                    Build {
                        directory: "hello".into(),
                        output: Some("hello.snap".into()),
                    },
                ),
            ),
            ("info --json", Command::Info(Form::Json)),
            ("versions", Command::Versions(Form::Text, Scope::Running)),
            ("versions -a", Command::Versions(Form::Text, Scope::All)),
            (
                "versions --json --all",
                Command::Versions(Form::Json, Scope::All),
            ),
            ("why", Command::Why(Form::Text, None)),
            ("why --boots 3", Command::Why(Form::Text, Some(3))),
            ("why --boots=3 --json", Command::Why(Form::Json, Some(3))),
            (
                "update --from u.update",
                Command::Update(
                    Form::Text,
                    Update {
                        from: Origin::File("u.update".into()),
                        downgrade: Downgrade::Refuse,
                        failed_before: FailedBefore::Refuse,
                    },
                ),
            ),
            (
                "update --json --allow-downgrade --retry-failed --from=/dev/vdb",
                Command::Update(
                    Form::Json,
                    Update {
                        from: Origin::File("/dev/vdb".into()),
                        downgrade: Downgrade::Allow,
                        failed_before: FailedBefore::Allow,
                    },
                ),
            ),
            ("rollback", Command::Rollback(Form::Text)),
            ("rollback system", Command::Rollback(Form::Text)),
            ("rollback ubuntu-core --json", Command::Rollback(Form::Json)),
        ];
        for (line, command) in table {
            assert_eq!(parsed(line), Ok(command), "snappy {line}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_its_name() {
        let table = [
            ("instal docker", "unknown command \"instal\""),
            ("help nobody", "unknown command \"nobody\""),
            ("--frob", "invalid option '--frob'"),
            ("network eth0", "unexpected argument \"eth0\""),
            (
                "build",
                "cannot build a snap of nothing: name its directory",
            ),
            ("build a b", "unexpected argument \"b\""),
            ("info -a", "invalid option '-a'"),
            ("info now", "unexpected argument \"now\""),
            ("why --boots", "missing argument for option '--boots'"),
            (
                "update",
                "cannot update without a release: name a file or an address with --from",
            ),
            ("update --from", "missing argument for option '--from'"),
            ("rollback --from x", "invalid option '--from'"),
            (
                "why --boots many",
                "cannot parse argument \"many\": invalid digit found in string",
            ),
            (
                "rollback docker",
                "cannot roll back \"docker\": only \"system\" can be",
            ),
        ];
        for (line, message) in table {
            assert_eq!(
                parsed(line),
                Err(UsageError(message.into())),
                "snappy {line}"
            );
        }
    }
}
