//! Runs the fuzzer on one target and reads what it says.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use fuzz_targets::Target;
use image_builder::Workspace;

use super::report::TargetResult;

/// Read by the fuzzer.
const TARGET_VARIABLE: &str = "TWINKEEL_FUZZ_TARGET";
/// An input that takes longer hangs.
const HANG_SECS: u64 = 10;
/// No parser of ours needs memory to speak of.
const MEMORY_MIB: u64 = 1024;
/// How often a long run says that it is there.
const NEWS: Duration = Duration::from_secs(30);

/// The program, and where it keeps things.
pub(super) struct Fuzzer {
    program: PathBuf,
    seeds: PathBuf,
    kept: PathBuf,
}

impl Fuzzer {
    pub(super) fn new(workspace: &Workspace, program: PathBuf) -> Self {
        Self {
            program,
            seeds: workspace.root().join("fuzz/corpus"),
            kept: workspace.target().join("fuzz"),
        }
    }

    /// Feeds `target` for that long, or until something breaks.
    pub(super) fn feed(&self, target: &Target, seconds: u64) -> Result<TargetResult> {
        let corpus = self.directory("corpus", target)?;
        let crashes = self.directory("crashes", target)?;
        let log = self.directory("logs", target)?.join("log");
        let begin = Instant::now();
        let mut process = self
            .command(target)
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-max_len={}", target.max_bytes))
            .arg(format!("-timeout={HANG_SECS}"))
            .arg(format!("-rss_limit_mb={MEMORY_MIB}"))
            .arg(format!("-artifact_prefix={}/", crashes.display()))
            .arg("-print_final_stats=1")
            // What it finds goes into the first directory.
            .args([corpus, self.seeds.join(target.name)])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.display()))?;
        let output = process.stderr.take().context("the fuzzer has no output")?;
        let mut said = Said::default();
        let mut file =
            File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut last_news = begin;
        for line in BufReader::new(output).split(b'\n') {
            let line = line.context("cannot read the output of the fuzzer")?;
            file.write_all(&line)?;
            file.write_all(b"\n")?;
            said.read(&String::from_utf8_lossy(&line));
            if last_news.elapsed() >= NEWS {
                last_news = Instant::now();
                eprintln!(
                    "fuzz: {:<16} {:>5} s  {:>10} executions so far",
                    target.name,
                    begin.elapsed().as_secs(),
                    said.executions
                );
            }
        }
        let status = process.wait().context("cannot wait for the fuzzer")?;
        if !status.success() && said.crash.is_none() {
            bail!(
                "cannot feed {}: the fuzzer ended with {status}; see {}",
                target.name,
                log.display()
            );
        }
        Ok(TargetResult {
            target: target.name,
            duration: begin.elapsed(),
            executions: said.executions,
            edges: said.edges,
            crash: said.crash,
            reason: said.reason,
        })
    }

    /// Feeds one file, with everything that is said shown.
    pub(super) fn try_again(&self, target: &Target, input: &Path) -> Result<()> {
        let input = fs::canonicalize(input)
            .with_context(|| format!("cannot find the input {}", input.display()))?;
        let status = self
            .command(target)
            .arg(&input)
            .stdin(Stdio::null())
            .status()
            .with_context(|| format!("cannot start {}", self.program.display()))?;
        if !status.success() {
            bail!("{} does not bear {}", target.name, input.display());
        }
        println!("{} bears {}", target.name, input.display());
        Ok(())
    }

    fn command(&self, target: &Target) -> Command {
        let mut command = Command::new(&self.program);
        command.env(TARGET_VARIABLE, target.name);
        command
    }

    fn directory(&self, kind: &str, target: &Target) -> Result<PathBuf> {
        let directory = self.kept.join(kind).join(target.name);
        fs::create_dir_all(&directory)
            .with_context(|| format!("cannot make {}", directory.display()))?;
        Ok(directory)
    }
}

/// What libFuzzer's lines tell.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    executions: u64,
    edges: u64,
    crash: Option<PathBuf>,
    /// What the target said as it broke.
    reason: Option<String>,
    expects_reason: bool,
}

impl Said {
    fn read(&mut self, line: &str) {
        if std::mem::take(&mut self.expects_reason) {
            self.reason.get_or_insert_with(|| line.to_owned());
        }
        if let Some((_, file)) = line.split_once("Test unit written to ") {
            self.crash = Some(file.into());
        } else if let Some((_, count)) = line.split_once("stat::number_of_executed_units:") {
            self.executions = count.trim().parse().unwrap_or(self.executions);
        } else if line.starts_with("thread ") && line.contains(" panicked at ") {
            self.expects_reason = true;
        } else if let Some(reason) = line.strip_prefix("SUMMARY: libFuzzer: ") {
            self.reason.get_or_insert_with(|| reason.to_owned());
        } else if let Some(rest) = line.strip_prefix('#') {
            let mut words = rest.split_ascii_whitespace();
            let count = words.next().and_then(|word| word.parse().ok());
            self.executions = count.unwrap_or(self.executions);
            if words.any(|word| word == "cov:") {
                let edges = words.next().and_then(|word| word.parse().ok());
                self.edges = edges.unwrap_or(self.edges);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_ends_well_is_counted() {
        let mut said = Said::default();
        for line in [
            "INFO: Running with entropic power schedule (0xFF, 100).",
            "#3\tINITED cov: 35 ft: 35 corp: 2/1024b exec/s: 0 rss: 27Mb",
            "#1652187\tDONE   cov: 64 ft: 92 corp: 31/15362b lim: 4096 exec/s: 275364 rss: 28Mb",
            "stat::number_of_executed_units: 1652188",
            "stat::average_exec_per_sec:     275364",
        ] {
            said.read(line);
        }
        let expected = Said {
            executions: 1_652_188,
            edges: 64,
            ..Said::default()
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn a_crash_has_its_file_and_its_reason() {
        let mut said = Said::default();
        for line in [
            "thread '<unnamed>' (2460) panicked at fuzz/fuzz-targets/src/gpt.rs:51:13:",
            "Partition { offset_bytes: 139264 } is outside",
            "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
            "SUMMARY: libFuzzer: deadly signal",
            "artifact_prefix='/c/gpt/'; Test unit written to /c/gpt/crash-006c4d8a",
        ] {
            said.read(line);
        }
        assert_eq!(said.crash, Some("/c/gpt/crash-006c4d8a".into()));
        let reason = said.reason.unwrap_or_default();
        assert_eq!(reason, "Partition { offset_bytes: 139264 } is outside");
    }

    #[test]
    fn a_hang_has_a_reason_too() {
        let mut said = Said::default();
        said.read("SUMMARY: libFuzzer: timeout");
        assert_eq!(said.reason.as_deref(), Some("timeout"));
    }
}
