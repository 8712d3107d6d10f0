//! What the owner says counts.

use crate::device::{Device, HOUR, Reboot};
use crate::maker::Maker;
use image_format::flight::text;
use image_format::{Slot, SlotStatus, Verdict};
use serde_json::{Value, json};
use std::time::Duration;
use system_update::Finding;
use updater::device::{Device as _, Reason, Verdict as OfTheStore};

/// A midnight.
const MIDNIGHT: i64 = 1_800_057_600;

fn device_with(maker: &Maker, address: &str, more: &str) -> Device {
    let settings = format!("store = ['{address}']\npoll-interval-secs = 3600\n{more}");
    Device::new(maker, &settings)
}

fn is_staged(device: &Device) -> bool {
    matches!(
        device.state().slot(Slot::B).status,
        SlotStatus::Trial { .. }
    )
}

#[test]
fn nothing_is_taken_while_the_owner_holds() {
    let maker = Maker::new();
    maker.publish(2);
    let server = maker.serve();
    let device = device_with(&maker, &server.address(), "hold = 'forever'\n");
    assert_eq!(device.turn_for(48 * HOUR), Reboot::NotAsked);
    assert!(!is_staged(&device));
    assert_eq!(device.told(), "version 2 is there; updates are on hold");
    device.engine.set("hold", Value::Null).unwrap();
    assert_eq!(device.turn_for(2 * HOUR), Reboot::Asked);
}

#[test]
fn a_hold_ends_at_its_moment() {
    let maker = Maker::new();
    maker.publish(2);
    let server = maker.serve();
    let device = device_with(&maker, &server.address(), "hold = '2027-01-16T00:00:00Z'\n");
    device.set_clock(MIDNIGHT - 3 * 3600);
    assert_eq!(
        device.turn_for(3 * HOUR - Duration::from_secs(60)),
        Reboot::NotAsked
    );
    assert!(!is_staged(&device));
    assert_eq!(device.turn_for(2 * HOUR), Reboot::Asked);
}

#[test]
fn without_the_autopilot_it_only_looks() {
    let maker = Maker::new();
    maker.publish(2);
    let server = maker.serve();
    let device = device_with(&maker, &server.address(), "autopilot = 'off'\n");
    assert_eq!(device.turn_for(24 * HOUR), Reboot::NotAsked);
    assert!(!is_staged(&device));
    assert_eq!(device.told(), "version 2 is there; the autopilot is off");
}

#[test]
fn an_update_begins_and_reboots_in_a_window_only() {
    let maker = Maker::new();
    maker.publish(2);
    let server = maker.serve();
    let device = device_with(&maker, &server.address(), "windows = ['02:00-04:00']\n");
    device.set_clock(MIDNIGHT + 5 * 3600);
    assert_eq!(device.turn_for(20 * HOUR), Reboot::NotAsked);
    assert!(!is_staged(&device));
    assert_eq!(device.told(), "version 2 is there; it waits for a window");
    // The window opens between two polls, and is not slept through.
    assert_eq!(
        device.turn_for(HOUR + Duration::from_secs(60)),
        Reboot::Asked
    );
    assert!(is_staged(&device));
}

#[test]
fn a_reboot_that_nobody_wants_does_not_come() {
    let maker = Maker::new();
    maker.publish(2);
    let server = maker.serve();
    let device = device_with(&maker, &server.address(), "reboot = 'never'\n");
    assert_eq!(device.turn_for(24 * HOUR), Reboot::NotAsked);
    assert!(is_staged(&device));
    assert_eq!(
        device.told(),
        "takes nothing; of version 2: it is installed and waits for a reboot"
    );
    device.engine.set("reboot", json!("window")).unwrap();
    assert_eq!(device.turn_for(HOUR), Reboot::Asked);
}

#[test]
fn a_rollback_is_not_undone_by_the_next_poll() {
    for by in ["the daemon", "another program"] {
        let maker = Maker::new();
        maker.publish(2);
        let server = maker.serve();
        let mut device = device_with(&maker, &server.address(), "reboot = 'now'\n");
        assert_eq!(device.turn_for(2 * HOUR), Reboot::Asked);
        device.boot();
        device.confirm();
        if by == "the daemon" {
            device.engine.rollback().unwrap();
        } else {
            let running = device.hardware().report().running().unwrap();
            system_update::rollback(&mut device.hardware().open(), &running).unwrap();
        }
        // Not even before the reboot, by something newer.
        maker.publish(3);
        assert_eq!(device.turn_for(4 * HOUR), Reboot::NotAsked, "{by}");
        assert_eq!(device.told(), "a rollback waits for a reboot");
        maker.act(0, |store, keys| {
            store.withdraw("system/x86_64-uefi/twinkeel-3.update", keys)
        });
        device.boot();
        assert_eq!(device.version(), 1, "{by}");
        assert_eq!(device.turn_for(48 * HOUR), Reboot::NotAsked, "{by}");
        assert_eq!(
            device.told(),
            "takes nothing; of version 2: somebody rolled this device back from it"
        );
        // Something newer is taken, and if that does not work, the older one still is not.
        maker.publish(4);
        assert_eq!(device.turn_for(2 * HOUR), Reboot::Asked, "{by}");
        device.boot();
        assert_eq!(device.version(), 4, "{by}");
        device.fail_trial(|_, _| {});
        device.inquest(|_| Finding {
            verdict: Verdict::Failed,
            reason: text("it does not work"),
        });
        assert_eq!(device.version(), 1, "{by}");
        assert_eq!(device.turn_for(48 * HOUR), Reboot::NotAsked, "{by}");
        let verdicts = device.engine.check().unwrap();
        let verdicts: Vec<_> = verdicts.iter().map(|one| &one.verdict).collect();
        let expected = [Reason::FailedBefore, Reason::RolledBack].map(OfTheStore::NotOffered);
        assert_eq!(verdicts, expected.iter().collect::<Vec<_>>(), "{by}");
    }
}
