//! The device's name: the network may give one where the owner has not.

use network::dhcp::Lease;
use rustix::system::{sethostname, uname};

/// PID 1 sets it at the start, if it is there.
const OWN: &str = "/writable/system/hostname";
/// POSIX's `HOST_NAME_MAX`.
const MAX_BYTES: usize = 64;

/// The owner's name for the device, which servers are told.
pub(crate) fn own() -> Option<String> {
    let text = std::fs::read_to_string(OWN).ok()?;
    let name = text.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// Takes the first name that a server gives, unless the owner has set one.
pub(crate) fn set(leases: &[&Lease]) {
    let given = leases.iter().find_map(|lease| lease.host_name.as_deref());
    let Some(name) = given.filter(|name| name.len() <= MAX_BYTES && own().is_none()) else {
        return;
    };
    if uname().nodename().to_bytes() == name.as_bytes() {
        return;
    }
    match sethostname(name.as_bytes()) {
        Ok(()) => println!("the host name is {name}"),
        Err(error) => eprintln!("cannot set the host name {name}: {error}"),
    }
}
