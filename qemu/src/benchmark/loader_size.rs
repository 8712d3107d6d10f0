//! How long the loader may be.

use boards::Architecture;

/// What we want, by the architecture's density of code.
#[must_use]
pub const fn loader_goal_bytes(architecture: Architecture) -> u64 {
    match architecture {
        Architecture::X86_64 => 96 << 10,
        Architecture::Aarch64 => 80 << 10,
        Architecture::Armv7 => 104 << 10,
        Architecture::PowerPc64 => 128 << 10,
    }
}

/// What it must not exceed: what it has, and a little. Lower it when the loader shrinks,
/// until it is the goal; `cargo xtask check` compares.
#[must_use]
pub const fn loader_limit_bytes(architecture: Architecture) -> u64 {
    match architecture {
        Architecture::X86_64 => 92 << 10,
        Architecture::Aarch64 => 80 << 10,
        Architecture::Armv7 => 104 << 10,
        Architecture::PowerPc64 => 144 << 10,
    }
}
