//! Hooks: they run beside the services, each to its end or to its limit.

use crate::places::Places;
use crate::process::{exit_code, snap_run};
use crate::protocol::{Answer, HookOutcome};
use anyhow::{Context, Result};
use confinement::ControlGroup;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use snap_format::{Hook, SnapName};
use std::io::Read;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

/// Of what a hook says, the end is kept.
const OUTPUT_BYTES: usize = 16 << 10;

/// Runs a hook. A snap without it has nothing to do, and did it.
pub(crate) fn run(
    places: &Places,
    snap: &str,
    revision: &str,
    hook: &str,
    limit: Duration,
) -> Answer {
    let outcome = run_to_its_end(places, snap, revision, hook, limit);
    outcome.unwrap_or_else(|error| Answer::Error(format!("{error:#}")))
}

fn run_to_its_end(
    places: &Places,
    snap: &str,
    revision: &str,
    hook: &str,
    limit: Duration,
) -> Result<Answer> {
    let name: SnapName = snap.parse()?;
    let hook: Hook = hook.parse()?;
    let installed = places.device.snap(&name, Some(revision))?;
    if !installed
        .directory
        .join("meta/hooks")
        .join(hook.as_str())
        .exists()
    {
        return Ok(Answer::Hook(HookOutcome {
            exit_code: 0,
            output: String::new(),
        }));
    }
    let (reader, writer) = std::io::pipe()?;
    let mut command = snap_run(places, revision);
    command
        .args(["--hook", hook.as_str(), snap])
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let mut child = command.spawn().context("cannot start snap-run")?;
    drop(command);
    let output = thread::spawn(move || end_of(reader));
    let handle = pidfd_open(Pid::from_child(&child), PidfdFlags::empty())?;
    let timeout = Timespec::try_from(limit).ok();
    let ended = poll(&mut [PollFd::new(&handle, PollFlags::IN)], timeout.as_ref())? > 0;
    if !ended {
        ControlGroup::of(name.as_str(), &format!("hook.{hook}"))?.kill()?;
        let _ = child.kill();
    }
    let exit_code = exit_code(child.wait()?);
    let mut output = output.join().unwrap_or_default();
    if !ended {
        output.push_str(&format!(
            "the hook {hook} took longer than {} s\n",
            limit.as_secs()
        ));
    }
    Ok(Answer::Hook(HookOutcome { exit_code, output }))
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
