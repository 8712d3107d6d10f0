//! Builds the programs of a device with cargo: the loader and the static userland.
//!
//! The same sources give the same bytes wherever they lie: paths of the checkout, of
//! cargo's registry and of the toolchain are replaced before they reach a program. They
//! have a target directory of their own, so that host builds do not undo them.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use boards::{Architecture, Board, CTools, Firmware};

use crate::pe32::pe32_of;
use crate::replaced_paths::replaced_paths;
use crate::workspace::Workspace;

/// The programs of the userland, ready to run on the device.
#[derive(Debug, Clone)]
pub(crate) struct Userland {
    /// PID 1.
    pub(crate) init: Vec<u8>,
    /// Honours a cloud-config at the first boot of an instance.
    pub(crate) cloud_config: Vec<u8>,
    /// Addresses, routes and time for the wired ports.
    pub(crate) network: Vec<u8>,
    /// Runs what belongs to a snap, confined.
    pub(crate) snap_run: Vec<u8>,
    /// Supervises the services of snaps.
    pub(crate) snap_services: Vec<u8>,
    /// The person's tool.
    pub(crate) snappy: Vec<u8>,
    /// The daemon that takes updates.
    pub(crate) snappyd: Vec<u8>,
    /// The SSH server.
    pub(crate) sshd: Vec<u8>,
    /// The client that has commands run as root.
    pub(crate) sudo: Vec<u8>,
    /// The service that runs them.
    pub(crate) sudod: Vec<u8>,
}

/// The loader of `board` with the keyring in `keyring` baked in.
///
/// # Errors
/// There is no such keyring, or cargo cannot build the loader.
pub fn build_loader(workspace: &Workspace, board: &Board, keyring: &Path) -> Result<Vec<u8>> {
    let keyring = keyring
        .canonicalize()
        .with_context(|| format!("cannot find the keyring {}", keyring.display()))?;
    let package = &board.loader.package;
    build_for_firmware(workspace, board, package, &loader_constants(board, keyring))
}

fn build_for_firmware(
    workspace: &Workspace,
    board: &Board,
    package: &str,
    constants: &[(&str, OsString)],
) -> Result<Vec<u8>> {
    let build = DeviceBuild::new(workspace, board, Surroundings::Firmware)?;
    build.run(&[package], &[], constants)?;
    match board.loader.firmware {
        Firmware::OpenFirmware => build.program(package),
        Firmware::Uefi if is_uefi(build.target) => build.program(&format!("{package}.efi")),
        Firmware::Uefi => Ok(pe32_of(&build.program(package)?)?),
    }
}

fn is_uefi(target: &str) -> bool {
    target.ends_with("-uefi")
}

/// A program of the firmware that is no part of an image, built as the loader of `board` is.
///
/// # Errors
/// cargo cannot build it.
pub fn build_firmware_program(
    workspace: &Workspace,
    board: &Board,
    package: &str,
) -> Result<Vec<u8>> {
    build_for_firmware(workspace, board, package, &[])
}

/// The packages of the userland. What is built for Linux is built beside them, or cargo would
/// choose other features for what both need, and build all of that once more.
const USERLAND: [&str; 8] = [
    "cloud-config",
    "init",
    "network",
    "snap-services",
    "snappy",
    "ssh-server",
    "sudo",
    "updater",
];

/// A program for the Linux of `board`, built as the userland is.
///
/// # Errors
/// cargo cannot build it.
pub fn build_device_program(
    workspace: &Workspace,
    board: &Board,
    package: &str,
) -> Result<Vec<u8>> {
    let build = DeviceBuild::new(workspace, board, Surroundings::Linux)?;
    let packages = [&USERLAND[..], &[package]].concat();
    build.run(&packages, &[package], &[])?;
    build.program(package)
}

/// The flags of the compiler that choose the loader's hash and signature code.
///
/// # Errors
/// The checkout's cargo configuration cannot be read.
pub fn loader_flags(workspace: &Workspace, board: &Board) -> Result<Vec<String>> {
    configured_flags(workspace.root(), &board.loader.target)
}

/// What the loader knows of its board: constants, never the board's file.
fn loader_constants(board: &Board, keyring: PathBuf) -> Vec<(&'static str, OsString)> {
    let mut constants = vec![
        ("TWINKEEL_KEYRING", keyring.into_os_string()),
        ("TWINKEEL_BOARD", OsString::from(&board.id)),
        (
            "TWINKEEL_FLOOR_HOMES",
            board.loader.floor_homes_list().into(),
        ),
    ];
    if let Some(secs) = board.loader.watchdog_secs {
        constants.push(("TWINKEEL_WATCHDOG_SECS", secs.to_string().into()));
    }
    if let Some(address) = board.loader.reset_marker {
        constants.push(("TWINKEEL_RESET_MARKER", address.to_string().into()));
    }
    constants
}

/// The userland of `board`.
pub(crate) fn build_userland(workspace: &Workspace, board: &Board) -> Result<Userland> {
    let build = DeviceBuild::new(workspace, board, Surroundings::Linux)?;
    build.run(&USERLAND, &[], &[])?;
    Ok(Userland {
        init: build.program("init")?,
        cloud_config: build.program("cloud-config")?,
        network: build.program("network")?,
        snap_run: build.program("snap-run")?,
        snap_services: build.program("snap-services")?,
        snappy: build.program("snappy")?,
        snappyd: build.program("snappyd")?,
        sshd: build.program("sshd")?,
        sudo: build.program("sudo")?,
        sudod: build.program("sudod")?,
    })
}

/// A build for one target. Others wait until it is dropped, so that what is read is what
/// was built here.
pub(crate) struct DeviceBuild<'a> {
    workspace: &'a Workspace,
    architecture: Architecture,
    target: &'a str,
    surroundings: Surroundings,
    directory: PathBuf,
    _in_use: File,
}

/// What a program finds where it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Surroundings {
    /// Nothing but the firmware.
    Firmware,
    /// A kernel, and no libraries.
    Linux,
}

impl<'a> DeviceBuild<'a> {
    pub(crate) fn new(
        workspace: &'a Workspace,
        board: &'a Board,
        surroundings: Surroundings,
    ) -> Result<Self> {
        let directory = workspace.target().join(surroundings.directory());
        fs::create_dir_all(&directory)
            .with_context(|| format!("cannot make {}", directory.display()))?;
        let in_use = File::create(directory.join("in-use"))?;
        in_use
            .lock()
            .context("cannot lock the device programs' directory")?;
        Ok(Self {
            workspace,
            architecture: board.architecture,
            target: match surroundings {
                Surroundings::Firmware => &board.loader.target,
                Surroundings::Linux => &board.userland.target,
            },
            surroundings,
            directory,
            _in_use: in_use,
        })
    }

    /// Builds `programs` of `packages`, or all of theirs when none is named.
    pub(crate) fn run(
        &self,
        packages: &[&str],
        programs: &[&str],
        variables: &[(&str, OsString)],
    ) -> Result<()> {
        let mut cargo = Command::new(cargo());
        cargo
            .current_dir(self.workspace.root())
            .args([
                "build",
                "--quiet",
                "--profile",
                "device",
                "--target",
                self.target,
            ])
            .env("CARGO_TARGET_DIR", &self.directory)
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags()?)
            .env("CARGO_TERM_COLOR", "auto")
            .stdin(Stdio::null())
            // The caller's standard output may be a report that a program reads.
            .stdout(Stdio::null());
        for package in packages {
            cargo.args(["--package", package]);
        }
        for program in programs {
            cargo.args(["--bin", program]);
        }
        if self.surroundings == Surroundings::Linux {
            cargo.envs(self.c_compiler()?);
        }
        cargo.envs(variables.iter().map(|(name, value)| (name, value)));
        let status = cargo.status().context("cannot run cargo")?;
        if !status.success() {
            bail!(
                "cannot build {} for {}: cargo says why above",
                packages.join(" and "),
                self.target
            );
        }
        Ok(())
    }

    pub(crate) fn program(&self, name: &str) -> Result<Vec<u8>> {
        let path = self.directory.join(self.target).join("device").join(name);
        fs::read(&path).with_context(|| format!("cannot read the program {}", path.display()))
    }

    /// The compiler for what crates have in C, by the names under which their build scripts
    /// look for it. It serves a target of another C library as well: none of that C calls one.
    fn c_compiler(&self) -> Result<[(String, OsString); 3]> {
        let target = self.target.replace('-', "_");
        let mut flags = OsString::from("-g0");
        for (from, to) in replaced_paths(self.workspace.root())? {
            flags.push(" '-ffile-prefix-map=");
            flags.push(from);
            flags.push("=");
            flags.push(to);
            flags.push("'");
        }
        Ok([
            (
                format!("CC_{target}"),
                CTools::here(self.architecture).compiler.into(),
            ),
            (format!("CFLAGS_{target}"), flags),
            // Paths may have spaces.
            ("CC_SHELL_ESCAPED_FLAGS".to_owned(), "1".into()),
        ])
    }

    /// Flags in cargo's encoding. They replace those of `.cargo/config.toml`, so these
    /// come along.
    fn flags(&self) -> Result<OsString> {
        let mut flags = configured_flags(self.workspace.root(), self.target)?;
        flags.extend(linker_flags(self.target, self.surroundings).map(str::to_owned));
        let mut encoded = OsString::from(flags.join("\u{1f}"));
        for (from, to) in replaced_paths(self.workspace.root())? {
            let mut flag = OsString::from("--remap-path-prefix=");
            flag.push(from);
            flag.push("=");
            flag.push(to);
            if !encoded.is_empty() {
                encoded.push("\u{1f}");
            }
            encoded.push(flag);
        }
        Ok(encoded)
    }
}

impl Surroundings {
    /// Below the target directory. One target may serve both, with other flags, and in one
    /// directory each build would undo the other.
    fn directory(self) -> &'static str {
        match self {
            Self::Firmware => "device/loader",
            Self::Linux => "device",
        }
    }
}

/// What `.cargo/config.toml` does not say of the linker: the toolchain's own one and its start
/// files, where it has them, for no C compiler of the host is needed then.
///
/// One target of 32-bit ARM serves both surroundings. The toolchain has no C library for it:
/// on Linux, Debian's C compiler links Debian's.
fn linker_flags(target: &str, surroundings: Surroundings) -> impl Iterator<Item = &'static str> {
    const OWN_LINKER: &[&str] = &["-Clinker=rust-lld", "-Clinker-flavor=ld.lld"];
    let flags: &[&[&str]] = match (target, surroundings) {
        // No UEFI target exists: that of Linux, without anything of Linux.
        (ARM_OF_32_BITS, Surroundings::Firmware) => {
            &[OWN_LINKER, PORTABLE, &["-Cdefault-linker-libraries=no"]]
        }
        (ARM_OF_32_BITS, Surroundings::Linux) => &[&[
            "-Clinker=arm-linux-gnueabihf-gcc",
            "-Ctarget-feature=+crt-static",
            "-Clink-arg=-Wl,--build-id=none",
        ]],
        (target, _) if target.ends_with("-linux-musl") => &[OWN_LINKER],
        _ => &[],
    };
    flags.iter().copied().flatten().copied()
}

const ARM_OF_32_BITS: &str = "armv7-unknown-linux-gnueabihf";

/// As `.cargo/config.toml` has it for UEFI targets, where it says why.
const PORTABLE: &[&str] = &[
    "--cfg=sha2_backend=\"soft\"",
    "--cfg=sha2_backend_soft=\"compact\"",
    "--cfg=curve25519_dalek_backend=\"serial\"",
];

fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// `target.<target>.rustflags` of the checkout's cargo configuration.
fn configured_flags(root: &Path, target: &str) -> Result<Vec<String>> {
    let path = root.join(".cargo/config.toml");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let configuration: toml::Table =
        toml::from_str(&text).with_context(|| format!("cannot understand {}", path.display()))?;
    let flags = configuration
        .get("target")
        .and_then(|targets| targets.get(target))
        .and_then(|table| table.get("rustflags"));
    match flags {
        Some(flags) => flags.clone().try_into().with_context(|| {
            format!(
                "cannot use the rustflags of {target} in {}: write them as a list",
                path.display()
            )
        }),
        None => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checkouts_own_flags_come_along() -> Result<()> {
        let root = tempfile::tempdir()?;
        fs::create_dir(root.path().join(".cargo"))?;
        fs::write(
            root.path().join(".cargo/config.toml"),
            "[target.x86_64-unknown-uefi]\nrustflags = ['--cfg', 'a=\"b\"']\n",
        )?;
        assert_eq!(
            configured_flags(root.path(), "x86_64-unknown-uefi")?,
            ["--cfg", "a=\"b\""]
        );
        assert!(configured_flags(root.path(), "x86_64-unknown-linux-musl")?.is_empty());
        Ok(())
    }
}
