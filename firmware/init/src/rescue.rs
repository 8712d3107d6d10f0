//! The rescue system: what PID 1 does when no slot booted.
//!
//! There is no root: everything is in the initramfs, which the loader verified. It tells
//! the person at the console why no slot booted, gives a shell on request, and where
//! nobody is there it lets the loader try the slots again after a while, since a disk
//! may read wrongly for a time. `main` calls it in place of all that needs a slot.
//!
//! Meanwhile a program looks for a release to install, where image and owner want that.
//!
//! What it must not do itself: write to the slots, to the boot state or to `writable`. It
//! adds to the flight record and is otherwise a guest on a disk that may be sick.

mod installer;
mod vigil;
mod watch;

use crate::boot_device::{self, BootDevice};
use crate::command_line::Handover;
use crate::guard::Guard;
use crate::image::Image;
use crate::signals::Signals;
use crate::uevent::UeventSocket;
use crate::{identity, mounts, pstore, shutdown, writable};
use device_mapper::{Access, DeviceMapper};
use image_format::{BootNumber, Source};
use installer::Installer;
use system_update::{BootDisk, BootReport, ReportedStatus, RescueRecord, record_rescue};

/// What PID 1 listens to since its start.
#[derive(Clone, Copy)]
pub(crate) struct Listeners<'a> {
    pub(crate) signals: &'a Signals,
    pub(crate) uevents: &'a UeventSocket,
    pub(crate) guard: &'a Guard,
}

/// Runs the rescue system until its end. It fails for no reason of its own: that the
/// disk is missing must not leave a person without a console.
pub(crate) fn run(handover: &Handover<Source>, image: &Image, listeners: Listeners<'_>) -> ! {
    mounts::mount_system();
    prepare();
    let disk = boot_device::find(handover, listeners.uevents)
        .inspect_err(|error| log::error!("{error:#}; the rescue system goes on without a disk"))
        .ok();
    if let Some(disk) = &disk {
        for error in [record(disk, handover.boot_number), offer_writable(disk)]
            .into_iter()
            .filter_map(Result::err)
        {
            log::warn!("{error:#}");
        }
    }
    report(handover, image, disk.as_ref());
    log::info!(
        "{} version {} is up (boot {}): no slot booted",
        handover.slot,
        image.version,
        handover.boot_number
    );
    let Listeners { signals, guard, .. } = listeners;
    let installer = match disk {
        Some(_) => Installer::new(),
        None => Installer::without_disk(),
    };
    let ending = watch::Watch::new(signals, guard, installer).run();
    shutdown::end(ending, signals, None, guard)
}

fn prepare() {
    if let Err(error) = identity::set_host_name() {
        log::warn!("{error:#}");
    }
    // Ctrl-Alt-Del becomes a signal to this process.
    let _ = rustix::system::reboot(rustix::system::RebootCommand::CadOff);
}

/// Says in the flight record that the rescue system came up, and what a kernel that
/// panicked before left behind: nobody else came up to say it.
fn record(disk: &BootDevice, boot_number: BootNumber) -> anyhow::Result<()> {
    let mut disk = BootDisk::open_to_change(&disk.path)?;
    let taken = pstore::take(|words| {
        let boot = words
            .boot
            .unwrap_or(BootNumber(boot_number.0.saturating_sub(1)));
        let found: Vec<_> = words
            .events
            .iter()
            .map(|event| (boot, event.clone()))
            .collect();
        record_rescue(&mut disk, boot_number, &found)?;
        Ok(())
    });
    if let Err(error) = taken {
        log::debug!("{error:#}");
    }
    // Told just now, if there were words.
    match record_rescue(&mut disk, boot_number, &[])? {
        RescueRecord::Recorded => {}
        RescueRecord::AlreadyTold => log::debug!("the flight record tells of it already"),
    }
    Ok(())
}

/// Makes `writable` readable as `/dev/mapper/writable`, to its real end, for a person
/// who wants to save what is on it. Mounting it is up to that person.
fn offer_writable(disk: &BootDevice) -> anyhow::Result<()> {
    writable::map_partition(&DeviceMapper::open()?, disk, Access::ReadOnly)?;
    Ok(())
}

fn report(handover: &Handover<Source>, image: &Image, disk: Option<&BootDevice>) {
    let report = BootReport {
        source: handover.slot,
        version: image.version,
        manifest: image.manifest_hash,
        boot: handover.boot_number,
        disk: disk.map(|disk| disk.path.clone()),
        disk_guid: handover.disk_guid.clone(),
        board: image.board.clone(),
        product: image.product.clone(),
        epoch: image.epoch,
        build_time_secs: image.build_time_secs,
        status: ReportedStatus::Rescue,
    };
    if let Err(error) = report.write() {
        log::warn!("cannot write {}: {error}", BootReport::PATH);
    }
}
