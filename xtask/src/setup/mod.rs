//! Set-up: brings what a command needs onto this machine before the command starts.
//!
//! Called first by every command that builds or boots something. Installs by itself
//! when it may (root), otherwise prints the one line to type. It looks for the programs
//! and files themselves, so a machine without Debian's package manager works too, once
//! they are there. It never changes the machine's package sources.

mod packages;
mod private_source;
mod rust_targets;
mod unpacked;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;
use boards::{Board, CTools, QemuMachine};

/// A program or file that a command needs, and the Debian package that brings it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Need<'a> {
    provides: Provides<'a>,
    package: &'a str,
}

#[derive(Debug, Clone, Copy)]
enum Provides<'a> {
    Program(&'a str),
    File(&'a str),
    /// A file of a package that is unpacked under `target/setup`, and never installed: it
    /// would bring services along.
    Unpacked(&'a str),
    /// Python, and what its own environments are made with.
    PythonEnvironments,
    /// Code and variables of a machine's firmware, and of that with Secure Boot.
    Firmware(&'a QemuMachine),
}

pub(crate) const fn program<'a>(name: &'a str, package: &'a str) -> Need<'a> {
    Need {
        provides: Provides::Program(name),
        package,
    }
}

pub(crate) const fn file<'a>(path: &'a str, package: &'a str) -> Need<'a> {
    Need {
        provides: Provides::File(path),
        package,
    }
}

/// What building an image needs, whatever the board.
pub(crate) const IMAGE: &[Need<'_>] = &[
    program("cc", "gcc"),
    program("dpkg-deb", "dpkg"),
    program("mkfs.erofs", "erofs-utils"),
    program("mkfs.ext4", "e2fsprogs"),
];

/// What writing an image in the forms of virtual machines and clouds needs.
pub(crate) const FORMATS: &[Need<'_>] = &[
    program("qemu-img", "qemu-utils"),
    program("tar", "tar"),
    program("gzip", "gzip"),
];

/// What a first boot of Debian beside ours needs: what builds it, and what puts files into it.
pub(crate) const FIRST_BOOT: &[Need<'_>] = &[
    program("mmdebstrap", "mmdebstrap"),
    program("zstd", "zstd"),
    program("ssh", "openssh-client"),
];

/// What compressing an image with xz needs.
pub(crate) const XZ: &[Need<'_>] = &[program("xz", "xz-utils")];

/// What putting a device's own files into its file system needs.
pub(crate) const FLASH: &[Need<'_>] = &[
    program("debugfs", "e2fsprogs"),
    program("e2fsck", "e2fsprogs"),
];

/// What building the programs of `board` needs beside the Rust toolchain: TLS has parts in
/// C and assembler, and not every C library comes with Rust.
pub(crate) fn compilers(board: &Board) -> [Need<'static>; 2] {
    let tools = CTools::here(board.architecture);
    [
        program(tools.compiler, tools.compiler_package),
        file(tools.library, tools.library_package),
    ]
}

/// What making and using keys for Secure Boot needs.
pub(crate) const SECURE_BOOT: &[Need<'_>] = &[program("openssl", "openssl")];

/// What the tests of a store and of snaps need beside them: a web server, python for the
/// reference implementation of TUF, and another writer and reader of snaps.
pub(crate) const STORE_TESTS: &[Need<'_>] = &[
    program("nginx", "nginx-light"),
    Need {
        provides: Provides::PythonEnvironments,
        package: "python3-venv",
    },
    program("mksquashfs", "squashfs-tools"),
    program("unsquashfs", "squashfs-tools"),
];

/// What the tests of the daemon's socket need: the client that other people wrote.
pub(crate) const SOCKET_TESTS: &[Need<'_>] = &[
    program("dpkg-deb", "dpkg"),
    Need {
        provides: Provides::Unpacked("usr/bin/snap"),
        package: "snapd",
    },
];

/// What building the fuzzer needs: the C++ compiler that goes with `cc`.
pub(crate) const FUZZ: &[Need<'_>] = &[program("cc", "gcc"), program("c++", "g++")];

/// What letting a device's programs fail needs: a tracer that tampers with system calls, and
/// a root of their own.
pub(crate) const FAULTS: &[Need<'_>] = &[
    program("cc", "gcc"),
    program("strace", "strace"),
    program("timeout", "coreutils"),
    program("prlimit", "util-linux"),
    program("unshare", "util-linux"),
];

/// What starting the machine that stands for `board` needs.
pub(crate) fn virtual_machine(board: &Board) -> Vec<Need<'_>> {
    let machine = &board.qemu;
    let mut needs = vec![
        program(&machine.binary, &machine.binary_package),
        program("e2fsck", "e2fsprogs"),
    ];
    needs.extend(machine.firmware_package.as_deref().map(|package| Need {
        provides: Provides::Firmware(machine),
        package,
    }));
    needs
}

/// What damaging a disk on purpose, and judging what a device left on it, needs.
pub(crate) const CORRUPTION: &[Need<'_>] = &[
    program("mcopy", "mtools"),
    program("debugfs", "e2fsprogs"),
    program("cp", "coreutils"),
];

/// What holding our work against other implementations needs.
pub(crate) const CROSS_CHECKS: &[Need<'_>] = &[
    program("fsck.erofs", "erofs-utils"),
    program("sbverify", "sbsigntool"),
    program("veritysetup", "cryptsetup-bin"),
    program("groff", "groff-base"),
    program("zstd", "zstd"),
    program("xz", "xz-utils"),
    program("dnsmasq", "dnsmasq-base"),
    program("ip", "iproute2"),
    program("nsenter", "util-linux"),
];

/// What snaps are measured beside.
pub(crate) const SNAP_BENCHMARK: &[Need<'_>] = &[
    program("unsquashfs", "squashfs-tools"),
    program("bwrap", "bubblewrap"),
];

/// Makes sure that the toolchain's targets and every one of `needs` are there.
pub(crate) fn prepare(root: &Path, needs: &[&[Need<'_>]]) -> Result<()> {
    rust_targets::add_missing(root)?;
    prepare_packages(root, needs)
}

/// The packages alone: what `sudo` runs, since rustup belongs to the person.
pub(crate) fn prepare_packages(root: &Path, needs: &[&[Need<'_>]]) -> Result<()> {
    let missing = missing_packages(needs, is_present);
    if !missing.is_empty() {
        packages::install(root, &missing)?;
    }
    needs
        .iter()
        .flat_map(|group| group.iter())
        .try_for_each(|need| match need.provides {
            Provides::Unpacked(file) => unpacked::provide(root, need.package, file),
            _ => Ok(()),
        })
}

fn missing_packages<'a>(
    needs: &[&[Need<'a>]],
    is_present: impl Fn(&Provides<'a>) -> bool,
) -> Vec<&'a str> {
    let mut missing: Vec<_> = needs
        .iter()
        .flat_map(|group| group.iter())
        .filter(|need| !is_present(&need.provides))
        .map(|need| need.package)
        .collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

fn is_present(provides: &Provides<'_>) -> bool {
    match provides {
        Provides::Program(name) => find_program(name).is_some(),
        Provides::File(path) => Path::new(path).exists(),
        // Nothing is to be installed for it.
        Provides::Unpacked(_) => true,
        Provides::PythonEnvironments => has_python_environments(),
        Provides::Firmware(machine) => has_firmware(machine),
    }
}

/// Debian's python has `venv`, and leaves what it needs out.
fn has_python_environments() -> bool {
    Command::new("python3")
        .args(["-c", "import venv, ensurepip"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn has_firmware(machine: &QemuMachine) -> bool {
    let secure_boot = machine.secure_boot.as_ref();
    (!machine.has_flash() || machine.installed_firmware().is_some())
        && secure_boot.is_none_or(|machine| machine.installed_firmware().is_some())
}

/// Looks where a shell would, and where an administrator's shell would: Debian keeps
/// `e2fsck` out of other people's search path.
fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|directory| directory.join(name))
        .find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARM: &str = include_str!("../../../boards/arm64-uefi.toml");
    const ARM_OF_32_BITS: &str = include_str!("../../../boards/armv7-u-boot.toml");
    const POWER: &str = include_str!("../../../boards/power-pseries.toml");

    #[test]
    fn a_package_is_named_once_however_many_needs_it_fills() {
        let needs: &[&[Need<'_>]] = &[
            &[program("mkfs.erofs", "erofs-utils")],
            &[
                program("fsck.erofs", "erofs-utils"),
                program("mcopy", "mtools"),
            ],
        ];
        assert_eq!(
            missing_packages(needs, |_| false),
            ["erofs-utils", "mtools"]
        );
    }

    #[test]
    fn what_is_present_is_not_installed_again() {
        assert!(missing_packages(&[IMAGE, CORRUPTION], |_| true).is_empty());
    }

    #[test]
    fn a_machine_needs_what_its_board_names() -> Result<()> {
        let mut board = boards::parse_board("b", ARM)?;
        board.qemu.binary = "no-such-program-here".to_owned();
        board.qemu.firmware_code = vec!["/nowhere/code".into()];
        let needs = virtual_machine(&board);
        assert_eq!(
            missing_packages(&[&needs], is_present),
            ["qemu-efi-aarch64", "qemu-system-arm"]
        );
        Ok(())
    }

    #[test]
    fn a_board_whose_c_library_is_missing_needs_its_package_only() -> Result<()> {
        for text in [ARM, ARM_OF_32_BITS, POWER] {
            let board = boards::parse_board("b", text)?;
            let needs = compilers(&board);
            let package = CTools::here(board.architecture).library_package;
            let has_programs = |provides: &Provides<'_>| matches!(provides, Provides::Program(_));
            assert_eq!(missing_packages(&[&needs], has_programs), [package]);
        }
        Ok(())
    }

    #[test]
    fn a_machine_that_brings_its_firmware_needs_no_package_of_it() -> Result<()> {
        let board = boards::parse_board("b", POWER)?;
        let needs = virtual_machine(&board);
        let missing = missing_packages(&[&needs], is_present);
        assert!(!missing.contains(&"qemu-system-data"), "{missing:?}");
        Ok(())
    }

    #[test]
    fn the_shell_is_found_and_nonsense_is_not() {
        assert!(find_program("sh").is_some());
        assert!(find_program("no-such-program-here").is_none());
    }
}
