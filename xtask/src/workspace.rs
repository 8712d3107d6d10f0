//! Where things stand in this checkout, and what commands agree on.

use std::path::Path;

use qemu::command_line::Accelerator;

/// The board of a command that names none.
pub(crate) const DEFAULT_BOARD: &str = "x86_64-uefi";

/// The directory of the workspace's own `Cargo.toml`.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

/// What the flag `--kvm` asks for.
pub(crate) fn accelerator(kvm: bool) -> Accelerator {
    if kvm {
        Accelerator::Kvm
    } else {
        Accelerator::Emulation
    }
}
