//! The attempts, by what they are after.

mod controls;
mod devices;
mod files;
mod kernel;
pub(crate) mod layouts;
mod limits;
mod namespaces;
mod network;
mod processes;
mod snapctl;

use std::ffi::CString;
use std::io;
use std::path::{Path, PathBuf};

/// Something that who is confined might try.
pub(crate) struct Attempt {
    pub(crate) name: &'static str,
    /// What it would get.
    pub(crate) what: &'static str,
    pub(crate) kind: Kind,
    pub(crate) act: fn() -> io::Result<()>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Must be refused.
    Escape,
    /// Must be refused, by a limit that needs control groups.
    NeedsGroups,
    /// Must work: else a confinement that lets nobody do anything would pass.
    Control,
}

/// An attempt that must be refused.
const fn escape(name: &'static str, what: &'static str, act: fn() -> io::Result<()>) -> Attempt {
    Attempt {
        name,
        what,
        kind: Kind::Escape,
        act,
    }
}

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = &'static Attempt> {
    let escapes: [&[Attempt]; 9] = [
        files::ALL,
        devices::ALL,
        namespaces::ALL,
        processes::ALL,
        network::ALL,
        kernel::ALL,
        limits::ALL,
        snapctl::ALL,
        layouts::ALL,
    ];
    let controls = [controls::ALL, snapctl::CONTROL, layouts::CONTROL];
    controls.into_iter().chain(escapes).flatten()
}

/// A variable of the stage.
fn variable(name: &str) -> io::Result<String> {
    // Not `refused`: without the stage nothing was tried.
    std::env::var(name).map_err(|_| io::Error::other(format!("there is no ${name}")))
}

fn stage(name: &str) -> io::Result<PathBuf> {
    Ok(Path::new(&variable("STAGE")?).join(name))
}

fn snap(name: &str) -> io::Result<PathBuf> {
    Ok(Path::new(&variable("SNAP")?).join(name))
}

fn data(name: &str) -> io::Result<PathBuf> {
    Ok(Path::new(&variable("SNAP_DATA")?).join(name))
}

fn victim() -> io::Result<usize> {
    variable("VICTIM")?.parse().map_err(io::Error::other)
}

fn c_string(path: &Path) -> io::Result<CString> {
    Ok(CString::new(path.as_os_str().as_encoded_bytes())?)
}

/// Whoever may do something and lacks what it is done to, has got past who decides.
fn past_the_guard(outcome: io::Result<usize>, lacking: &[i32]) -> io::Result<()> {
    match outcome {
        Err(error)
            if error
                .raw_os_error()
                .is_some_and(|code| lacking.contains(&code)) =>
        {
            Ok(())
        }
        other => other.map(drop),
    }
}
