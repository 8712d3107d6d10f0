//! A program that judges the system by how it ends: 0 is healthy. What it says is kept,
//! and its last line is the reason if it does not.

use crate::process::{self, ENVIRONMENT, End};
use anyhow::Context;
use rustix::process::Pid;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the programs' words are kept.
const OUTPUT: &str = "/run/twinkeel/health";

/// A program that was started.
pub(super) struct Probe {
    process: Pid,
    output: PathBuf,
}

impl Probe {
    pub(super) fn start(name: &str, program: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        std::fs::create_dir_all(OUTPUT).with_context(|| format!("cannot make {OUTPUT}"))?;
        let output = Path::new(OUTPUT).join(name);
        let file = File::create(&output).context("cannot keep what it says")?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(ENVIRONMENT)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(file.try_clone().context("cannot keep what it says")?)
            .stderr(file);
        let process = process::start(&mut command)
            .with_context(|| format!("cannot run {}", program.display()))?;
        Ok(Self { process, output })
    }

    pub(super) fn is(&self, process: Pid) -> bool {
        self.process == process
    }

    /// What its end says.
    pub(super) fn verdict(&self, end: End) -> Result<(), String> {
        if end == End::Exit(0) {
            return Ok(());
        }
        let output = std::fs::read(&self.output).unwrap_or_default();
        Err(match last_line(&String::from_utf8_lossy(&output)) {
            Some(line) => format!("{end}: {line}"),
            None => end.to_string(),
        })
    }
}

fn last_line(output: &str) -> Option<&str> {
    output.lines().map(str::trim).rfind(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(output: &str, end: End) -> Result<(), String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), output).unwrap();
        let probe = Probe {
            process: Pid::INIT,
            output: file.path().to_owned(),
        };
        probe.verdict(end)
    }

    #[test]
    fn the_last_line_is_the_reason() {
        assert_eq!(verdict("all is well\n", End::Exit(0)), Ok(()));
        let reason = verdict("looking\nno answer from the modem \n\n", End::Exit(3));
        let expected = "it ended with 3: no answer from the modem";
        assert_eq!(reason, Err(expected.to_owned()));
        let silent = verdict("", End::Signal(9));
        assert_eq!(silent, Err("it was killed by signal 9".to_owned()));
    }
}
