//! The crate x target table: each crate of the loader alone, for each of its targets.

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

/// A target without an operating system, for which no standard library exists: a crate
/// that asks for one does not build. (UEFI targets have one.)
const BARE_TARGET: &str = "x86_64-unknown-none";

pub(super) fn check(workspace: &Workspace, board: &Board) -> Result<Vec<Finding>> {
    let keys = KeyDirectory::open_or_create_test(&workspace.test_keys())?;
    let loader = &board.loader;
    let cores = CORES
        .iter()
        .flat_map(|core| [(*core, BARE_TARGET), (*core, loader.target.as_str())]);
    let shell = (loader.package.as_str(), loader.target.as_str());
    cores
        .chain([shell])
        .map(|(package, target)| {
            check_alone(workspace, board, &keys.keyring_path(), package, target)
        })
        .collect()
}

fn check_alone(
    workspace: &Workspace,
    board: &Board,
    keyring: &Path,
    package: &str,
    target: &str,
) -> Result<Finding> {
    eprintln!("check: {package} alone for {target}");
    let status = Command::new(cargo())
        .current_dir(workspace.root())
        .args(["check", "--quiet", "--package", package, "--target", target])
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
