//! Nobody types.

use crate::device::{Device, HOUR, Reboot};
use crate::maker::{BOARD, Maker, everyone_after};
use crate::server::{BadServer, BrittleLine};
use image_delta::Header;
use image_format::flight::text;
use image_format::{Event, Slot, SlotStatus, Verdict};
use std::fs;
use std::mem::replace;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use system_update::{Finding, record};

fn settings(address: &str) -> String {
    format!("store = ['{address}']\npoll-interval-secs = 3600\nreboot = 'now'\n")
}

#[test]
fn a_device_left_alone_goes_from_release_1_to_3() {
    let maker = Maker::new();
    let server = maker.serve();
    let mut device = Device::new(&maker, &settings(&server.address()));
    for version in [2, 3] {
        maker.publish(version);
        assert_eq!(device.turn_for(2 * HOUR), Reboot::Asked);
        device.boot();
        assert_eq!(device.version(), version);
        // A trial looks whether the store answers, for its health gate, and that is all.
        server.log();
        assert_eq!(device.turn_for(HOUR / 2), Reboot::NotAsked);
        let log = server.log();
        let polls = log.iter().filter(|line| line.contains("timestamp.json"));
        assert_eq!(polls.count(), 1, "{log:?}");
        assert!(
            !log.iter().any(|line| line.contains("/targets/")),
            "{log:?}"
        );
        assert_eq!(device.told(), "the running system has yet to be confirmed");
        device.confirm();
    }
    // And it stays there.
    assert_eq!(device.turn_for(24 * HOUR), Reboot::NotAsked);
    assert_eq!(device.version(), 3);
    let state = device.state();
    assert_eq!(state.active, Slot::A);
    assert_eq!(
        state.slots.map(|slot| slot.status),
        [SlotStatus::Confirmed; 2]
    );
    // An idle poll is one request; it tells what became of the update.
    let log = server.log();
    let polls = log
        .iter()
        .filter(|line| line.contains("timestamp.json"))
        .count();
    assert!((22..=28).contains(&polls), "{log:?}");
    let report = format!(
        "GET /metadata/timestamp.json?board={BOARD}&channel=edge&version=3&result=confirmed&of=3 304"
    );
    assert_eq!(log.last(), Some(&report));
}

#[test]
fn a_wave_is_waited_for_until_the_store_says_that_its_time_has_come() {
    let maker = Maker::new();
    maker.publish_as(BOARD, 2, everyone_after(3));
    let server = maker.serve();
    let device = Device::new(&maker, &settings(&server.address()));
    // Its own clock is a year ahead, and says nothing.
    device.set_clock(1_900_000_000);
    assert_eq!(device.turn_for(4 * HOUR), Reboot::NotAsked);
    assert_eq!(
        device.told(),
        "takes nothing; of version 2: so far 0% of the devices may take it"
    );
    maker.act(3, |store, keys| store.refresh(keys));
    assert_eq!(
        device.turn_for(2 * HOUR),
        Reboot::Asked,
        "{} {:?}",
        device.told(),
        server.log()
    );
}

#[test]
fn what_the_maker_holds_is_not_taken() {
    let maker = Maker::new();
    let name = maker.publish(2);
    maker.act(0, |store, keys| store.hold(&name, "it is slow", keys));
    let server = maker.serve();
    let device = Device::new(&maker, &settings(&server.address()));
    assert_eq!(device.turn_for(4 * HOUR), Reboot::NotAsked);
    assert_eq!(
        device.told(),
        "takes nothing; of version 2: it is held: it is slow"
    );
    maker.act(0, |store, keys| store.resume(&name, keys));
    assert_eq!(device.turn_for(2 * HOUR), Reboot::Asked);
}

#[test]
fn a_release_that_failed_is_not_taken_again_and_the_next_one_is() {
    let maker = Maker::new();
    maker.publish(2);
    let server = maker.serve();
    let mut device = Device::new(&maker, &settings(&server.address()));
    assert_eq!(device.turn_for(2 * HOUR), Reboot::Asked);
    device.boot();
    device.fail_trial(|disk, running| {
        let failed = Event::CheckFailed {
            slot: running.slot,
            check: text("modem"),
            detail: text("it does not answer"),
        };
        record(disk, running, failed).unwrap();
    });
    assert_eq!(device.version(), 1);
    device.inquest(|_| Finding {
        verdict: Verdict::Failed,
        reason: text("the modem does not answer"),
    });
    server.log();
    assert_eq!(device.turn_for(48 * HOUR), Reboot::NotAsked);
    assert_eq!(
        device.told(),
        "takes nothing; of version 2: it failed its trial on this device"
    );
    let told = server.log().join("\n");
    assert!(
        told.contains("version=1&result=failed&of=2&cause=the%20modem%20does%20not%20answer"),
        "{told}"
    );
    maker.publish(3);
    assert_eq!(device.turn_for(2 * HOUR), Reboot::Asked);
    device.boot();
    assert_eq!(device.version(), 3);
}

#[test]
fn a_trial_without_a_verdict_is_repeated_later_and_later() {
    let maker = Maker::new();
    maker.publish(2);
    let server = maker.serve();
    let mut device = Device::new(&maker, &settings(&server.address()));
    for hours in [1, 2, 4] {
        assert_eq!(device.turn_for(6 * HOUR), Reboot::Asked);
        device.boot();
        assert_eq!(device.version(), 2);
        // The power goes away again and again.
        device.fail_trial(|_, _| {});
        assert_eq!(device.version(), 1);
        device.inquest(|_| Finding {
            verdict: Verdict::Inconclusive,
            reason: text("the power went away"),
        });
        assert_eq!(
            device.turn_for(hours * HOUR - Duration::from_secs(1)),
            Reboot::NotAsked
        );
    }
    assert_eq!(device.turn_for(2 * HOUR), Reboot::Asked);
}

#[test]
fn a_daemon_that_dies_before_the_reboot_asks_for_it_when_it_is_back() {
    let maker = Maker::new();
    maker.publish(2);
    let server = maker.serve();
    let mut device = Device::new(&maker, &settings(&server.address()));
    while device.state().slot(Slot::B).status == SlotStatus::Empty {
        let pause = device.engine.turn();
        device.pass(pause);
    }
    assert_eq!(device.hardware().reboots(), 0);
    device.restart_daemon();
    device.engine.turn();
    assert_eq!(device.hardware().reboots(), 1);
}

#[test]
fn pid_1_is_told_whether_the_store_answers() {
    let maker = Maker::new();
    let server = maker.serve();
    let device = Device::new(&maker, &settings(&server.address()));
    assert!(!device.has_reached());
    device.turn_for(HOUR);
    assert!(device.has_reached());
    drop(server);
    device.turn_for(2 * HOUR);
    assert!(!device.has_reached());
}

#[test]
fn a_trial_whose_store_is_down_asks_again_and_again_until_its_gate_closes() {
    let maker = Maker::new();
    maker.publish(2);
    let server = maker.serve();
    let mut device = Device::new(&maker, &settings(&server.address()));
    assert_eq!(device.turn_for(2 * HOUR), Reboot::Asked);
    drop(server);
    device.boot();
    let pause = device.engine.turn();
    assert_eq!((pause.as_secs(), device.has_reached()), (5, false));
}

#[test]
fn a_patch_from_what_runs_is_all_that_is_fetched() {
    let maker = Maker::new();
    maker.publish(1);
    let [whole, _] = maker.publish_with_patch(2, 1);
    // Nothing else would do.
    fs::remove_file(whole).unwrap();
    let server = maker.serve();
    let mut device = Device::new(&maker, &settings(&server.address()));
    assert_eq!(device.turn_for(2 * HOUR), Reboot::Asked);
    device.boot();
    assert_eq!(device.version(), 2);
}

/// Both the line and the power: what the slot has of the patch is not fetched again.
#[test]
fn a_patch_that_was_cut_is_gone_on_with_where_its_segments_end() {
    let maker = Maker::new();
    maker.publish(1);
    let [_, patch] = maker.publish_with_patch(2, 1);
    let header = Header::read(&mut fs::File::open(patch).unwrap()).unwrap();
    let mut begins = vec![header.segments_offset_bytes as usize];
    for segment in &header.segments {
        begins.push(begins.last().unwrap() + segment.stored_bytes as usize);
    }
    for number in 1..header.segments.len() {
        let server = maker.serve();
        let line = BrittleLine::new(begins[number + 1] - 1);
        let line = Arc::new(Mutex::new(line));
        let brittle = BadServer::that_breaks(&server, ".patch", &line);
        let mut device = Device::new(&maker, &settings(&brittle.address()));
        assert_eq!(device.turn_for(HOUR), Reboot::NotAsked);
        let before = replace(&mut *line.lock().unwrap(), BrittleLine::new(usize::MAX));
        // It waits for the line, and looks for no dearer way.
        let asks_for_all = |path: &String| path.ends_with(".update");
        assert!(!before.asked_in_vain.iter().any(asks_for_all));
        device.boot();
        assert_eq!(device.turn_for(2 * HOUR), Reboot::Asked);
        assert_eq!(line.lock().unwrap().asked_from, [0, begins[number]]);
        device.boot();
        assert_eq!(device.version(), 2);
    }
}

#[test]
fn a_patch_that_is_of_no_use_is_done_without() {
    for damage in [Damage::Removed, Damage::Changed] {
        let maker = Maker::new();
        maker.publish(1);
        let [_, patch] = maker.publish_with_patch(2, 1);
        match damage {
            Damage::Removed => fs::remove_file(patch).unwrap(),
            Damage::Changed => {
                let mut bytes = fs::read(&patch).unwrap();
                let last = bytes.len() - 1;
                bytes[last] ^= 1;
                fs::write(patch, bytes).unwrap();
            }
        }
        let server = maker.serve();
        let mut device = Device::new(&maker, &settings(&server.address()));
        assert_eq!(device.turn_for(2 * HOUR), Reboot::Asked, "{damage:?}");
        device.boot();
        assert_eq!(device.version(), 2, "{damage:?}");
    }
}

/// What happened to a patch on the server.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Removed,
    Changed,
}
