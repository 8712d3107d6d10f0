//! A loader's own failure in the flight record.

mod device;

use boot_core::last_words::{LastWords, record};
use core::panic::Location;
use device::{Device, Image};
use image_format::Event;
use image_format::flight::text;

const NOT_RECORDED: &str = "this failure is not in the flight record";

/// Fails as a shell does, and returns the place and what was printed.
#[track_caller]
fn fail(words: &LastWords, device: &mut Device) -> Option<(String, Vec<String>)> {
    let place = Location::caller();
    let mut printed = Vec::new();
    let print = |line: std::fmt::Arguments<'_>| printed.push(line.to_string());
    let failure = words.fail()?;
    failure.tell(Some(place), "out of luck", print, || Some(&mut device.disk));
    let told = format!("{}:{}: out of luck", place.file(), place.line());
    Some((told, printed))
}

#[test]
fn the_first_failure_is_said_and_recorded_with_its_place() {
    let mut device = Device::new(&Image::new(1), &Image::new(1));
    let words = LastWords::new();
    words.record_from_now_on();
    let (told, printed) = fail(&words, &mut device).unwrap();
    assert_eq!(printed, [format!("the loader failed: {told}")]);
    let message = text(&told);
    assert_eq!(device.events(), [Event::LoaderPanicked { message }]);
}

#[test]
fn a_failure_while_failing_is_neither_said_nor_recorded() {
    let mut device = Device::new(&Image::new(1), &Image::new(1));
    let words = LastWords::new();
    words.record_from_now_on();
    assert!(words.fail().is_some());
    assert_eq!(fail(&words, &mut device), None);
    assert_eq!(device.events(), []);
}

#[test]
fn a_disk_that_was_not_reached_before_is_left_alone() {
    let mut device = Device::new(&Image::new(1), &Image::new(1));
    let (told, printed) = fail(&LastWords::new(), &mut device).unwrap();
    let failed = format!("the loader failed: {told}");
    assert_eq!(printed, [failed.as_str(), NOT_RECORDED]);
    assert_eq!(device.events(), []);
}

#[test]
fn a_failure_that_is_not_recorded_says_so() {
    let mut device = Device::new(&Image::new(1), &Image::new(1));
    device.disk.bytes.fill(0);
    let words = LastWords::new();
    words.record_from_now_on();
    let (_, printed) = fail(&words, &mut device).unwrap();
    assert_eq!(printed.last().unwrap(), NOT_RECORDED);
}

#[test]
fn a_failure_is_recorded_once_however_often_it_comes_in_a_row() {
    let mut device = Device::new(&Image::new(1), &Image::new(1));
    let failures = [
        "main.rs:7: out of luck",
        "main.rs:7: out of luck",
        "disk.rs:1: gone",
    ];
    for failure in failures {
        assert_eq!(record(&mut device.disk, text(failure)), Some(()));
    }
    let failed = |message| Event::LoaderPanicked {
        message: text(message),
    };
    assert_eq!(device.events(), [failed(failures[0]), failed(failures[2])]);
}

#[test]
fn a_disk_without_a_table_has_no_record() {
    let mut device = Device::new(&Image::new(1), &Image::new(1));
    device.disk.bytes.fill(0);
    assert_eq!(
        record(&mut device.disk, text("main.rs:7: out of luck")),
        None
    );
}
