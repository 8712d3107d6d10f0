//! The story of a boot, told over a device in memory.

mod device;

use boot_core::Halt;
use device::{Device, Image, Request};
use image_format::disk::{Role, STATE_COPY_OFFSETS};
use image_format::refusal::PartName;
use image_format::*;

const A: Source = Source::Slot(Slot::A);
const B: Source = Source::Slot(Slot::B);

fn device() -> Device {
    Device::new(&Image::new(2), &Image::new(1))
}

fn refused(source: Source, version: Option<u64>, refusal: Refusal) -> Event {
    Event::Refused {
        source,
        version: version.map(Version),
        refusal,
    }
}

#[test]
fn a_routine_boot_writes_one_state_copy_and_no_event() {
    let mut device = device();
    let started = device.boot().started();
    assert_eq!(started.kernel, Image::new(2).kernel);
    let writes = device
        .disk
        .log
        .iter()
        .filter(|r| matches!(r, Request::Write(_)))
        .count();
    assert_eq!(writes, 1);
    assert_eq!(device.events(), []);
    let state = device.state();
    assert_eq!(
        (state.boot_number, state.begun_without_up),
        (BootNumber(1), 1)
    );
}

#[test]
fn linux_gets_the_manifests_words_and_exactly_three_of_ours() {
    let command_line = device().boot().started().command_line;
    let expected = format!(
        "console=ttyS0 panic=10 twinkeel.slot=system-a twinkeel.disk={} twinkeel.boot=1",
        device::DISK_GUID
    );
    assert_eq!(command_line, expected);
}

#[test]
fn linux_gets_the_image_s_initrd_and_the_verified_manifest_behind_it() {
    let initrd = device().boot().started().initrd;
    let image = Image::new(2);
    let (own, archive) = initrd.split_at(image.initrd.len());
    assert_eq!(own, image.initrd);
    let archive = &archive[image.initrd.len().next_multiple_of(4) - image.initrd.len()..];
    let mut entry = cpio::NewcReader::new(archive).unwrap();
    assert_eq!(entry.entry().name(), "manifest");
    let mut content = Vec::new();
    std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
    assert_eq!(content, image.manifest_frame());
    let end = cpio::NewcReader::new(entry.finish().unwrap()).unwrap();
    assert!(end.entry().is_trailer());
}

#[test]
fn an_attempt_is_on_the_disk_before_the_first_byte_of_its_slot_is_read() {
    let mut device = device();
    device.put_on_trial(Slot::B, 2);
    let slot = device.partition(Role::SystemB).offset_bytes;
    let state = device.partition(Role::BootState).offset_bytes;
    assert_eq!(device.boot().started().slot(), "system-b");
    let log = &device.disk.log;
    let first_read = log.iter().position(|r| *r == Request::Read(slot)).unwrap();
    let is_state = |at: u64| STATE_COPY_OFFSETS.contains(&at.wrapping_sub(state));
    let write = log
        .iter()
        .position(|r| matches!(r, Request::Write(at) if is_state(*at)))
        .unwrap();
    assert!(write < first_read);
    assert!(log[write..first_read].contains(&Request::Flush));
    let left = SlotStatus::Trial {
        attempts_left: 1,
        attempts_given: 2,
    };
    assert_eq!(device.state().slot(Slot::B).status, left);
    assert_eq!(
        device.events(),
        [Event::TrialBegun {
            slot: Slot::B,
            attempt: 1,
            given: 2
        }]
    );
}

#[test]
fn a_trial_whose_attempt_cannot_be_written_is_not_booted() {
    let mut device = device();
    device.put_on_trial(Slot::B, 2);
    let state = device.partition(Role::BootState).offset_bytes;
    // The copy that the next write goes to, and nothing else.
    device.disk.broken = state + STATE_COPY_OFFSETS[1]..state + STATE_COPY_OFFSETS[1] + 4096;
    assert_eq!(device.boot().started().slot(), "system-a");
    assert!(
        device
            .events()
            .contains(&refused(B, None, Refusal::AttemptNotRecorded))
    );
}

#[test]
fn a_device_that_comes_up_never_loses_its_confirmation() {
    let mut device = device();
    for _ in 0..20 {
        assert_eq!(device.boot().started().slot(), "system-a");
        device.confirm(Slot::A);
    }
    assert_eq!(device.events(), []);
}

/// Damages system-a with `damage`; the device must come up from system-b and the
/// flight record must hold the cause.
fn assert_falls_back(cause: Event, damage: impl FnOnce(&mut Device)) {
    let mut device = device();
    damage(&mut device);
    let started = device.boot().started();
    assert_eq!(started.slot(), "system-b");
    assert_eq!(started.kernel, Image::new(1).kernel);
    assert_eq!(
        device.events(),
        [
            cause,
            Event::FellBack {
                from: Slot::A,
                to: B
            }
        ]
    );
    assert_eq!(device.state().slot(Slot::A).status, SlotStatus::Refused);
    // The next boot does not try the bad slot first again.
    device.confirm(Slot::B);
    assert_eq!(device.boot().started().slot(), "system-b");
    assert_eq!(device.events().len(), 2);
}

#[test]
fn a_flipped_bit_of_the_kernel_falls_back() {
    let refusal = Refusal::Digest {
        part: PartName::Kernel,
    };
    assert_falls_back(refused(A, Some(2), refusal), |device| {
        device.flip(64 * 1024 + 99)
    });
}

#[test]
fn a_flipped_bit_of_the_initrd_falls_back() {
    let refusal = Refusal::Digest {
        part: PartName::Initrd,
    };
    assert_falls_back(refused(A, Some(2), refusal), |device| {
        device.flip(128 * 1024 + 99)
    });
}

#[test]
fn a_flipped_bit_of_each_record_of_the_envelope_falls_back_and_names_the_record() {
    let envelope = Image::new(2).envelope();
    let mut at = 0;
    for record in [
        Kind::Delegation,
        Kind::DelegationSignatures,
        Kind::Manifest,
        Kind::ManifestSignatures,
    ] {
        let (frame, _) = parse_frame(record, &envelope[at..]).unwrap();
        let refusal = Refusal::Damaged {
            record,
            error: FrameError::Checksum,
        };
        let offset = at as u64 + 20;
        assert_falls_back(refused(A, None, refusal), |device| device.flip(offset));
        at += frame.bytes.len();
    }
}

#[test]
fn an_envelope_area_with_other_bytes_behind_falls_back() {
    assert_falls_back(refused(A, None, Refusal::TrailingBytes), |device| {
        device.flip(60 * 1024);
    });
}

#[test]
fn an_invalidated_slot_falls_back() {
    assert_falls_back(refused(A, None, Refusal::Empty), |device| {
        device.at(Role::SystemA, 0)[..ENVELOPE_BYTES].fill(0);
    });
}

#[test]
fn an_unreadable_slot_falls_back() {
    assert_falls_back(refused(A, None, Refusal::Unreadable), |device| {
        let slot = device.partition(Role::SystemA).offset_bytes;
        device.disk.broken = slot..slot + 1;
    });
}

#[test]
fn a_kernel_that_the_firmware_will_not_start_falls_back() {
    let refusal = Refusal::NotStarted { status: 0x42 };
    assert_falls_back(refused(A, Some(2), refusal), |device| {
        device.refuse_to_start.push(Image::new(2).kernel);
    });
}

#[test]
fn an_image_for_another_board_falls_back() {
    let refusal = Refusal::WrongBoard {
        image: "toaster".try_into().unwrap(),
    };
    assert_falls_back(refused(A, None, refusal), |device| {
        device.install(
            Slot::A,
            &Image {
                board: "toaster",
                ..Image::new(2)
            },
        );
    });
}

#[test]
fn an_image_signed_by_a_stranger_falls_back() {
    let record = Kind::Manifest;
    let error = SignatureError::Invalid;
    assert_falls_back(
        refused(A, None, Refusal::Untrusted { record, error }),
        |device| {
            // The signature of one image under the manifest of another.
            let [genuine, other] = [Image::new(2), Image::new(3)].map(|image| image.envelope());
            let at = genuine.len() - 116;
            let mixed = [&other[..other.len() - 116], &genuine[at..]].concat();
            device.at(Role::SystemA, 0)[..mixed.len()].copy_from_slice(&mixed);
        },
    );
}

#[test]
fn an_epoch_below_the_floor_does_not_boot() {
    let mut device = device();
    device.install(
        Slot::B,
        &Image {
            epoch: 3,
            ..Image::new(1)
        },
    );
    device.change_state(|state| state.floors.epoch = Epoch(3));
    assert_eq!(device.boot().started().slot(), "system-b");
    let refusal = Refusal::EpochBelowFloor {
        epoch: Epoch(1),
        floor: Epoch(3),
    };
    assert_eq!(device.events()[0], refused(A, None, refusal));
}

#[test]
fn a_delegation_below_the_floor_does_not_boot() {
    let mut device = device();
    device.install(
        Slot::B,
        &Image {
            serial: 4,
            ..Image::new(1)
        },
    );
    device.change_state(|state| state.floors.serial = Serial(4));
    assert_eq!(device.boot().started().slot(), "system-b");
    let refusal = Refusal::SerialBelowFloor {
        serial: Serial(1),
        floor: Serial(4),
    };
    assert_eq!(device.events()[0], refused(A, None, refusal));
}

fn ruin_both(device: &mut Device) {
    device.flip(64 * 1024);
    device.at(Role::SystemB, 128 * 1024)[0] ^= 1;
}

#[test]
fn two_bad_slots_halt_with_each_reason() {
    let mut device = device();
    ruin_both(&mut device);
    let halt = device.boot().halted();
    let kernel = Refusal::Digest {
        part: PartName::Kernel,
    };
    let initrd = Refusal::Digest {
        part: PartName::Initrd,
    };
    let Halt::NothingBoots(reasons) = &halt else {
        panic!("{halt:?}")
    };
    assert_eq!(
        reasons.as_slice(),
        [(A, kernel), (B, initrd), (Source::Rescue, Refusal::Empty)]
    );
    assert!(
        halt.to_string()
            .contains("system-a: the kernel is not the one that was signed")
    );
    assert_eq!(device.events().last(), Some(&Event::NothingBoots));
}

#[test]
fn retrying_in_vain_does_not_fill_the_flight_record() {
    let mut device = device();
    ruin_both(&mut device);
    device.boot().halted();
    let once = device.events();
    for _ in 0..10 {
        device.boot().halted();
    }
    assert_eq!(device.events(), once);
}

#[test]
fn a_slot_that_was_unreadable_once_boots_when_it_is_the_last() {
    let mut device = device();
    ruin_both(&mut device);
    device.boot().halted();
    device.flip(64 * 1024);
    assert_eq!(device.boot().started().slot(), "system-a");
}

#[test]
fn a_loader_with_a_damaged_keyring_boots_nothing() {
    let mut keyring = device::signed_keyring();
    keyring[20] ^= 1;
    let error = image_trust::verify_keyring(&keyring).unwrap_err();
    assert!(matches!(
        error,
        Refusal::Damaged {
            record: Kind::Keyring,
            ..
        }
    ));
}
