//! The crate x target table: each crate of the loader alone, for each target of every
//! board.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use boards::Board;
use image_builder::Workspace;
use image_builder::signing::KeyDirectory;

use super::{Finding, Outcome};

/// What loaders are made of: no standard library, no allocator.
const CORES: [&str; 3] = ["image-format", "image-trust", "boot-core"];

/// A crate and a target that it has to build for. The board is the first that needs it:
/// what a loader is told of its board has the same form on all.
#[derive(Debug, PartialEq, Eq)]
struct Build<'a> {
    package: &'a str,
    target: &'a str,
    board: &'a Board,
}

pub(super) fn check(workspace: &Workspace, boards: &[Board]) -> Result<Vec<Finding>> {
    let keys = KeyDirectory::open_or_create_test(&workspace.test_keys())?;
    table(boards)
        .iter()
        .map(|build| check_alone(workspace, build, &keys.keyring_path()))
        .collect()
}

fn table(boards: &[Board]) -> Vec<Build<'_>> {
    let mut seen = BTreeSet::new();
    let builds = boards.iter().flat_map(builds_of);
    builds
        .filter(|build| seen.insert((build.package, build.target)))
        .collect()
}

/// Cores are built for the architecture's bare target, too, where there is one: no standard
/// library exists there, so that a crate which asks for one does not build. (UEFI targets
/// have one, and so have those of Linux, which other loaders are built for.)
fn builds_of(board: &Board) -> impl Iterator<Item = Build<'_>> {
    let loader = &board.loader;
    let targets = [
        board.architecture.bare_target(),
        Some(loader.target.as_str()),
    ];
    let cores = CORES.into_iter().flat_map(move |core| {
        targets
            .into_iter()
            .flatten()
            .map(move |target| (core, target))
    });
    cores
        .chain([(loader.package.as_str(), loader.target.as_str())])
        .map(move |(package, target)| Build {
            package,
            target,
            board,
        })
}

fn check_alone(workspace: &Workspace, build: &Build<'_>, keyring: &Path) -> Result<Finding> {
    let Build {
        package,
        target,
        board,
    } = build;
    eprintln!("check: {package} alone for {target}");
    let status = Command::new(cargo())
        .current_dir(workspace.root())
        .args(["check", "--quiet", "--package", package, "--target", target])
        // A loader does not unwind, and where the target could, it has to say so.
        .args(["--profile", "device"])
        .env("CARGO_TARGET_DIR", workspace.target().join("check/crates"))
        .env("TWINKEEL_KEYRING", keyring)
        .env("TWINKEEL_BOARD", &board.id)
        .env("TWINKEEL_FLOOR_HOMES", board.loader.floor_homes_list())
        .stdin(Stdio::null())
        .status()
        .context("cannot run cargo")?;
    let outcome = if status.success() {
        Outcome::Good(String::new())
    } else {
        Outcome::Bad("cargo says why above".to_owned())
    };
    Ok(Finding {
        what: format!("{package} for {target}"),
        outcome,
    })
}

fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(id: &str, text: &str) -> Result<Board> {
        Ok(boards::parse_board(id, text)?)
    }

    #[test]
    fn each_crate_is_built_once_for_each_target_of_any_board() -> Result<()> {
        let x86 = include_str!("../../../boards/x86_64-uefi.toml");
        let arm = include_str!("../../../boards/arm64-uefi.toml");
        let small = include_str!("../../../boards/armv7-u-boot.toml");
        let power = include_str!("../../../boards/power-pseries.toml");
        let boards = [
            board("a", x86)?,
            board("b", arm)?,
            board("twin", x86)?,
            board("c", small)?,
            board("d", power)?,
        ];
        let table = table(&boards);
        let count = |package: &str| {
            table
                .iter()
                .filter(|build| build.package == package)
                .count()
        };
        assert_eq!(CORES.map(count), [7, 7, 7]);
        assert_eq!(count("boot-ofw"), 1);
        assert_eq!(count("boot-uefi"), 3);
        assert!(
            table
                .iter()
                .any(|build| (build.package, build.target) == ("boot-core", "aarch64-unknown-none"))
        );
        Ok(())
    }
}
