//! A device: a disk in a file, the real loader, the real engine, and a clock of the test's.

use crate::maker::{BOARD, Maker, NOW, PRODUCT};
use boot_core::flight::for_each_entry;
use boot_core::platform::write_at;
use boot_core::state_store::StateStore;
use boot_core::{Board, SecondHome, read_layout};
use host_machine::End;
use image_format::disk::{BOOT_STATE_BYTES, Role};
use image_format::{
    BootNumber, BootState, Digest, ENVELOPE_BYTES, Epoch, Event, Floors, Keyring, Slot, SlotRecord,
    SlotStatus, Source, Version, parse_envelope,
};
use image_trust::{Verified, sha256, verify_keyring};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use system_update::{
    BootDisk, BootReport, DiskError, Finding, NetworkNow, Progress, ReleaseSource, ReportError,
    ReportedStatus, Running, StageError, StageRequest, Staged, StoreReached, close_case, confirm,
    mark_up, open_case, record_rescue, stage,
};
use tempfile::TempDir;
use updater::changes::{Changes, Watched};
use updater::{Clock, Engine, Machine, NotRecorded, NotRolledBack, Places};

const SLOT_BYTES: u64 = 8 << 20;
pub(crate) const MACHINE_ID: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// A device that was just switched on.
pub(crate) struct Device {
    directory: TempDir,
    pub(crate) engine: Engine<Hardware>,
    hardware: Hardware,
}

/// The machine below the engine: another handle for the test.
#[derive(Clone)]
pub(crate) struct Hardware(Arc<Parts>);

struct Parts {
    disk: PathBuf,
    signed_keyring: Vec<u8>,
    disk_guid: String,
    now: Mutex<Now>,
}

struct Now {
    report: Option<BootReport>,
    uptime: Duration,
    unix_secs: i64,
    reboots: u32,
    writable: Writable,
}

/// What PID 1 mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writable {
    OnDisk,
    InMemory,
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
        let hardware = Hardware(Arc::new(Parts {
            disk,
            signed_keyring: fs::read(maker.images.keyring_path()).unwrap(),
            disk_guid,
            now: Mutex::new(Now {
                report: None,
                uptime: Duration::ZERO,
                unix_secs: NOW,
                reboots: 0,
                writable: Writable::OnDisk,
            }),
        }));
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
        let mut now = self.hardware.0.now.lock().unwrap();
        now.uptime = Duration::ZERO;
        now.report = now.report.take().map(|report| BootReport {
            source: Source::Rescue,
            boot: state.boot_number,
            status: ReportedStatus::Rescue,
            ..report
        });
        drop(now);
        self.restart_daemon();
    }

    /// The disk's file system cannot be mounted, and PID 1 has memory in its place.
    pub(crate) fn lose_writable(&self) {
        self.hardware.0.now.lock().unwrap().writable = Writable::InMemory;
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
        fs::read(&self.hardware.0.disk).unwrap()
    }

    pub(crate) fn hardware(&self) -> &Hardware {
        &self.hardware
    }

    pub(crate) fn set_clock(&self, unix_secs: i64) {
        self.hardware.0.now.lock().unwrap().unix_secs = unix_secs;
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

impl Hardware {
    pub(crate) fn open(&self) -> BootDisk {
        BootDisk::open_urgently(&self.0.disk).unwrap()
    }

    pub(crate) fn report(&self) -> BootReport {
        self.0.now.lock().unwrap().report.clone().unwrap()
    }

    pub(crate) fn reboots(&self) -> u32 {
        self.0.now.lock().unwrap().reboots
    }

    /// The real loader, and PID 1's *up*.
    fn boot(&self) {
        let mut disk = self.open();
        let mut machine = host_machine::Machine {
            disk: &mut disk,
            second_home: SecondHome::None,
        };
        let end = machine.boot(&Board { id: BOARD }, &self.0.signed_keyring);
        let End::Started(started) = end else {
            panic!("nothing was started")
        };
        let word = |name: &str| {
            let mut words = started.words.split(' ');
            words.find_map(|word| word.strip_prefix(name)).unwrap()
        };
        let source = Source::parse(word("twinkeel.slot=")).unwrap();
        let Source::Slot(slot) = source else {
            panic!("the rescue system was started")
        };
        let version = String::from_utf8(started.kernel).unwrap();
        let version = version.strip_prefix("kernel ").unwrap().parse().unwrap();
        let layout = read_layout(&mut disk).unwrap();
        let store = StateStore::open(&mut disk, &layout).unwrap();
        let state = store.state().unwrap().clone();
        let report = BootReport {
            source,
            version: Version(version),
            manifest: state.slot(slot).manifest_hash,
            boot: state.boot_number,
            disk: Some(self.0.disk.clone()),
            disk_guid: self.0.disk_guid.clone(),
            board: BOARD.to_owned(),
            product: PRODUCT.to_owned(),
            epoch: Epoch(1),
            build_time_secs: 1_790_000_000,
            status: ReportedStatus::Confirmed,
        };
        mark_up(&mut disk, &report.running().unwrap()).unwrap();
        let mut now = self.0.now.lock().unwrap();
        now.report = Some(report);
        now.uptime = Duration::ZERO;
    }
}

impl Clock for Hardware {
    fn uptime(&self) -> Duration {
        self.0.now.lock().unwrap().uptime
    }

    fn unix_secs(&self) -> i64 {
        self.0.now.lock().unwrap().unix_secs
    }

    fn sleep(&self, time: Duration) {
        let mut now = self.0.now.lock().unwrap();
        now.uptime += time;
        now.unix_secs += i64::try_from(time.as_secs()).unwrap();
    }
}

impl Machine for Hardware {
    fn boot_report(&self) -> Result<BootReport, ReportError> {
        Ok(self.report())
    }

    fn machine_id(&self) -> String {
        MACHINE_ID.to_owned()
    }

    fn keyring(&self) -> Option<Verified<Keyring>> {
        verify_keyring(&self.0.signed_keyring).ok()
    }

    fn disk(&self, _: &BootReport) -> Result<BootDisk, DiskError> {
        BootDisk::open_to_read(&self.0.disk)
    }

    fn stage(
        &self,
        _: &BootReport,
        request: &StageRequest<'_>,
        source: &mut dyn ReleaseSource,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Staged, StageError> {
        stage(&mut self.open(), request, &mut &mut *source, &mut |now| {
            progress(now)
        })
    }

    fn rollback(&self, _: &BootReport, running: &Running) -> Result<(), NotRolledBack> {
        let done = system_update::rollback(&mut self.open(), running);
        done.map(|_| ()).map_err(NotRolledBack::Refused)
    }

    fn record(&self, _: &BootReport, running: &Running, event: Event) -> Result<(), NotRecorded> {
        system_update::record(&mut self.open(), running, event).map_err(NotRecorded::Act)
    }

    fn keeps(&self, _: &Path) -> bool {
        self.0.now.lock().unwrap().writable == Writable::OnDisk
    }

    fn reboot(&self) -> io::Result<()> {
        self.0.now.lock().unwrap().reboots += 1;
        Ok(())
    }
}

/// Makes the disk's file and its GPT; returns the disk's GUID.
fn partition(path: &Path) -> String {
    let mut options = File::options();
    let file = options.read(true).write(true).create_new(true);
    let file = file.open(path).unwrap();
    file.set_len(BOOT_STATE_BYTES + 2 * SLOT_BYTES + (4 << 20))
        .unwrap();
    let mut disk = gpt::GptConfig::new()
        .writable(true)
        .create_from_device(file, None)
        .unwrap();
    let partitions = [
        (Role::BootState, BOOT_STATE_BYTES),
        (Role::SystemA, SLOT_BYTES),
        (Role::SystemB, SLOT_BYTES),
    ];
    for (role, length_bytes) in partitions {
        let kind = gpt::partition_types::Type {
            guid: role.type_guid().to_string().parse().unwrap(),
            os: gpt::partition_types::OperatingSystem::None,
        };
        disk.add_partition(role.name(), length_bytes, kind, 0, Some(2048))
            .unwrap();
    }
    let guid = disk.guid().to_string().to_lowercase();
    disk.write().unwrap();
    guid
}

/// As the flashed disk has it: a release in `system-a`, confirmed once.
fn install(path: &Path, file: &[u8]) {
    let mut disk = BootDisk::open_urgently(path).unwrap();
    let layout = read_layout(&mut disk).unwrap();
    let start = layout.partition(Role::SystemA).unwrap().offset_bytes;
    write_at(&mut disk, start, file).unwrap();
    let manifest_hash: Digest = sha256(
        parse_envelope(&file[..ENVELOPE_BYTES])
            .unwrap()
            .manifest
            .bytes,
    );
    let mut state = BootState {
        generation: 1,
        boot_number: BootNumber(1),
        flight_sequence: 0,
        floors: Floors::default(),
        active: Slot::A,
        begun_without_up: 0,
        slots: [
            SlotRecord {
                status: SlotStatus::Confirmed,
                manifest_hash,
            },
            SlotRecord::EMPTY,
        ],
    };
    let mut store = StateStore::open(&mut disk, &layout).unwrap();
    store.write(&mut disk, &mut state).unwrap();
}
