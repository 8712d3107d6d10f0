//! A device in memory: a disk that keeps a log of its writes and can lose power,
//! images signed with keys of the test, and a platform that notes what was started.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "a module of each test file, which uses a part of it"
)]

mod image;
mod memory_disk;
mod second_home;
mod tables;

use boot_core::{
    Board, FloorsNotWritten, Halt, Partition, Platform, SecondHome, StartError, boot, read_layout,
};
pub use image::{Image, signed_keyring};
use image_format::disk::Role;
use image_format::*;
use image_trust::verify_keyring;
pub use memory_disk::{MemoryDisk, PowerCut, Request, Torn};
pub use second_home::TestHome;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
pub use tables::{blank_disk, entries, write_tables};

pub const BOARD: Board = Board { id: "test-board" };
pub const SLOT_BYTES: u64 = 256 * 1024;
pub const DISK_GUID: &str = "3e8ae5a5-3b6f-4b5c-9a8f-0a5e2f0b1c2d";
/// The numbers of [`Image::new`], and the floors of [`Device::new`].
pub const FLOORS: Floors = Floors {
    epoch: Epoch(1),
    serial: Serial(1),
};
const SECTOR: usize = 512;

/// What the firmware was asked to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    pub kernel: Vec<u8>,
    pub initrd: Vec<u8>,
    pub command_line: String,
}

impl Started {
    /// The slot that the command line names.
    pub fn slot(&self) -> &str {
        let word = self
            .command_line
            .split(' ')
            .find_map(|w| w.strip_prefix("twinkeel.slot="));
        word.unwrap()
    }
}

/// How a boot ended.
#[derive(Debug)]
pub enum Outcome {
    Started(Started),
    Halted(Halt),
    PowerCut,
}

impl Outcome {
    pub fn started(self) -> Started {
        match self {
            Self::Started(started) => started,
            other => panic!("nothing was started: {other:?}"),
        }
    }

    pub fn halted(self) -> Halt {
        match self {
            Self::Halted(halt) => halt,
            other => panic!("it did not halt: {other:?}"),
        }
    }
}

struct TestPlatform<'a> {
    disk: &'a mut MemoryDisk,
    reset_cause: ResetCause,
    second_home: &'a mut TestHome,
    refuse_to_start: &'a [Vec<u8>],
}

impl Platform for TestPlatform<'_> {
    type Disk = MemoryDisk;
    type Memory = Vec<u8>;

    fn disk(&mut self) -> &mut MemoryDisk {
        self.disk
    }

    fn reset_cause(&mut self) -> ResetCause {
        self.reset_cause
    }

    fn read_second_home(&mut self) -> SecondHome {
        self.second_home.holds
    }

    fn write_second_home(&mut self, record: &[u8; FLOORS_BYTES]) -> Result<(), FloorsNotWritten> {
        self.second_home.write(self.disk, record)
    }

    fn allocate(&mut self, length_bytes: usize) -> Option<Vec<u8>> {
        Some(vec![0xa5; length_bytes])
    }

    fn start(&mut self, kernel: Vec<u8>, initrd: Vec<u8>, command_line: &str) -> StartError {
        if self.refuse_to_start.contains(&kernel) {
            return StartError { status: 0x42 };
        }
        // Linux has taken over: nothing of the loader runs any more.
        resume_unwind(Box::new(Started {
            kernel,
            initrd,
            command_line: command_line.into(),
        }))
    }
}

/// A whole device.
#[derive(Clone)]
pub struct Device {
    pub disk: MemoryDisk,
    /// What the loader is built for.
    pub board: Board,
    /// What the machine remembers of the boot before.
    pub reset_cause: ResetCause,
    /// The second home of the floors; none, unless a test gives it one.
    pub second_home: TestHome,
    /// Kernels that the firmware will not start.
    pub refuse_to_start: Vec<Vec<u8>>,
}

impl Device {
    /// `a` confirmed and active in system-a, `b` confirmed in system-b; its floors are
    /// [`FLOORS`].
    pub fn new(a: &Image, b: &Image) -> Self {
        let mut device = Self {
            disk: tables::blank_disk(),
            board: BOARD,
            reset_cause: ResetCause::PowerLoss,
            second_home: TestHome::none(),
            refuse_to_start: Vec::new(),
        };
        device.install(Slot::A, a);
        device.install(Slot::B, b);
        let confirmed = |image: &Image| SlotRecord {
            status: SlotStatus::Confirmed,
            manifest_hash: image.manifest_hash(),
        };
        device.set_state(&BootState {
            generation: 1,
            boot_number: BootNumber(0),
            flight_sequence: 0,
            floors: FLOORS,
            active: Slot::A,
            begun_without_up: 0,
            slots: [confirmed(a), confirmed(b)],
        });
        device
    }

    pub fn partition(&mut self, role: Role) -> Partition {
        read_layout(&mut self.disk)
            .unwrap()
            .partition(role)
            .unwrap()
    }

    pub fn at(&mut self, role: Role, offset: u64) -> &mut [u8] {
        let start = usize::try_from(self.partition(role).offset_bytes + offset).unwrap();
        &mut self.disk.bytes[start..]
    }

    pub fn install(&mut self, source: impl Into<Source>, image: &Image) {
        let role = source.into().into();
        let manifest = image.manifest();
        let mut put = |offset, bytes: &[u8]| {
            self.at(role, offset)[..bytes.len()].copy_from_slice(bytes);
        };
        put(0, &[0; ENVELOPE_BYTES]);
        put(0, &image.envelope());
        put(manifest.kernel.offset_bytes, &image.kernel);
        put(manifest.initrd.offset_bytes, &image.initrd);
    }

    pub fn set_state(&mut self, state: &BootState) {
        for offset in image_format::disk::STATE_COPY_OFFSETS {
            self.at(Role::BootState, offset)[..512].copy_from_slice(&state.encode());
        }
    }

    pub fn state(&mut self) -> BootState {
        let layout = read_layout(&mut self.disk).unwrap();
        let store = boot_core::state_store::StateStore::open(&mut self.disk, &layout).unwrap();
        store.state().expect("a state").clone()
    }

    pub fn change_state(&mut self, change: impl FnOnce(&mut BootState)) {
        let mut state = self.state();
        change(&mut state);
        self.set_state(&state);
    }

    /// Changes one bit of system-a.
    pub fn flip(&mut self, offset: u64) {
        self.at(Role::SystemA, offset)[0] ^= 0x10;
    }

    /// Gives `slot` a trial of so many attempts.
    pub fn put_on_trial(&mut self, slot: Slot, attempts: u8) {
        self.change_state(|state| {
            state.slot_mut(slot).status = SlotStatus::Trial {
                attempts_left: attempts,
                attempts_given: attempts,
            };
        });
    }

    /// Events on record, in order.
    pub fn events(&mut self) -> Vec<Event> {
        self.entries()
            .into_iter()
            .map(|entry| entry.event)
            .collect()
    }

    /// Entries on record, in order.
    pub fn entries(&mut self) -> Vec<FlightEntry> {
        let layout = read_layout(&mut self.disk).unwrap();
        let mut entries = Vec::new();
        boot_core::flight::for_each_entry(&mut self.disk, &layout, |entry| entries.push(entry));
        entries.sort_by_key(|entry| entry.sequence);
        entries
    }

    /// Appends to the flight record what the system of the last boot has to say.
    pub fn record(&mut self, event: Event) {
        let layout = read_layout(&mut self.disk).unwrap();
        let state = self.state();
        let hint = state.flight_sequence;
        let mut ring = boot_core::flight::FlightRing::open(&mut self.disk, &layout, hint).unwrap();
        ring.append(&mut self.disk, state.boot_number, &event)
            .unwrap();
    }

    /// One boot, from power-on until Linux has taken over, the loader has given
    /// up or the power went away.
    pub fn boot(&mut self) -> Outcome {
        self.disk.log.clear();
        let mut platform = TestPlatform {
            disk: &mut self.disk,
            reset_cause: self.reset_cause,
            second_home: &mut self.second_home,
            refuse_to_start: &self.refuse_to_start,
        };
        let keyring = signed_keyring();
        let end = catch_unwind(AssertUnwindSafe(|| {
            boot(&mut platform, &self.board, verify_keyring(&keyring))
        }));
        self.disk.cut = None;
        match end {
            Ok(halt) => Outcome::Halted(halt),
            Err(end) => match end.downcast::<Started>() {
                Ok(started) => Outcome::Started(*started),
                Err(end) if end.is::<PowerCut>() => Outcome::PowerCut,
                Err(end) => resume_unwind(end),
            },
        }
    }

    /// What init does when the system works: up, and confirmed.
    pub fn confirm(&mut self, slot: Slot) {
        self.change_state(|state| {
            state.begun_without_up = 0;
            state.active = slot;
            state.slot_mut(slot).status = SlotStatus::Confirmed;
        });
    }
}
