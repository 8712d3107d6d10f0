//! What must be the same on every processor, tested on other ones: big-endian, and with
//! words of 32 bits.
//!
//! The formats, the trust and the loader's core are built for these processors and run
//! under QEMU's user emulation, with the tests and the golden files of this machine.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{Tally, cargo, count_output};
use crate::setup::{Need, file, program};

/// What of the workspace a loader and a userland must read alike.
const PACKAGES: [&str; 3] = ["image-format", "image-trust", "boot-core"];

/// A processor that this machine is not.
struct Processor {
    what: &'static str,
    target: &'static str,
    linker: &'static str,
    emulator: &'static str,
}

const PROCESSORS: [Processor; 2] = [
    Processor {
        what: "big-endian, 32 bits",
        target: "powerpc-unknown-linux-gnu",
        linker: "powerpc-linux-gnu-gcc",
        emulator: "qemu-ppc-static",
    },
    Processor {
        what: "little-endian, 32 bits",
        target: "armv7-unknown-linux-gnueabihf",
        linker: "arm-linux-gnueabihf-gcc",
        emulator: "qemu-arm-static",
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
    program("qemu-ppc-static", "qemu-user-static"),
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
            .args(["test", "--no-fail-fast", "--tests", "--target", self.target])
            .args(PACKAGES.iter().flat_map(|package| ["--package", package]))
            .env(format!("CARGO_TARGET_{key}_LINKER"), self.linker)
            .env(format!("CARGO_TARGET_{key}_RUNNER"), self.emulator)
            // Instead of the flags for loaders in `.cargo/config.toml`. Static, so that the
            // emulator need not find the processor's libraries.
            .env("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-feature=+crt-static")
            // An emulated test takes ten times as long as building it well.
            .env("CARGO_PROFILE_DEV_OPT_LEVEL", "2");
        command
    }
}
