//! The command line.

use lexopt::prelude::*;
use std::ffi::OsString;
use std::path::PathBuf;

pub(crate) const HELP: &str = "\
Fetches what a TUF repository signed, and nothing else.

tuf-client --metadata-dir DIR init TRUSTED_ROOT
    Keep this root as what everything else hangs on. Asks nobody.
tuf-client --metadata-dir DIR --metadata-url URL refresh
    Bring the trusted metadata in DIR up to date.
tuf-client --metadata-dir DIR --metadata-url URL --target-name NAME...
           --target-base-url URL --target-dir OUT download
    Refresh, then fetch each target in this order into OUT, under its
    percent-encoded name. An intact copy is not fetched again.

The status is 0 when all of it was done, and 1 otherwise.
";

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Act(Arguments),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) metadata_dir: PathBuf,
    pub(crate) act: Act,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Init {
        trusted_root: PathBuf,
    },
    Refresh {
        metadata_url: String,
    },
    Download {
        metadata_url: String,
        target_base_url: String,
        target_dir: PathBuf,
        target_names: Vec<String>,
    },
}

/// Options and words in any order.
pub(crate) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Command, lexopt::Error> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let (mut metadata_dir, mut target_dir) = (None, None);
    let (mut metadata_url, mut target_base_url) = (None, None);
    let (mut target_names, mut words) = (Vec::new(), Vec::new());
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Long("metadata-dir") => metadata_dir = Some(PathBuf::from(parser.value()?)),
            Long("metadata-url") => metadata_url = Some(parser.value()?.string()?),
            Long("target-dir") => target_dir = Some(PathBuf::from(parser.value()?)),
            Long("target-base-url") => target_base_url = Some(parser.value()?.string()?),
            Long("target-name") => target_names.push(parser.value()?.string()?),
            Value(word) => words.push(word),
            other => return Err(other.unexpected()),
        }
    }
    let mut words = words.into_iter();
    let act = match words
        .next()
        .and_then(|word| word.into_string().ok())
        .as_deref()
    {
        Some("init") => Act::Init {
            trusted_root: needed(words.next().map(PathBuf::from), "TRUSTED_ROOT")?,
        },
        Some("refresh") => Act::Refresh {
            metadata_url: needed(metadata_url, "--metadata-url")?,
        },
        Some("download") if target_names.is_empty() => {
            return Err("--target-name is missing".into());
        }
        Some("download") => Act::Download {
            metadata_url: needed(metadata_url, "--metadata-url")?,
            target_base_url: needed(target_base_url, "--target-base-url")?,
            target_dir: needed(target_dir, "--target-dir")?,
            target_names,
        },
        _ => return Err("the command is init, refresh or download".into()),
    };
    if let Some(word) = words.next() {
        return Err(format!("{word:?} is one word too many").into());
    }
    let metadata_dir = needed(metadata_dir, "--metadata-dir")?;
    Ok(Command::Act(Arguments { metadata_dir, act }))
}

fn needed<T>(value: Option<T>, name: &str) -> Result<T, lexopt::Error> {
    value.ok_or_else(|| format!("{name} is missing").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Act, String> {
        match parse(line.split(' ').map(OsString::from)) {
            Ok(Command::Act(arguments)) => {
                assert_eq!(arguments.metadata_dir, PathBuf::from("D"));
                Ok(arguments.act)
            }
            Ok(Command::Help) => panic!("nobody asked for help"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn the_three_commands_are_read_in_any_order() {
        let trusted_root = PathBuf::from("R");
        assert_eq!(
            parsed("--metadata-dir D init R"),
            Ok(Act::Init { trusted_root })
        );
        let refresh = Act::Refresh {
            metadata_url: "U".to_owned(),
        };
        assert_eq!(
            parsed("refresh --metadata-url U --metadata-dir D"),
            Ok(refresh)
        );
        let download = Act::Download {
            metadata_url: "U".to_owned(),
            target_base_url: "T".to_owned(),
            target_dir: PathBuf::from("O"),
            target_names: vec!["N".to_owned(), "-2".to_owned()],
        };
        let options = "--metadata-dir D --metadata-url U --target-name N --target-name=-2";
        let line = format!("{options} --target-base-url T --target-dir O download");
        assert_eq!(parsed(&line), Ok(download));
    }

    #[test]
    fn what_is_missing_or_too_much_is_named() {
        for (line, expected) in [
            ("init R", "--metadata-dir is missing"),
            ("--metadata-dir D init", "TRUSTED_ROOT is missing"),
            ("--metadata-dir D refresh", "--metadata-url is missing"),
            (
                "--metadata-dir D --metadata-url U download",
                "--target-name is missing",
            ),
            (
                "--metadata-dir D --metadata-url U refresh R",
                "\"R\" is one word too many",
            ),
            (
                "--metadata-dir D",
                "the command is init, refresh or download",
            ),
            (
                "--metadata-dir D update",
                "the command is init, refresh or download",
            ),
            (
                "--metadata-dir D --force refresh",
                "invalid option '--force'",
            ),
        ] {
            assert_eq!(parsed(line), Err(expected.to_owned()), "{line}");
        }
    }
}
