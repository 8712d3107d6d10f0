//! A board's disk, machine and counter, made ready to measure.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use boards::{Architecture, Board};
use hash_meter::{HASHED_BYTES, Marks};
use image_builder::signing::KeyDirectory;
use image_builder::{
    FirmwareFile, ImageRequest, Progress, SystemImage, Workspace, build_firmware_program,
    build_image, build_loader, fetch_firmware_files,
};

use super::counter::{Count, Counter, Mark};
use super::entry_code::entry_code;
use super::figures::Figures;
use super::report::Measured;
use super::subject::{self, Source, Subject};
use crate::command_line::{
    Accelerator, Boot, Drive, Firmware, MachineDescription, Network, installed_firmware,
};
use crate::disk::TestDisk;
use crate::sparse_copy::copy_sparse;

/// What all measurements on a board share.
pub(super) struct Workplace {
    board: Board,
    firmware_files: Vec<FirmwareFile>,
    counter: Counter,
    loader: Vec<u8>,
    system: SystemImage,
    disk: TestDisk,
    kernel: Mark,
    directory: PathBuf,
}

impl Workplace {
    /// Builds the image that is asked for.
    pub(super) fn prepare(
        workspace: &Workspace,
        request: &ImageRequest,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let board = &request.board;
        let directory = workspace.target().join("bench-boot").join(&board.id);
        fs::create_dir_all(&directory)
            .with_context(|| format!("cannot make {}", directory.display()))?;
        let counter = Counter::build(workspace)?;
        let keys = KeyDirectory::open_or_create_test(&workspace.test_keys())
            .context("cannot make test keys")?;
        let firmware_files = fetch_firmware_files(workspace, board, request.locking, progress)?;
        let image = directory.join("ours.img");
        let system = build_image(workspace, &keys, request, &image, progress)?.system;
        let disk = TestDisk::at(&image);
        if board.qemu.has_card() {
            disk.grow_to_card()?;
        }
        let kernel = Mark {
            name: "kernel",
            code: entry_code(&subject::read(system.kernel())?)?,
        };
        Ok(Self {
            firmware_files,
            counter,
            loader: build_loader(workspace, board, &keys.keyring_path())?,
            system,
            disk,
            kernel,
            directory,
            board: board.clone(),
        })
    }

    /// Our loader, on its own disk.
    pub(super) fn ours(&self) -> Result<Subject> {
        subject::ours(&self.loader, self.disk.clone())
    }

    /// The file that the firmware starts.
    pub(super) fn loader(&self) -> &[u8] {
        &self.loader
    }

    /// The image that everything is measured on.
    pub(super) fn disk(&self) -> &TestDisk {
        &self.disk
    }

    /// All three ways.
    pub(super) fn subjects(
        &self,
        workspace: &Workspace,
        progress: &mut dyn Progress,
    ) -> Result<[Subject; 3]> {
        let copy = self
            .disk
            .copy_to(&self.directory.join("systemd-boot.img"))?;
        Ok([
            self.ours()?,
            subject::systemd_boot(workspace, &self.board, copy, &self.system, progress)?,
            subject::direct(&self.disk, &self.system)?,
        ])
    }

    /// The length of the kernel and of the initrd.
    pub(super) fn loaded_bytes(&self) -> Result<(u64, u64)> {
        let length = |file: &Path| -> Result<u64> { Ok(fs::metadata(file)?.len()) };
        Ok((length(self.system.kernel())?, length(self.system.initrd())?))
    }

    /// Starts `subject` that often, and once before.
    pub(super) fn measure(
        &self,
        subject: &Subject,
        runs: usize,
        progress: &mut dyn Progress,
    ) -> Result<Measured> {
        progress.step(&format!("measuring {}, {} boots", subject.name, runs + 1));
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
    pub(super) fn hash_once(&self, workspace: &Workspace, bytes: u64) -> Result<u64> {
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
            processor: &self.board.qemu.processor,
            drives: drives.into_iter().collect(),
            network: Network::None,
            smbios: None,
            firmware: Firmware::Open,
            firmware_files: &self.firmware_files,
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

    /// Where the machine's flash keeps the firmware's variables, if it has flash.
    fn fresh_variables(&self) -> Result<PathBuf> {
        let variables = self.directory.join("firmware-variables");
        if let Some((_, empty)) = installed_firmware(&self.board, Firmware::Open)? {
            copy_sparse(empty, &variables)?;
        }
        Ok(variables)
    }
}

fn scaled(instructions: u64, bytes: u64) -> u64 {
    let exact = u128::from(instructions) * u128::from(bytes) / HASHED_BYTES as u128;
    u64::try_from(exact).unwrap_or(u64::MAX)
}
