//! What must be the same on every processor, tested on other ones: big-endian, and with
//! words of 32 bits. And what has to be right on each processor for itself: the numbers of
//! its system calls.
//!
//! The formats, the trust and the loader's core are built for the first two and run under
//! QEMU's user emulation, with the tests and the golden files of this machine; the filter of
//! system calls is, for all that are no such machine.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{Tally, cargo, count_output};
use crate::setup::{Need, file, program};

/// What of the workspace a loader and a userland must read alike.
const FORMATS: &[&str] = &[
    "--tests",
    "--package=image-format",
    "--package=image-trust",
    "--package=boot-core",
];

/// The filter of system calls, which an interpreter runs: the emulator has none.
const SYSTEM_CALLS: &[&str] = &["--package=confinement", "--lib", "seccomp"];

/// A processor that this machine is not.
struct Processor {
    what: &'static str,
    target: &'static str,
    linker: &'static str,
    emulator: &'static str,
    tests: &'static [&'static str],
}

const PROCESSORS: [Processor; 5] = [
    Processor {
        what: "big-endian, 32 bits",
        target: "powerpc-unknown-linux-gnu",
        linker: "powerpc-linux-gnu-gcc",
        emulator: "qemu-ppc-static",
        tests: FORMATS,
    },
    Processor {
        what: "little-endian, 32 bits",
        target: "armv7-unknown-linux-gnueabihf",
        linker: "arm-linux-gnueabihf-gcc",
        emulator: "qemu-arm-static",
        tests: FORMATS,
    },
    Processor {
        what: "32-bit ARM, for its system calls",
        target: "armv7-unknown-linux-gnueabihf",
        linker: "arm-linux-gnueabihf-gcc",
        emulator: "qemu-arm-static",
        tests: SYSTEM_CALLS,
    },
    Processor {
        what: "64-bit ARM, for its system calls",
        target: "aarch64-unknown-linux-musl",
        linker: "rust-lld",
        emulator: "qemu-aarch64-static",
        tests: SYSTEM_CALLS,
    },
    Processor {
        what: "POWER, for its system calls",
        target: "powerpc64le-unknown-linux-gnu",
        linker: "powerpc64le-linux-gnu-gcc",
        emulator: "qemu-ppc64le-static",
        tests: SYSTEM_CALLS,
    },
];

/// What building and running them needs.
pub(crate) const NEEDS: &[Need<'_>] = &[
    program("powerpc-linux-gnu-gcc", "gcc-powerpc-linux-gnu"),
    file(
        "/usr/powerpc-linux-gnu/lib/libc.a",
        "libc6-dev-powerpc-cross",
    ),
    program("arm-linux-gnueabihf-gcc", "gcc-arm-linux-gnueabihf"),
    file(
        "/usr/arm-linux-gnueabihf/lib/libc.a",
        "libc6-dev-armhf-cross",
    ),
    program("powerpc64le-linux-gnu-gcc", "gcc-powerpc64le-linux-gnu"),
    file(
        "/usr/powerpc64le-linux-gnu/lib/libc.a",
        "libc6-dev-ppc64el-cross",
    ),
    program("qemu-ppc-static", "qemu-user-static"),
    program("qemu-aarch64-static", "qemu-user-static"),
    program("qemu-ppc64le-static", "qemu-user-static"),
    program("qemu-arm-static", "qemu-user-static"),
];

/// Runs them all.
pub(super) fn run(root: &Path) -> Result<Tally> {
    PROCESSORS
        .iter()
        .try_fold(Tally::default(), |tally, processor| {
            println!("tests on a processor that is {}", processor.what);
            Ok(tally.plus(count_output(processor.tests(root))?))
        })
}

impl Processor {
    fn tests(&self, root: &Path) -> Command {
        let key = self.target.replace('-', "_").to_uppercase();
        let mut command = Command::new(cargo());
        command
            .current_dir(root)
            .args(["test", "--no-fail-fast", "--target", self.target])
            .args(self.tests)
            .env(format!("CARGO_TARGET_{key}_LINKER"), self.linker)
            .env(format!("CARGO_TARGET_{key}_RUNNER"), self.emulator)
            // Instead of the flags for loaders in `.cargo/config.toml`. Static, so that the
            // emulator need not find the processor's libraries.
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags())
            // An emulated test takes ten times as long as building it well.
            .env("CARGO_PROFILE_DEV_OPT_LEVEL", "2");
        command
    }

    fn flags(&self) -> &'static str {
        match self.linker {
            // The toolchain's own, which brings a C library along.
            "rust-lld" => "-Ctarget-feature=+crt-static\u{1f}-Clinker-flavor=ld.lld",
            _ => "-Ctarget-feature=+crt-static",
        }
    }
}
