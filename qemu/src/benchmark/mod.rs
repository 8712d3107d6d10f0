//! What a boot costs in guest CPU: our loader, systemd-boot and QEMU's direct load, side by
//! side. Called by `cargo xtask bench boot`.
//!
//! The unit is the instruction that the guest executes. A plugin of QEMU counts them, and
//! says where the count stands when the guest comes by the first instruction of the loader
//! and of the kernel, which it knows by their machine code. So firmware, loaders and kernel
//! are those that run elsewhere, unchanged, and what the guest waits for without executing
//! anything costs nothing. A busy host hardly matters: its clock only decides how many
//! interrupts of the timer and rounds of polling there are.
//!
//! No instruction takes as long as another, and an instruction of x86 that repeats itself
//! counts once: these figures compare programs on one processor, and tell no seconds.

mod counter;
mod document;
mod entry_code;
mod figures;
mod loader_size;
mod report;
mod subject;
mod throughput;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use boards::{Architecture, Board};
use hash_meter::{HASHED_BYTES, Marks};
use image_builder::signing::KeyDirectory;
use image_builder::{
    ImageRequest, Progress, SystemImage, Workspace, build_firmware_program, build_image,
};

use self::counter::{Count, Counter, Mark};
use self::entry_code::entry_code;
use self::subject::{ESP_MIB, Source, Subject};
use crate::command_line::{
    Accelerator, Boot, Drive, Firmware, MachineDescription, Network, installed_firmware,
};
use crate::disk::TestDisk;
use crate::sparse_copy::copy_sparse;

pub use document::document;
pub use figures::Figures;
pub use loader_size::{loader_goal_bytes, loader_limit_bytes};
pub use report::{BootReport, Measured};
pub use throughput::{HostThroughput, Throughput};

/// Measures on `board`, each way `runs` times after one boot that does not count: firmware
/// and loader write variables at their first one.
///
/// # Errors
/// Something cannot be built or fetched, or a machine does not get to its kernel.
pub fn measure(
    workspace: &Workspace,
    board: &Board,
    runs: usize,
    progress: &mut dyn Progress,
) -> Result<BootReport> {
    ensure!(
        is_measurable(board),
        "cannot measure {}: the other ways to boot are for UEFI in flash, with 64 bits",
        board.id
    );
    let workplace = Workplace::prepare(workspace, board, progress)?;
    let mut ways = Vec::new();
    for subject in workplace.subjects(workspace, progress)? {
        progress.step(&format!("measuring {}, {} boots", subject.name, runs + 1));
        ways.push(workplace.measure(&subject, runs)?);
    }
    progress.step("measuring SHA-256");
    let (kernel_bytes, initrd_bytes) = workplace.loaded_bytes()?;
    let hash_once = workplace.hash_once(workspace, kernel_bytes + initrd_bytes)?;
    let ways = <[Measured; 3]>::try_from(ways)
        .ok()
        .context("there are three ways")?;
    Ok(BootReport {
        board: board.id.clone(),
        processor: board.qemu.processor.clone(),
        runs,
        kernel_bytes,
        initrd_bytes,
        ways,
        hash_once,
        throughput: HostThroughput::measure(workspace, board, workplace.disk.image())?,
        loader_goal_bytes: loader_goal_bytes(board.architecture),
    })
}

/// Whether all three ways exist on that board.
#[must_use]
pub fn is_measurable(board: &Board) -> bool {
    let architecture = board.architecture;
    matches!(architecture, Architecture::X86_64 | Architecture::Aarch64) && board.qemu.has_flash()
}

/// What all measurements on a board share.
struct Workplace {
    board: Board,
    counter: Counter,
    system: SystemImage,
    disk: TestDisk,
    kernel: Mark,
    directory: PathBuf,
}

impl Workplace {
    fn prepare(workspace: &Workspace, board: &Board, progress: &mut dyn Progress) -> Result<Self> {
        let directory = workspace.target().join("bench-boot").join(&board.id);
        fs::create_dir_all(&directory)
            .with_context(|| format!("cannot make {}", directory.display()))?;
        let counter = Counter::build(workspace)?;
        let keys = KeyDirectory::open_or_create_test(&workspace.test_keys())
            .context("cannot make test keys")?;
        let mut request = ImageRequest::new(board.clone());
        request.board.geometry.system_boot_mib = ESP_MIB;
        let image = directory.join("ours.img");
        let system = build_image(workspace, &keys, &request, &image, progress)?.system;
        let kernel = Mark {
            name: "kernel",
            code: entry_code(&subject::read(system.kernel())?)?,
        };
        Ok(Self {
            board: board.clone(),
            counter,
            system,
            disk: TestDisk::at(&image),
            kernel,
            directory,
        })
    }

    fn subjects(&self, workspace: &Workspace, progress: &mut dyn Progress) -> Result<[Subject; 3]> {
        let copy = self
            .disk
            .copy_to(&self.directory.join("systemd-boot.img"))?;
        Ok([
            subject::ours(&self.board, self.disk.clone())?,
            subject::systemd_boot(workspace, &self.board, copy, &self.system, progress)?,
            subject::direct(&self.disk, &self.system)?,
        ])
    }

    fn loaded_bytes(&self) -> Result<(u64, u64)> {
        let length = |file: &Path| -> Result<u64> { Ok(fs::metadata(file)?.len()) };
        Ok((length(self.system.kernel())?, length(self.system.initrd())?))
    }

    fn measure(&self, subject: &Subject, runs: usize) -> Result<Measured> {
        let variables = self.fresh_variables()?;
        let (mut loader_to_kernel, mut reset_to_kernel) = (Vec::new(), Vec::new());
        for run in 0..=runs {
            subject.source.make_ready()?;
            let count = self
                .start(
                    &subject.source,
                    &variables,
                    subject.loader.as_ref(),
                    &self.kernel,
                )
                .with_context(|| format!("cannot measure {}", subject.name))?;
            if run > 0 {
                reset_to_kernel.push(count.last);
                loader_to_kernel.extend(count.first.map(|first| count.last - first));
            }
        }
        Ok(Measured {
            name: subject.name,
            loader_bytes: subject.loader_bytes,
            loader_to_kernel: Figures::of(loader_to_kernel),
            reset_to_kernel: Figures::of(reset_to_kernel).context("no boot was to be measured")?,
        })
    }

    /// Instructions to hash that many bytes: measured over [`HASHED_BYTES`], of which each
    /// costs the same.
    fn hash_once(&self, workspace: &Workspace, bytes: u64) -> Result<u64> {
        let program = build_firmware_program(workspace, &self.board, "hash-meter")?;
        let disk = self.disk.copy_to(&self.directory.join("hash-meter.img"))?;
        subject::put_program(&self.board, &disk, &program)?;
        let marks = match self.board.architecture {
            Architecture::X86_64 => hash_meter::X86_64,
            Architecture::Aarch64 => hash_meter::AARCH64,
            Architecture::Armv7 | Architecture::PowerPc64 => {
                bail!("cannot measure SHA-256: nobody wrote marks for this architecture")
            }
        };
        let mark = |name, code| Mark {
            name,
            code: Marks::bytes(code).to_vec(),
        };
        let (begin, end) = (mark("begin", marks.begin), mark("end", marks.end));
        let variables = self.fresh_variables()?;
        let count = self
            .start(&Source::Disk(disk), &variables, Some(&begin), &end)
            .context("cannot measure SHA-256")?;
        let first = count.first.context("both marks were passed")?;
        Ok(scaled(count.last - first, bytes))
    }

    fn start(
        &self,
        source: &Source,
        variables: &Path,
        first: Option<&Mark>,
        last: &Mark,
    ) -> Result<Count> {
        let drives = source
            .disk()
            .map(|disk| Drive::of_board(&self.board, disk.image(), Boot::Unordered));
        let machine = MachineDescription {
            board: &self.board,
            memory_mib: self.board.qemu.memory_mib,
            accelerator: Accelerator::Emulation,
            drives: drives.into_iter().collect(),
            network: Network::None,
            firmware: Firmware::Open,
            firmware_files: &[],
            variables: variables.to_owned(),
        };
        let mut arguments = Vec::new();
        if let Source::Direct {
            kernel,
            initrd,
            words,
        } = source
        {
            let (kernel, initrd) = (kernel.display().to_string(), initrd.display().to_string());
            let options = [
                ("-kernel", kernel),
                ("-initrd", initrd),
                ("-append", words.clone()),
            ];
            arguments.extend(
                options
                    .into_iter()
                    .flat_map(|(name, value)| [name.to_owned(), value]),
            );
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.counter
            .run(&machine, &arguments, first, last, &self.directory)
    }

    fn fresh_variables(&self) -> Result<PathBuf> {
        let (_, empty) = installed_firmware(&self.board, Firmware::Open)?
            .context("cannot measure a board whose firmware is in no flash")?;
        let variables = self.directory.join("firmware-variables");
        copy_sparse(empty, &variables)?;
        Ok(variables)
    }
}

fn scaled(instructions: u64, bytes: u64) -> u64 {
    let exact = u128::from(instructions) * u128::from(bytes) / HASHED_BYTES as u128;
    u64::try_from(exact).unwrap_or(u64::MAX)
}
