//! What a processor runs, and what Rust and Debian call it.

use serde::Deserialize;

/// A processor architecture, by Rust's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// 64-bit x86.
    #[serde(rename = "x86_64")]
    X86_64,
    /// 64-bit ARM.
    Aarch64,
    /// 32-bit ARM from version 7 on, with a floating-point unit.
    Armv7,
    /// 64-bit POWER, little-endian under Linux.
    PowerPc64,
}

impl Architecture {
    /// That of the machine which this very program runs on, if there is a board of it.
    #[must_use]
    pub fn of_this_machine() -> Option<Self> {
        match std::env::consts::ARCH {
            "x86_64" => Some(Self::X86_64),
            "aarch64" => Some(Self::Aarch64),
            "arm" => Some(Self::Armv7),
            "powerpc64" if cfg!(target_endian = "little") => Some(Self::PowerPc64),
            _ => None,
        }
    }

    /// Debian's name of it.
    #[must_use]
    pub fn debian_name(self) -> &'static str {
        match self {
            Self::X86_64 => "amd64",
            Self::Aarch64 => "arm64",
            Self::Armv7 => "armhf",
            Self::PowerPc64 => "ppc64el",
        }
    }

    /// Rust's target without an operating system, for which no standard library exists, if
    /// the stable toolchain has one.
    #[must_use]
    pub fn bare_target(self) -> Option<&'static str> {
        match self {
            Self::X86_64 => Some("x86_64-unknown-none"),
            Self::Aarch64 => Some("aarch64-unknown-none"),
            Self::Armv7 => Some("armv7a-none-eabi"),
            Self::PowerPc64 => None,
        }
    }
}
