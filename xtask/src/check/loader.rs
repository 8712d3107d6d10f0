//! What is particular to the loader: its length, and the hash code that it is built from.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use boards::Board;
use image_builder::signing::KeyDirectory;
use image_builder::{Workspace, build_loader, loader_flags};
use qemu::benchmark::loader_limit_bytes;

use super::{Finding, Outcome};

pub(super) fn check(workspace: &Workspace, boards: &[Board]) -> Result<Vec<Finding>> {
    let keys = KeyDirectory::open_or_create_test(&workspace.test_keys())?;
    let mut findings = Vec::new();
    for board in boards {
        eprintln!("check: length of the loader of {}", board.id);
        let loader = build_loader(workspace, board, &keys.keyring_path())?;
        findings.push(length(board, loader.len() as u64));
    }
    if let Some(board) = boards.first() {
        findings.push(portable_hash(workspace, board)?);
    }
    Ok(findings)
}

fn length(board: &Board, bytes: u64) -> Finding {
    let limit = loader_limit_bytes(board.architecture);
    let detail = format!("{bytes} of at most {limit} bytes");
    Finding {
        what: format!("length of the loader of {}", board.id),
        outcome: match bytes <= limit {
            true => Outcome::Good(detail),
            false => Outcome::Bad(detail),
        },
    }
}

/// The tests of SHA-256 and of signatures with the code that loaders are built from: on the
/// host they otherwise take the instructions that the processor has for it.
fn portable_hash(workspace: &Workspace, board: &Board) -> Result<Finding> {
    eprintln!("check: the loader's portable hash and signature code");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let status = Command::new(cargo)
        .current_dir(workspace.root())
        .args(["test", "--quiet", "--package", "image-trust"])
        .env(
            "CARGO_TARGET_DIR",
            workspace.target().join("check/portable"),
        )
        .env(
            "CARGO_ENCODED_RUSTFLAGS",
            loader_flags(workspace, board)?.join("\u{1f}"),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .context("cannot run cargo")?;
    Ok(Finding {
        what: "image-trust with the loader's own code".to_owned(),
        outcome: match status.success() {
            true => Outcome::Good(String::new()),
            false => Outcome::Bad("cargo says why above".to_owned()),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loader_over_its_limit_is_a_finding() -> Result<()> {
        let text = include_str!("../../../boards/x86_64-uefi.toml");
        let board = boards::parse_board("b", text)?;
        let limit = loader_limit_bytes(board.architecture);
        assert!(matches!(length(&board, limit).outcome, Outcome::Good(_)));
        assert!(matches!(length(&board, limit + 1).outcome, Outcome::Bad(_)));
        Ok(())
    }
}
