//! A table of what attempts leave behind, and whose fault that is.

use super::*;
use image_format::{BootNumber, Digest, Source, Version};

const SLOT: Slot = Slot::B;

fn begun(attempt: u8) -> Event {
    Event::TrialBegun {
        slot: SLOT,
        attempt,
        given: 3,
    }
}

fn ended(cause: ResetCause) -> Event {
    Event::EndedSilently { cause }
}

fn check_failed(check: &str) -> Event {
    Event::CheckFailed {
        slot: SLOT,
        check: text(check),
        detail: text("detail"),
    }
}

/// Boot numbers go up with each attempt; the last boot is that of the other slot.
fn record(attempts: &[&[Event]]) -> Vec<FlightEntry> {
    let mut entries = Vec::new();
    let mut push = |boot: usize, event| {
        entries.push(FlightEntry {
            sequence: entries.len() as u64,
            boot_number: BootNumber(boot as u64),
            event,
        });
    };
    for (index, words) in attempts.iter().enumerate() {
        push(index + 1, begun(u8::try_from(index + 1).unwrap()));
        words.iter().for_each(|word| push(index + 1, word.clone()));
    }
    let last = attempts.len() + 1;
    push(
        last,
        Event::AttemptsExhausted {
            slot: SLOT,
            given: 3,
        },
    );
    push(
        last,
        Event::FellBack {
            from: SLOT,
            to: Source::Slot(SLOT.other()),
        },
    );
    entries
}

fn finding(attempts: &[&[Event]]) -> Finding {
    match judge(&record(attempts), SLOT) {
        Some(Judgement::Clear(finding)) => finding,
        other => panic!("not clear: {other:?}"),
    }
}

#[test]
fn an_attempt_with_evidence_makes_the_trial_failed() {
    let power = ended(ResetCause::PowerLoss);
    let table = [
        (
            check_failed("shell"),
            "it failed the health check \"shell\": detail",
        ),
        (
            Event::InitFailed {
                slot: SLOT,
                step: text("map the root"),
                reason: text("no"),
            },
            "it failed at the step \"map the root\": no",
        ),
        (
            Event::TimedOut {
                slot: SLOT,
                step: text("load modules"),
                secs: 60,
            },
            "it was not done with the step \"load modules\" within 60 s",
        ),
        (
            Event::KernelPanicked {
                message: text("Attempted to kill init!"),
            },
            "its kernel panicked: Attempted to kill init!",
        ),
        (
            ended(ResetCause::Watchdog),
            "it hung, and the hardware watchdog reset the machine",
        ),
        (
            ended(ResetCause::Reset),
            "it reset the machine without a word",
        ),
    ];
    for (event, reason) in table {
        let expected = Finding {
            verdict: Verdict::Failed,
            reason: text(reason),
        };
        let words = [event];
        assert_eq!(finding(&[&words]), expected);
        // Power cuts around it do not change that.
        let cut = std::slice::from_ref(&power);
        assert_eq!(finding(&[cut, &words, cut]), expected);
    }
}

#[test]
fn a_trial_without_evidence_is_inconclusive() {
    let table: [(&[Event], &str); 4] = [
        (&[ended(ResetCause::PowerLoss)], "the power was lost"),
        (&[Event::Interrupted { slot: SLOT }], "a person ended it"),
        (
            &[ended(ResetCause::Unknown)],
            "nothing tells how its attempts ended",
        ),
        (&[], "nothing tells how its attempts ended"),
    ];
    for (words, reason) in table {
        let expected = Finding {
            verdict: Verdict::Inconclusive,
            reason: text(reason),
        };
        assert_eq!(finding(&[words, words, words]), expected);
    }
}

#[test]
fn the_strongest_word_is_the_reason() {
    let panicked = Event::KernelPanicked {
        message: text("boom"),
    };
    let finding = finding(&[&[panicked, ended(ResetCause::Reset)]]);
    assert_eq!(finding.reason, "its kernel panicked: boom");
}

#[test]
fn a_lost_network_is_judged_by_the_system_that_runs_now() {
    let words = [check_failed(NETWORK_CHECK)];
    let judgement = judge(&record(&[&words, &words]), SLOT).unwrap();
    assert!(matches!(judgement, Judgement::DependsOnNetwork { .. }));
    assert_eq!(
        judgement.clone().settle(NetworkNow::Works).verdict,
        Verdict::Failed
    );
    assert_eq!(
        judgement.settle(NetworkNow::Lost).verdict,
        Verdict::Inconclusive
    );
    // Something else failed as well: the network does not matter.
    let both = [check_failed(NETWORK_CHECK), check_failed("shell")];
    assert_eq!(finding(&[&both]).verdict, Verdict::Failed);
}

#[test]
fn words_of_other_boots_and_slots_do_not_count() {
    let mut entries = record(&[&[ended(ResetCause::PowerLoss)]]);
    let hang = |boot| FlightEntry {
        sequence: 0,
        boot_number: BootNumber(boot),
        event: ended(ResetCause::Watchdog),
    };
    // Before the trial, and in the boot of the other slot behind it.
    entries.insert(0, hang(0));
    entries.push(hang(2));
    let Some(Judgement::Clear(finding)) = judge(&entries, SLOT) else {
        panic!("not clear");
    };
    assert_eq!(finding.verdict, Verdict::Inconclusive);
    assert_eq!(judge(&entries, SLOT.other()), None);
}

#[test]
fn a_trial_is_judged_once_and_a_confirmed_one_not_at_all() {
    let manifest_hash = Digest([1; 32]);
    let judged = Event::TrialJudged {
        slot: SLOT,
        manifest_hash,
        verdict: Verdict::Failed,
        reason: text("x"),
    };
    let confirmed = Event::Confirmed {
        slot: SLOT,
        version: Version(1),
        manifest_hash,
    };
    for event in [judged, confirmed] {
        let mut entries = record(&[&[]]);
        entries.push(FlightEntry {
            sequence: 9,
            boot_number: BootNumber(2),
            event,
        });
        assert_eq!(judge(&entries, SLOT), None);
        // A later trial is another one.
        entries.push(FlightEntry {
            sequence: 10,
            boot_number: BootNumber(3),
            event: begun(1),
        });
        assert!(judge(&entries, SLOT).is_some());
    }
}
