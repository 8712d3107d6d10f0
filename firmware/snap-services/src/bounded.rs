//! A program of a snap beside its services, run to its end or to its limit.

use crate::process::exit_code;
use crate::protocol::HookOutcome;
use anyhow::{Context, Result};
use confinement::ControlGroup;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// Of what it says, the end is kept.
const OUTPUT_BYTES: usize = 16 << 10;

/// What a program reads that is handed `bytes`: a file in memory, so that nobody has to wait
/// for a program that does not read.
pub(crate) fn input(bytes: &[u8]) -> Result<Stdio> {
    let memory = memfd_create("input", MemfdFlags::CLOEXEC).context("cannot make a file")?;
    let mut memory = File::from(memory);
    memory.write_all(bytes)?;
    memory.rewind()?;
    Ok(memory.into())
}

/// Runs `command`, a line of `snap-run` with its input. At the limit all of the group that `group_of` names
/// is killed.
pub(crate) fn run(
    mut command: Command,
    group_of: impl FnOnce(&Child) -> Result<ControlGroup>,
    limit: Duration,
) -> Result<HookOutcome> {
    let (reader, writer) = std::io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().context("cannot start snap-run")?;
    drop(command);
    let output = thread::spawn(move || end_of(reader));
    let handle = pidfd_open(Pid::from_child(&child), PidfdFlags::empty())?;
    let timeout = Timespec::try_from(limit).ok();
    let ended = poll(&mut [PollFd::new(&handle, PollFlags::IN)], timeout.as_ref())? > 0;
    if !ended {
        group_of(&child)?.kill()?;
        let _ = child.kill();
    }
    let exit_code = exit_code(child.wait()?);
    let mut output = output.join().unwrap_or_default();
    if !ended {
        output.push_str(&format!("it took longer than {} s\n", limit.as_secs()));
    }
    Ok(HookOutcome { exit_code, output })
}

fn end_of(mut pipe: impl Read) -> String {
    let mut kept = Vec::new();
    let mut part = [0; 4096];
    while let Ok(length @ 1..) = pipe.read(&mut part) {
        kept.extend_from_slice(&part[..length]);
        if kept.len() > 2 * OUTPUT_BYTES {
            kept.drain(..kept.len() - OUTPUT_BYTES);
        }
    }
    let from = kept.len().saturating_sub(OUTPUT_BYTES);
    String::from_utf8_lossy(&kept[from..]).into_owned()
}
