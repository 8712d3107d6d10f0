//! What is foreseen is what comes.

use super::*;
use crate::cut::{Thoroughness, tears};
use crate::device::{Device, Memory};
use crate::layouts::Devices;
use crate::sequences::plans;
use embedded_io::{Seek, SeekFrom, Write};

fn device(name: &str) -> (crate::world::World, Device) {
    let plan = plans(Devices::Everyday).find(|plan| plan.name().starts_with(name));
    let world = plan.expect("a plan").world();
    let mut device = Device::new(&world);
    device.disk.records = true;
    (world, device)
}

fn compare(moment: &Moment) -> usize {
    let forecast = Forecast::new(moment);
    let tears = tears(moment, Thoroughness::Full);
    for tear in &tears {
        let disk = torn(moment, *tear);
        let content = forecast.content_after(*tear);
        assert_eq!(content, disk.durable.fingerprint(), "{tear}");
    }
    tears.len()
}

#[test]
fn every_tear_of_a_boot_that_installs_is_foreseen() {
    for name in ["stage.good.one-home.512", "stage.good.variable.4096"] {
        let (world, mut device) = device(name);
        let (_, points) = device.cycle(&world, world.steps[0], &mut Memory::new());
        let compared: usize = points.iter().map(|point| compare(&point.moment)).sum();
        assert!(compared > 50, "{name}: {compared} tears");
    }
}

#[test]
fn a_sector_that_is_written_twice_before_a_flush_is_foreseen() {
    let (_, device) = device("stage.good.one-home.512");
    let mut disk = device.disk;
    for content in [[1; 512], [2; 512]] {
        disk.seek(SeekFrom::Start(0)).unwrap();
        disk.write_all(&content).unwrap();
    }
    disk.flush().unwrap();
    for moment in disk.take_moments() {
        assert_eq!(moment.cache.len(), 2);
        compare(&moment);
    }
}
