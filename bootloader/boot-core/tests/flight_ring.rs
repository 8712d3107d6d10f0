//! The ring of entries behind the boot state: what is in it, and where the next one goes.

mod device;

use boot_core::flight::FlightRing;
use device::{Device, Image};
use image_format::disk::{FLIGHT_OFFSET, Role};
use image_format::frame::encode_frame;
use image_format::{BootNumber, Event, Kind};

#[test]
fn an_event_of_a_newer_system_keeps_its_place() {
    let mut device = Device::new(&Image::new(2), &Image::new(1));
    let layout = boot_core::read_layout(&mut device.disk).unwrap();
    let mut ring = FlightRing::open(&mut device.disk, &layout, 0).unwrap();
    let boot = BootNumber(7);
    for event in [
        Event::RescueRuns,
        Event::NothingBoots,
        Event::StateRebuilt { trial: None },
    ] {
        ring.append(&mut device.disk, boot, &event).unwrap();
    }
    // Entry 1, of boot 7, with an event that nobody has thought of yet.
    let mut block = [0; 4096];
    encode_frame(Kind::FlightEntry, &[1, 7, 120, 1, 2, 3], &mut block).unwrap();
    device.at(Role::BootState, FLIGHT_OFFSET + 4096)[..4096].copy_from_slice(&block);

    let mut ring = FlightRing::open(&mut device.disk, &layout, 0).unwrap();
    assert_eq!(ring.next_sequence(), 3);
    let (recovered, highest) = FlightRing::recover(&mut device.disk, &layout).unwrap();
    assert_eq!((recovered.next_sequence(), highest), (3, boot));
    let newest = ring.newest::<_, 8>(&mut device.disk);
    let known = [Event::StateRebuilt { trial: None }, Event::RescueRuns];
    assert_eq!(newest.as_slice(), known);
    for (event, count, is_recent) in [
        (Event::RescueRuns, 3, true),
        (Event::RescueRuns, 2, false),
        (Event::StateRebuilt { trial: None }, 1, true),
        (Event::StateRebuilt { trial: None }, 0, false),
        (Event::NothingBoots, 3, false),
    ] {
        let found = ring.is_recent(&mut device.disk, &event, count);
        assert_eq!(found, is_recent, "{event:?} among the last {count}");
    }
    ring.append(&mut device.disk, boot, &Event::NothingBoots)
        .unwrap();
    assert_eq!(
        device.at(Role::BootState, FLIGHT_OFFSET + 4096)[..4096],
        block
    );
}

#[test]
fn the_newest_entries_are_kept_in_order() {
    let mut device = Device::new(&Image::new(2), &Image::new(1));
    let layout = boot_core::read_layout(&mut device.disk).unwrap();
    let mut ring = FlightRing::open(&mut device.disk, &layout, 0).unwrap();
    for boots in 0..1500_u64 {
        ring.append(&mut device.disk, BootNumber(boots), &Event::NothingBoots)
            .unwrap();
    }
    // From any hint, even a lost one, the end is found.
    for hint in [0, 400, 500, 1024, 1499, 1500] {
        let ring = FlightRing::open(&mut device.disk, &layout, hint).unwrap();
        assert_eq!(ring.next_sequence(), 1500, "hint {hint}");
    }
    let (ring, boot_number) = FlightRing::recover(&mut device.disk, &layout).unwrap();
    assert_eq!(
        (ring.next_sequence(), boot_number),
        (1500, BootNumber(1499))
    );
    assert_eq!(device.events().len(), 1024);
    // A hint that leads behind the end is not followed: the next entry would be alone there,
    // and the one after it would take its place.
    for hint in [1501, 2048, u64::MAX] {
        let ring = FlightRing::open(&mut device.disk, &layout, hint).unwrap();
        assert_eq!(ring.next_sequence(), 1500, "hint {hint}");
    }
    // A torn entry is overwritten by the next.
    let torn = FLIGHT_OFFSET + (1499 % 1024) * 4096 + 20;
    device.at(Role::BootState, torn)[0] ^= 1;
    let ring = FlightRing::open(&mut device.disk, &layout, 1490).unwrap();
    assert_eq!(ring.next_sequence(), 1499);
}
