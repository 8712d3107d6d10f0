//! `runcmd`: commands of the owner, run as root, once, where the image's maker allows it.

use super::Device;
use crate::document::{CloudConfig, Command};
use crate::report::Report;
use anyhow::{Context, bail};
use serde::Deserialize;
use std::fs;
use std::process;
use std::thread;
use std::time::{Duration, Instant};

/// All of them together may take so long. A system on trial is judged once they are done.
const LIMIT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// What the image's maker allows: `/usr/lib/twinkeel/cloud-config.toml`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Whether commands run.
    #[serde(default)]
    pub runcmd: Commands,
}

/// Whether commands run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Commands {
    /// They do not.
    #[default]
    Refused,
    /// They do.
    Allowed,
}

impl Policy {
    /// The image's. Without a file, and with one that is not understood, commands are refused.
    ///
    /// # Errors
    /// A sentence about the file that is not understood.
    pub fn read(device: &Device) -> anyhow::Result<Self> {
        let path = device.image().join("cloud-config.toml");
        let Ok(text) = fs::read_to_string(&path) else {
            return Ok(Self::default());
        };
        toml::from_str(&text).with_context(|| format!("cannot use {}", path.display()))
    }
}

/// Runs them, or says that they are refused.
pub fn run_commands(config: &CloudConfig, policy: Policy, report: &mut Report) {
    if config.commands.is_empty() {
        return;
    }
    if policy.runcmd == Commands::Refused {
        report
            .failed("runcmd: this image runs no commands of a cloud-config; its maker allows them");
        return;
    }
    let deadline = Instant::now() + LIMIT;
    for (index, command) in config.commands.iter().enumerate() {
        match run(command, deadline) {
            Ok(()) => report.done.push(format!("command {}", index + 1)),
            Err(error) => report.failed(format!("runcmd[{index}]: {error:#}")),
        }
    }
}

fn run(command: &Command, deadline: Instant) -> anyhow::Result<()> {
    let mut program = match command {
        Command::Shell(text) => {
            let mut shell = process::Command::new("/bin/sh");
            shell.args(["-c", text]);
            shell
        }
        Command::Words(words) => {
            let (program, arguments) = words.split_first().context("it is empty")?;
            let mut command = process::Command::new(program);
            command.args(arguments);
            command
        }
    };
    let mut child = program
        .stdin(process::Stdio::null())
        .spawn()
        .context("cannot start it")?;
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for it")? {
            return match status.success() {
                true => Ok(()),
                false => bail!("it ended with {status}"),
            };
        }
        if Instant::now() >= deadline {
            let _ = child.kill();
            let _ = child.wait();
            bail!(
                "all commands together took longer than {} s",
                LIMIT.as_secs()
            );
        }
        thread::sleep(PAUSE);
    }
}
