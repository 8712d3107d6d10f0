//! `sshd`: lets people in, where the owner or the image says so. PID 1 starts it as a service
//! of the image.
//!
//! The service itself speaks no SSH: it waits for `ssh.toml` to open the port, accepts
//! connections and counts them. Each connection is a process of its own, this program again
//! with the word `connection` and the socket as its standard input. Whatever a stranger sends
//! can end that process and nothing else. Once somebody has logged in, the process *becomes*
//! that user, for good: shells and commands are started by a process that is root no more.

mod connection;
mod host_key;
mod listener;
mod login;
mod session;
mod settings_watch;
mod sftp;
mod system_call;
mod terminal;
mod waiting;
mod welcome;

use accounts::Places;
use std::path::Path;
use std::process::ExitCode;

/// Names another root: for tests.
const ROOT_VARIABLE: &str = "SSHD_ROOT";

fn main() -> ExitCode {
    let root = std::env::var_os(ROOT_VARIABLE);
    let places = root.map_or_else(Places::of_device, |root| Places::below(Path::new(&root)));
    let outcome = match std::env::args().nth(1).as_deref() {
        None => listener::run(&places).map(|never| match never {}),
        Some("connection") => connection::serve(&places),
        Some(sftp::WORD) => sftp::serve(),
        Some(word) => Err(anyhow::anyhow!(
            "cannot understand {word:?}: PID 1 starts this program"
        )),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
