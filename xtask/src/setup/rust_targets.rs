//! Adds the Rust targets that `rust-toolchain.toml` lists and this machine lacks.
//!
//! rustup does this by itself in most places, but not where `RUSTUP_AUTO_INSTALL=0` is set.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Adds what is missing; does nothing, quickly, when all are there.
pub(super) fn add_missing(root: &Path) -> Result<()> {
    let file = root.join("rust-toolchain.toml");
    let text = std::fs::read_to_string(&file)
        .with_context(|| format!("cannot read {}", file.display()))?;
    let missing: Vec<String> = wanted_targets(&text)?
        .into_iter()
        .filter(|target| !has_library(root, target))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("setup: adding the Rust targets {}", missing.join(" "));
    let status = Command::new("rustup")
        .args(["target", "add"])
        .args(&missing)
        .current_dir(root)
        .status()
        .with_context(|| {
            format!(
                "cannot start rustup; install the Rust targets {} by other means",
                missing.join(" ")
            )
        })?;
    if !status.success() {
        bail!("cannot add Rust targets: `rustup target add` ended with {status}");
    }
    Ok(())
}

fn wanted_targets(toolchain_file: &str) -> Result<Vec<String>> {
    let table: toml::Table = toolchain_file
        .parse()
        .context("cannot parse rust-toolchain.toml")?;
    let targets = table
        .get("toolchain")
        .and_then(|toolchain| toolchain.get("targets"))
        .and_then(toml::Value::as_array)
        .context("rust-toolchain.toml lists no targets")?;
    Ok(targets
        .iter()
        .filter_map(toml::Value::as_str)
        .map(str::to_owned)
        .collect())
}

/// Asks the compiler, not rustup, so that a toolchain from elsewhere counts too.
fn has_library(root: &Path, target: &str) -> bool {
    Command::new("rustc")
        .args(["--print", "target-libdir", "--target", target])
        .current_dir(root)
        .output()
        .is_ok_and(|output| {
            output.status.success()
                && Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_targets_of_this_workspace_are_read() {
        let targets = wanted_targets(include_str!("../../../rust-toolchain.toml")).unwrap();
        assert!(targets.iter().any(|target| target == "x86_64-unknown-uefi"));
    }

    #[test]
    fn a_file_without_targets_is_an_error() {
        assert!(wanted_targets("[toolchain]\nchannel = \"1.95.0\"\n").is_err());
    }
}
