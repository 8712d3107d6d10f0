//! Doing what a cloud-config asks for: files on `writable`, each written whole.
//!
//! The order is fixed, and no step depends on the success of another. What fails is in the
//! report. Done twice, as after a loss of power in between, it leads to the same, but for
//! what is appended to a file.

mod commands;
mod files;
mod network;
mod original;
mod people;
mod snaps;
mod system;

pub use commands::{Policy, run_commands};
pub use network::try_network;
pub use original::forget_original;
pub use system::show_time_zone;

use crate::complaint::Complaint;
use crate::container::{Part, unpack};
use crate::document::CloudConfig;
use crate::report::{Report, complain};
use crate::source::Found;
use std::path::{Path, PathBuf};

/// The device, by its root: another one in tests.
#[derive(Clone, Debug)]
pub struct Device {
    /// Where `/writable` and `/usr` are.
    pub root: PathBuf,
}

impl Device {
    /// Where the owner's files of the system lie.
    fn system(&self) -> PathBuf {
        self.root.join("writable/system")
    }

    /// What the image brings.
    fn image(&self) -> PathBuf {
        self.root.join("usr/lib/twinkeel")
    }
}

/// The document of a source, of all its parts; what is wrong with them is in the report.
pub fn document(found: &Found, report: &mut Report) -> CloudConfig {
    complain(report, "meta-data", &found.complaints);
    let parts = match unpack(&found.user_data) {
        Ok(parts) => parts,
        Err(error) => {
            report.failed(format!("cannot use the user-data: {error}"));
            return CloudConfig::default();
        }
    };
    let many = parts.len() > 1;
    let mut config = CloudConfig::default();
    for (index, part) in parts.into_iter().enumerate() {
        let of = match many {
            true => format!("user-data, part {}", index + 1),
            false => "user-data".to_owned(),
        };
        match part {
            Part::CloudConfig(text) => {
                let (next, complaints) = CloudConfig::parse(&text);
                complain(report, &of, &complaints);
                config = config.then(next);
            }
            Part::NotHonoured(why) => report.failed(format!("{of} is not honoured: {why}")),
        }
    }
    config
}

/// Does all of it but the commands.
pub fn apply(device: &Device, found: &Found, config: &CloudConfig, report: &mut Report) {
    system::apply(device, found, config, report);
    people::apply(device, found, config, report);
    files::apply(device, config, report);
    snaps::apply(device, config, report);
}

/// Tells the report how writing a file went.
fn note(report: &mut Report, what: String, path: &Path, written: std::io::Result<()>) {
    match written {
        Ok(()) => report.done.push(what),
        Err(error) => report.failed(format!("cannot write {}: {error}", path.display())),
    }
}

/// About a part of a document.
fn refused(report: &mut Report, line: usize, key: &str, why: &dyn core::fmt::Display) {
    let complaint = Complaint {
        line,
        key: key.to_owned(),
        reason: crate::complaint::Reason::Refused(why.to_string()),
    };
    complain(report, "user-data", &[complaint]);
}

#[cfg(test)]
mod tests;
