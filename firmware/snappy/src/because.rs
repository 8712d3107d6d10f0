//! Why the running system runs: the answer in front of the record. Pure; called by `why`.
//!
//! The state says *what* is so, the record says *how it came about*: the newest
//! event that put the running slot in its place decides.

use crate::device::Device;
use crate::sentence::{counted, image_name, plain, root_damage};
use image_format::{Event, FlightEntry, ResetCause, Slot, SlotStatus, Source};

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Because {
    pub(crate) cause: Cause,
    /// The slot that would run instead, had nothing happened to it.
    pub(crate) from: Option<Slot>,
    pub(crate) sentence: String,
    /// In the rescue system: for each slot, why it did not boot.
    pub(crate) reasons: Vec<(Slot, String)>,
}

/// The kinds of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// It is on trial.
    Trial,
    /// It was confirmed here.
    Confirmed,
    /// The other slot did not boot.
    FellBack,
    /// A person asked for it.
    RolledBack,
    /// The boot state was lost, and rebuilt from the slots.
    Rebuilt,
    /// Nothing ever happened to the slot that the device was made with.
    Factory,
    /// It is the rescue system: no slot booted.
    Rescue,
}

impl Cause {
    /// For programs: never changed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Trial => "trial",
            Self::Confirmed => "confirmed",
            Self::FellBack => "fell-back",
            Self::RolledBack => "rolled-back",
            Self::Rebuilt => "rebuilt",
            Self::Factory => "factory",
            Self::Rescue => "rescue",
        }
    }
}

/// Why the running system runs.
pub(crate) fn because(device: &Device) -> Because {
    match device.report.slot() {
        Some(slot) => because_of_slot(device, slot),
        None => because_of_rescue(device),
    }
}

fn because_of_rescue(device: &Device) -> Because {
    let reason = |slot| (slot, plain(&downfall(&device.flight, slot)));
    Because {
        cause: Cause::Rescue,
        from: None,
        sentence: format!(
            "This is the rescue system, version {}: it runs because no slot booted.",
            device.report.version
        ),
        reasons: Slot::ALL.map(reason).into(),
    }
}

fn because_of_slot(device: &Device, slot: Slot) -> Because {
    let image = image_name(slot.name(), Some(device.report.version));
    let (cause, from, reason) = reason(device, slot);
    let status = match device.state.slot(slot).status {
        SlotStatus::Trial {
            attempts_left,
            attempts_given,
        } => trial_note(
            cause,
            attempts_given.saturating_sub(attempts_left),
            attempts_given,
        ),
        _ => String::new(),
    };
    Because {
        cause,
        from,
        sentence: plain(&format!("{image} runs because {reason}.{status}")),
        reasons: Vec::new(),
    }
}

fn reason(device: &Device, slot: Slot) -> (Cause, Option<Slot>, String) {
    let placed = device
        .flight
        .iter()
        .enumerate()
        .rev()
        .find_map(|(index, entry)| {
            Some((
                index,
                entry,
                placement(&device.flight[..index], entry, slot)?,
            ))
        });
    match placed {
        Some((index, entry, Cause::FellBack)) => {
            let from = slot.other();
            let why = downfall(&device.flight[..index], from);
            (
                Cause::FellBack,
                Some(from),
                format!("{why} (boot {})", entry.boot_number),
            )
        }
        Some((_, entry, Cause::RolledBack)) => {
            let reason = format!("a person rolled back to it (boot {})", entry.boot_number);
            (Cause::RolledBack, Some(slot.other()), reason)
        }
        Some((_, entry, Cause::Rebuilt)) => {
            let reason = format!(
                "the boot state was lost and rebuilt from the slots (boot {})",
                entry.boot_number
            );
            (Cause::Rebuilt, None, reason)
        }
        Some((index, _, _)) => own_merit(device, slot, &device.flight[index..]),
        None => own_merit(device, slot, &device.flight),
    }
}

/// It runs because it is on trial, or because it worked.
fn own_merit(
    device: &Device,
    running: Slot,
    since: &[FlightEntry],
) -> (Cause, Option<Slot>, String) {
    let confirmed = since.iter().rev().find(|entry| {
        matches!(&entry.event, Event::Confirmed { slot, manifest_hash, .. }
            if *slot == running && *manifest_hash == device.report.manifest)
    });
    match (device.state.slot(running).status, confirmed) {
        (SlotStatus::Trial { .. }, _) => (Cause::Trial, None, "it is on trial".into()),
        (_, Some(entry)) => {
            let reason = format!("it is confirmed (since boot {})", entry.boot_number);
            (Cause::Confirmed, None, reason)
        }
        (SlotStatus::Confirmed, None) => (Cause::Factory, None, "it is confirmed".into()),
        (_, None) => (
            Cause::Factory,
            None,
            "no other slot has a better claim".into(),
        ),
    }
}

/// How the event put `slot` in its place, if it did.
fn placement(before: &[FlightEntry], entry: &FlightEntry, slot: Slot) -> Option<Cause> {
    match &entry.event {
        Event::FellBack { to, .. } if *to == Source::Slot(slot) => Some(Cause::FellBack),
        Event::RollbackRequested { to, .. } if *to == slot => Some(Cause::RolledBack),
        Event::StateRebuilt { .. } => Some(Cause::Rebuilt),
        Event::TrialBegun {
            slot: tried,
            attempt: 1,
            ..
        } if *tried == slot => {
            let follows = before
                .last()
                .is_some_and(|last| brings_trial(last, entry, slot));
            (!follows).then_some(Cause::Trial)
        }
        _ => None,
    }
}

/// The first attempt `begun` only carries out what `last` decided.
fn brings_trial(last: &FlightEntry, begun: &FlightEntry, slot: Slot) -> bool {
    match &last.event {
        Event::FellBack { to, .. } => {
            *to == Source::Slot(slot) && last.boot_number == begun.boot_number
        }
        Event::StateRebuilt { .. } => last.boot_number == begun.boot_number,
        Event::RollbackRequested { to, .. } => *to == slot,
        _ => false,
    }
}

/// Why `slot` did not boot: the newest event that says so.
fn downfall(flight: &[FlightEntry], slot: Slot) -> String {
    let cause = |(index, entry): (usize, &FlightEntry)| match &entry.event {
        Event::Refused {
            source,
            version,
            refusal,
        } if *source == Source::Slot(slot) => Some(format!(
            "{} was refused: {refusal}",
            image_name(slot.name(), *version)
        )),
        Event::AttemptsExhausted {
            slot: failed,
            given,
        } if *failed == slot => {
            let last = last_failure(&flight[..index], slot);
            Some(format!(
                "{slot} used up its {}{last}",
                counted(*given, "attempt")
            ))
        }
        Event::ConfirmationLost {
            slot: failed,
            boots,
        } if *failed == slot => {
            let last = last_failure(&flight[..index], slot);
            Some(format!(
                "{slot} did not come up in {} in a row{last}",
                counted(*boots, "boot")
            ))
        }
        Event::RootCorrupt {
            slot: failed,
            block,
        } if *failed == slot => Some(root_damage(slot, *block)),
        _ => None,
    };
    let newest = flight.iter().enumerate().rev().find_map(cause);
    newest.unwrap_or_else(|| format!("{slot} did not boot"))
}

/// What the slot itself said last before it was given up, as the end of a sentence.
fn last_failure(flight: &[FlightEntry], slot: Slot) -> String {
    let this_try = |entry: &&FlightEntry| match &entry.event {
        Event::Confirmed { slot: worked, .. } => *worked != slot,
        Event::TrialBegun {
            slot: tried,
            attempt: 1,
            ..
        } => *tried != slot,
        _ => true,
    };
    flight
        .iter()
        .rev()
        .take_while(this_try)
        .find_map(|entry| failure(&entry.event, slot))
        .map(|failure| format!("; the last one {failure}"))
        .unwrap_or_default()
}

/// How a boot of `slot` failed, as the end of a sentence. Events that name no slot are of
/// the boots that were looked at, which were all of this slot.
fn failure(event: &Event, slot: Slot) -> Option<String> {
    Some(match event {
        Event::CheckFailed {
            slot: failed,
            check,
            detail,
        } if *failed == slot => format!("failed the health check {check:?}: {detail}"),
        Event::InitFailed {
            slot: failed,
            step,
            reason,
        } if *failed == slot => format!("failed at the step {step:?}: {reason}"),
        Event::TimedOut {
            slot: failed,
            step,
            secs,
        } if *failed == slot => format!("was not done with the step {step:?} within {secs} s"),
        Event::Interrupted { slot: ended } if *ended == slot => "was ended by a person".into(),
        Event::KernelPanicked { message } => format!("ended in a kernel panic: {message}"),
        Event::EndedSilently { cause } => match cause {
            ResetCause::Watchdog => "hung until the hardware watchdog reset the machine".into(),
            ResetCause::Reset => "reset the machine without a word".into(),
            ResetCause::PowerLoss => "ended with the power".into(),
            ResetCause::Unknown => return None,
        },
        _ => return None,
    })
}

fn trial_note(cause: Cause, attempt: u8, given: u8) -> String {
    let again = if cause == Cause::Trial {
        "This"
    } else {
        "It is on trial: this"
    };
    format!(
        " {again} is attempt {attempt} of {given}; it is confirmed once the health check passes."
    )
}

#[cfg(test)]
mod failures;
#[cfg(test)]
mod tests;
