//! The rescue system, told over a device in memory: when it starts, and what a boot
//! that ends there writes.

mod device;

use device::{Device, Image, Request};
use image_format::disk::{Role, STATE_COPY_OFFSETS};
use image_format::refusal::PartName;
use image_format::*;

const A: Source = Source::Slot(Slot::A);
const B: Source = Source::Slot(Slot::B);

fn device() -> Device {
    let mut device = Device::new(&Image::new(2), &Image::new(1));
    device.install(Source::Rescue, &Image::rescue(9));
    device
}

/// Flips a bit of the kernel.
fn damage(device: &mut Device, role: Role) {
    device.at(role, 64 * 1024)[0] ^= 0x10;
}

fn digest_mismatch(source: Source, version: u64) -> Event {
    Event::Refused {
        source,
        version: Some(Version(version)),
        refusal: Refusal::Digest {
            part: PartName::Kernel,
        },
    }
}

fn ruined() -> Device {
    let mut device = device();
    damage(&mut device, Role::SystemA);
    damage(&mut device, Role::SystemB);
    device
}

#[test]
fn two_bad_slots_start_the_rescue_system_and_each_reason_is_on_record() {
    let mut device = ruined();
    let started = device.boot().started();
    assert_eq!(
        (started.slot(), &started.kernel),
        ("rescue", &Image::rescue(9).kernel)
    );
    let fell_back = |to| Event::FellBack { from: Slot::A, to };
    assert_eq!(
        device.events(),
        [
            digest_mismatch(A, 2),
            fell_back(B),
            digest_mismatch(B, 1),
            fell_back(Source::Rescue),
        ]
    );
}

#[test]
fn a_boot_that_ends_there_again_writes_the_state_once_a_turn_and_no_event() {
    let mut device = ruined();
    device.boot().started();
    let events = device.events();
    let state = device.partition(Role::BootState).offset_bytes;
    let is_state = |at: u64| STATE_COPY_OFFSETS.contains(&at.wrapping_sub(state));
    for boot in 2..20 {
        assert_eq!(device.boot().started().slot(), "rescue");
        let writes = device.disk.log.iter().filter_map(|request| match request {
            Request::Write(at) => Some(*at),
            Request::Read(_) | Request::Flush => None,
        });
        let writes: Vec<_> = writes.collect();
        assert_eq!(writes.len(), 3);
        assert!(writes.into_iter().all(is_state));
        let state = device.state();
        assert_eq!(
            (state.boot_number, state.begun_without_up),
            (BootNumber(boot), 0)
        );
    }
    assert_eq!(device.events(), events);
}

#[test]
fn a_slot_that_can_be_read_again_boots_in_its_place() {
    for role in [Role::SystemA, Role::SystemB] {
        let mut device = ruined();
        assert_eq!(device.boot().started().slot(), "rescue");
        damage(&mut device, role);
        assert_eq!(device.boot().started().slot(), role.name());
    }
}

#[test]
fn slots_that_verify_and_die_have_five_boots_each_and_then_the_rescue_system() {
    let mut device = device();
    device.change_state(|state| {
        for slot in Slot::ALL {
            state.slot_mut(slot).status = SlotStatus::Exhausted;
        }
    });
    let cause = device.reset_cause;
    let told = [
        Event::KernelPanicked {
            message: "no working init found".try_into().unwrap(),
        },
        Event::LastLines {
            lines: "the last line".try_into().unwrap(),
        },
        Event::RescueRuns,
    ];
    // One of them may be good, and have lost its power too often.
    for (round, slot) in ["system-a", "system-b", "system-a"].into_iter().enumerate() {
        for _ in 0..5 {
            assert_eq!(device.boot().started().slot(), slot);
        }
        assert_eq!(device.boot().started().slot(), "rescue");
        if round == 0 {
            told.iter().for_each(|event| device.record(event.clone()));
        }
    }
    // Told once: the entries that say how it came to this must stay in the ring.
    let mut events = vec![Event::EndedSilently { cause }];
    events.extend(told);
    assert_eq!(device.events(), events);
}

#[test]
fn a_bad_rescue_system_does_not_keep_a_last_resort_from_booting() {
    let mut device = device();
    damage(&mut device, Role::Rescue);
    device.change_state(|state| {
        state.begun_without_up = 5;
        for slot in Slot::ALL {
            state.slot_mut(slot).status = SlotStatus::Exhausted;
        }
    });
    // It was the turn of the rescue system, and after it that of the other slot.
    assert_eq!(device.boot().started().slot(), "system-b");
}

#[test]
fn a_rescue_image_in_a_slot_is_refused_by_name() {
    let mut device = device();
    device.install(Slot::A, &Image::rescue(9));
    assert_eq!(device.boot().started().slot(), "system-b");
    let refused = Event::Refused {
        source: A,
        version: None,
        refusal: Refusal::NotASystem,
    };
    assert_eq!(device.events()[0], refused);
}

#[test]
fn a_system_image_in_rescue_is_refused_by_name() {
    let mut device = ruined();
    device.install(Source::Rescue, &Image::new(3));
    let halt = device.boot().halted().to_string();
    let reason = "rescue: it is no rescue system: it has a root, as only a system image may";
    assert!(halt.ends_with(reason), "{halt}");
    let refused = Event::Refused {
        source: Source::Rescue,
        version: None,
        refusal: Refusal::NotARescue,
    };
    assert!(device.events().contains(&refused));
}

#[test]
fn a_retired_rescue_system_does_not_boot() {
    let mut device = ruined();
    device.change_state(|state| state.floors.epoch = Epoch(2));
    let halt = device.boot().halted().to_string();
    assert!(
        halt.ends_with("rescue: its security epoch 1 is below the floor 2"),
        "{halt}"
    );
}

#[test]
fn a_slot_that_is_refused_once_more_is_no_boot_that_did_not_come_up() {
    let mut device = device();
    damage(&mut device, Role::SystemA);
    device.change_state(|state| {
        state.slot_mut(Slot::A).status = SlotStatus::Refused;
        state.slot_mut(Slot::B).status = SlotStatus::Empty;
    });
    assert_eq!(device.boot().started().slot(), "system-b");
    assert_eq!(device.state().begun_without_up, 1);
}
