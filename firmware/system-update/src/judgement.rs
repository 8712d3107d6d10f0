//! What a device makes of a trial that was not confirmed: was it the image's fault?
//!
//! A pure function over the flight record. An image *failed* when one of its attempts
//! ended in a way that only it can be to blame for. Where the power went away, or a person
//! intervened, the trial says nothing about it: it is *inconclusive*, and the image may be
//! tried again. A network that was lost is the image's fault only if the system that runs
//! now has it.

use image_format::flight::text;
use image_format::{Event, FlightEntry, ResetCause, Slot, Text, Verdict};

/// The name of the health check whose failure is judged by the next system.
pub const NETWORK_CHECK: &str = "network";

/// What the record says about a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is clear whose fault it was.
    Clear(Finding),
    /// Nothing but the network failed: it depends on whether the running system has it.
    DependsOnNetwork {
        /// What the trial's check found.
        detail: Text,
    },
}

/// A verdict and its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whose fault it was.
    pub verdict: Verdict,
    /// Why, as part of a sentence.
    pub reason: Text,
}

/// The network as the running system finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkNow {
    /// All that worked before works.
    Works,
    /// It is lost here too.
    Lost,
}

/// Judges the last trial of `slot` by the record, oldest entry first. `None` when there was
/// no trial, when it was confirmed, and when it was judged before.
#[must_use]
pub fn judge(flight: &[FlightEntry], slot: Slot) -> Option<Judgement> {
    let begun = flight.iter().rposition(|entry| {
        matches!(entry.event, Event::TrialBegun { slot: tried, attempt: 1, .. } if tried == slot)
    })?;
    let trial = flight.get(begun..)?;
    let over = |entry: &FlightEntry| match entry.event {
        Event::TrialJudged { slot: judged, .. } => judged == slot,
        Event::Confirmed { slot: works, .. } => works == slot,
        _ => false,
    };
    if trial.iter().any(over) {
        return None;
    }
    Some(weigh(trial, slot))
}

/// How much an event says about the image. The strongest one counts; of equals, the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Neutral,
    Network,
    Guess,
    Evidence,
}

fn weigh(trial: &[FlightEntry], slot: Slot) -> Judgement {
    let attempts: Vec<_> = trial
        .iter()
        .filter(
            |entry| matches!(entry.event, Event::TrialBegun { slot: tried, .. } if tried == slot),
        )
        .map(|entry| entry.boot_number)
        .collect();
    let strongest = trial
        .iter()
        .filter(|entry| attempts.contains(&entry.boot_number))
        .filter_map(|entry| evidence(&entry.event, slot))
        .max_by_key(|(weight, _)| *weight);
    match strongest {
        Some((Weight::Evidence | Weight::Guess, reason)) => clear(Verdict::Failed, reason),
        Some((Weight::Network, detail)) => Judgement::DependsOnNetwork { detail },
        Some((Weight::Neutral, reason)) => clear(Verdict::Inconclusive, reason),
        None => clear(
            Verdict::Inconclusive,
            text("nothing tells how its attempts ended"),
        ),
    }
}

fn clear(verdict: Verdict, reason: Text) -> Judgement {
    Judgement::Clear(Finding { verdict, reason })
}

fn evidence(event: &Event, trial: Slot) -> Option<(Weight, Text)> {
    Some(match event {
        Event::CheckFailed {
            slot,
            check,
            detail,
        } if *slot == trial => {
            let weight = if check == NETWORK_CHECK {
                Weight::Network
            } else {
                Weight::Evidence
            };
            (
                weight,
                text(format_args!(
                    "it failed the health check {check:?}: {detail}"
                )),
            )
        }
        Event::InitFailed { slot, step, reason } if *slot == trial => (
            Weight::Evidence,
            text(format_args!("it failed at the step {step:?}: {reason}")),
        ),
        Event::TimedOut { slot, step, secs } if *slot == trial => (
            Weight::Evidence,
            text(format_args!(
                "it was not done with the step {step:?} within {secs} s"
            )),
        ),
        Event::KernelPanicked { message } => (
            Weight::Evidence,
            text(format_args!("its kernel panicked: {message}")),
        ),
        Event::EndedSilently { cause } => match cause {
            ResetCause::Watchdog => (
                Weight::Evidence,
                text("it hung, and the hardware watchdog reset the machine"),
            ),
            ResetCause::Reset => (Weight::Guess, text("it reset the machine without a word")),
            ResetCause::PowerLoss => (Weight::Neutral, text("the power was lost")),
            ResetCause::Unknown => return None,
        },
        Event::Interrupted { slot } if *slot == trial => {
            (Weight::Neutral, text("a person ended it"))
        }
        _ => return None,
    })
}

impl Judgement {
    /// The finding, once it is known how the network is now.
    #[must_use]
    pub fn settle(self, network: NetworkNow) -> Finding {
        match (self, network) {
            (Self::Clear(finding), _) => finding,
            (Self::DependsOnNetwork { detail }, NetworkNow::Works) => Finding {
                verdict: Verdict::Failed,
                reason: detail,
            },
            (Self::DependsOnNetwork { .. }, NetworkNow::Lost) => Finding {
                verdict: Verdict::Inconclusive,
                reason: text("it lost the network, which is lost under this system, too"),
            },
        }
    }
}

#[cfg(test)]
mod tests;
