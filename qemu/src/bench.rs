//! What one scenario works with: its own disk, and machines started from it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use image_builder::secure_boot::EnrolledKey;
use image_builder::{RescueSources, StoreTrust, SystemImage};
use image_format::manifest::BLOCK_BYTES;
use image_format::{Digest, Slot, Source};

use crate::command_line::{
    Accelerator, Boot, Drive, Firmware, Forward, MachineDescription, Network, installed_firmware,
};
use crate::disk::TestDisk;
use crate::guest::Guest;
use crate::initrd::{self, Addition};
use crate::machine::Machine;
use crate::proof::{Expected, Proof};
use crate::sparse_copy::copy_sparse;
use crate::variable_store;
use crate::world::World;

/// A scenario's workplace.
pub struct Bench<'a> {
    world: &'a World,
    directory: PathBuf,
    accelerator: Accelerator,
    processor: &'a str,
    memory_mib: u32,
}

impl<'a> Bench<'a> {
    /// An empty workplace for `scenario`; what an earlier run left there is removed.
    ///
    /// # Errors
    /// The directory cannot be made.
    pub fn new(world: &'a World, scenario: &str, accelerator: Accelerator) -> Result<Self> {
        let directory = world.directory_of(scenario);
        if directory.exists() {
            fs::remove_dir_all(&directory)
                .with_context(|| format!("cannot empty {}", directory.display()))?;
        }
        fs::create_dir_all(&directory)
            .with_context(|| format!("cannot make {}", directory.display()))?;
        Ok(Self {
            world,
            directory,
            accelerator,
            processor: &world.board().qemu.processor,
            memory_mib: world.board().qemu.memory_mib,
        })
    }

    /// The same workplace, whose machines have the board's other processor. It is always
    /// emulated.
    ///
    /// # Errors
    /// The board has no other one.
    pub fn with_other_processor(&self) -> Result<Self> {
        let board = self.world.board();
        let other = board.qemu.other_processor.as_deref();
        Ok(Self {
            accelerator: Accelerator::Emulation,
            processor: other
                .with_context(|| format!("boards/{}.toml has no qemu.other_processor", board.id))?,
            world: self.world,
            directory: self.directory.clone(),
            memory_mib: self.memory_mib,
        })
    }

    /// The same workplace, whose machines have so much memory.
    #[must_use]
    pub fn with_memory(&self, memory_mib: u32) -> Self {
        Self {
            memory_mib,
            world: self.world,
            directory: self.directory.clone(),
            accelerator: self.accelerator,
            processor: self.processor,
        }
    }

    /// What all scenarios share.
    #[must_use]
    pub fn world(&self) -> &World {
        self.world
    }

    /// Where this scenario keeps its files.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// A fresh copy of the base disk.
    ///
    /// # Errors
    /// There is no room.
    pub fn disk(&self) -> Result<TestDisk> {
        self.world.copy_base(&self.directory.join("disk.img"))
    }

    /// A disk whose slots and rescue system trust a store; without a person, the rescue
    /// system looks in `sources`. Returns the system of its slots as well.
    ///
    /// # Errors
    /// It cannot be built.
    pub fn disk_trusting(
        &self,
        store: StoreTrust,
        sources: RescueSources,
    ) -> Result<(SystemImage, TestDisk)> {
        let image = self.directory.join("disk.img");
        self.world.build_trusting(store, sources, &image)
    }

    /// What a guest says that runs what the base disk has there.
    ///
    /// # Errors
    /// The base disk cannot be read.
    pub fn expected(&self, source: impl Into<Source>) -> Result<Expected> {
        let source = source.into();
        Ok(Expected {
            source,
            manifest: self.world.manifest_hash(source)?,
        })
    }

    /// Writes `system` to `slot`, properly signed, as an update that was installed and
    /// not tried yet; returns its manifest hash.
    ///
    /// # Errors
    /// It cannot be signed or does not fit.
    pub fn install(&self, disk: &TestDisk, slot: Slot, system: &SystemImage) -> Result<Digest> {
        let envelope = self.world.keys().seal(&system.manifest())?;
        let hash = disk.write_system(slot, system, &envelope)?;
        disk.change_state(|state| state.slot_mut(slot).manifest_hash = hash)?;
        Ok(hash)
    }

    /// The test release with something added to its initrd, and its root so much further.
    ///
    /// # Errors
    /// It cannot be written, or does not fit.
    pub fn with_initrd_addition(&self, addition: &Addition) -> Result<SystemImage> {
        let system = self.world.system();
        let changed = self.directory.join("initrd");
        initrd::append(system.initrd(), addition, &changed)?;
        let more_bytes = changed.metadata()?.len() - system.initrd().metadata()?.len();
        let more_bytes = more_bytes.next_multiple_of(BLOCK_BYTES);
        let with_room = system.with_manifest(|manifest| {
            manifest.root.offset_bytes += more_bytes;
            manifest.root.tree_offset_bytes += more_bytes;
        });
        with_room.with_initrd(&changed)
    }

    /// The kernel got the manifest's words and the loader's three, nothing else.
    ///
    /// # Errors
    /// It got other words.
    pub fn require_signed_words(&self, proof: &Proof, disk: &TestDisk, slot: Slot) -> Result<()> {
        let signed = disk.signed_words(slot)?;
        let (guid, boot) = (disk.guid()?, proof.boot_number);
        let expected =
            format!("{signed} twinkeel.slot={slot} twinkeel.disk={guid} twinkeel.boot={boot}");
        ensure!(
            proof.command_line == expected,
            "the kernel got the words {:?} instead of {expected:?}",
            proof.command_line
        );
        Ok(())
    }

    /// Starts the board with this one disk.
    ///
    /// # Errors
    /// QEMU cannot be started.
    pub fn start(&self, disk: &TestDisk) -> Result<Guest> {
        let drive = Drive::of_board(self.world.board(), disk.image(), Boot::Unordered);
        self.start_open(vec![drive], Network::None)
    }

    /// Starts the board with this one disk, and notes every write to it in the file `log`.
    ///
    /// # Errors
    /// QEMU cannot be started, or the file cannot be made.
    pub fn start_logged(&self, disk: &TestDisk, log: &Path) -> Result<Guest> {
        fs::File::create(log).with_context(|| format!("cannot make {}", log.display()))?;
        let drive = Drive::of_board(self.world.board(), disk.image(), Boot::Unordered);
        self.start_open(vec![drive.logged_to(log)], Network::None)
    }

    /// Starts the board with this one disk and a network card.
    ///
    /// # Errors
    /// QEMU cannot be started.
    pub fn start_networked(&self, disk: &TestDisk) -> Result<Guest> {
        let drive = Drive::of_board(self.world.board(), disk.image(), Boot::Unordered);
        self.start_open(vec![drive], Network::Closed)
    }

    /// Starts the board with this one disk and a network card that has a way to this
    /// machine.
    ///
    /// # Errors
    /// QEMU cannot be started.
    pub fn start_connected(&self, disk: &TestDisk) -> Result<Guest> {
        let drive = Drive::of_board(self.world.board(), disk.image(), Boot::Unordered);
        self.start_open(vec![drive], Network::Open)
    }

    /// Starts the board with this one disk and a network card, and these ways in.
    ///
    /// # Errors
    /// QEMU cannot be started.
    pub fn start_forwarded(&self, disk: &TestDisk, forwards: &[Forward]) -> Result<Guest> {
        let drive = Drive::of_board(self.world.board(), disk.image(), Boot::Unordered);
        self.start_open(vec![drive], Network::Forwarded(forwards.to_vec()))
    }

    /// Starts the board with these disks, in the order of the bus. The firmware's
    /// variables are kept from one start of a scenario to the next.
    ///
    /// # Errors
    /// QEMU cannot be started.
    pub fn start_with(&self, drives: Vec<Drive>) -> Result<Guest> {
        self.start_open(drives, Network::None)
    }

    /// The same with a way out of its network, in a machine whose firmware says `smbios` of
    /// it: fields of QEMU's `-smbios type=1`.
    ///
    /// # Errors
    /// QEMU cannot be started.
    pub fn start_in_machine(&self, smbios: &str, drives: Vec<Drive>) -> Result<Guest> {
        self.prepare_open_firmware()?;
        self.start_machine(drives, Network::Open, Firmware::Open, Some(smbios))
    }

    /// With firmware that starts any loader.
    fn start_open(&self, drives: Vec<Drive>, network: Network) -> Result<Guest> {
        self.prepare_open_firmware()?;
        self.start_machine(drives, network, Firmware::Open, None)
    }

    fn prepare_open_firmware(&self) -> Result<()> {
        let board = self.world.board();
        let variables = self.variables();
        if let Some((_, empty)) = installed_firmware(board, Firmware::Open)?
            && !variables.exists()
        {
            copy_sparse(empty, &variables)?;
        }
        Ok(())
    }

    /// Starts the board with this one disk and firmware that has Secure Boot. It knows
    /// `keys` and no others; without any it is in set-up mode, and checks nothing. Keys
    /// count at the first start of a scenario; then the variables are kept.
    ///
    /// # Errors
    /// QEMU cannot be started, or the board's machine has no Secure Boot.
    pub fn start_secure_boot(&self, disk: &TestDisk, keys: &[EnrolledKey]) -> Result<Guest> {
        let board = self.world.board();
        let variables = self.variables();
        if let Some((_, empty)) = installed_firmware(board, Firmware::SecureBoot)?
            && !variables.exists()
        {
            variable_store::write_with_keys(empty, &variables, keys)?;
        }
        let drive = Drive::of_board(board, disk.image(), Boot::Unordered);
        self.start_machine(vec![drive], Network::None, Firmware::SecureBoot, None)
    }

    fn start_machine(
        &self,
        drives: Vec<Drive>,
        network: Network,
        firmware: Firmware,
        smbios: Option<&str>,
    ) -> Result<Guest> {
        let board = self.world.board();
        let description = MachineDescription {
            board,
            memory_mib: self.memory_mib,
            accelerator: self.accelerator,
            processor: self.processor,
            drives,
            network,
            smbios,
            firmware,
            firmware_files: self.world.firmware_files(),
            variables: self.variables(),
        };
        let machine = Machine::start(&description, &self.directory, &self.next_name()?)?;
        Ok(Guest::of(machine))
    }

    /// Of the firmware; kept from one start of a scenario to the next.
    fn variables(&self) -> PathBuf {
        self.directory.join("firmware-variables")
    }

    /// Machines of a scenario are numbered in the order of their start.
    fn next_name(&self) -> Result<String> {
        let taken = fs::read_dir(&self.directory)?
            .flatten()
            .filter(|entry| {
                entry
                    .file_name()
                    .to_string_lossy()
                    .ends_with(".console.log")
            })
            .count();
        Ok(format!("{}", taken + 1))
    }
}
