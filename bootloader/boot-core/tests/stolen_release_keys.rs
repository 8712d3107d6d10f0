//! All release keys are stolen. The root keys delegate to new ones under a higher serial,
//! and two releases later what the thief signs is worth nothing on the device.

mod device;

use device::{Device, Image};
use image_format::*;

const NEW_KEY: [u8; 32] = [7; 32];

/// The maker's release, under the delegation of the root keys that replaced the stolen one.
fn honest(version: u64) -> Image {
    Image {
        serial: 2,
        release_key: NEW_KEY,
        ..Image::new(version)
    }
}

/// The thief has the stolen keys and the delegation to them, which the root keys once signed.
fn thiefs(version: u64) -> Image {
    Image::new(version)
}

/// Installs `image` as an update does, and boots it.
fn update(device: &mut Device, slot: Slot, image: &Image) {
    install(device, slot, image);
    assert_eq!(device.boot().started().kernel, image.kernel);
    device.confirm(slot);
}

fn install(device: &mut Device, slot: Slot, image: &Image) {
    device.install(slot, image);
    device.change_state(|state| state.slot_mut(slot).manifest_hash = image.manifest_hash());
    device.put_on_trial(slot, 3);
}

fn serial_floor(device: &mut Device) -> Serial {
    device.state().floors.serial
}

#[test]
fn stolen_release_keys_are_worth_nothing_two_releases_later() {
    let mut device = Device::new(&thiefs(1), &thiefs(1));
    // The keys are stolen now: whatever the thief signs still boots.
    install(&mut device, Slot::B, &thiefs(50));
    assert_eq!(device.boot().started().kernel, thiefs(50).kernel);

    // The first release under the new delegation. The other slot is the way back, so that
    // the floor stays until that is one of the new delegation, too.
    update(&mut device, Slot::B, &honest(51));
    device.boot().started();
    assert_eq!(serial_floor(&mut device), Serial(1));

    // The second one: both slots have it, and the floor follows at the next boot.
    update(&mut device, Slot::A, &honest(52));
    device.boot().started();
    assert_eq!(serial_floor(&mut device), Serial(2));

    // However high a version the thief gives to what he signs, it does not boot.
    install(&mut device, Slot::B, &thiefs(99));
    assert_eq!(device.boot().started().kernel, honest(52).kernel);
    let refused = Event::Refused {
        source: Slot::B.into(),
        version: None,
        refusal: Refusal::SerialBelowFloor {
            serial: Serial(1),
            floor: Serial(2),
        },
    };
    assert!(device.events().contains(&refused), "{:?}", device.events());
}
