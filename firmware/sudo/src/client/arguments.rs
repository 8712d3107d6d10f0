//! What stands on the command line.

use crate::request::Start;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// How to use it.
pub const HELP: &str = "\
Usage: sudo [-u USER] [-n] [VARIABLE=VALUE ...] COMMAND [ARGUMENT ...]
       sudo [-u USER] -s | -i [COMMAND [ARGUMENT ...]]

Runs a command as root, for users whose account allows it. No password is asked for.

  -u USER  as that user
  -s       a shell; with a command, the shell runs it
  -i       a login shell in the home of the user
  -n       for scripts: nothing is ever asked, with it or without
  -h       this help
";

/// What somebody wants.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// To read [`HELP`].
    Help,
    /// To run this.
    Run {
        /// As this user.
        user: String,
        /// From there.
        start: Start,
        /// The program and its arguments.
        command: Vec<OsString>,
    },
}

/// What is wrong with the command line.
#[derive(Debug, PartialEq, Eq)]
pub struct UsageError(pub String);

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}; 'sudo -h' tells how to use it", self.0)
    }
}

impl std::error::Error for UsageError {}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Plain,
    Shell,
    Login,
}

/// Understands the arguments behind the program's name. `shell` is the user's own.
///
/// # Errors
/// [`UsageError`].
pub(super) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    shell: &OsStr,
) -> Result<Wanted, UsageError> {
    use lexopt::prelude::{Long, Short, Value};
    let usage = |error: lexopt::Error| UsageError(error.to_string());
    let mut parser = lexopt::Parser::from_args(arguments);
    let (mut user, mut mode) = ("root".to_owned(), Mode::Plain);
    let mut words = Vec::new();
    // What follows the command's name is the command's, whatever it looks like.
    while let Some(argument) = parser.next().map_err(usage)? {
        match argument {
            Short('u') | Long("user") => {
                let value = parser.value().map_err(usage)?;
                user = value
                    .into_string()
                    .map_err(|_| UsageError("no user has such a name".to_owned()))?;
            }
            Short('s') | Long("shell") => mode = Mode::Shell,
            Short('i') | Long("login") => mode = Mode::Login,
            Short('n') | Long("non-interactive") => {}
            Short('h') | Long("help") => return Ok(Wanted::Help),
            Value(word) => {
                words.push(word);
                words.extend(parser.raw_args().map_err(usage)?);
            }
            other => return Err(usage(other.unexpected())),
        }
    }
    let start = match mode {
        Mode::Login => Start::AtHome,
        Mode::Plain | Mode::Shell => Start::Here,
    };
    let command = match mode {
        Mode::Plain if words.is_empty() => {
            return Err(UsageError("no command is given".to_owned()));
        }
        Mode::Plain => with_assignments(words),
        Mode::Shell => shell_command(&[shell], &words),
        Mode::Login => shell_command(&[OsStr::new("/bin/sh"), OsStr::new("-l")], &words),
    };
    Ok(Wanted::Run {
        user,
        start,
        command,
    })
}

/// `A=b command` is env(1)'s affair.
fn with_assignments(words: Vec<OsString>) -> Vec<OsString> {
    let is_assignment = |word: &OsString| {
        let name = word
            .as_bytes()
            .split(|byte| *byte == b'=')
            .next()
            .unwrap_or_default();
        let inner = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        name.len() < word.len() && !name.is_empty() && name.iter().all(inner)
    };
    if !words.first().is_some_and(is_assignment) {
        return words;
    }
    [vec![OsString::from("env")], words].concat()
}

fn shell_command(shell: &[&OsStr], words: &[OsString]) -> Vec<OsString> {
    let mut command: Vec<OsString> = shell.iter().map(OsString::from).collect();
    if !words.is_empty() {
        command.extend([OsString::from("-c"), quoted(words)]);
    }
    command
}

/// As one line for a shell, each word as it is.
fn quoted(words: &[OsString]) -> OsString {
    let quote = |word: &OsString| {
        let mut quoted = vec![b'\''];
        for byte in word.as_bytes() {
            match byte {
                b'\'' => quoted.extend_from_slice(b"'\\''"),
                byte => quoted.push(*byte),
            }
        }
        quoted.push(b'\'');
        quoted
    };
    let words: Vec<_> = words.iter().map(quote).collect();
    OsString::from_vec(words.join(&b' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &[&str]) -> Result<Wanted, UsageError> {
        parse(line.iter().map(OsString::from), OsStr::new("/bin/ash"))
    }

    fn run(user: &str, start: Start, command: &[&str]) -> Result<Wanted, UsageError> {
        Ok(Wanted::Run {
            user: user.to_owned(),
            start,
            command: command.iter().map(OsString::from).collect(),
        })
    }

    #[test]
    fn what_follows_the_command_is_the_commands() {
        use Start::{AtHome, Here};
        for (line, expected) in [
            (
                &["snappy", "update", "-u", "-h"][..],
                run("root", Here, &["snappy", "update", "-u", "-h"]),
            ),
            (&["-n", "--", "ls", "-l"], run("root", Here, &["ls", "-l"])),
            (&["-u", "anna", "id"], run("anna", Here, &["id"])),
            (&["-s"], run("root", Here, &["/bin/ash"])),
            (&["-i"], run("root", AtHome, &["/bin/sh", "-l"])),
            (
                &["-s", "echo", "it's"],
                run("root", Here, &["/bin/ash", "-c", r"'echo' 'it'\''s'"]),
            ),
            (
                &["sh", "-c", "a | b"],
                run("root", Here, &["sh", "-c", "a | b"]),
            ),
            (
                &["A=b", "C=", "id"],
                run("root", Here, &["env", "A=b", "C=", "id"]),
            ),
            (&["./a=b"], run("root", Here, &["./a=b"])),
            (&["-h"], Ok(Wanted::Help)),
        ] {
            assert_eq!(parsed(line), expected, "{line:?}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (line, words) in [
            (&[][..], "no command is given"),
            (&["-u"], "missing argument for option '-u'"),
            (&["-E", "id"], "invalid option '-E'"),
        ] {
            let error = parsed(line).unwrap_err().to_string();
            assert!(
                error.contains(words) && error.contains("sudo -h"),
                "{error}"
            );
        }
    }
}
