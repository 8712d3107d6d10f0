//! Set-up: brings what a command needs onto this machine before the command starts.
//!
//! Called first by every command that builds or boots something. Installs by itself
//! when it may (root), otherwise prints the one line to type. It looks for the programs
//! and files themselves, so a machine without Debian's package manager works too, once
//! they are there. It never changes the machine's package sources.

mod packages;
mod private_source;
mod rust_targets;

use std::path::{Path, PathBuf};

use anyhow::Result;

/// A program or file that a command needs, and the Debian package that brings it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Need {
    provides: Provides,
    package: &'static str,
}

#[derive(Debug, Clone, Copy)]
enum Provides {
    Program(&'static str),
    File(&'static str),
}

const fn program(name: &'static str, package: &'static str) -> Need {
    Need {
        provides: Provides::Program(name),
        package,
    }
}

const fn file(path: &'static str, package: &'static str) -> Need {
    Need {
        provides: Provides::File(path),
        package,
    }
}

/// What building an image needs.
pub(crate) const IMAGE: &[Need] = &[
    program("cc", "gcc"),
    program("dpkg-deb", "dpkg"),
    program("mkfs.erofs", "erofs-utils"),
    program("mkfs.ext4", "e2fsprogs"),
];

/// What making and using keys for Secure Boot needs.
pub(crate) const SECURE_BOOT: &[Need] = &[program("openssl", "openssl")];

/// What starting an x86_64 machine under UEFI firmware needs.
pub(crate) const VIRTUAL_MACHINE: &[Need] = &[
    program("qemu-system-x86_64", "qemu-system-x86"),
    file("/usr/share/OVMF/OVMF_CODE_4M.fd", "ovmf"),
    file("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "ovmf"),
    program("e2fsck", "e2fsprogs"),
];

/// What damaging a disk on purpose, and judging what a device left on it, needs.
pub(crate) const CORRUPTION: &[Need] = &[
    program("mcopy", "mtools"),
    program("debugfs", "e2fsprogs"),
    program("cp", "coreutils"),
];

/// What comparing our images with other implementations needs.
pub(crate) const CROSS_CHECKS: &[Need] = &[
    program("fsck.erofs", "erofs-utils"),
    program("sbverify", "sbsigntool"),
    program("veritysetup", "cryptsetup-bin"),
];

/// Makes sure that the toolchain's targets and every one of `needs` are there.
pub(crate) fn prepare(root: &Path, needs: &[&[Need]]) -> Result<()> {
    rust_targets::add_missing(root)?;
    prepare_packages(root, needs)
}

/// The packages alone: what `sudo` runs, since rustup belongs to the person.
pub(crate) fn prepare_packages(root: &Path, needs: &[&[Need]]) -> Result<()> {
    let missing = missing_packages(needs, is_present);
    if missing.is_empty() {
        return Ok(());
    }
    packages::install(root, &missing)
}

fn missing_packages(
    needs: &[&[Need]],
    is_present: impl Fn(&Provides) -> bool,
) -> Vec<&'static str> {
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

fn is_present(provides: &Provides) -> bool {
    match provides {
        Provides::File(path) => Path::new(path).exists(),
        Provides::Program(name) => find_program(name).is_some(),
    }
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

    #[test]
    fn a_package_is_named_once_however_many_needs_it_fills() {
        let needs: &[&[Need]] = &[
            &[program("mkfs.erofs", "erofs-utils")],
            &[
                program("fsck.erofs", "erofs-utils"),
                file("/nowhere", "ovmf"),
            ],
        ];
        assert_eq!(missing_packages(needs, |_| false), ["erofs-utils", "ovmf"]);
    }

    #[test]
    fn what_is_present_is_not_installed_again() {
        assert!(missing_packages(&[IMAGE, VIRTUAL_MACHINE], |_| true).is_empty());
    }

    #[test]
    fn the_shell_is_found_and_nonsense_is_not() {
        assert!(find_program("sh").is_some());
        assert!(find_program("no-such-program-here").is_none());
    }
}
