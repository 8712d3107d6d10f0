//! `sudod`: runs commands as root for users who may. PID 1 starts it as a service of the image.

use accounts::Places;
use std::path::Path;
use std::process::ExitCode;
use sudo::{SOCKET, server};

fn main() -> ExitCode {
    let path = Path::new(SOCKET);
    let served = server::bind(path).and_then(|socket| server::serve(&socket, &Places::of_device()));
    if let Err(error) = served {
        eprintln!("cannot serve {}: {error}", path.display());
    }
    ExitCode::FAILURE
}
