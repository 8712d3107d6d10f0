//! What a scenario has to bring: evidence that the behaviour was seen, not that nothing
//! went wrong.
//!
//! [`Evidence`] can be had in three ways only. Either a guest proved itself and both it and
//! the raw disk name the expected cause; or no guest may run, and then the console says
//! the reason and the raw disk names the cause; or the firmware refuses our very loader, and
//! then the firmware says so, the loader says nothing, and the device remembers nothing.

use std::fmt::Write;

use anyhow::{Result, bail};
use image_format::refusal::Refusal;
use image_format::{BootState, Event, FlightEntry, ResetCause, Slot, Source, Verdict};
use serde_json::{Value, json};

use crate::disk::TestDisk;
use crate::proof::Proof;

/// With which all lines of the loader begin.
pub const LOADER: &str = "twinkeel: ";

/// A scenario's behaviour was seen.
#[derive(Debug)]
pub struct Evidence(());

/// An event that a scenario expects, as the disk and as `snappy why` must tell it.
pub struct Cause {
    told: Value,
    recorded: Box<dyn Fn(&Event) -> bool>,
}

impl Cause {
    /// `told` is what an event of `snappy why --json` must contain at least.
    pub fn new(told: Value, recorded: impl Fn(&Event) -> bool + 'static) -> Self {
        Self {
            told,
            recorded: Box::new(recorded),
        }
    }

    /// The loader refused `source` with exactly this cause; `told` is how `snappy why`
    /// names the check.
    #[must_use]
    pub fn refused(source: impl Into<Source>, refusal: Refusal, told: Value) -> Self {
        let source = source.into();
        let mut told = told;
        told["kind"] = json!("refused");
        told["source"] = json!(source.name());
        Self::new(told, move |event| {
            matches!(event, Event::Refused { source: from, refusal: cause, .. }
                if *from == source && *cause == refusal)
        })
    }

    /// Somebody went back from one slot to the other.
    #[must_use]
    pub fn rolled_back(from: Slot, to: Slot) -> Self {
        let told = json!({
            "kind": "rollback-requested",
            "from": Source::from(from).name(),
            "to": Source::from(to).name(),
        });
        Self::new(told, move |event| {
            matches!(event, Event::RollbackRequested { from: left, to: taken }
                if (*left, *taken) == (from, to))
        })
    }

    /// The system in `slot` failed this check of its health gate.
    #[must_use]
    pub fn check_failed(slot: Slot, check: &'static str) -> Self {
        let told = json!({"kind": "check-failed", "slot": slot.name(), "check": check});
        Self::new(told, move |event| {
            matches!(event, Event::CheckFailed { slot: from, check: failed, .. }
                if *from == slot && failed == check)
        })
    }

    /// The device judged the trial of `slot`, for a reason that begins like this.
    #[must_use]
    pub fn judged(slot: Slot, verdict: Verdict, reason: &'static str) -> Self {
        let name = match verdict {
            Verdict::Failed => "failed",
            Verdict::Inconclusive => "inconclusive",
        };
        let told = json!({"kind": "trial-judged", "slot": slot.name(), "verdict": name});
        Self::new(told, move |event| {
            matches!(event, Event::TrialJudged { slot: judged, verdict: found, reason: why, .. }
                if *judged == slot && *found == verdict && why.starts_with(reason))
        })
    }

    /// The boot of `slot`'s trial ended without a word.
    #[must_use]
    pub fn ended_silently(cause: ResetCause) -> Self {
        let name = match cause {
            ResetCause::Watchdog => "watchdog",
            ResetCause::Reset => "reset",
            ResetCause::PowerLoss => "power-loss",
            ResetCause::Unknown => "unknown",
        };
        let told = json!({"kind": "ended-silently", "cause": name});
        Self::new(told, move |event| *event == Event::EndedSilently { cause })
    }
}

/// What a device remembers of its boots: the loader cannot begin one without a trace here.
#[derive(Debug, PartialEq)]
pub struct Memory {
    state: BootState,
    flight: Vec<FlightEntry>,
}

impl Memory {
    /// Of the device with this disk.
    ///
    /// # Errors
    /// It has no boot state.
    pub fn of(disk: &TestDisk) -> Result<Self> {
        Ok(Self {
            state: disk.read_state()?,
            flight: disk.read_flight()?,
        })
    }
}

impl Evidence {
    /// The guest proved itself, knows the cause, and the disk holds it.
    ///
    /// # Errors
    /// One of the two does not; the error lists what it has instead.
    pub fn of_guest(proof: &Proof, disk: &TestDisk, cause: &Cause) -> Result<Self> {
        if !proof.why.iter().any(|event| tells(event, &cause.told)) {
            let known: Vec<_> = proof.why.iter().map(Value::to_string).collect();
            bail!(
                "`snappy why` does not tell {}; it tells\n{}",
                cause.told,
                known.join("\n")
            );
        }
        find_on_disk(disk, cause)
    }

    /// No guest may run: the console gave the reason and the disk holds the cause.
    ///
    /// # Errors
    /// One of the two does not.
    pub fn of_halt(console: &str, reason: &str, disk: &TestDisk, cause: &Cause) -> Result<Self> {
        if !console.contains(reason) {
            bail!("the console does not say {reason:?}");
        }
        find_on_disk(disk, cause)
    }

    /// The firmware did not start the loader: it said all of `refusal` in one line, nothing
    /// of ours spoke, and what the device remembers is what it remembered `before`.
    ///
    /// # Errors
    /// One of the three is not so.
    pub fn of_firmware_refusal(
        console: &str,
        refusal: &[&str],
        disk: &TestDisk,
        before: &Memory,
    ) -> Result<Self> {
        require_refusal(console, refusal)?;
        let after = Memory::of(disk)?;
        if after != *before {
            bail!(
                "the disk was written to: boot {} was begun, and the flight record holds\n{}",
                after.state.boot_number,
                list(&after.flight)
            );
        }
        Ok(Self(()))
    }

    /// Both of two.
    #[must_use]
    pub fn and(self, _other: Self) -> Self {
        self
    }
}

fn require_refusal(console: &str, refusal: &[&str]) -> Result<()> {
    // Before all of the loader's words, and it speaks before it looks at anything.
    if let Some((_, said)) = console.split_once(LOADER) {
        let line = said.lines().next().unwrap_or_default();
        bail!("the loader ran: it said {line:?}");
    }
    let says = |line: &str| refusal.iter().all(|words| line.contains(words));
    if !console.lines().any(says) {
        bail!("the firmware does not say {refusal:?}");
    }
    Ok(())
}

fn find_on_disk(disk: &TestDisk, cause: &Cause) -> Result<Evidence> {
    let entries = disk.read_flight()?;
    if entries.iter().any(|entry| (cause.recorded)(&entry.event)) {
        return Ok(Evidence(()));
    }
    bail!(
        "the flight record on the disk does not hold {}; it holds\n{}",
        cause.told,
        list(&entries)
    );
}

/// Does `event` have everything that `told` has?
fn tells(event: &Value, told: &Value) -> bool {
    told.as_object()
        .is_some_and(|told| told.iter().all(|(key, value)| &event[key] == value))
}

fn list(entries: &[FlightEntry]) -> String {
    entries.iter().fold(String::new(), |mut text, entry| {
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{} boot {}: {:?}",
            entry.sequence, entry.boot_number, entry.event
        );
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_tells_a_cause_when_it_has_all_of_its_fields() {
        let event = json!({"kind": "refused", "source": "system-a", "check": "digest"});
        assert!(tells(&event, &json!({"check": "digest"})));
        assert!(!tells(&event, &json!({"check": "empty"})));
        assert!(!tells(
            &event,
            &json!({"check": "digest", "part": "kernel"})
        ));
    }

    #[test]
    fn a_refusal_of_the_firmware_is_one_line_and_the_loaders_silence() {
        let refusal = ["failed to load", "Access Denied"];
        let refused = "loading Boot0001\r\nfailed to load Boot0001: Access Denied\r\n";
        assert!(require_refusal(refused, &refusal).is_ok());
        let spoke = format!("{refused}twinkeel: loader 0.1.0\r\n");
        let error = require_refusal(&spoke, &refusal).unwrap_err().to_string();
        assert!(error.contains("loader 0.1.0"), "{error}");
        for other in [
            "",
            "failed to load Boot0001: Not Found\r\nAccess Denied\r\n",
        ] {
            assert!(require_refusal(other, &refusal).is_err(), "{other:?}");
        }
    }

    #[test]
    fn a_cause_that_is_no_object_is_told_by_nothing() {
        assert!(!tells(&json!({"kind": "refused"}), &json!("refused")));
    }
}
