//! The words behind the verbs for snaps.

use super::{Command, Form, UsageError};
use crate::verb::Verb;
use lexopt::{Arg, Parser, ValueExt};
use snap_format::Grant;
use std::path::PathBuf;

/// What is to be done with a snap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SnapAct {
    /// From the store.
    Install {
        name: String,
        /// If not of the device's.
        channel: Option<String>,
        grants: Vec<Grant>,
    },
    /// From a file that nobody vouches for.
    InstallFile(PathBuf, Vec<Grant>),
    /// The newest revision, perhaps of another channel.
    Update {
        name: String,
        channel: Option<String>,
    },
    /// The revision before.
    Rollback(String),
    /// Its data stays.
    Remove(String),
    /// Nothing stays.
    Purge(String),
}

/// Files that nobody vouches for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unauthenticated {
    Refuse,
    Allow,
}

pub(super) fn parse(verb: Verb, parser: &mut Parser) -> Result<Command, UsageError> {
    let (mut grants, mut channel) = (Vec::new(), None);
    let (mut form, mut word, mut unauthenticated) = (Form::Text, None, Unauthenticated::Refuse);
    while let Some(argument) = parser.next()? {
        match (verb, argument) {
            (_, Arg::Long("help") | Arg::Short('h')) => return Ok(Command::Help(Some(verb))),
            (_, Arg::Long("json")) => form = Form::Json,
            (Verb::Install, Arg::Long("allow-unauthenticated")) => {
                unauthenticated = Unauthenticated::Allow;
            }
            (Verb::Install, Arg::Long("grant")) => {
                grants.push(super::hardware::grant(&parser.value()?.string()?)?);
            }
            (Verb::Install, Arg::Long("channel")) => channel = Some(parser.value()?.string()?),
            (_, Arg::Value(value)) if word.is_none() => word = Some(value),
            (_, other) => return Err(other.unexpected().into()),
        }
    }
    let verb_name = verb.name();
    let word =
        word.ok_or_else(|| UsageError(format!("cannot {verb_name} nothing: name a snap")))?;
    let act = match verb {
        Verb::Install => install(word, unauthenticated, channel, grants)?,
        Verb::Purge => SnapAct::Purge(name(word.string()?)?),
        _ => SnapAct::Remove(name(word.string()?)?),
    };
    Ok(Command::Snap(form, act))
}

/// It becomes a part of an address.
pub(super) fn name(word: String) -> Result<String, UsageError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    match !word.is_empty() && word.bytes().all(is_plain) {
        true => Ok(word),
        false => Err(UsageError(format!(
            "cannot use {word:?} as the name of a snap"
        ))),
    }
}

/// A name has neither a slash nor `.snap` at its end, and a file has one of them.
fn install(
    word: std::ffi::OsString,
    unauthenticated: Unauthenticated,
    channel: Option<String>,
    grants: Vec<Grant>,
) -> Result<SnapAct, UsageError> {
    let text = word.to_string_lossy();
    let is_file = text.contains('/') || text.ends_with(".snap");
    match (is_file, unauthenticated) {
        (false, Unauthenticated::Refuse) => Ok(SnapAct::Install {
            name: name(word.string()?)?,
            channel,
            grants,
        }),
        (true, Unauthenticated::Allow) if channel.is_some() => Err(UsageError(format!(
            "cannot take {text} of a channel: it is a file, and no store has it"
        ))),
        (true, Unauthenticated::Allow) => Ok(SnapAct::InstallFile(word.into(), grants)),
        (true, Unauthenticated::Refuse) => Err(UsageError(format!(
            "cannot install {text}: nobody vouches for a file; --allow-unauthenticated takes it \
             all the same"
        ))),
        (false, Unauthenticated::Allow) => Err(UsageError(format!(
            "cannot take {text} with --allow-unauthenticated: the store vouches for what it has; \
             a file's name ends with .snap"
        ))),
    }
}
