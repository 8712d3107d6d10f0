//! One machine under the instruction counter, from its reset to a mark.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use image_builder::Workspace;

use crate::command_line::MachineDescription;

/// A boot takes some seconds of processor time; the machine that it runs on may be busy.
const PATIENCE: Duration = Duration::from_secs(600);

/// Code that a guest comes by, and what it is called.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub(super) name: &'static str,
    pub(super) code: Vec<u8>,
}

/// What the guest had executed since its reset when it came by two marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    /// The first one, if that was to be looked for.
    pub(super) first: Option<u64>,
    /// The last one, where the machine was ended.
    pub(super) last: u64,
}

/// The plugin of QEMU that counts.
pub(super) struct Counter {
    plugin: PathBuf,
}

impl Counter {
    /// Builds the plugin.
    pub(super) fn build(workspace: &Workspace) -> Result<Self> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            .current_dir(workspace.root())
            .args(["build", "--quiet", "--package", "instruction-counter"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .context("cannot run cargo")?;
        ensure!(
            status.success(),
            "cannot build the instruction counter: cargo says why above"
        );
        let plugin = workspace.target().join("debug/libinstruction_counter.so");
        Ok(Self { plugin })
    }

    /// Starts the machine, waits until it passes `last` and pulls the plug. Its console goes
    /// to a file of `directory`.
    pub(super) fn run(
        &self,
        machine: &MachineDescription<'_>,
        more_arguments: &[&str],
        first: Option<&Mark>,
        last: &Mark,
        directory: &Path,
    ) -> Result<Count> {
        let console = directory.join("console.log");
        let messages = directory.join("qemu.log");
        let program = &machine.board.qemu.binary;
        let mut command = Command::new(program);
        command.args(machine.arguments()?).args(more_arguments);
        command
            .arg("-serial")
            .arg(format!("file:{}", console.display()));
        command.arg("-plugin").arg(self.argument(first, last));
        let process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&messages)?)
            .spawn()
            .with_context(|| format!("cannot start {program}; try `cargo xtask setup`"))?;
        let told = Running(process).wait_for(first, last);
        told.with_context(|| {
            let read = |file: &Path| fs::read_to_string(file).unwrap_or_default();
            format!(
                "the machine did not get to the mark {:?}; QEMU said {:?}; its console is {}",
                last.name,
                read(&messages),
                console.display()
            )
        })
    }

    fn argument(&self, first: Option<&Mark>, last: &Mark) -> String {
        let mut argument = self.plugin.display().to_string().replace(',', ",,");
        for mark in first.into_iter().chain([last]) {
            let code: String = mark.code.iter().map(|byte| format!("{byte:02x}")).collect();
            argument += &format!(",{}={code}", mark.name);
        }
        argument
    }
}

/// A process that does not outlive its measurement.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when the process is already gone, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    fn wait_for(mut self, first: Option<&Mark>, last: &Mark) -> Result<Count> {
        let output = self.0.stdout.take().context("QEMU has no output")?;
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // Nobody listens once the last mark was passed.
                let _ = send.send(line);
            }
        });
        count_to(&lines, first, last)
    }
}

/// A first mark that comes twice is a loader that was started twice: nothing to measure.
fn count_to(lines: &Receiver<String>, first: Option<&Mark>, last: &Mark) -> Result<Count> {
    let deadline = Instant::now() + PATIENCE;
    let mut begun = None;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let line = lines
            .recv_timeout(left)
            .context("QEMU ended, or it took too long")?;
        let Some((name, count)) = line.split_once(' ') else {
            continue;
        };
        let count: u64 = count
            .parse()
            .with_context(|| format!("not a count: {line:?}"))?;
        if name == last.name {
            ensure!(first.is_none() || begun.is_some(), "{name:?} came first");
            return Ok(Count {
                first: begun,
                last: count,
            });
        }
        if begun.replace(count).is_some() {
            bail!("the machine came by {name:?} twice");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(lines: &[&str]) -> Result<Count> {
        let (send, receive) = mpsc::channel();
        for line in lines {
            send.send((*line).to_owned())?;
        }
        drop(send);
        let mark = |name| Mark {
            name,
            code: vec![1],
        };
        count_to(&receive, Some(&mark("loader")), &mark("kernel"))
    }

    #[test]
    fn both_marks_count_from_the_reset() -> Result<()> {
        let count = counted(&["loader 5", "kernel 8", "loader 9"])?;
        let expected = Count {
            first: Some(5),
            last: 8,
        };
        assert_eq!(count, expected);
        Ok(())
    }

    #[test]
    fn a_loader_that_started_twice_or_never_is_no_measurement() {
        for (lines, why) in [
            (&["loader 5", "loader 6", "kernel 8"][..], "twice"),
            (&["kernel 8"], "came first"),
            (&["loader 5"], "QEMU ended"),
            (&["loader x"], "not a count"),
        ] {
            let error = counted(lines).expect_err(why);
            assert!(format!("{error:#}").contains(why), "{error:#}");
        }
    }
}
