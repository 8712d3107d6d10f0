//! PID 1 of a Twinkeel device, from the kernel's first process to the last one.
//!
//! The kernel starts it from the initrd, which the loader verified. It runs both
//! stages in one process: in the *initrd stage* it finds the disk that the loader
//! came from and maps the verified root; in the *system stage* it mounts the rest,
//! says that the system is up, confirms it when it passes the health gate, and then
//! looks after processes, the console's shell and the root until the end.
//!
//! It never exits and never `exec`s: its program stays in the initramfs, so that it
//! can still record why a root stopped reading, and reboot. What it must not do: read
//! a manifest from the disk, touch the partition table, or decide what boots next;
//! it only writes what it saw into the boot state, and the loader decides.

mod boot_device;
mod command_line;
mod console_log;
mod device_mapper;
mod entropy;
mod failure;
mod health;
mod identity;
mod image;
mod ioctls;
mod modules;
mod mounts;
mod network;
mod root;
mod shell;
mod shutdown;
mod signals;
mod supervisor;
mod trial;
mod uevent;
mod writable;

use core::convert::Infallible;
use entropy::SeedFile;
use failure::{Failure, during};
use signals::Signals;
use std::path::Path;
use supervisor::Supervisor;
use trial::Trial;
use uevent::UeventSocket;

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
    let uevents = UeventSocket::open().map_err(during("listen to the kernel's events"))?;
    modules::load_all(modules::INITRD_LIST);
    modules::free_initrd();
    let handover = command_line::read_handover().map_err(during("read the command line"))?;
    let image = image::read_image().map_err(during("read the manifest"))?;
    let disk = boot_device::find(&handover, &uevents).map_err(during("find the disk"))?;
    failure::remember(disk.path.clone(), image.running(&handover));
    let root = root::map(&disk, handover.slot, &image.root).map_err(during("map the root"))?;
    root.mount(&uevents)?;
    root::enter().map_err(during("enter the root"))?;

    // The system stage: programs of the root run.
    mounts::mount_system();
    let writable = writable::mount_writable(root.mapper(), &disk);
    let writable = writable.map_err(during("mount writable"))?;
    let seed = SeedFile::new(Path::new(writable::SYSTEM));
    prepare(&seed);
    let trial = Trial {
        handover: &handover,
        image: &image,
        disk: &disk,
    };
    let signals = Signals::listen().map_err(during("listen to signals"))?;
    let mut supervisor = Supervisor::new(&signals, &uevents, &root);
    let status = trial.up(&writable);
    let verdict = trial.check(status, &writable);
    let ending = supervisor
        .look_for_damage()
        .or_else(|| trial.settle(verdict))
        .unwrap_or_else(|| supervisor.run());
    shutdown::end(ending, &signals, &seed)
}

/// What a system should have and can do without.
fn prepare(seed: &SeedFile) {
    let steps = [
        seed.load(),
        identity::set_machine_id(),
        identity::set_host_name(),
        network::set_loopback_up(),
    ];
    for error in steps.into_iter().filter_map(Result::err) {
        log::warn!("{error:#}");
    }
    modules::load_all(modules::ROOT_LIST);
    // Ctrl-Alt-Del becomes a signal to this process.
    let _ = rustix::system::reboot(rustix::system::RebootCommand::CadOff);
}
