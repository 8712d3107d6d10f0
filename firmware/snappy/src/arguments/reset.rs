//! The words behind `snappy reset`.

use super::{Command, Confirmation, Form, Reset, UsageError};
use crate::verb::Verb;
use image_format::AppData;
use lexopt::{Arg, Parser};

pub(super) fn parse(parser: &mut Parser) -> Result<Command, UsageError> {
    let mut form = Form::Text;
    let mut reset = Reset {
        data: AppData::Dropped,
        confirmation: Confirmation::Ask,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help(Some(Verb::Reset))),
            Arg::Long("json") => form = Form::Json,
            Arg::Long("keep-data") => reset.data = AppData::Kept,
            Arg::Long("yes") => reset.confirmation = Confirmation::Given,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Command::Reset(form, reset))
}
