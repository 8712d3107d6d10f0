//! python-tuf, the reference implementation, in an environment of its own.

use anyhow::{Context, Result, ensure};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

const REQUIREMENTS: [&str; 2] = ["tuf==7.0.1", "securesystemslib[crypto]==1.6.0"];

/// An environment with python-tuf.
pub struct PythonTuf {
    python: PathBuf,
}

impl PythonTuf {
    /// That of `TARGET/setup/python-tuf`, made by whoever asks first; others wait.
    ///
    /// # Errors
    /// Python or its package index is not there.
    pub fn prepare(target: &Path) -> Result<Self> {
        let setup = target.join("setup");
        fs::create_dir_all(&setup).context("cannot make target/setup")?;
        let lock = File::create(setup.join("python-tuf.lock")).context("cannot make a lock")?;
        lock.lock().context("cannot lock")?;
        let environment = setup.join("python-tuf");
        let python = environment.join("bin/python");
        let mark = environment.join("installed");
        let wanted = REQUIREMENTS.join("\n");
        if fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
            return Ok(PythonTuf { python });
        }
        if environment.exists() {
            fs::remove_dir_all(&environment).context("cannot remove the old environment")?;
        }
        call(
            Command::new("python3")
                .args(["-m", "venv"])
                .arg(&environment),
        )
        .context("cannot make an environment: install python3-venv, or run `cargo xtask setup`")?;
        call(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet"])
                .arg("--disable-pip-version-check")
                .args(REQUIREMENTS),
        )
        .context(
            "cannot install python-tuf: comparing with the reference implementation needs \
             Python's package index once",
        )?;
        fs::write(mark, wanted).context("cannot mark the environment")?;
        Ok(PythonTuf { python })
    }

    /// Runs a program of `python_tuf/` and returns what it prints.
    ///
    /// # Errors
    /// What the program says on its way out.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        self.run_with(program, arguments, &[])
    }

    pub(crate) fn run_with(
        &self,
        program: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("python_tuf")
            .join(program);
        call(
            Command::new(&self.python)
                .envs(environment.iter().copied())
                .arg(path)
                .args(arguments),
        )
    }
}

/// Runs a command and returns what it prints.
pub(crate) fn call(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_owned();
    let output = command
        .output()
        .with_context(|| format!("cannot start {}", name.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {said}", name.display());
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
