//! A store or a mirror that shows what it should not: nothing is written.

use crate::device::{Device, HOUR, Reboot};
use crate::maker::{BOARD, Maker};
use std::fs;
use store_format::Rollout;
use updater::device::{Device as _, FailureKind, UpdateAsked, Wanted};

fn settings(address: &str) -> String {
    format!("store = ['{address}']\npoll-interval-secs = 3600\nreboot = 'now'\n")
}

/// A device that meets `what`, which leaves its disk as it was.
fn refused(maker: &Maker, version: u64) -> (FailureKind, String) {
    let server = maker.serve();
    let device = Device::new(maker, &settings(&server.address()));
    let before = device.disk_bytes();
    assert_eq!(device.turn_for(24 * HOUR), Reboot::NotAsked);
    let asked = UpdateAsked {
        release: Wanted::Version(version),
        ..UpdateAsked::default()
    };
    let error = device.engine.update(asked, &mut |_| {}).unwrap_err();
    assert!(device.disk_bytes() == before, "something was written");
    (error.kind, error.message)
}

#[test]
fn a_release_for_another_board_is_refused_before_the_first_write() {
    let maker = Maker::new();
    maker.publish_as("arm64-uefi", 2, Rollout::everyone(1));
    let (kind, message) = refused(&maker, 2);
    assert_eq!(kind, FailureKind::NotFound);
    assert!(
        message.contains("lists no version 2 for this device"),
        "{message}"
    );
}

#[test]
fn a_file_that_holds_another_boards_release_is_refused_before_the_first_write() {
    let maker = Maker::new();
    let name = maker.publish(2);
    let other = maker.update_file("arm64-uefi", 2);
    let file = maker.served_file(&name, 2);
    assert!(fs::metadata(&file).unwrap().len() == other.len() as u64);
    fs::write(&file, other).unwrap();
    let (_, message) = refused(&maker, 2);
    assert!(
        message.contains("it holds another release than the store lists"),
        "{message}"
    );
}

#[test]
fn a_file_that_holds_an_older_release_is_refused_before_the_first_write() {
    let maker = Maker::new();
    let name = maker.publish(2);
    fs::write(maker.served_file(&name, 2), maker.update_file(BOARD, 1)).unwrap();
    let (_, message) = refused(&maker, 2);
    assert!(
        message.contains("it holds another release than the store lists"),
        "{message}"
    );
}

#[test]
fn a_file_of_another_length_is_refused_before_the_first_write() {
    let maker = Maker::new();
    let name = maker.publish(2);
    let file = maker.served_file(&name, 2);
    let mut bytes = fs::read(&file).unwrap();
    bytes.pop();
    fs::write(&file, bytes).unwrap();
    let (kind, message) = refused(&maker, 2);
    assert_eq!(kind, FailureKind::Untrusted);
    assert!(message.contains("it ends early"), "{message}");
}

#[test]
fn lists_that_nobody_signed_are_not_believed() {
    let maker = Maker::new();
    maker.publish(2);
    let metadata = maker.layout().metadata();
    for entry in fs::read_dir(&metadata).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().contains(".system.json") {
            let text = fs::read_to_string(&path).unwrap();
            fs::write(&path, text.replace("notes of 2", "notes of 3")).unwrap();
        }
    }
    let (kind, message) = refused(&maker, 2);
    assert_eq!(kind, FailureKind::Untrusted, "{message}");
}

#[test]
fn an_image_without_a_first_root_trusts_no_store() {
    let maker = Maker::new();
    maker.publish(2);
    let server = maker.serve();
    let device = Device::new(&Maker::new(), &settings(&server.address()));
    let error = device.engine.check().unwrap_err();
    assert_eq!(error.kind, FailureKind::Untrusted, "{error}");
}
