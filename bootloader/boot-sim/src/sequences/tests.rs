//! Undisturbed, a sequence goes as its name says.

use super::*;
use crate::device::{Device, Memory, Outcome};
use crate::observation::Observation;
use crate::sectors::Sector;
use std::collections::HashSet;

const A: Source = Source::Slot(Slot::A);
const B: Source = Source::Slot(Slot::B);

fn started(name: &str) -> Vec<Source> {
    let plan = plans(Devices::Everyday).find(|plan| plan.name().starts_with(name));
    let world = plan.expect("a plan").world();
    let (mut device, mut memory) = (Device::new(&world), Memory::new());
    let sources = world
        .steps
        .iter()
        .map(|step| match device.cycle(&world, *step, &mut memory).0 {
            Outcome::Started(image) => world.image(image).source,
            other => panic!("{name}: {other:?}"),
        });
    sources.collect()
}

#[test]
fn a_confirmed_image_that_dies_is_given_five_boots() {
    assert_eq!(started("dies-after-confirm"), [B, B, B, B, B, B, A, A]);
}

#[test]
fn a_hanging_image_is_given_its_attempts() {
    assert_eq!(started("hang-until-fall-back"), [B, B, A, A]);
}

#[test]
fn a_staged_release_is_tried_and_stays() {
    assert_eq!(started("stage.good"), [A, B, B, B, B]);
    assert_eq!(started("stage.hangs"), [A, B, B, B, A]);
}

#[test]
fn no_two_worlds_of_a_sequence_have_one_device() {
    let mut seen = HashSet::new();
    for plan in plans(Devices::Everyday) {
        let world = plan.world();
        let images: Vec<_> = world
            .images()
            .map(|(_, image)| &image.manifest_hash)
            .collect();
        let home = world.start.second_home;
        let device = format!("{} {} {home:?} {images:?}", world.sequence, plan.disk.name);
        assert!(seen.insert(device), "{}", world.name);
    }
}

#[test]
fn a_slot_is_written_only_where_it_is_staged() {
    static STAGED: Sequence = Sequence {
        stages: true,
        ..PLAIN
    };
    for (sequence, wrote_elsewhere) in [(&PLAIN, true), (&STAGED, false)] {
        let (disk, second_home) = Devices::Everyday.all().next().expect("a device");
        let world = Plan {
            sequence,
            new: Good,
            second_home,
            disk,
        }
        .world();
        let mut device = Device::new(&world);
        let slot = world.layout.partition(B.into()).expect("a slot");
        let durable = &mut device.disk.durable;
        durable.put(slot.offset_bytes / 512, Sector::UNREADABLE);
        let seen = Observation::of(&world, &mut device, &mut Memory::new());
        assert_eq!(seen.wrote_elsewhere, wrote_elsewhere);
    }
}
