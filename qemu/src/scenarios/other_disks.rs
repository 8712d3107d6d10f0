//! The device on other kinds of disk than the board's virtual machine has.

use anyhow::Result;
use image_format::Slot;

use super::{Scenario, Tier, confirmed};
use crate::bench::Bench;
use crate::command_line::{Boot, Drive};
use crate::evidence::Evidence;

pub(super) const NVME: Scenario = Scenario {
    name: "disk-nvme",
    behaviour: "boots from an NVMe disk",
    tier: Tier::Full,
    run: |bench| boot_from(bench, &["nvme,serial=twinkeel"]),
};

pub(super) const AHCI: Scenario = Scenario {
    name: "disk-ahci",
    behaviour: "boots from a SATA disk",
    tier: Tier::Full,
    run: |bench| boot_from(bench, &["ahci,id=sata", "ide-hd,bus=sata.0"]),
};

pub(super) const USB: Scenario = Scenario {
    name: "disk-usb",
    behaviour: "boots from a USB disk",
    tier: Tier::Full,
    run: |bench| boot_from(bench, &["qemu-xhci,id=usb", "usb-storage,bus=usb.0"]),
};

pub(super) const VIRTIO_SCSI: Scenario = Scenario {
    name: "disk-virtio-scsi",
    behaviour: "boots from a disk behind a virtual SCSI bus",
    tier: Tier::Full,
    run: |bench| boot_from(bench, &["virtio-scsi-pci,id=scsi", "scsi-hd,bus=scsi.0"]),
};

pub(super) const VSCSI: Scenario = Scenario {
    name: "disk-vscsi",
    behaviour: "boots from a disk behind POWER's own virtual SCSI bus",
    tier: Tier::Full,
    run: |bench| boot_from(bench, &["spapr-vscsi,id=vscsi", "scsi-hd,bus=vscsi.0"]),
};

fn boot_from(bench: &Bench<'_>, devices: &[&str]) -> Result<Evidence> {
    let disk = bench.disk()?;
    let expected = bench.expected(Slot::A)?;
    let mut guest = bench.start_with(vec![Drive {
        image: disk.image().to_owned(),
        device: devices.iter().map(|device| (*device).to_owned()).collect(),
        boot: Boot::Unordered,
        write_log: None,
    }])?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    let proof = guest.prove(expected)?;
    guest.power_off()?;
    Evidence::of_guest(&proof, &disk, &confirmed::as_a(expected.manifest))
}
