//! A device: its hardware, the real loader, and the real engine.

use crate::disk::{install, partition};
use crate::hardware::Hardware;
use crate::maker::{BOARD, Maker};
use boot_core::flight::for_each_entry;
use boot_core::platform::write_at;
use boot_core::read_layout;
use boot_core::state_store::StateStore;
use image_format::disk::Role;
use image_format::{BootState, Event, Slot, SlotStatus, Source};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use system_update::{
    BootDisk, BootReport, Finding, NetworkNow, ReportedStatus, Running, StoreReached, close_case,
    confirm, open_case, record_rescue,
};
use tempfile::TempDir;
use updater::changes::{Changes, Watched};
use updater::{Clock, Engine, Places};

pub(crate) const MACHINE_ID: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// A device that was just switched on.
pub(crate) struct Device {
    directory: TempDir,
    pub(crate) engine: Engine<Hardware>,
    hardware: Hardware,
}

impl Device {
    /// Version 1 runs in `system-a`, confirmed; `system-b` is empty.
    pub(crate) fn new(maker: &Maker, settings: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let disk = directory.path().join("disk");
        let disk_guid = partition(&disk);
        let file = maker.update_file(BOARD, 1);
        install(&disk, &file);
        for place in ["image", "own"] {
            fs::create_dir(directory.path().join(place)).unwrap();
        }
        fs::write(
            directory.path().join("image/store-root.json"),
            maker.first_root(),
        )
        .unwrap();
        fs::write(directory.path().join("own/updates.toml"), settings).unwrap();
        let keyring = fs::read(maker.images.keyring_path()).unwrap();
        let hardware = Hardware::new(disk, disk_guid, keyring);
        hardware.boot();
        let engine = engine(directory.path(), &hardware);
        Self {
            directory,
            engine,
            hardware,
        }
    }

    /// The power goes, or the device reboots: the loader runs, and a new daemon.
    pub(crate) fn boot(&mut self) {
        self.hardware.boot();
        self.restart_daemon();
    }

    pub(crate) fn restart_daemon(&mut self) {
        self.engine = engine(self.directory.path(), &self.hardware);
    }

    /// A daemon whose updates are told as changes.
    pub(crate) fn watched(&self, changes: &Arc<Changes>) -> Arc<Engine<Watched<Hardware>>> {
        let machine = Watched::new(self.hardware.clone(), Arc::clone(changes));
        let places = Places {
            image: &self.directory.path().join("image"),
            own: &self.directory.path().join("own"),
        };
        Arc::new(Engine::new(machine, places))
    }

    /// The slot that runs does not read any more, and the other one is empty: the rescue
    /// system runs.
    pub(crate) fn brick(&mut self) {
        let mut disk = self.hardware.open();
        let layout = read_layout(&mut disk).unwrap();
        let mut store = StateStore::open(&mut disk, &layout).unwrap();
        let mut state = store.state().unwrap().clone();
        state.boot_number.0 += 1;
        state.slot_mut(Slot::A).status = SlotStatus::Refused;
        store.write(&mut disk, &mut state).unwrap();
        let slot = layout.partition(Role::SystemA).unwrap();
        write_at(&mut disk, slot.offset_bytes + (1 << 20), b"no").unwrap();
        record_rescue(&mut disk, state.boot_number, &[]).unwrap();
        self.hardware.come_up(BootReport {
            source: Source::Rescue,
            boot: state.boot_number,
            status: ReportedStatus::Rescue,
            ..self.hardware.report()
        });
        self.restart_daemon();
    }

    /// The disk's file system cannot be mounted, and PID 1 has memory in its place.
    pub(crate) fn lose_writable(&self) {
        self.hardware.lose_writable();
    }

    /// What is in `system-b` began often enough without coming up.
    pub(crate) fn exhaust(&self) {
        let mut disk = self.hardware.open();
        let layout = read_layout(&mut disk).unwrap();
        let mut store = StateStore::open(&mut disk, &layout).unwrap();
        let mut state = store.state().unwrap().clone();
        state.slot_mut(Slot::B).status = SlotStatus::Exhausted;
        store.write(&mut disk, &mut state).unwrap();
    }

    /// What the flight record tells, the oldest first.
    pub(crate) fn events(&self) -> Vec<Event> {
        let mut disk = self.hardware.open();
        let layout = read_layout(&mut disk).unwrap();
        let mut entries = Vec::new();
        for_each_entry(&mut disk, &layout, |entry| entries.push(entry));
        entries.sort_by_key(|entry| entry.sequence);
        entries.into_iter().map(|entry| entry.event).collect()
    }

    /// A file that is gone with the device.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The health gate is content.
    pub(crate) fn confirm(&self) {
        let report = self.hardware.report();
        let running = report.running().unwrap();
        confirm(&mut self.hardware.open(), &running, report.version).unwrap();
    }

    /// The boots of a trial end, each with what `last` records; then another system runs.
    pub(crate) fn fail_trial(&mut self, mut last: impl FnMut(&mut BootDisk, &Running)) {
        let trial = self.hardware.report().running().unwrap();
        while self.hardware.report().slot() == Some(trial.slot) {
            let running = self.hardware.report().running().unwrap();
            last(&mut self.hardware.open(), &running);
            self.boot();
        }
    }

    /// What PID 1 makes of a trial that was not confirmed.
    pub(crate) fn inquest(&self, judge: impl FnOnce(NetworkNow) -> Finding) {
        let running = self.hardware.report().running().unwrap();
        let mut disk = self.hardware.open();
        let case = open_case(&mut disk, &running).unwrap().unwrap();
        close_case(&mut disk, &running, &case, &judge(NetworkNow::Works)).unwrap();
    }

    pub(crate) fn version(&self) -> u64 {
        self.hardware.report().version.0
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.hardware.uptime()
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.hardware.sleep(time);
    }

    /// Turns of the engine until it has nothing to do for a day of the clock, or wants a
    /// reboot. Returns whether it does.
    pub(crate) fn turn_for(&self, time: Duration) -> Reboot {
        let end = self.hardware.uptime() + time;
        let reboots = self.hardware.reboots();
        while self.hardware.uptime() < end {
            let pause = self.engine.turn();
            if self.hardware.reboots() > reboots {
                return Reboot::Asked;
            }
            self.pass(pause.min(end.saturating_sub(self.hardware.uptime())));
        }
        Reboot::NotAsked
    }

    pub(crate) fn state(&self) -> BootState {
        let mut disk = self.hardware.open();
        let layout = read_layout(&mut disk).unwrap();
        let store = StateStore::open(&mut disk, &layout).unwrap();
        store.state().unwrap().clone()
    }

    pub(crate) fn disk_bytes(&self) -> Vec<u8> {
        fs::read(self.hardware.disk_path()).unwrap()
    }

    pub(crate) fn hardware(&self) -> &Hardware {
        &self.hardware
    }

    pub(crate) fn set_clock(&self, unix_secs: i64) {
        self.hardware.set_clock(unix_secs);
    }

    /// What PID 1 hears of the store.
    pub(crate) fn has_reached(&self) -> bool {
        let boot = self.hardware.report().boot;
        StoreReached::of(&self.directory.path().join("own")).holds_for(boot)
    }

    /// What people are told.
    pub(crate) fn told(&self) -> String {
        use updater::device::Device as _;
        self.engine.system().unwrap().unattended.state
    }
}

/// Whether the engine asked PID 1 for a reboot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reboot {
    Asked,
    NotAsked,
}

fn engine(directory: &Path, hardware: &Hardware) -> Engine<Hardware> {
    let places = Places {
        image: &directory.join("image"),
        own: &directory.join("own"),
    };
    Engine::new(hardware.clone(), places)
}
