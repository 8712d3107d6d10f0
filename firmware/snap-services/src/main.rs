//! `snap-services`: supervises the services of snaps. A service of every image; PID 1
//! starts it, and starts it again.

use snap_services::{Places, serve};
use std::process::ExitCode;

fn main() -> ExitCode {
    // Sockets of services have the modes that their snaps name. What is ours lies in a
    // directory that only root enters.
    rustix::process::umask(rustix::fs::Mode::empty());
    match serve(Places::of_device()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
