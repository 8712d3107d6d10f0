//! The acts over a disk in memory: what each leaves behind, and that a power cut
//! at any of its writes leaves the state from before or from after it.

mod inquest;
mod loader;
mod memory_disk;
mod release;
mod stage;

use image_format::flight::text;
use image_format::{
    BootNumber, BootState, Digest, Epoch, Event, Floors, Serial, Slot, SlotRecord, SlotStatus,
    Version,
};
use memory_disk::MemoryDisk;
use system_update::{
    ActError, Confirmation, Conflict, Refused, RescueRecord, RollbackError, Running, confirm,
    mark_up, record_end, record_not_reinstalled, record_rescue, refuse, rollback,
};

const HASH_A: Digest = Digest([0xaa; 32]);
const HASH_B: Digest = Digest([0xbb; 32]);
const TRIAL: SlotStatus = SlotStatus::Trial {
    attempts_left: 2,
    attempts_given: 3,
};
const RUNNING_A: Running = Running {
    slot: Slot::A,
    manifest_hash: HASH_A,
    boot_number: BootNumber(7),
};

fn state(a: SlotStatus, b: SlotStatus) -> BootState {
    let record = |status, manifest_hash| SlotRecord {
        status,
        manifest_hash,
    };
    BootState {
        generation: 0,
        boot_number: BootNumber(7),
        flight_sequence: 0,
        floors: Floors {
            epoch: Epoch(2),
            serial: Serial(3),
        },
        active: Slot::B,
        begun_without_up: 1,
        slots: [record(a, HASH_A), record(b, HASH_B)],
    }
}

fn root_corrupt() -> Event {
    Event::RootCorrupt {
        slot: Slot::A,
        block: 4711,
    }
}

#[test]
fn up_ends_the_count_of_boots_that_did_not_come_up() {
    let before = state(SlotStatus::Confirmed, SlotStatus::Installed);
    let mut disk = MemoryDisk::with_state(&before);
    let status = mark_up(&mut disk, &RUNNING_A).unwrap();
    assert_eq!(status, SlotStatus::Confirmed);
    let expected = BootState {
        begun_without_up: 0,
        ..before
    };
    assert_eq!(disk.state(), expected);
    assert_eq!(disk.events(), []);

    // What is said already is not written again.
    disk.cut_at_write(0);
    assert_eq!(mark_up(&mut disk, &RUNNING_A), Ok(SlotStatus::Confirmed));
}

#[test]
fn confirm_makes_the_slot_the_active_one_and_says_so() {
    for status in [TRIAL, SlotStatus::Installed, SlotStatus::Exhausted] {
        let before = state(status, SlotStatus::Confirmed);
        let mut disk = MemoryDisk::with_state(&before);
        let confirmation = confirm(&mut disk, &RUNNING_A, Version(5));
        assert_eq!(confirmation, Ok(Confirmation::Confirmed));
        let mut expected = before.clone();
        expected.active = Slot::A;
        expected.slot_mut(Slot::A).status = SlotStatus::Confirmed;
        assert_eq!(disk.state(), expected);
        let event = Event::Confirmed {
            slot: Slot::A,
            version: Version(5),
            manifest_hash: HASH_A,
        };
        assert_eq!(disk.events(), [event]);
    }
}

#[test]
fn confirm_writes_nothing_when_there_is_nothing_to_confirm() {
    for (status, expected) in [
        (SlotStatus::Confirmed, Confirmation::AlreadyConfirmed),
        (SlotStatus::Refused, Confirmation::LastResort),
        (SlotStatus::Empty, Confirmation::LastResort),
    ] {
        let mut disk = MemoryDisk::with_state(&state(status, SlotStatus::Installed));
        disk.cut_at_write(0);
        assert_eq!(confirm(&mut disk, &RUNNING_A, Version(5)), Ok(expected));
    }
}

#[test]
fn a_state_of_another_boot_or_image_is_left_alone() {
    let before = state(TRIAL, SlotStatus::Confirmed);
    let other_boot = Running {
        boot_number: BootNumber(6),
        ..RUNNING_A
    };
    let other_image = Running {
        manifest_hash: HASH_B,
        ..RUNNING_A
    };
    for (running, conflict) in [
        (other_boot, Conflict::Boot(BootNumber(7))),
        (other_image, Conflict::Image(HASH_A)),
    ] {
        let mut disk = MemoryDisk::with_state(&before);
        disk.cut_at_write(0);
        let error = ActError::Conflict(conflict);
        assert_eq!(mark_up(&mut disk, &running), Err(error));
        assert_eq!(confirm(&mut disk, &running, Version(5)), Err(error));
        assert_eq!(refuse(&mut disk, &running, root_corrupt()), Err(error));
        assert_eq!(
            rollback(&mut disk, &running),
            Err(RollbackError::Act(error))
        );
        assert_eq!(disk.state(), before);
    }
}

#[test]
fn a_damaged_root_falls_back_only_when_there_is_a_fallback() {
    let fallbacks = [
        (SlotStatus::Confirmed, Refused::FallsBack),
        (SlotStatus::Installed, Refused::FallsBack),
        (SlotStatus::Exhausted, Refused::FallsBack),
        (SlotStatus::Empty, Refused::NoFallback),
        (SlotStatus::Refused, Refused::NoFallback),
    ];
    for (other, expected) in fallbacks {
        let mut disk = MemoryDisk::with_state(&state(SlotStatus::Confirmed, other));
        assert_eq!(refuse(&mut disk, &RUNNING_A, root_corrupt()), Ok(expected));
        let status = disk.state().slot(Slot::A).status;
        let refused = expected == Refused::FallsBack;
        assert_eq!(
            status == SlotStatus::Refused,
            refused,
            "other slot: {other}"
        );
        assert_eq!(disk.events(), [root_corrupt()]);
    }
}

#[test]
fn damage_without_a_fallback_is_told_once() {
    for other in [SlotStatus::Refused, SlotStatus::Empty] {
        let mut disk = MemoryDisk::with_state(&state(SlotStatus::Confirmed, other));
        for _ in 0..3 {
            refuse(&mut disk, &RUNNING_A, root_corrupt()).unwrap();
        }
        let elsewhere = Event::RootCorrupt {
            slot: Slot::A,
            block: 8,
        };
        assert_eq!(disk.events().len(), 1, "other slot: {other}");
        refuse(&mut disk, &RUNNING_A, elsewhere).unwrap();
        assert_eq!(disk.events().len(), 2, "another block is news");
    }
}

#[test]
fn a_last_resort_says_how_it_ends_once_and_a_trial_each_time() {
    let event = || Event::InitFailed {
        slot: Slot::A,
        step: text("find the disk"),
        reason: text("it is gone"),
    };
    let lines = || Some(text("last words"));
    for (status, told) in [
        (TRIAL, 4),
        (SlotStatus::Confirmed, 4),
        (SlotStatus::Exhausted, 2),
        (SlotStatus::Refused, 2),
    ] {
        let mut disk = MemoryDisk::with_state(&state(status, SlotStatus::Empty));
        for _ in 0..2 {
            record_end(&mut disk, &RUNNING_A, event(), lines()).unwrap();
        }
        assert_eq!(disk.events().len(), told, "{status}");
        assert_eq!(disk.events()[0], event());
    }
}

#[test]
fn a_power_cut_leaves_the_state_from_before_or_after() {
    type Act = fn(&mut MemoryDisk) -> bool;
    let acts: [(&str, Act); 4] = [
        ("up", |disk| mark_up(disk, &RUNNING_A).is_ok()),
        ("confirm", |disk| {
            confirm(disk, &RUNNING_A, Version(5)).is_ok()
        }),
        ("refuse", |disk| {
            refuse(disk, &RUNNING_A, root_corrupt()).is_ok()
        }),
        ("rollback", |disk| rollback(disk, &RUNNING_A).is_ok()),
    ];
    for (name, act) in acts {
        let before = state(TRIAL, SlotStatus::Confirmed);
        let mut whole = MemoryDisk::with_state(&before);
        assert!(act(&mut whole), "{name}");
        let after = whole.state();
        assert_ne!(before, after, "{name} changes something");
        for writes in 0..2 {
            let mut disk = MemoryDisk::with_state(&before);
            disk.cut_at_write(writes);
            act(&mut disk);
            disk.power_on();
            let found = disk.state();
            assert!(
                found == before || found == after,
                "{name}, cut at write {writes}"
            );
            // The record never tells of a confirm or a rollback that is not so.
            let told = disk.events().iter().any(|event| *event != root_corrupt());
            assert!(!told || found == after, "{name}, cut at write {writes}");
            // And the act can be done again.
            act(&mut disk);
            assert_eq!(disk.state(), after, "{name}, cut at write {writes}, again");
        }
    }
}

#[test]
fn the_rescue_system_is_told_once_in_a_row_and_changes_no_state() {
    let before = state(SlotStatus::Refused, SlotStatus::Refused);
    let mut disk = MemoryDisk::with_state(&before);
    let boot = BootNumber(7);
    assert_eq!(
        record_rescue(&mut disk, boot, &[]),
        Ok(RescueRecord::Recorded)
    );
    assert_eq!(
        record_rescue(&mut disk, boot, &[]),
        Ok(RescueRecord::AlreadyTold)
    );
    assert_eq!(disk.events(), [Event::RescueRuns]);
    assert_eq!(disk.state(), before);
    // Something else happened: then it is news again.
    refuse(&mut disk, &RUNNING_A, root_corrupt()).unwrap();
    assert_eq!(
        record_rescue(&mut disk, boot, &[]),
        Ok(RescueRecord::Recorded)
    );
    assert_eq!(
        disk.events(),
        [Event::RescueRuns, root_corrupt(), Event::RescueRuns]
    );
}

#[test]
fn why_nothing_was_installed_is_told_once_in_a_row_and_fills_no_ring() {
    let before = state(SlotStatus::Refused, SlotStatus::Refused);
    let mut disk = MemoryDisk::with_state(&before);
    let boot = BootNumber(7);
    let tell = |disk: &mut MemoryDisk, reason: &str| {
        record_not_reinstalled(disk, boot, "the store", reason).unwrap()
    };
    let up = |disk: &mut MemoryDisk| record_rescue(disk, boot, &[]).unwrap();
    assert_eq!(up(&mut disk), RescueRecord::Recorded);
    for _ in 0..3 {
        for reason in ["no answer", "it is held"] {
            tell(&mut disk, reason);
        }
        assert_eq!(up(&mut disk), RescueRecord::AlreadyTold);
    }
    assert_eq!(disk.events().len(), 3);
    for number in 0..100 {
        tell(&mut disk, &format!("no answer {number}"));
        assert_eq!(up(&mut disk), RescueRecord::AlreadyTold);
    }
    assert_eq!(disk.events().len(), 7);
    // Something else happened: then it is news again.
    refuse(&mut disk, &RUNNING_A, root_corrupt()).unwrap();
    assert_eq!(up(&mut disk), RescueRecord::Recorded);
    assert_eq!(tell(&mut disk, "no answer"), RescueRecord::Recorded);
    assert_eq!(disk.state(), before);
}

#[test]
fn the_rescue_system_writes_to_no_disk_that_tells_of_another_boot() {
    let before = state(SlotStatus::Refused, SlotStatus::Refused);
    let mut disk = MemoryDisk::with_state(&before);
    let error = record_rescue(&mut disk, BootNumber(8), &[]).unwrap_err();
    assert_eq!(error, ActError::Conflict(Conflict::Boot(BootNumber(7))));
    assert_eq!(disk.events(), []);
}

#[test]
fn what_the_rescue_system_found_stands_in_front_of_it_once() {
    let before = state(SlotStatus::Exhausted, SlotStatus::Refused);
    let mut disk = MemoryDisk::with_state(&before);
    let panicked = Event::KernelPanicked {
        message: "Attempted to kill init!".try_into().unwrap(),
    };
    let found = [(BootNumber(6), panicked.clone())];
    for expected in [RescueRecord::Recorded, RescueRecord::AlreadyTold] {
        let told = record_rescue(&mut disk, BootNumber(7), &found);
        assert_eq!(told, Ok(expected));
    }
    assert_eq!(disk.events(), [panicked, Event::RescueRuns]);
}
