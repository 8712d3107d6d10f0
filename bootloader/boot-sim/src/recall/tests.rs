//! What is remembered is what would have happened.

use crate::device::{Device, Memory};
use crate::layouts::Devices;
use crate::sectors::Sector;
use crate::sequences::plans;
use crate::world::{Step, World};
use image_format::disk::{Role, STATE_COPY_OFFSETS};

fn world(name: &str) -> World {
    let plan = plans(Devices::Everyday).find(|plan| plan.name().starts_with(name));
    plan.expect("a plan").world()
}

/// Devices that differ in the boot state, all of one world.
fn devices(world: &World) -> Vec<Device> {
    let state = world.layout.partition(Role::BootState).expect("a state");
    let whole = Device::new(world);
    let unit = whole.disk.durable.sector_bytes();
    let damaged = STATE_COPY_OFFSETS.into_iter().flat_map(|offset| {
        let number = (state.offset_bytes + offset) / unit as u64;
        let contents = [Sector::UNREADABLE, Sector::data(&vec![0xa5; unit])];
        let whole = &whole;
        contents.map(move |content| {
            let mut device = whole.clone();
            device.disk.durable.put(number, content);
            device
        })
    });
    damaged.chain([whole.clone()]).collect()
}

/// Cycles of a device, each by what can be told of it.
fn life(world: &World, mut device: Device, memory: &mut Memory) -> Vec<String> {
    let mut cycle = || {
        let (outcome, _) = device.cycle(world, Step::Boot, memory);
        let content = device.disk.durable.fingerprint();
        let home = device.disk.second_home;
        let (looks, history) = (device.disk.looks, device.history);
        format!("{outcome:?} {content} {home:?} {looks} {history:?}")
    };
    (0..6).map(|_| cycle()).collect()
}

#[test]
fn a_device_does_the_same_with_and_without_a_memory() {
    for name in ["up-and-confirm.unhealthy", "floors-rise.good.variable"] {
        let world = world(name);
        let mut memory = Memory::new();
        for _ in 0..2 {
            for device in devices(&world) {
                let fresh = life(&world, device.clone(), &mut Memory::new());
                assert_eq!(life(&world, device, &mut memory), fresh, "{name}");
            }
        }
    }
}

#[test]
fn what_was_done_before_is_not_run_again() {
    let world = world("up-and-confirm.unhealthy");
    let mut memory = Memory::new();
    life(&world, Device::new(&world), &mut memory);
    let runs = memory.runs();
    life(&world, Device::new(&world), &mut memory);
    assert!(runs > 6, "{runs}");
    assert_eq!(memory.runs(), runs);
}
