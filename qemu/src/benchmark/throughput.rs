//! Reading and hashing against reading alone, on this machine itself.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use boards::{Architecture, Board};
use image_builder::{Workspace, loader_flags};
use serde::Serialize;

/// How fast this machine hashes, with the code of one way to do it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Throughput {
    /// Reading a file that lies in memory, in bytes a second.
    pub read: f64,
    /// Reading and hashing it.
    pub read_and_hash: f64,
}

impl Throughput {
    /// Parses what `hash_throughput` prints.
    fn parse(line: &str) -> Option<Self> {
        let (read, read_and_hash) = line.trim().split_once(' ')?;
        Some(Self {
            read: read.parse().ok()?,
            read_and_hash: read_and_hash.parse().ok()?,
        })
    }

    /// What hashing leaves of the speed of reading.
    #[must_use]
    pub fn kept(&self) -> f64 {
        self.read_and_hash / self.read
    }
}

/// The two ways to hash, on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct HostThroughput {
    /// The portable code that loaders are built from.
    pub portable: Throughput,
    /// The processor's own instructions for it; `None` when it has none.
    pub instructions: Option<Throughput>,
}

impl HostThroughput {
    /// Measures both with `file`.
    pub(super) fn measure(workspace: &Workspace, board: &Board, file: &Path) -> Result<Self> {
        let flags = loader_flags(workspace, board)?.join("\u{1f}");
        Ok(Self {
            portable: run(workspace, "portable", &flags, file)?,
            instructions: match has_instructions() {
                true => Some(run(workspace, "instructions", "", file)?),
                false => None,
            },
        })
    }
}

/// Whether the host's build takes the processor's instructions, which it finds out by itself.
fn has_instructions() -> bool {
    let (flag, file) = match Architecture::of_this_machine() {
        Some(Architecture::X86_64) => ("sha_ni", "/proc/cpuinfo"),
        Some(Architecture::Aarch64) => ("sha2", "/proc/cpuinfo"),
        Some(Architecture::Armv7 | Architecture::PowerPc64) | None => return false,
    };
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.split_whitespace().any(|word| word == flag)
}

fn run(workspace: &Workspace, name: &str, flags: &str, file: &Path) -> Result<Throughput> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let target = workspace.target().join("bench-hash").join(name);
    let example = ["--package", "image-trust", "--example", "hash_throughput"];
    let output = Command::new(cargo)
        .current_dir(workspace.root())
        .args(["run", "--quiet", "--release"])
        .args(example)
        .args([OsStr::new("--"), file.as_os_str()])
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_ENCODED_RUSTFLAGS", flags)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    ensure!(
        output.status.success(),
        "cannot measure hashing: cargo says why above"
    );
    Throughput::parse(&String::from_utf8_lossy(&output.stdout))
        .context("hash_throughput did not print two numbers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_numbers_are_a_measurement_and_nothing_else_is() {
        let measured = Throughput::parse("4000 1000\n").expect("two numbers");
        assert!((measured.kept() - 0.25).abs() < 1e-9);
        for other in ["", "4000", "a b", "1 2 3"] {
            assert_eq!(Throughput::parse(other), None, "{other}");
        }
    }
}
