//! Debian's snapd: the program `snap`, without its daemon, and its source with the tests.

use crate::GoSource;
use anyhow::{Context, Result, bail, ensure};
use boards::Architecture;
use image_builder::{Silent, Workspace, fetch_package};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The packages, as far as they are needed, unpacked.
#[derive(Clone, Debug)]
pub struct Snapd {
    program: PathBuf,
    source: PathBuf,
}

/// What snapd says of a directory that is to become a snap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It would do.
    Accepted,
    /// It would not, and why.
    Refused(String),
}

impl Snapd {
    /// Unpacks the packages that `boards/debian.lock` names, beneath `target`.
    ///
    /// # Errors
    /// There is no mirror, or snapd does not run on this processor.
    pub fn prepare(target: &Path) -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let workspace = Workspace::at(&root).with_target(target);
        let architecture = match std::env::consts::ARCH {
            "x86_64" => Architecture::X86_64,
            "aarch64" => Architecture::Aarch64,
            other => bail!("cannot run snapd on {other}: use x86_64 or aarch64"),
        };
        let fetch = |name| fetch_package(&workspace, architecture, name, &mut Silent);
        let snapd = fetch("snapd").context("comparing with snapd needs its package once")?;
        let source = fetch("golang-github-snapcore-snapd-dev")
            .context("comparing with snapd's tests needs their package once")?;
        Ok(Snapd {
            program: snapd.join("usr/bin/snap"),
            source: source.join("usr/share/gocode/src/github.com/snapcore/snapd"),
        })
    }

    /// A file of its source.
    ///
    /// # Errors
    /// It is not there, or is no Go.
    pub fn source(&self, file: &str) -> Result<GoSource> {
        let path = self.source.join(file);
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        GoSource::parse(&text).with_context(|| format!("cannot read {file}"))
    }

    /// Its word on a directory.
    ///
    /// # Errors
    /// It cannot be started, or says something else than yes or no.
    pub fn check_skeleton(&self, directory: &Path) -> Result<Verdict> {
        let directory = directory.to_str().context("a path is not UTF-8")?;
        let output = self.run(&["pack", "--check-skeleton", directory])?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        match output.status.code() {
            Some(0) => Ok(Verdict::Accepted),
            Some(1) => Ok(Verdict::Refused(said)),
            _ => bail!("snap ended with {}: {said}", output.status),
        }
    }

    /// A snap of a directory, as people make it.
    ///
    /// # Errors
    /// What it says.
    pub fn pack(&self, directory: &Path, file: &Path, options: &[&str]) -> Result<()> {
        let parent = file.parent().context("a file has a directory")?;
        let name = file.file_name().context("a file has a name")?;
        let texts = [directory.as_os_str(), parent.as_os_str(), name]
            .map(|text| text.to_str().context("a path is not UTF-8"));
        let [directory, parent, name] = texts;
        let mut arguments = vec!["pack", "--filename", name?];
        arguments.extend(options);
        arguments.extend([directory?, parent?]);
        let output = self.run(&arguments)?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "snap pack: {said}");
        Ok(())
    }

    /// What it tells of a file.
    ///
    /// # Errors
    /// It does not know what that is.
    pub fn info(&self, file: &Path) -> Result<String> {
        let file = file.to_str().context("a path is not UTF-8")?;
        let output = self.run(&["info", "--verbose", file])?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "snap info: {said}");
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn run(&self, arguments: &[&str]) -> Result<Output> {
        Command::new(&self.program)
            .args(arguments)
            .env("LC_ALL", "C.UTF-8")
            .env("SNAPD_DEBUG", "0")
            .output()
            .context("cannot start snap")
    }
}
