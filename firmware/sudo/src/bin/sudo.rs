//! `sudo`: asks `sudod` to run a command as root. It has no privileges of its own.

use std::path::PathBuf;
use std::process::ExitCode;
use sudo::{SOCKET, client};

/// Names another socket: for tests. Whoever listens there gets what the user has anyway.
const SOCKET_VARIABLE: &str = "SUDO_SOCKET";

fn main() -> ExitCode {
    let socket = std::env::var_os(SOCKET_VARIABLE).map_or_else(|| SOCKET.into(), PathBuf::from);
    match client::run(&socket, std::env::args_os().skip(1)) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("sudo: {error}");
            ExitCode::FAILURE
        }
    }
}
