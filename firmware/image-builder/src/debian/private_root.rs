//! A private apt root: apt's own lists and verification, none of the host's settings.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use boards::Architecture;
use image_format::Digest;

use super::lock::LockedPackage;
use super::sources::{Suites, sources_list};
use crate::host_tool::{host_tool, output_of, run};

/// A private apt root with fresh lists.
pub(super) struct PrivateRoot {
    options: Vec<OsString>,
    /// What apt said when an index could not be had; told when a package is missing.
    complaint: Option<String>,
}

impl PrivateRoot {
    /// Writes the root's few files and fetches the lists. A missing index is no failure:
    /// not every architecture is in every suite.
    pub(super) fn refresh(
        directory: &Path,
        architecture: Architecture,
        suites: Suites,
    ) -> Result<Self> {
        for part in ["lists/partial", "cache/archives/partial", "state"] {
            fs::create_dir_all(directory.join(part))
                .with_context(|| format!("cannot make {}", directory.display()))?;
        }
        fs::write(directory.join("sources.list"), sources_list(suites)?)?;
        fs::write(directory.join("state/status"), "")?;
        let mut root = Self {
            options: options(directory, architecture),
            complaint: None,
        };
        let mut update = root.command("apt-get");
        update.arg("update").arg("--quiet");
        let output = output_of(&mut update)?;
        // Also when it succeeds: it does without what cannot be had.
        root.complaint = complaint_of(&String::from_utf8_lossy(&output.stderr));
        Ok(root)
    }

    /// The newest version of `name`, or of the one package that it merely stands for.
    pub(super) fn find_newest(&self, name: &str) -> Result<LockedPackage> {
        let record = self.show(name)?;
        match field(&record, "Depends").and_then(|depends| dependency_behind(name, &depends)) {
            Some(real) => parse_record(&self.show(&real)?),
            None => parse_record(&record),
        }
    }

    /// Fetches exactly that version into `directory` and returns the file.
    pub(super) fn download(&self, wanted: &LockedPackage, directory: &Path) -> Result<PathBuf> {
        let partial = tempfile::Builder::new()
            .prefix("download")
            .tempdir_in(directory)?;
        let mut download = self.command("apt-get");
        download
            .args(["download", "--quiet"])
            .arg(format!("{}={}", wanted.package, wanted.version))
            .current_dir(partial.path());
        run(&mut download).map_err(|error| match &self.complaint {
            Some(complaint) => error.context(complaint.clone()),
            None => error,
        })?;
        for entry in fs::read_dir(partial.path())? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "deb") {
                let kept = directory.join(format!("{}.fetched", wanted.stem()));
                fs::rename(&path, &kept)?;
                return Ok(kept);
            }
        }
        bail!("apt-get download left no package behind")
    }

    /// Fetches the packages with these names or patterns and all that they depend on into the
    /// root's cache.
    pub(super) fn download_all(&self, names: &[&str]) -> Result<()> {
        let mut install = self.command("apt-get");
        install
            .args(["install", "--yes", "--quiet", "--download-only"])
            .arg("-oAPT::Install-Recommends=false")
            .args(names);
        run(&mut install).map(drop)
    }

    fn show(&self, name: &str) -> Result<String> {
        let mut show = self.command("apt-cache");
        show.args(["show", "--no-all-versions", name]);
        run(&mut show).with_context(|| match &self.complaint {
            Some(complaint) => {
                format!("the mirror has no package {name}; its lists are incomplete:\n{complaint}")
            }
            None => format!("the mirror has no package {name}"),
        })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = host_tool(program);
        command.args(&self.options);
        command
    }
}

fn options(directory: &Path, architecture: Architecture) -> Vec<OsString> {
    let architecture = architecture.debian_name();
    let mut options: Vec<OsString> = Vec::new();
    let mut option = |name: &str, value: &Path| {
        let mut text = OsString::from(format!("-o{name}="));
        text.push(value);
        options.push(text);
    };
    option("APT::Architecture", Path::new(architecture));
    option("APT::Architectures", Path::new(architecture));
    option("Acquire::Languages", Path::new("none"));
    option("APT::Sandbox::User", Path::new("root"));
    option("Dir::Etc::SourceList", &directory.join("sources.list"));
    option("Dir::Etc::SourceParts", Path::new("/dev/null"));
    option("Dir::Etc::Preferences", Path::new("/dev/null"));
    option("Dir::Etc::PreferencesParts", Path::new("/dev/null"));
    option("Dir::State", &directory.join("state"));
    option("Dir::State::Lists", &directory.join("lists"));
    option("Dir::State::Status", &directory.join("state/status"));
    option("Dir::Cache", &directory.join("cache"));
    options
}

/// The warnings and errors among what apt printed.
fn complaint_of(errors: &str) -> Option<String> {
    let lines = errors
        .lines()
        .filter(|line| line.starts_with("W:") || line.starts_with("E:"));
    let complaint = lines.collect::<Vec<_>>().join("\n");
    (!complaint.is_empty()).then_some(complaint)
}

/// A meta package `linux-image-amd64` depends on one package whose name has a version in
/// it, `linux-image-6.1.0-56-amd64`; every other package stands for itself.
fn dependency_behind(name: &str, depends: &str) -> Option<String> {
    let rest = name.strip_prefix("linux-image-")?;
    if rest.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let names = depends
        .split([',', '|'])
        .filter_map(|one| one.split_whitespace().next());
    let versioned = |dependency: &&str| {
        dependency
            .strip_prefix("linux-image-")
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
    };
    names.into_iter().find(versioned).map(str::to_owned)
}

fn parse_record(record: &str) -> Result<LockedPackage> {
    let field =
        |name: &str| field(record, name).with_context(|| format!("its record has no {name}"));
    let sha256 = field("SHA256")?;
    Ok(LockedPackage {
        package: field("Package")?,
        version: field("Version")?,
        sha256: Digest::parse_hex(&sha256).context("its record has a malformed SHA256")?,
    })
}

fn field(record: &str, name: &str) -> Option<String> {
    let lines = record.lines().filter_map(|line| line.split_once(": "));
    lines
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meta_package_stands_for_the_kernel_behind_it() {
        let depends = "linux-base (>= 4.3), linux-image-6.1.0-56-amd64 (= 6.1.192-2)";
        assert_eq!(
            dependency_behind("linux-image-amd64", depends).as_deref(),
            Some("linux-image-6.1.0-56-amd64")
        );
        assert_eq!(
            dependency_behind("linux-image-6.1.0-56-amd64", depends),
            None
        );
        assert_eq!(dependency_behind("busybox-static", depends), None);
    }

    #[test]
    fn a_list_that_was_not_had_is_told_even_if_apt_goes_on() {
        let said = "W: Failed to fetch http://m.example/debian/dists/x/InRelease\nsomething else\n";
        let complaint = complaint_of(said).expect("a complaint");
        assert!(
            complaint.contains("InRelease") && !complaint.contains("else"),
            "{complaint}"
        );
        assert_eq!(complaint_of(""), None);
    }

    #[test]
    fn a_record_names_its_version_and_checksum() -> Result<()> {
        let digest = Digest([0xab; 32]);
        let record = format!("Package: busybox-static\nVersion: 1:1.35.0-4\nSHA256: {digest}\n");
        let parsed = parse_record(&record)?;
        assert_eq!(
            (parsed.version.as_str(), parsed.sha256),
            ("1:1.35.0-4", digest)
        );
        let error = parse_record("Package: x\nVersion: 1\n").expect_err("no checksum");
        assert!(error.to_string().contains("no SHA256"), "{error}");
        Ok(())
    }
}
