//! `snappy`: the person's tool on a device, with the verbs of Snappy Ubuntu Core.
//!
//! It reads what PID 1, the boot state and the flight record tell, and turns it into
//! text with pure functions. It changes nothing itself: what changes the device goes
//! through the daemon `snappyd`, or through `system-update`. It decides nothing about trust or boots: those functions
//! are `image-trust`'s and `boot-core`'s.

mod arguments;
mod because;
mod build;
mod changes;
mod channel;
mod chroot;
mod config;
mod daemon;
mod debian;
mod device;
#[cfg(test)]
mod fixtures;
mod framework;
mod hardware;
mod help;
mod hold;
mod info;
mod keys;
mod list;
mod network;
mod origin;
mod progress;
mod record;
mod refusal_text;
mod reinstall;
mod reset;
mod rollback;
mod search;
mod secure_boot;
mod sentence;
mod service;
mod slot_image;
mod snap_info;
mod snap_service;
mod snaps;
mod table;
mod tags;
mod update;
mod update_versions;
mod verb;
mod versions;
mod why;

use anyhow::bail;
use arguments::Command;
use channel::read_channel;
use device::Device;
use keys::{Keys, read_keyring};
use std::io::Write;
use std::process::ExitCode;
use system_update::BootReport;

const FAILED: u8 = 1;
const MISUSED: u8 = 2;
const NOT_WANTED: u8 = 3;

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    if let Some(answer) = words.next().as_deref().and_then(debian::answer) {
        eprint!("{answer}");
        return ExitCode::from(FAILED);
    }
    let command = match arguments::parse(words) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("snappy: {}; see 'snappy --help'", error.0);
            return ExitCode::from(MISUSED);
        }
    };
    let printed = run(&command).and_then(|text| Ok(std::io::stdout().write_all(text.as_bytes())?));
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<reinstall::NotWanted>() => ExitCode::from(NOT_WANTED),
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(FAILED)
        }
    }
}

fn run(command: &Command) -> anyhow::Result<String> {
    Ok(match command {
        Command::Help(verb) => help::text(*verb),
        Command::ProgramVersion => format!("snappy {}\n", env!("CARGO_PKG_VERSION")),
        Command::Info(form, Some(snap)) => snap_info::run(snap, *form)?,
        Command::Info(form, None) => {
            let keys = Keys::of(read_keyring().as_ref());
            let guards = info::Guards::read();
            info::output(
                &BootReport::read()?,
                &read_channel(),
                keys,
                guards,
                &framework::installed(),
                *form,
            )
        }
        Command::Versions(form, scope) => versions::output(&Device::read()?, *form, *scope),
        Command::Why(form, boots) => why::output(&Device::read()?, *form, *boots),
        Command::Update(form, asked) => update::run(asked, *form)?,
        Command::Reset(form, asked) => reset::run(asked, *form)?,
        Command::Reinstall(form, asked) => reinstall::run(asked, *form)?,
        Command::Rollback(form) => rollback::run(*form)?,
        Command::Network(form) => network::run(*form)?,
        Command::Service(form, asked) => service::output(asked, *form)?,
        Command::UpdateVersions(form) => update_versions::run(*form)?,
        Command::Hold(form, part, asked) => hold::run(part, asked, *form)?,
        Command::Config(form, asked) => config::run(asked, *form)?,
        Command::Changes(form, id) => changes::run(id.as_deref(), *form)?,
        Command::Build(form, asked) => build::run(asked, *form)?,
        Command::Snap(form, act) => snaps::run(act, *form)?,
        Command::Search(form, word) => search::run(word.as_deref(), *form)?,
        Command::Framework(form) => framework::run(*form)?,
        Command::Hardware(form, act) => hardware::run(act, *form)?,
        Command::List(form, asked) => list::run(*asked, *form)?,
        Command::Tags(form) => tags::run(*form)?,
        Command::Chroot => bail!(chroot::REFUSAL),
    })
}
