//! The words behind `snappy list`.

use super::{Command, Form, UsageError};
use crate::list::{Columns, List, Revisions};
use crate::verb::Verb;
use lexopt::{Arg, Parser};

pub(super) fn parse(parser: &mut Parser) -> Result<Command, UsageError> {
    let (mut form, mut revisions, mut columns) = (Form::Text, None, Columns::Few);
    while let Some(argument) = parser.next()? {
        let asked = match argument {
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help(Some(Verb::List))),
            Arg::Long("json") => {
                form = Form::Json;
                continue;
            }
            Arg::Short('v') | Arg::Long("verbose") => {
                columns = Columns::All;
                continue;
            }
            Arg::Short('a') | Arg::Long("all") => Revisions::All,
            Arg::Short('u') | Arg::Long("updates") => Revisions::Outdated,
            other => return Err(other.unexpected().into()),
        };
        if revisions.is_some_and(|other| other != asked) {
            let message = "cannot list all revisions and only what is outdated: take -a or -u";
            return Err(UsageError(message.into()));
        }
        revisions = Some(asked);
    }
    let revisions = revisions.unwrap_or(Revisions::Current);
    Ok(Command::List(form, List { revisions, columns }))
}
