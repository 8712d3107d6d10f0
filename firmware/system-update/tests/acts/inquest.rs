//! The inquest on the disk: a failed release is remembered once, whatever happens.

use super::memory_disk::MemoryDisk;
use super::{HASH_A, HASH_B, RUNNING_A, state};
use image_format::flight::text;
use image_format::{BootNumber, Event, ResetCause, Slot, SlotStatus, Verdict};
use system_update::{
    NetworkNow, OpenCase, close_case, failed_releases, open_case, record_for_boot,
};

/// A trial of system-b in boot 6 that ended by `cause`; boot 7 runs system-a.
fn after_a_trial(cause: ResetCause) -> MemoryDisk {
    after_a_trial_with(SlotStatus::Exhausted, cause)
}

/// The same, with another status of system-b by now.
fn after_a_trial_with(status: SlotStatus, cause: ResetCause) -> MemoryDisk {
    let mut disk = MemoryDisk::with_state(&state(SlotStatus::Confirmed, status));
    let begun = Event::TrialBegun {
        slot: Slot::B,
        attempt: 1,
        given: 1,
    };
    for event in [begun, Event::EndedSilently { cause }] {
        record_for_boot(&mut disk, BootNumber(6), event).unwrap();
    }
    disk
}

/// One inquest, as PID 1 holds it. Returns whether there was a case.
fn hold(disk: &mut MemoryDisk) -> Result<bool, system_update::ActError> {
    let Some(case) = open_case(disk, &RUNNING_A)? else {
        return Ok(false);
    };
    let finding = case.judgement.clone().settle(NetworkNow::Works);
    close_case(disk, &RUNNING_A, &case, &finding)?;
    Ok(true)
}

fn judged(verdict: Verdict, reason: &str) -> Event {
    Event::TrialJudged {
        slot: Slot::B,
        manifest_hash: HASH_B,
        verdict,
        reason: text(reason),
    }
}

#[test]
fn a_failed_release_is_remembered_and_judged_once() {
    let mut disk = after_a_trial(ResetCause::Watchdog);
    assert_eq!(hold(&mut disk), Ok(true));
    let reason = "it hung, and the hardware watchdog reset the machine";
    assert_eq!(disk.events().last(), Some(&judged(Verdict::Failed, reason)));
    let failed = failed_releases(&mut disk).unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].manifest_hash, HASH_B);
    assert_eq!(failed[0].reason, reason);
    assert_eq!(hold(&mut disk), Ok(false));
}

#[test]
fn a_second_failed_release_leaves_the_first_in_the_list() {
    let mut disk = after_a_trial(ResetCause::Watchdog);
    let first = open_case(&mut disk, &RUNNING_A).unwrap().unwrap();
    let second = OpenCase {
        manifest_hash: HASH_A,
        ..first.clone()
    };
    for case in [&first, &second] {
        let finding = case.judgement.clone().settle(NetworkNow::Works);
        close_case(&mut disk, &RUNNING_A, case, &finding).unwrap();
    }
    let failed = failed_releases(&mut disk).unwrap();
    let hashes: Vec<_> = failed.iter().map(|release| release.manifest_hash).collect();
    assert_eq!(hashes, [HASH_B, HASH_A]);
}

#[test]
fn a_power_cut_is_held_against_nobody() {
    let mut disk = after_a_trial(ResetCause::PowerLoss);
    assert_eq!(hold(&mut disk), Ok(true));
    let expected = judged(Verdict::Inconclusive, "the power was lost");
    assert_eq!(disk.events().last(), Some(&expected));
    assert_eq!(failed_releases(&mut disk), Ok(vec![]));
}

#[test]
fn only_a_slot_that_used_up_its_attempts_is_a_case() {
    for status in [
        SlotStatus::Installed,
        SlotStatus::Confirmed,
        SlotStatus::Refused,
        SlotStatus::Empty,
    ] {
        let mut disk = after_a_trial_with(status, ResetCause::Watchdog);
        assert_eq!(open_case(&mut disk, &RUNNING_A), Ok(None), "{status}");
    }
}

#[test]
fn a_power_cut_in_the_inquest_repeats_it() {
    for writes in 0..2 {
        let mut disk = after_a_trial(ResetCause::Watchdog);
        disk.cut_at_write(writes);
        assert!(hold(&mut disk).is_err(), "cut at write {writes}");
        disk.power_on();
        // The entry may have reached the disk whole: then there is no case any more.
        hold(&mut disk).unwrap();
        assert_eq!(hold(&mut disk), Ok(false), "cut at write {writes}");
        assert_eq!(failed_releases(&mut disk).unwrap().len(), 1);
        let told = |event: &&Event| matches!(event, Event::TrialJudged { .. });
        assert_eq!(disk.events().iter().filter(told).count(), 1);
    }
}

#[test]
fn a_release_that_fails_again_is_in_the_list_once() {
    let mut disk = after_a_trial(ResetCause::Watchdog);
    assert_eq!(hold(&mut disk), Ok(true));
    let again = Event::TrialBegun {
        slot: Slot::B,
        attempt: 1,
        given: 1,
    };
    record_for_boot(&mut disk, BootNumber(7), again).unwrap();
    let cause = ResetCause::Watchdog;
    record_for_boot(&mut disk, BootNumber(7), Event::EndedSilently { cause }).unwrap();
    assert_eq!(hold(&mut disk), Ok(true));
    assert_eq!(failed_releases(&mut disk).unwrap().len(), 1);
}
