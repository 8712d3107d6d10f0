//! Where things stand in this checkout, and what commands agree on.

use std::path::Path;

use boards::{Architecture, Board};
use qemu::command_line::Accelerator;

/// The board of a command that names none.
pub(crate) const DEFAULT_BOARD: &str = "x86_64-uefi";

/// The directory of the workspace's own `Cargo.toml`.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

/// What the flag `--kvm` asks for: a foreign architecture is translated all the same.
pub(crate) fn accelerator(kvm: bool, board: &Board) -> Accelerator {
    if kvm && Architecture::of_this_machine() == Some(board.architecture) {
        Accelerator::Kvm
    } else {
        Accelerator::Emulation
    }
}
