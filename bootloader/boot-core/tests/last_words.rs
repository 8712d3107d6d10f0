//! A loader's own failure in the flight record.

mod device;

use boot_core::last_words::record;
use device::{Device, Image};
use image_format::Event;
use image_format::flight::text;

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
