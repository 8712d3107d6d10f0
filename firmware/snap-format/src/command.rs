//! What is started: a path in the snap and words behind it.

use crate::error::Problem;
use std::str::FromStr;

/// A command, without a character that a shell would give a meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command(String);

impl Command {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The program's path in the snap, without a `/` in front. Empty if it leads out of the
    /// snap: such a command never runs.
    #[must_use]
    pub fn program(&self) -> String {
        let path = self.0.split(' ').next().unwrap_or_default();
        let mut parts: Vec<&str> = Vec::new();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." if parts.pop().is_none() => return String::new(),
                ".." => {}
                part => parts.push(part),
            }
        }
        parts.join("/")
    }

    /// The words behind the program.
    pub fn arguments(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').skip(1).filter(|word| !word.is_empty())
    }
}

impl FromStr for Command {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        match text.chars().find(|c| !is_plain(*c) && *c != ' ') {
            None => Ok(Command(text.to_owned())),
            Some(other) => Err(Problem::Character(other)),
        }
    }
}

/// A program that runs a command, and is given it behind its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainLink(String);

impl ChainLink {
    /// The program's path in the snap.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ChainLink {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        match text.chars().find(|c| !is_plain(*c)) {
            None => Ok(ChainLink(text.to_owned())),
            Some(other) => Err(Problem::Character(other)),
        }
    }
}

fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || "/._#:$-".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_a_program_in_the_snap_and_words() {
        let command: Command = "bin/web  --port 80".parse().expect("a command");
        assert_eq!(command.program(), "bin/web");
        assert_eq!(command.arguments().collect::<Vec<_>>(), ["--port", "80"]);
        let program = |text: &str| text.parse::<Command>().expect(text).program();
        assert_eq!(program("/bin/./x/../y"), "bin/y");
        assert_eq!(program("../../bin/sh"), "");
    }

    #[test]
    fn what_a_shell_would_understand_is_no_command() {
        for bad in ["a;b", "a|b", "a'b", "a\"b", "$(a)", "a\nb", "ä"] {
            assert!(bad.parse::<Command>().is_err(), "{bad}");
        }
        assert!("a b".parse::<ChainLink>().is_err());
    }
}
