//! A flight entry as a JSON object: `sequence`, `boot`, `kind`, the fields of the event by
//! their names in `image_format`, and the sentence. Pure; called by `why`.

use crate::refusal_text::{fields, object};
use crate::sentence::{UNKNOWN_BLOCK, sentence};
use image_format::{AppData, Event, FlightEntry, ResetCause, Verdict};
use serde_json::{Map, Value, json};

/// The entry for a program.
pub(crate) fn record(entry: &FlightEntry) -> Value {
    let mut record = event_fields(&entry.event);
    record.insert("sequence".into(), entry.sequence.into());
    record.insert("boot".into(), entry.boot_number.0.into());
    record.insert("kind".into(), kind(&entry.event).into());
    record.insert("sentence".into(), sentence(&entry.event).into());
    Value::Object(record)
}

/// The name of the kind of event: for programs, never changed.
pub(crate) fn kind(event: &Event) -> &'static str {
    match event {
        Event::TrialBegun { .. } => "trial-begun",
        Event::Refused { .. } => "refused",
        Event::AttemptsExhausted { .. } => "attempts-exhausted",
        Event::ConfirmationLost { .. } => "confirmation-lost",
        Event::FellBack { .. } => "fell-back",
        Event::StateCopyLost { .. } => "state-copy-lost",
        Event::StateRebuilt { .. } => "state-rebuilt",
        Event::NothingBoots => "nothing-boots",
        Event::LoaderPanicked { .. } => "loader-panicked",
        Event::Confirmed { .. } => "confirmed",
        Event::CheckFailed { .. } => "check-failed",
        Event::RootCorrupt { .. } => "root-corrupt",
        Event::InitFailed { .. } => "init-failed",
        Event::WritableLost { .. } => "writable-lost",
        Event::RollbackRequested { .. } => "rollback-requested",
        Event::EndedSilently { .. } => "ended-silently",
        Event::TimedOut { .. } => "timed-out",
        Event::KernelPanicked { .. } => "kernel-panicked",
        Event::LastLines { .. } => "last-lines",
        Event::Interrupted { .. } => "interrupted",
        Event::TrialJudged { .. } => "trial-judged",
        Event::FloorsRaised { .. } => "floors-raised",
        Event::FloorsDisagreed { .. } => "floors-disagreed",
        Event::RescueRuns => "rescue-runs",
        Event::StagingBegun { .. } => "staging-begun",
        Event::Staged { .. } => "staged",
        Event::StagingFailed { .. } => "staging-failed",
        Event::ReinstallFailed { .. } => "reinstall-failed",
        Event::ResetRequested { .. } => "reset-requested",
        Event::ResetDone { .. } => "reset-done",
    }
}

fn event_fields(event: &Event) -> Map<String, Value> {
    object(match event {
        Event::TrialBegun {
            slot,
            attempt,
            given,
        } => {
            json!({ "slot": slot.name(), "attempt": attempt, "given": given })
        }
        Event::Refused {
            source,
            version,
            refusal,
        } => {
            let mut refused = fields(refusal);
            refused.insert("source".into(), source.name().into());
            refused.insert("version".into(), json!(version));
            Value::Object(refused)
        }
        Event::AttemptsExhausted { slot, given } => json!({ "slot": slot.name(), "given": given }),
        Event::ConfirmationLost { slot, boots } => json!({ "slot": slot.name(), "boots": boots }),
        Event::FellBack { from, to } => json!({ "from": from.name(), "to": to.name() }),
        Event::StateCopyLost { copy, error } => json!({ "copy": copy, "error": error.to_string() }),
        Event::StateRebuilt { trial } => json!({ "trial": trial.map(|slot| slot.name()) }),
        Event::NothingBoots => json!({}),
        Event::LoaderPanicked { message } => json!({ "message": message.as_str() }),
        Event::Confirmed {
            slot,
            version,
            manifest_hash,
        }
        | Event::StagingBegun {
            slot,
            version,
            manifest_hash,
        }
        | Event::Staged {
            slot,
            version,
            manifest_hash,
        } => json!({
            "slot": slot.name(), "version": version, "manifest_hash": manifest_hash.to_string(),
        }),
        Event::CheckFailed {
            slot,
            check,
            detail,
        } => json!({
            "slot": slot.name(), "check": check.as_str(), "detail": detail.as_str(),
        }),
        Event::RootCorrupt { slot, block } => {
            json!({ "slot": slot.name(), "block": (*block != UNKNOWN_BLOCK).then_some(block) })
        }
        Event::InitFailed { slot, step, reason } => json!({
            "slot": slot.name(), "step": step.as_str(), "reason": reason.as_str(),
        }),
        Event::WritableLost { reason } => json!({ "reason": reason.as_str() }),
        Event::RollbackRequested { from, to } => json!({ "from": from.name(), "to": to.name() }),
        Event::EndedSilently { cause } => json!({ "cause": reset_cause(*cause) }),
        Event::TimedOut { slot, step, secs } => json!({
            "slot": slot.name(), "step": step.as_str(), "secs": secs,
        }),
        Event::KernelPanicked { message } => json!({ "message": message.as_str() }),
        Event::LastLines { lines } => json!({ "lines": lines.lines().collect::<Vec<_>>() }),
        Event::Interrupted { slot } => json!({ "slot": slot.name() }),
        Event::TrialJudged {
            slot,
            manifest_hash,
            verdict,
            reason,
        } => json!({
            "slot": slot.name(), "manifest_hash": manifest_hash.to_string(),
            "verdict": verdict_name(*verdict), "reason": reason.as_str(),
        }),
        Event::FloorsRaised { epoch, serial } => json!({ "epoch": epoch, "serial": serial }),
        Event::FloorsDisagreed {
            state_epoch,
            variable_epoch,
            state_serial,
            variable_serial,
        } => json!({
            "state": { "epoch": state_epoch, "serial": state_serial },
            "variable": { "epoch": variable_epoch, "serial": variable_serial },
        }),
        Event::RescueRuns => json!({}),
        Event::StagingFailed { slot, reason } => {
            json!({ "slot": slot.name(), "reason": reason.as_str() })
        }
        Event::ReinstallFailed { from, reason } => {
            json!({ "from": from.as_str(), "reason": reason.as_str() })
        }
        Event::ResetRequested { data } | Event::ResetDone { data } => {
            json!({ "data": app_data(*data) })
        }
    })
}

fn reset_cause(cause: ResetCause) -> &'static str {
    match cause {
        ResetCause::Watchdog => "watchdog",
        ResetCause::Reset => "reset",
        ResetCause::PowerLoss => "power-loss",
        ResetCause::Unknown => "unknown",
    }
}

fn app_data(data: AppData) -> &'static str {
    match data {
        AppData::Dropped => "dropped",
        AppData::Kept => "kept",
    }
}

fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Failed => "failed",
        Verdict::Inconclusive => "inconclusive",
    }
}
