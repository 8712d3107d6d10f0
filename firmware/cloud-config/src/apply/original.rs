//! What a copy of a device must not share with the original: who it is.

use super::Device;
use crate::report::Report;
use accounts::Places;
use std::fs;
use std::io::{self, ErrorKind};

/// Lets the device be somebody else from its next boot on: its machine id and its host keys
/// are made anew where there are none.
pub fn forget_original(device: &Device, report: &mut Report) {
    let machine_id = device.system().join("machine-id");
    let host_keys = Places::below(&device.root).host_keys();
    for (what, removed) in [
        ("machine id", fs::remove_file(machine_id)),
        ("host keys", fs::remove_dir_all(host_keys)),
    ] {
        match removed.or_else(unless_there) {
            Ok(()) => report.done.push(format!("the original's {what} forgotten")),
            Err(error) => report.failed(format!("cannot forget the original's {what}: {error}")),
        }
    }
}

fn unless_there(error: io::Error) -> io::Result<()> {
    match error.kind() {
        ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    }
}
