//! The words behind `snappy update`.

use super::{
    Command, Form, Reboot, SnapAct, Stopped, StoreUpdate, Update, UpdateSource, UsageError,
    is_system,
};
use crate::origin::Origin;
use crate::verb::Verb;
use lexopt::{Arg, Parser, ValueExt};
use system_update::{Downgrade, FailedBefore};

pub(super) fn parse(parser: &mut Parser) -> Result<Command, UsageError> {
    let (mut form, mut from, mut store) = (Form::Text, None, StoreUpdate::default());
    let (mut part, mut channel) = (None, None);
    let (mut downgrade, mut failed_before) = (Downgrade::Refuse, FailedBefore::Refuse);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help(Some(Verb::Update))),
            Arg::Long("json") => form = Form::Json,
            Arg::Value(name) if part.is_none() => part = Some(name.string()?),
            Arg::Long("channel") => channel = Some(parser.value()?.string()?),
            Arg::Long("from") => from = Some(Origin::parse(parser.value()?)),
            Arg::Long("allow-downgrade") => downgrade = Downgrade::Allow,
            Arg::Long("retry-failed") => failed_before = FailedBefore::Allow,
            Arg::Long("version") => store.version = Some(parser.value()?.parse()?),
            Arg::Long("allow-stopped") => store.stopped = Stopped::Allow,
            Arg::Long("automatic-reboot") => store.reboot = Reboot::Automatic,
            other => return Err(other.unexpected().into()),
        }
    }
    let update = Update {
        from: source(from, store)?,
        downgrade,
        failed_before,
    };
    let Some(snap) = part.filter(|part| !is_system(part)) else {
        return match channel {
            None => Ok(Command::Update(form, update)),
            Some(channel) => Err(UsageError(format!(
                "cannot update the system from another channel once: 'snappy config \
                 channel={channel}' changes it"
            ))),
        };
    };
    if update != Update::default() {
        let message = format!(
            "cannot update {snap:?} like a system: only --channel and --json go with a snap"
        );
        return Err(UsageError(message));
    }
    let name = super::snap::name(snap)?;
    Ok(Command::Snap(form, SnapAct::Update { name, channel }))
}

fn source(from: Option<Origin>, store: StoreUpdate) -> Result<UpdateSource, UsageError> {
    match from {
        None => Ok(UpdateSource::Store(store)),
        Some(origin) if store == StoreUpdate::default() => Ok(UpdateSource::Origin(origin)),
        Some(_) => Err(UsageError(
            "cannot combine --from with --version, --allow-stopped or --automatic-reboot: \
             those ask the store"
                .into(),
        )),
    }
}
