//! A process that applies one release, or runs one other program, and prints as JSON what
//! that took: `apply-release copy UPDATE OUT`, `patch PATCH OLD OUT`, `chunks ADDRESS OLD
//! OUT`, or `run PROGRAM ...`.

use anyhow::{Context, Result, bail, ensure};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use std::env;
use std::ffi::OsString;
use std::process::{Command, Stdio};
use update_benchmark::{Applied, Source, apply};

fn main() -> Result<()> {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let words: Vec<&OsString> = arguments.iter().collect();
    let applied = match words.as_slice() {
        [what, update, out] if *what == "copy" => {
            apply(&Source::Copy(update.into()), out.as_ref())?;
            of_this_process(None)?
        }
        [what, patch, old, out] if *what == "patch" => {
            let (patch, old) = (patch.into(), old.into());
            apply(&Source::Patch { patch, old }, out.as_ref())?;
            of_this_process(None)?
        }
        [what, address, old, out] if *what == "chunks" => {
            let address = address.to_str().context("the address is no text")?;
            let (address, old) = (address.to_owned(), old.into());
            let fetched = apply(&Source::Chunks { address, old }, out.as_ref())?;
            of_this_process(fetched)?
        }
        [what, program, arguments @ ..] if *what == "run" => {
            let mut command = Command::new(program);
            let status = command.args(arguments).stdout(Stdio::null()).status()?;
            ensure!(status.success(), "{} ends with {status}", program.display());
            let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
            Applied {
                cpu_micros: cpu_micros(&usage)?,
                peak_kib: usage.max_rss().try_into()?,
                fetched_bytes: None,
            }
        }
        _ => bail!(
            "copy UPDATE OUT, patch PATCH OLD OUT, chunks ADDRESS OLD OUT, or run PROGRAM ARGUMENTS"
        ),
    };
    println!("{}", serde_json::to_string(&applied)?);
    Ok(())
}

/// The usage's own peak would count what the parent held when it started this process.
fn of_this_process(fetched_bytes: Option<u64>) -> Result<Applied> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB"));
    Ok(Applied {
        cpu_micros: cpu_micros(&getrusage(UsageWho::RUSAGE_SELF)?)?,
        peak_kib: peak.context("the kernel tells no peak")?.parse()?,
        fetched_bytes,
    })
}

fn cpu_micros(usage: &Usage) -> Result<u64> {
    let of = |time: nix::sys::time::TimeVal| time.tv_sec() * 1_000_000 + time.tv_usec();
    Ok((of(usage.user_time()) + of(usage.system_time())).try_into()?)
}
