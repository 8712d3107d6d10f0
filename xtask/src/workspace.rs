//! Where things stand in this checkout.

use std::path::Path;

/// The directory of the workspace's own `Cargo.toml`.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}
