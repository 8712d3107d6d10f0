//! The address that a port had, kept on `writable`, one file a port: it is asked for first
//! when the device starts again. A hint: losing it costs nothing.

use network::dhcp::HardwareAddress;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

const DIRECTORY: &str = "/writable/system/leases";

fn path(hardware: HardwareAddress) -> PathBuf {
    Path::new(DIRECTORY).join(hardware.to_string())
}

/// What was kept.
pub(crate) fn read(hardware: HardwareAddress) -> Option<Ipv4Addr> {
    let text = fs::read_to_string(path(hardware)).ok()?;
    text.trim().parse().ok()
}

/// Keeps it, unless it is there already: a renewal writes nothing.
pub(crate) fn keep(hardware: HardwareAddress, address: Ipv4Addr) {
    if read(hardware) == Some(address) {
        return;
    }
    let path = path(hardware);
    let kept =
        fs::create_dir_all(DIRECTORY).and_then(|()| fs::write(&path, format!("{address}\n")));
    if let Err(error) = kept {
        eprintln!("cannot keep {}: {error}", path.display());
    }
}
