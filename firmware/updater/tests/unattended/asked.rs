//! Somebody asks.

use crate::device::{Device, HOUR, Reboot};
use crate::maker::{BOARD, Maker, everyone_after};
use image_format::{AppData, Event, parse_envelope};
use std::sync::Barrier;
use system_update::{BootFacts, Downgrade, ResetRequest, SlotArea};
use updater::device::{
    Device as _, FailureKind, Reason, RebootAsked, Step, UpdateAsked, Verdict, Wanted,
};

fn device(maker: &Maker, address: &str) -> Device {
    Device::new(maker, &format!("store = ['{address}']\nhold = 'forever'\n"))
}

fn version(version: u64) -> UpdateAsked {
    UpdateAsked {
        release: Wanted::Version(version),
        ..UpdateAsked::default()
    }
}

#[test]
fn what_is_asked_for_is_taken_whatever_waves_and_holds_say() {
    let maker = Maker::new();
    maker.publish_as(BOARD, 2, everyone_after(100));
    let server = maker.serve();
    let device = device(&maker, &server.address());
    let available = device.engine.check().unwrap();
    assert_eq!(available.len(), 1);
    assert_eq!(available[0].version, 2);
    assert_eq!(available[0].notes, "notes of 2");
    assert!(matches!(
        available[0].verdict,
        Verdict::NotOffered(Reason::Store(_))
    ));
    let mut steps = Vec::new();
    let asked = UpdateAsked {
        reboot: RebootAsked::Now,
        ..UpdateAsked::default()
    };
    let staged = device
        .engine
        .update(asked, &mut |step| steps.push(step))
        .unwrap();
    assert_eq!((staged.version, staged.slot), (2, "system-b"));
    assert_eq!(device.hardware().reboots(), 1);
    assert_eq!(steps.first(), Some(&Step::Refresh));
    let Some(Step::ReadBack(bytes)) = steps.last() else {
        panic!("{steps:?}")
    };
    assert_eq!(bytes.done, bytes.total);
    let system = device.engine.system().unwrap();
    assert_eq!(system.next_slot, Some("system-b"));
    assert_eq!(system.others[0].version, Some(2));
    let error = device.engine.update(asked, &mut |_| {}).unwrap_err();
    assert_eq!(error.kind, FailureKind::NoUpdate);
    assert_eq!(
        error.message,
        "no update: version 2 is installed already; reboot to use it"
    );
}

#[test]
fn of_two_requests_at_once_one_waits_and_finds_it_done() {
    let maker = Maker::new();
    maker.publish(2);
    let server = maker.serve();
    let device = device(&maker, &server.address());
    let together = Barrier::new(2);
    let ask = || {
        together.wait();
        device.engine.update(UpdateAsked::default(), &mut |_| {})
    };
    let (first, second) = std::thread::scope(|scope| {
        let other = scope.spawn(ask);
        (ask(), other.join().unwrap())
    });
    let (done, refused) = match first {
        Ok(staged) => (staged, second.unwrap_err()),
        Err(failure) => (second.unwrap(), failure),
    };
    assert_eq!(done.version, 2);
    assert_eq!(refused.kind, FailureKind::NoUpdate);
    // One of them fetched it: the envelope, and no second time.
    let log = server.log();
    let fetched = log.iter().filter(|line| line.contains(".update "));
    assert_eq!(fetched.count(), 1, "{log:?}");
}

#[test]
fn older_releases_are_refused_without_a_word_for_it() {
    let maker = Maker::new();
    maker.publish(1);
    maker.publish(2);
    let server = maker.serve();
    let mut device = device(&maker, &server.address());
    device.engine.update(version(2), &mut |_| {}).unwrap();
    device.boot();
    // Nothing is staged on a system that has yet to prove itself.
    let before = device.disk_bytes();
    let allowed = UpdateAsked {
        downgrade: Downgrade::Allow,
        ..version(1)
    };
    let error = device.engine.update(allowed, &mut |_| {}).unwrap_err();
    assert_eq!(error.kind, FailureKind::Unconfirmed);
    assert!(device.disk_bytes() == before);
    device.confirm();
    let before = device.disk_bytes();
    let error = device.engine.update(version(1), &mut |_| {}).unwrap_err();
    assert_eq!(error.kind, FailureKind::Refused);
    let message = "cannot install the update: version 1 is older than version 2";
    assert!(error.message.starts_with(message), "{error}");
    assert!(device.disk_bytes() == before);
    let error = device
        .engine
        .update(UpdateAsked::default(), &mut |_| {})
        .unwrap_err();
    assert_eq!(error.kind, FailureKind::NoUpdate);
    let error = device.engine.update(version(9), &mut |_| {}).unwrap_err();
    assert_eq!(error.kind, FailureKind::NotFound);
    device.engine.update(allowed, &mut |_| {}).unwrap();
    device.boot();
    assert_eq!(device.version(), 1);
}

#[test]
fn a_rolled_back_release_comes_back_when_somebody_asks() {
    let maker = Maker::new();
    maker.publish(2);
    let server = maker.serve();
    let mut device = device(&maker, &server.address());
    device.engine.update(version(2), &mut |_| {}).unwrap();
    device.boot();
    device.confirm();
    let back = device.engine.rollback().unwrap();
    assert_eq!((back.from.version, back.to.version), (Some(2), Some(1)));
    device.boot();
    device.engine.set("hold", serde_json::Value::Null).unwrap();
    assert_eq!(device.turn_for(24 * HOUR), Reboot::NotAsked);
    let verdict = device.engine.check().unwrap().remove(0).verdict;
    assert_eq!(verdict, Verdict::NotOffered(Reason::RolledBack));
    device
        .engine
        .update(UpdateAsked::default(), &mut |_| {})
        .unwrap();
    device.boot();
    assert_eq!(device.version(), 2);
}

#[test]
fn without_a_store_the_message_says_what_to_do() {
    let maker = Maker::new();
    let device = Device::new(&maker, "");
    let error = device.engine.check().unwrap_err();
    assert_eq!(error.kind, FailureKind::NoStore);
    assert!(error.message.contains("set the address of one"), "{error}");
}

#[test]
fn a_factory_reset_is_written_down_and_told_before_the_reboot() {
    let maker = Maker::new();
    let device = Device::new(&maker, "");
    device.engine.reset(AppData::Kept).unwrap();
    assert_eq!(device.hardware().reboots(), 1);
    let request = ResetRequest::of(&device.file("own"));
    assert_eq!(request.read().unwrap(), Some(AppData::Kept));
    let asked = Event::ResetRequested {
        data: AppData::Kept,
    };
    assert_eq!(device.events().last(), Some(&asked));
}

#[test]
fn a_device_that_runs_on_memory_is_not_reset() {
    let maker = Maker::new();
    let device = Device::new(&maker, "");
    device.lose_writable();
    let error = device.engine.reset(AppData::Dropped).unwrap_err();
    assert_eq!(error.kind, FailureKind::Disk);
    assert!(
        error.message.contains("runs on memory"),
        "{}",
        error.message
    );
    assert_eq!(device.hardware().reboots(), 0);
    let request = ResetRequest::of(&device.file("own"));
    assert_eq!(request.read().unwrap(), None);
}

#[test]
fn what_the_disk_has_is_handed_on_as_it_stands() {
    let maker = Maker::new();
    maker.publish(2);
    let server = maker.serve();
    let device = device(&maker, &server.address());
    device
        .engine
        .update(UpdateAsked::default(), &mut |_| {})
        .unwrap();
    let facts = device.engine.boot_facts().unwrap();
    let handed_on = BootFacts::parse(facts.to_json()).unwrap();
    assert_eq!(handed_on, facts);
    assert_eq!((facts.report.version.0, &facts.state), (1, &device.state()));
    let SlotArea::Read { bytes, .. } = &facts.slots[1] else {
        panic!("{:?}", facts.slots[1]);
    };
    assert!(parse_envelope(bytes).is_ok());
    let events: Vec<_> = facts.flight.into_iter().map(|entry| entry.event).collect();
    assert_eq!(events, device.events());
}
