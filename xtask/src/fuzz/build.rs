//! Builds the fuzzer with coverage, apart from all other builds.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use image_builder::Workspace;

/// What LLVM calls SanitizerCoverage: a counter for each edge, and the operands of
/// comparisons. The stable compiler has the pass; it only has no short name for it.
const COVERAGE: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    // One unit for each crate: the counters of several would be linked apart.
    "-Ccodegen-units=1",
];

/// Returns the program. Flags change every crate, so they have a directory of their own.
pub(super) fn build(workspace: &Workspace) -> Result<PathBuf> {
    eprintln!("fuzz: building the targets with coverage");
    let directory = workspace.target().join("fuzz/build");
    let host = host()?;
    let status = Command::new(cargo())
        .current_dir(workspace.root())
        .args(["build", "--quiet", "--locked", "--package", "fuzz-runner"])
        // With a target, the flags are not those of build scripts and macros.
        .args(["--profile", "fuzz", "--target", &host])
        .env("CARGO_TARGET_DIR", &directory)
        .env("CARGO_ENCODED_RUSTFLAGS", COVERAGE.join("\u{1f}"))
        .stdin(Stdio::null())
        .status()
        .context("cannot run cargo")?;
    if !status.success() {
        bail!("cannot build the fuzzer: cargo says why above");
    }
    Ok(directory.join(host).join("fuzz/fuzz-runner"))
}

/// What this machine is called by the compiler.
fn host() -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .arg("-vV")
        .current_dir(crate::workspace::root())
        .output()
        .context("cannot run rustc")?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .context("cannot tell this machine's target: rustc -vV names none")
}

fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
