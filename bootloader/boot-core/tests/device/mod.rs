//! A device in memory: a disk that keeps a log of its writes and can lose power,
//! images signed with keys of the test, and a platform that notes what was started.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "a module of each test file, which uses a part of it"
)]

mod second_home;

use boot_core::{
    Board, FloorsNotWritten, Halt, Partition, Platform, SecondHome, StartError, boot, read_layout,
};
use ed25519_dalek::{Signer, SigningKey};
use embedded_io::{ErrorKind, ErrorType, Read, Seek, SeekFrom, Write};
use gpt_disk_types::{
    BlockSize, GptHeader, GptPartitionEntry, GptPartitionEntryArray, GptPartitionType, Guid, LbaLe,
    U32Le,
};
use image_format::disk::{BOOT_STATE_BYTES, Role};
use image_format::frame::encode_value;
use image_format::signature::encode_signatures;
use image_format::*;
use image_trust::ImageKind;
pub use second_home::TestHome;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

pub const BOARD: Board = Board { id: "test-board" };
pub const SLOT_BYTES: u64 = 256 * 1024;
pub const DISK_GUID: &str = "3e8ae5a5-3b6f-4b5c-9a8f-0a5e2f0b1c2d";
/// The numbers of [`Image::new`], and the floors of [`Device::new`].
pub const FLOORS: Floors = Floors {
    epoch: Epoch(1),
    serial: Serial(1),
};
const SECTOR: usize = 512;
const ROOT_KEY: [u8; 32] = [1; 32];
const RELEASE_KEY: [u8; 32] = [2; 32];

/// What the disk was asked to do, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    Read(u64),
    Write(u64),
    Flush,
}

/// The power went away. Carried by a panic through the code under test.
pub struct PowerCut;

/// What a write that the power cut hits leaves behind.
#[derive(Clone, Copy, Debug)]
pub enum Torn {
    /// Nothing of it.
    Before,
    /// Its first half sector, then the old bytes.
    Half,
    /// Garbage in its first sector.
    Garbage,
    /// All of it.
    After,
}

#[derive(Clone)]
pub struct MemoryDisk {
    pub bytes: Vec<u8>,
    pub log: Vec<Request>,
    position: u64,
    /// At which write the power goes away, counted down.
    pub cut: Option<(usize, Torn)>,
    /// Writes to these bytes fail, reads too.
    pub broken: std::ops::Range<u64>,
}

impl ErrorType for MemoryDisk {
    type Error = ErrorKind;
}

impl MemoryDisk {
    fn is_broken(&self, length: usize) -> bool {
        self.position < self.broken.end && self.position + length as u64 > self.broken.start
    }
}

impl Read for MemoryDisk {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        self.log.push(Request::Read(self.position));
        if self.is_broken(buffer.len()) {
            return Err(ErrorKind::Other);
        }
        let start = usize::try_from(self.position).unwrap();
        let start = start.min(self.bytes.len());
        let available = buffer.len().min(self.bytes.len() - start);
        buffer[..available].copy_from_slice(&self.bytes[start..start + available]);
        self.position += available as u64;
        Ok(available)
    }
}

impl Write for MemoryDisk {
    fn write(&mut self, buffer: &[u8]) -> Result<usize, ErrorKind> {
        self.log.push(Request::Write(self.position));
        if self.is_broken(buffer.len()) {
            return Err(ErrorKind::Other);
        }
        let start = usize::try_from(self.position).unwrap();
        match &mut self.cut {
            Some((0, torn)) => {
                match torn {
                    Torn::Before => {}
                    Torn::Half => {
                        self.bytes[start..start + SECTOR / 2].copy_from_slice(&buffer[..SECTOR / 2])
                    }
                    Torn::Garbage => self.bytes[start..start + SECTOR].fill(0xa5),
                    Torn::After => {
                        self.bytes[start..start + buffer.len()].copy_from_slice(buffer);
                    }
                }
                resume_unwind(Box::new(PowerCut));
            }
            Some((left, _)) => *left -= 1,
            None => {}
        }
        self.bytes[start..start + buffer.len()].copy_from_slice(buffer);
        self.position += buffer.len() as u64;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.log.push(Request::Flush);
        Ok(())
    }
}

impl Seek for MemoryDisk {
    fn seek(&mut self, to: SeekFrom) -> Result<u64, ErrorKind> {
        self.position = match to {
            SeekFrom::Start(position) => position,
            SeekFrom::End(0) => self.bytes.len() as u64,
            _ => return Err(ErrorKind::Unsupported),
        };
        Ok(self.position)
    }
}

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
        Some(vec![0; length_bytes])
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

/// An image as a test asks for it.
#[derive(Clone)]
pub struct Image {
    pub version: u64,
    pub epoch: u32,
    pub serial: u32,
    pub board: &'static str,
    pub kernel: Vec<u8>,
    pub initrd: Vec<u8>,
    pub kind: ImageKind,
}

impl Image {
    /// A rescue system.
    pub fn rescue(version: u64) -> Self {
        Self {
            kind: ImageKind::Rescue,
            ..Self::new(version)
        }
    }

    pub fn new(version: u64) -> Self {
        Self {
            version,
            epoch: FLOORS.epoch.0,
            serial: FLOORS.serial.0,
            board: BOARD.id,
            kernel: format!("kernel {version} ").into_bytes().repeat(700),
            initrd: format!("initrd {version} ").into_bytes().repeat(300),
            kind: ImageKind::System,
        }
    }

    fn manifest(&self) -> Manifest<'static> {
        let part = |offset_bytes, bytes: &[u8]| Part {
            offset_bytes,
            length_bytes: bytes.len() as u64,
            sha256: image_trust::sha256(bytes),
        };
        Manifest {
            board: self.board,
            product: "test",
            version: Version(self.version),
            epoch: Epoch(self.epoch),
            build_time_secs: 1,
            command_line: "console=ttyS0 panic=10",
            kernel: part(64 * 1024, &self.kernel),
            initrd: part(128 * 1024, &self.initrd),
            root: self.root(),
        }
    }

    /// Nothing reads it here: it only has to make sense.
    fn root(&self) -> Root {
        let at = |offset_bytes, data_blocks, tree_offset_bytes, tree_blocks| Root {
            offset_bytes,
            data_blocks,
            tree_offset_bytes,
            tree_blocks,
            root_hash: Digest::ZERO,
            salt: Digest::ZERO,
        };
        match self.kind {
            ImageKind::System => at(192 * 1024, 2, 200 * 1024, 1),
            ImageKind::Rescue => at(0, 0, 0, 0),
        }
    }

    pub fn manifest_frame(&self) -> Vec<u8> {
        encode_value(Kind::Manifest, &self.manifest(), &mut [0; 2048])
            .unwrap()
            .to_vec()
    }

    pub fn manifest_hash(&self) -> Digest {
        image_trust::sha256(&self.manifest_frame())
    }

    pub fn envelope(&self) -> Vec<u8> {
        let delegation = Delegation {
            serial: Serial(self.serial),
            threshold: 1,
            keys: [public(RELEASE_KEY)].into_iter().collect(),
        };
        let delegation = encode_value(Kind::Delegation, &delegation, &mut [0; 512])
            .unwrap()
            .to_vec();
        let manifest = self.manifest_frame();
        [
            delegation.clone(),
            signed(Kind::DelegationSignatures, &delegation, ROOT_KEY),
            manifest.clone(),
            signed(Kind::ManifestSignatures, &manifest, RELEASE_KEY),
        ]
        .concat()
    }
}

fn public(seed: [u8; 32]) -> PublicKey {
    PublicKey(SigningKey::from_bytes(&seed).verifying_key().to_bytes())
}

fn signed(kind: Kind, frame: &[u8], seed: [u8; 32]) -> Vec<u8> {
    let bytes = SigningKey::from_bytes(&seed).sign(frame).to_bytes();
    let signature = Signature {
        key: public(seed),
        bytes,
    };
    encode_signatures(kind, &[signature], &mut [0; 512])
        .unwrap()
        .to_vec()
}

pub fn signed_keyring() -> Vec<u8> {
    let keys = [public(ROOT_KEY)].into_iter().collect();
    let keyring = Keyring {
        purpose: Purpose::Test,
        threshold: 1,
        keys,
    };
    let frame = encode_value(Kind::Keyring, &keyring, &mut [0; 512])
        .unwrap()
        .to_vec();
    [
        frame.clone(),
        signed(Kind::KeyringSignatures, &frame, ROOT_KEY),
    ]
    .concat()
}

/// A whole device.
#[derive(Clone)]
pub struct Device {
    pub disk: MemoryDisk,
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
            disk: blank_disk(),
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
        ring.append(&mut self.disk, state.boot_number, event)
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
        let end = catch_unwind(AssertUnwindSafe(|| boot(&mut platform, &BOARD, &keyring)));
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

/// Partition sizes in the order of [`Role::ALL`], writable last.
const SIZES: [u64; 6] = [
    64 * 1024,
    BOOT_STATE_BYTES,
    SLOT_BYTES,
    SLOT_BYTES,
    SLOT_BYTES,
    64 * 1024,
];

fn blank_disk() -> MemoryDisk {
    let total: u64 = SIZES.iter().sum::<u64>() + 256 * 1024;
    let mut bytes = vec![0; usize::try_from(total).unwrap()];
    write_tables(&mut bytes, &entries());
    MemoryDisk {
        bytes,
        log: Vec::new(),
        position: 0,
        cut: None,
        broken: 0..0,
    }
}

/// The partition entries of the device, to be changed and written again.
pub fn entries() -> [GptPartitionEntry; 128] {
    let mut entries = [GptPartitionEntry::default(); 128];
    let mut next = 2048 / 16;
    for ((entry, role), size) in entries.iter_mut().zip(Role::ALL).zip(SIZES) {
        entry.partition_type_guid = GptPartitionType(role.type_guid());
        entry.unique_partition_guid = role.type_guid();
        entry.starting_lba = LbaLe::from_u64(next);
        next += size / SECTOR as u64;
        entry.ending_lba = LbaLe::from_u64(next - 1);
    }
    entries
}

/// Writes the primary table and its backup.
pub fn write_tables(bytes: &mut [u8], entries: &[GptPartitionEntry; 128]) {
    let blocks = (bytes.len() / SECTOR) as u64;
    put_table(bytes, entries, 1, 2, blocks);
    put_table(bytes, entries, blocks - 1, blocks - 33, blocks);
}

fn put_table(
    bytes: &mut [u8],
    entries: &[GptPartitionEntry; 128],
    lba: u64,
    entries_lba: u64,
    blocks: u64,
) {
    let mut header = GptHeader {
        my_lba: LbaLe::from_u64(lba),
        first_usable_lba: LbaLe::from_u64(34),
        last_usable_lba: LbaLe::from_u64(blocks - 34),
        disk_guid: Guid::try_parse(DISK_GUID).unwrap(),
        partition_entry_lba: LbaLe::from_u64(entries_lba),
        number_of_partition_entries: U32Le::from_u32(128),
        ..GptHeader::default()
    };
    let mut storage = entries
        .iter()
        .flat_map(bytemuck::bytes_of)
        .copied()
        .collect::<Vec<u8>>();
    let layout = header.get_partition_entry_array_layout().unwrap();
    let array = GptPartitionEntryArray::new(layout, BlockSize::BS_512, &mut storage).unwrap();
    header.partition_entry_array_crc32 = array.calculate_crc32();
    header.update_header_crc32();
    let at = usize::try_from(entries_lba).unwrap() * SECTOR;
    bytes[at..at + storage.len()].copy_from_slice(&storage);
    let at = usize::try_from(lba).unwrap() * SECTOR;
    bytes[at..at + 92].copy_from_slice(bytemuck::bytes_of(&header));
}
