//! A running QEMU that a scenario holds.
//!
//! Dropping it kills exactly the process that was started, so that no machine outlives
//! its scenario, whatever happened.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use boards::PowerOff;
use tempfile::TempDir;

use crate::command_line::{MachineDescription, NETWORK};
use crate::console::Console;
use crate::qmp::Qmp;

/// How long QEMU may take to end after it was asked to.
const END: Duration = Duration::from_secs(60);

/// A kernel's last words, when file systems and disks are done.
const POWERED_DOWN: &str = "reboot: Power down";

/// A running machine.
pub struct Machine {
    /// Its serial console.
    pub console: Console,
    process: Child,
    power_off: PowerOff,
    messages: PathBuf,
    /// Short, whatever the checkout's path: a socket's path has a limit of 107 bytes.
    sockets: TempDir,
}

impl Machine {
    /// Starts the machine; `directory` takes the transcript and QEMU's own messages,
    /// whose names begin with `name`.
    ///
    /// # Errors
    /// QEMU or the firmware is not installed.
    pub fn start(
        description: &MachineDescription<'_>,
        directory: &Path,
        name: &str,
    ) -> Result<Self> {
        let sockets = tempfile::tempdir().context("cannot make a directory for sockets")?;
        let messages = directory.join(format!("{name}.qemu.log"));
        let file = File::create(&messages)
            .with_context(|| format!("cannot write {}", messages.display()))?;
        let program = &description.board.qemu.binary;
        let mut process = Command::new(program)
            .args(description.arguments()?)
            .args(["-chardev", "stdio,id=console,signal=off"])
            .args(["-serial", "chardev:console"])
            .arg("-qmp")
            .arg(qmp_argument(sockets.path()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot start {program}; try `cargo xtask setup`"))?;
        let output = process.stdout.take().context("QEMU has no output")?;
        let input = process.stdin.take().context("QEMU has no input")?;
        let console = Console::new(
            output,
            input,
            &directory.join(format!("{name}.console.log")),
        )
        .context("cannot write the transcript")?;
        Ok(Self {
            console,
            process,
            power_off: description.board.qemu.power_off,
            messages,
            sockets,
        })
    }

    /// Waits until the machine has switched itself off, or, where it cannot, until its
    /// kernel has nothing left to do.
    ///
    /// # Errors
    /// It goes on, or QEMU itself failed.
    pub fn expect_power_off(mut self) -> Result<()> {
        if self.power_off == PowerOff::ByHand {
            self.console.expect(POWERED_DOWN, END)?;
            return self.pull_the_plug();
        }
        self.console.expect_end(END)?;
        self.reap()
    }

    /// Pulls the plug: nothing in the guest is told.
    ///
    /// # Errors
    /// QEMU does not answer, or ended before.
    pub fn pull_the_plug(mut self) -> Result<()> {
        let asked =
            Qmp::connect(&socket(self.sockets.path())).and_then(|mut qmp| qmp.execute("quit"));
        asked.with_context(|| format!("cannot end the machine: {}", self.own_messages()))?;
        self.console.expect_end(END)?;
        self.reap()
    }

    /// Pulls the cable of the network.
    ///
    /// # Errors
    /// QEMU does not answer, or the machine has no network.
    pub fn unplug_network(&self) -> Result<()> {
        let link = serde_json::json!({ "name": NETWORK, "up": false });
        Qmp::connect(&socket(self.sockets.path()))
            .and_then(|mut qmp| qmp.execute_with("set_link", link))
            .with_context(|| format!("cannot pull the cable: {}", self.own_messages()))
    }

    /// What QEMU itself had to say.
    fn own_messages(&self) -> String {
        fs::read_to_string(&self.messages).unwrap_or_default()
    }

    fn reap(&mut self) -> Result<()> {
        let status = self.process.wait().context("cannot wait for QEMU")?;
        if !status.success() {
            bail!("QEMU ended with {status}: {}", self.own_messages());
        }
        Ok(())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Both fail only when the process is already gone, which is what is wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn socket(directory: &Path) -> PathBuf {
    directory.join("qmp")
}

fn qmp_argument(directory: &Path) -> String {
    format!("unix:{},server=on,wait=off", socket(directory).display())
}
