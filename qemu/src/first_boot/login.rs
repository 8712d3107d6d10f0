//! One first boot, from the start of QEMU to a command that ran over SSH.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use boards::Board;

use super::banner::wait_for_banner;
use super::seed;
use crate::command_line::{
    Accelerator, Boot, Drive, Firmware, MachineDescription, Network, installed_firmware,
};
use crate::disk::TestDisk;
use crate::machine::Machine;
use crate::sparse_copy::copy_sparse;
use crate::ssh_client::SshClient;

/// Minutes on a loaded machine without KVM.
const PATIENCE: Duration = Duration::from_secs(600);

/// Where one boot keeps its disk, transcript, keys and firmware variables.
pub(super) struct Place {
    directory: PathBuf,
    pub(super) client: SshClient,
}

/// Times since QEMU was started.
#[derive(Debug, Clone)]
pub(super) struct FirstLogin {
    /// Until the SSH server answered.
    pub(super) banner: Duration,
    /// Until a login by key had run `true`.
    pub(super) login: Duration,
    /// What the system says of its boot, if it was asked.
    pub(super) said: Option<String>,
}

impl Place {
    /// An empty one.
    pub(super) fn fresh(directory: &Path) -> Result<Self> {
        if directory.exists() {
            fs::remove_dir_all(directory)
                .with_context(|| format!("cannot empty {}", directory.display()))?;
        }
        fs::create_dir_all(directory)
            .with_context(|| format!("cannot make {}", directory.display()))?;
        Ok(Self {
            directory: directory.to_owned(),
            client: SshClient::new(directory, seed::USER)?,
        })
    }

    /// Where the disk belongs.
    pub(super) fn disk(&self) -> PathBuf {
        self.directory.join("disk.img")
    }

    /// Starts the board's machine from `disk`, with empty firmware variables, and pulls the
    /// plug once somebody was logged in.
    pub(super) fn start_and_log_in(
        &self,
        board: &Board,
        disk: &TestDisk,
        question: Option<&str>,
    ) -> Result<FirstLogin> {
        let variables = self.directory.join("firmware-variables");
        if let Some((_, empty)) = installed_firmware(board, Firmware::Open)? {
            copy_sparse(empty, &variables)?;
        }
        let description = MachineDescription {
            board,
            memory_mib: board.qemu.memory_mib,
            accelerator: Accelerator::Emulation,
            processor: &board.qemu.processor,
            drives: vec![Drive::of_board(board, disk.image(), Boot::Unordered)],
            network: Network::Forwarded(vec![self.client.forward()]),
            smbios: None,
            firmware: Firmware::Open,
            firmware_files: &[],
            variables,
        };
        let power_on = Instant::now();
        let machine = Machine::start(&description, &self.directory, "first")?;
        let login = self.log_in(power_on, question).with_context(|| {
            format!(
                "it has {} s; the console is {}",
                PATIENCE.as_secs(),
                self.directory.join("first.console.log").display()
            )
        })?;
        machine.pull_the_plug()?;
        Ok(login)
    }

    fn log_in(&self, power_on: Instant, question: Option<&str>) -> Result<FirstLogin> {
        wait_for_banner(self.client.forward().host_port, power_on + PATIENCE)?;
        let banner = power_on.elapsed();
        self.client
            .require("true", "")
            .context("the server answered, and a login failed")?;
        Ok(FirstLogin {
            banner,
            login: power_on.elapsed(),
            said: question
                .map(|question| self.client.require_success(question))
                .transpose()?,
        })
    }
}
