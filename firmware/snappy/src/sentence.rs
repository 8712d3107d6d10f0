//! Each event of the flight record as a sentence. Pure; called by `why` and `record`.
//!
//! The match is exhaustive on purpose: a new kind of event does not compile until it
//! has its sentence.

use crate::refusal_text::remedy;
use crate::slot_image::fingerprint;
use image_format::{AppData, Event, ResetCause, Slot, Verdict, Version};

/// What PID 1 records when the kernel's own word on the block was lost.
pub(crate) const UNKNOWN_BLOCK: u64 = u64::MAX;

/// The event in one or two sentences.
pub(crate) fn sentence(event: &Event) -> String {
    plain(&match event {
        Event::TrialBegun { slot, attempt, given } => {
            format!("The loader began attempt {attempt} of {given} to boot {slot}, which is on trial.")
        }
        Event::Refused { source, version, refusal } => {
            let image = image_name(source.name(), *version);
            format!("The loader refused {image}: {refusal}. {}", remedy(refusal))
        }
        Event::AttemptsExhausted { slot, given } => format!(
            "{slot} used up its {} without being confirmed. It stays a last resort until a release \
             is installed there again.",
            counted(*given, "attempt"),
        ),
        Event::ConfirmationLost { slot, boots } => format!(
            "{slot} lost its confirmation: {} in a row began and did not come up.",
            counted(*boots, "boot"),
        ),
        Event::FellBack { from, to } => format!("The loader fell back from {from} to {}.", to.name()),
        Event::StateCopyLost { copy, error } => format!(
            "Copy {copy} of the boot state was lost: {error}. The other copy counts, and the lost one \
             is written again. If this repeats without a loss of power, replace the disk."
        ),
        Event::StateRebuilt { trial: Some(slot) } => format!(
            "Both copies of the boot state were lost. The loader rebuilt it from the slots, with {slot} on trial."
        ),
        Event::StateRebuilt { trial: None } => {
            "Both copies of the boot state were lost, and no slot verified to rebuild it from.".into()
        }
        Event::NothingBoots => {
            "Nothing could be booted: the refusals above name the reasons. Flash the disk again if they stay.".into()
        }
        Event::LoaderPanicked { message } => {
            format!("The loader failed where it should not: {message}. Please report this.")
        }
        Event::Confirmed { slot, version, manifest_hash } => format!(
            "{slot} version {version} ({}) works and was confirmed.",
            fingerprint(manifest_hash),
        ),
        Event::CheckFailed { slot, check, detail } => {
            format!("{slot} failed the health check {check:?}: {detail}.")
        }
        Event::RootCorrupt { slot, block } => format!(
            "Linux found that {}. The device falls back if the other slot has a \
             system. Install the release there again; if this repeats, replace the disk.",
            root_damage(*slot, *block),
        ),
        Event::InitFailed { slot, step, reason } => {
            format!("{slot} did not come up, at the step {step:?}: {reason}.")
        }
        Event::WritableLost { reason } => format!(
            "The disk's \"writable\" was not there: {reason}. The system ran on memory, and what was \
             written in this boot is gone. If this repeats, replace the disk."
        ),
        Event::RollbackRequested { from, to } => {
            format!("A person asked to roll back from {from} to {to}.")
        }
        Event::EndedSilently { cause } => silent_end(*cause).into(),
        Event::TimedOut { slot, step, secs } => format!(
            "{slot} was not done in time: the step {step:?} should have ended within {secs} s. PID 1 ended the boot."
        ),
        Event::KernelPanicked { message } => format!("The kernel panicked: {message}."),
        Event::LastLines { lines } => {
            let lines: Vec<_> = lines.lines().collect();
            format!("The console said last: {}", lines.join(" / "))
        }
        Event::Interrupted { slot } => format!(
            "A person ended the boot of {slot} before its trial had an outcome. Nothing is held against it."
        ),
        Event::TrialJudged { slot, manifest_hash, verdict: Verdict::Failed, reason } => format!(
            "The trial of {} in {slot} failed: {reason}. This release is remembered and will not be tried again.",
            fingerprint(manifest_hash),
        ),
        Event::TrialJudged { slot, manifest_hash, verdict: Verdict::Inconclusive, reason } => format!(
            "The trial of {} in {slot} says nothing about the release: {reason}. It may be tried again.",
            fingerprint(manifest_hash),
        ),
        Event::FloorsRaised { epoch, serial } => format!(
            "The floors rose: from now on no image below security epoch {epoch}, or under a delegation below {serial}, boots."
        ),
        Event::FloorsDisagreed { state_epoch, variable_epoch, state_serial, variable_serial } => format!(
            "The floors in the boot state (epoch {state_epoch}, delegation {state_serial}) were not those \
             in the firmware (epoch {variable_epoch}, delegation {variable_serial}). The higher one of \
             each counts. Unless a part was replaced, somebody may have tampered with the device."
        ),
        Event::RescueRuns => "The rescue system came up.".into(),
        Event::StagingBegun { slot, version, manifest_hash } => format!(
            "Version {version} ({}) is being written to {slot}, which was emptied for it.",
            fingerprint(manifest_hash),
        ),
        Event::Staged { slot, version, manifest_hash } => format!(
            "Version {version} ({}) was written to {slot} and read back. It goes on trial at the next boot.",
            fingerprint(manifest_hash),
        ),
        Event::StagingFailed { slot, reason } => {
            format!("The update was not written, and {slot} holds nothing: {reason}.")
        }
        Event::ReinstallFailed { from, reason } => {
            format!("The rescue system installed nothing from {from}: {reason}.")
        }
        Event::ResetRequested { data: AppData::Dropped } => {
            "Somebody asked for a factory reset: the next boot drops all that is on writable.".into()
        }
        Event::ResetRequested { data: AppData::Kept } => {
            "Somebody asked for a factory reset that keeps the data of apps. The next boot does it.".into()
        }
        Event::ResetDone { data: AppData::Dropped } => {
            "The factory reset is done: what was on writable is gone.".into()
        }
        Event::ResetDone { data: AppData::Kept } => {
            "The factory reset is done: what was on writable is gone, but for the data of apps.".into()
        }
    })
}

/// How a boot ended that nobody recorded anything about.
fn silent_end(cause: ResetCause) -> &'static str {
    match cause {
        ResetCause::Watchdog => {
            "The system hung: nothing fed the hardware watchdog, and it reset the machine."
        }
        ResetCause::Reset => {
            "The boot ended in a reset without a word: the kernel panicked early, or a program reset \
             the machine."
        }
        ResetCause::PowerLoss => "The boot ended with the power.",
        ResetCause::Unknown => "The boot ended without a word, and nothing tells how.",
    }
}

/// The image in `slot`, as exactly as it is known.
pub(crate) fn image_name(slot: &str, version: Option<Version>) -> String {
    match version {
        Some(version) => format!("{slot} version {version}"),
        None => slot.to_owned(),
    }
}

/// What is wrong with a root; the kernel cannot always tell which block it is.
pub(crate) fn root_damage(slot: Slot, block: u64) -> String {
    let block = match block {
        UNKNOWN_BLOCK => "a block".into(),
        block => format!("block {block}"),
    };
    format!("the root of {slot} is damaged: {block} is not the one that was signed")
}

/// "1 attempt", "2 attempts".
pub(crate) fn counted(count: u8, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

/// The text without control characters: a damaged record must not drive a terminal.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests;
