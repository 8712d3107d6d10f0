//! The words behind `snappy reinstall`.

use super::{Command, Form, Reinstall, UsageError, Watch};
use crate::verb::Verb;
use lexopt::{Arg, Parser, ValueExt};
use updater::settings::RescueSources;

pub(super) fn parse(parser: &mut Parser) -> Result<Command, UsageError> {
    let (mut form, mut sources, mut watch) = (Form::Text, None, Watch::Once);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("help") | Arg::Short('h') => {
                return Ok(Command::Help(Some(Verb::Reinstall)));
            }
            Arg::Long("json") => form = Form::Json,
            Arg::Long("unattended") => watch = Watch::UntilInstalled,
            Arg::Value(word) if sources.is_none() => {
                sources = Some(parse_sources(&word.string()?)?);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if sources.is_some() && watch == Watch::UntilInstalled {
        return Err(UsageError(
            "cannot combine --unattended with a source: the setting \"rescue\" names it".into(),
        ));
    }
    Ok(Command::Reinstall(form, Reinstall { sources, watch }))
}

fn parse_sources(word: &str) -> Result<RescueSources, UsageError> {
    let sources = RescueSources::parse(word).filter(|sources| *sources != RescueSources::Off);
    sources.ok_or_else(|| {
        UsageError(format!(
            "cannot look for a release in {word:?}: write usb, network or both"
        ))
    })
}
