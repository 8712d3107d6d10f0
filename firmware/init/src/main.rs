//! PID 1 of a Twinkeel device, from the kernel's first process to the last one.
//!
//! The kernel starts it from the initrd, which the loader verified. It runs both
//! stages in one process: in the *initrd stage* it finds the disk that the loader
//! came from and maps the verified root; in the *system stage* it mounts the rest,
//! says that the system is up, confirms it when it passes the health gate, and then
//! looks after processes, the console's shell and the root until the end. Where the
//! loader had nothing left but the rescue system, `rescue` takes over before the disk.
//!
//! It never exits and never `exec`s: its program stays in the initramfs, so that it
//! can still record why a root stopped reading, and reboot. What it must not do: read
//! a manifest from the disk, touch the partition table, or decide what boots next;
//! it only writes what it saw into the boot state, and the loader decides.

mod backoff;
mod boot_device;
mod command_line;
mod console_log;
mod entropy;
mod failure;
mod guard;
mod health;
mod identity;
mod image;
mod inquest;
mod ioctls;
mod kernel_log;
mod modules;
mod mounts;
mod network;
mod process;
mod pstore;
mod rescue;
mod root;
mod service;
mod settings;
mod shell;
mod shutdown;
mod signals;
mod supervisor;
mod trial;
mod uevent;
mod watchdog;
mod writable;

use core::convert::Infallible;
use entropy::SeedFile;
use failure::{Failure, during};
use guard::Guard;
use image_format::Source;
use service::Services;
use settings::Settings;
use signals::Signals;
use std::path::Path;
use supervisor::{Sources, Supervisor};
use trial::Trial;
use uevent::UeventSocket;
use watchdog::Watchdog;

fn main() {
    if std::process::id() != 1 {
        eprintln!("cannot run as an ordinary program: the kernel starts it as PID 1");
        std::process::exit(2);
    }
    failure::install_panic_hook();
    match boot() {
        Ok(never) => match never {},
        Err(failure) => failure::give_up(&failure),
    }
}

fn boot() -> Result<Infallible, Failure> {
    // The initrd stage: everything is in memory.
    let mounted = mounts::mount_early();
    console_log::start();
    mounted.map_err(during("mount the kernel's file systems"))?;
    // Before there is a second thread, which signals would end otherwise.
    let signals = Signals::listen().map_err(during("listen to signals"))?;
    let settings = Settings::read();
    let guard = start_guard(&settings);
    let uevents = guard.step("listen to the kernel's events", UeventSocket::open)?;
    modules::load_all(modules::INITRD_LIST);
    modules::free_initrd();
    let handover = guard.step("read the command line", command_line::read_handover)?;
    log::debug!(
        "{}{}, {}",
        pstore::BOOT_MARK,
        handover.boot_number,
        handover.slot
    );
    let image = guard.step("read the manifest", image::read_image)?;
    let handover = match handover.slot {
        Source::Slot(slot) => handover.in_slot(slot),
        Source::Rescue => {
            let listeners = rescue::Listeners {
                signals: &signals,
                uevents: &uevents,
                guard: &guard,
            };
            rescue::run(&handover, &image, listeners)
        }
    };
    let disk = guard.step("find the disk", || boot_device::find(&handover, &uevents))?;
    failure::remember(disk.path.clone(), image.running(&handover));
    let root = guard.step("map the root", || {
        root::map(&disk, handover.slot, &image.root)
    })?;
    root.mount(&uevents)?;
    guard.step("enter the root", root::enter)?;

    // The system stage: programs of the root run.
    mounts::mount_system();
    let trial = Trial {
        handover: &handover,
        image: &image,
        disk: &disk,
    };
    if let Err(error) = pstore::take(|words| trial.panicked(words)) {
        log::debug!("{error:#}");
    }
    guard.expect("check writable", writable::LIMIT_SECS);
    let writable = guard.step("mount writable", || {
        writable::mount_writable(root.mapper(), &disk, |data| trial.reset_is_done(data))
    })?;
    let seed = SeedFile::new(Path::new(writable::SYSTEM));
    guard.expect("prepare the system", settings.boot_secs);
    prepare(&seed);
    let sources = Sources {
        signals: &signals,
        uevents: &uevents,
        root: &root,
        guard: &guard,
    };
    let standing = trial.up(&writable);
    let services = Services::read(Path::new(service::DIRECTORY));
    let ending = Supervisor::new(sources, &trial, &settings, services, standing, &writable).run();
    shutdown::end(ending, &signals, Some(&seed), &guard)
}

/// From here on nothing that hangs can strand the device.
fn start_guard(settings: &Settings) -> Guard {
    modules::load_all(modules::EARLY_LIST);
    let watchdog = Watchdog::open(settings.watchdog_secs);
    Guard::start(watchdog, settings.watchdog_secs, settings.boot_secs)
}

/// What a system should have and can do without.
fn prepare(seed: &SeedFile) {
    let steps = [
        seed.load(),
        identity::set_machine_id(),
        identity::set_host_name(),
        network::set_loopback_up(),
        identity::publish_accounts(),
    ];
    for error in steps.into_iter().filter_map(Result::err) {
        log::warn!("{error:#}");
    }
    modules::load_all(modules::ROOT_LIST);
    mounts::mount_firmware_variables();
    // Ctrl-Alt-Del becomes a signal to this process.
    let _ = rustix::system::reboot(rustix::system::RebootCommand::CadOff);
}
