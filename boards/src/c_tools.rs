//! Debian's C compiler and static C library for an architecture.
//!
//! The programs of a device are Rust, but TLS has parts in C and assembler, and for some
//! targets the Rust toolchain has no C library of its own.

use crate::architecture::Architecture;

/// What C is compiled and linked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CTools {
    /// The compiler, which has this name on every machine.
    pub compiler: &'static str,
    /// The Debian package that brings it.
    pub compiler_package: &'static str,
    /// The library. Its headers come with it.
    pub library: &'static str,
    /// The Debian package that brings it.
    pub library_package: &'static str,
}

impl CTools {
    /// Those that make programs of `architecture` on this machine.
    #[must_use]
    pub fn here(architecture: Architecture) -> Self {
        match Architecture::of_this_machine() {
            Some(own) if own == architecture => Self::native(own),
            _ => Self::cross(architecture),
        }
    }

    /// Those of a machine of the same architecture.
    fn native(architecture: Architecture) -> Self {
        Self {
            compiler_package: "gcc",
            library: match architecture {
                Architecture::X86_64 => "/usr/lib/x86_64-linux-gnu/libc.a",
                Architecture::Aarch64 => "/usr/lib/aarch64-linux-gnu/libc.a",
                Architecture::Armv7 => "/usr/lib/arm-linux-gnueabihf/libc.a",
                Architecture::PowerPc64 => "/usr/lib/powerpc64le-linux-gnu/libc.a",
            },
            library_package: "libc6-dev",
            ..Self::cross(architecture)
        }
    }

    /// Those of other machines.
    fn cross(architecture: Architecture) -> Self {
        let [compiler, compiler_package, library, library_package] = match architecture {
            Architecture::X86_64 => [
                "x86_64-linux-gnu-gcc",
                "gcc-x86-64-linux-gnu",
                "/usr/x86_64-linux-gnu/lib/libc.a",
                "libc6-dev-amd64-cross",
            ],
            Architecture::Aarch64 => [
                "aarch64-linux-gnu-gcc",
                "gcc-aarch64-linux-gnu",
                "/usr/aarch64-linux-gnu/lib/libc.a",
                "libc6-dev-arm64-cross",
            ],
            Architecture::Armv7 => [
                "arm-linux-gnueabihf-gcc",
                "gcc-arm-linux-gnueabihf",
                "/usr/arm-linux-gnueabihf/lib/libc.a",
                "libc6-dev-armhf-cross",
            ],
            Architecture::PowerPc64 => [
                "powerpc64le-linux-gnu-gcc",
                "gcc-powerpc64le-linux-gnu",
                "/usr/powerpc64le-linux-gnu/lib/libc.a",
                "libc6-dev-ppc64el-cross",
            ],
        };
        Self {
            compiler,
            compiler_package,
            library,
            library_package,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_makes_its_own_programs_with_its_own_tools() {
        let all = [
            Architecture::X86_64,
            Architecture::Aarch64,
            Architecture::Armv7,
            Architecture::PowerPc64,
        ];
        for architecture in all {
            let tools = CTools::here(architecture);
            let is_own = Architecture::of_this_machine() == Some(architecture);
            assert_eq!(tools.compiler_package == "gcc", is_own, "{tools:?}");
            assert_eq!(tools.library_package == "libc6-dev", is_own, "{tools:?}");
            assert_eq!(tools.compiler, CTools::cross(architecture).compiler);
        }
    }
}
