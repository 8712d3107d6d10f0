//! The words behind `snappy hold`.

use super::{Command, Form, Hold, UsageError, is_system};
use crate::verb::Verb;
use crate::versions::PART;
use lexopt::{Arg, Parser, ValueExt};

pub(super) fn parse(parser: &mut Parser) -> Result<Command, UsageError> {
    let (mut form, mut part, mut hold) = (Form::Text, None, None);
    while let Some(argument) = parser.next()? {
        let asked = match argument {
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help(Some(Verb::Hold))),
            Arg::Long("json") => {
                form = Form::Json;
                continue;
            }
            Arg::Value(word) if part.is_none() => {
                let word = word.string()?;
                part = Some(if is_system(&word) { PART.into() } else { word });
                continue;
            }
            Arg::Long("until") => Hold::Until(parser.value()?.string()?),
            Arg::Long("for") => Hold::ForSecs(parse_duration(&parser.value()?.string()?)?),
            Arg::Long("release") => Hold::Release,
            other => return Err(other.unexpected().into()),
        };
        if hold.replace(asked).is_some() {
            return Err(UsageError(
                "cannot hold in two ways: take one of --until, --for and --release".into(),
            ));
        }
    }
    let part = part.unwrap_or_else(|| PART.into());
    Ok(Command::Hold(form, part, hold.unwrap_or(Hold::Forever)))
}

/// `90m`, `12h`, `2d` or `1w` -> seconds.
fn parse_duration(word: &str) -> Result<u64, UsageError> {
    let unit_secs = match word.chars().last() {
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 86_400,
        Some('w') => 604_800,
        _ => 0,
    };
    let number = word.get(..word.len().saturating_sub(1));
    let number = number.and_then(|number| number.parse::<u64>().ok());
    let secs = number.and_then(|number| number.checked_mul(unit_secs));
    secs.filter(|secs| *secs > 0).ok_or_else(|| {
        UsageError(format!(
            "cannot read {word:?} as a duration: write 90m, 12h, 2d or 1w"
        ))
    })
}
