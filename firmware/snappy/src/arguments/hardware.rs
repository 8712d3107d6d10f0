//! The words behind `snappy hw-assign`, `hw-unassign` and `hw-info`.

use super::{Command, Form, UsageError, snap};
use crate::verb::Verb;
use lexopt::{Arg, Parser, ValueExt};
use snap_format::Grant;

/// What is to be done with what a snap was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HardwareAct {
    Assign(String, Grant),
    Unassign(String, Grant),
    Info(String),
}

pub(super) fn parse(verb: Verb, parser: &mut Parser) -> Result<Command, UsageError> {
    let (mut form, mut words) = (Form::Text, Vec::new());
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help(Some(verb))),
            Arg::Long("json") => form = Form::Json,
            Arg::Value(word) => words.push(word.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let mut words = words.into_iter();
    let act = match (verb, words.next(), words.next(), words.next()) {
        (Verb::HwInfo, Some(name), None, None) => HardwareAct::Info(snap::name(name)?),
        (Verb::HwAssign, Some(name), Some(word), None) => {
            HardwareAct::Assign(snap::name(name)?, grant(&word)?)
        }
        (Verb::HwUnassign, Some(name), Some(word), None) => {
            HardwareAct::Unassign(snap::name(name)?, grant(&word)?)
        }
        (Verb::HwInfo, ..) => return Err(UsageError("name one snap".into())),
        _ => return Err(UsageError("name a snap and a device".into())),
    };
    Ok(Command::Hardware(form, act))
}

pub(super) fn grant(word: &str) -> Result<Grant, UsageError> {
    let grant = word.parse();
    grant.map_err(|error: snap_format::GrantError| UsageError(error.to_string()))
}
