//! `boards/debian.lock`: which packages the images were last built from.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use boards::Architecture;
use image_format::Digest;

const HEADER: &str = "\
# The Debian packages that images are built from. Written by `cargo xtask image --update-lock`.
# [architecture.<what the board asks for>]; a meta package stands for the one it depends on.
";

/// A package in exactly one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LockedPackage {
    /// Its name.
    pub(super) package: String,
    /// Debian's version.
    pub(super) version: String,
    /// Of the whole archive.
    pub(super) sha256: Digest,
}

impl LockedPackage {
    /// A name for its files here.
    pub(super) fn stem(&self) -> String {
        format!("{}_{}", self.package, self.version.replace(':', "%3a"))
    }
}

/// The file.
pub(super) struct Lock {
    path: PathBuf,
    packages: BTreeMap<(String, String), LockedPackage>,
}

impl Lock {
    /// Reads it; a file that is not there is empty.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        let packages = parse(&text).with_context(|| {
            format!(
                "cannot understand {}: correct it, or remove it to make a new one",
                path.display()
            )
        })?;
        Ok(Self {
            path: path.to_owned(),
            packages,
        })
    }

    pub(super) fn find(&self, architecture: Architecture, name: &str) -> Option<&LockedPackage> {
        self.packages
            .get(&(architecture.debian_name().to_owned(), name.to_owned()))
    }

    /// Remembers `package` under `name`, and writes the file.
    pub(super) fn record(
        &mut self,
        architecture: Architecture,
        name: &str,
        package: LockedPackage,
    ) -> Result<()> {
        self.packages.insert(
            (architecture.debian_name().to_owned(), name.to_owned()),
            package,
        );
        fs::write(&self.path, self.text())
            .with_context(|| format!("cannot write {}", self.path.display()))
    }

    fn text(&self) -> String {
        let mut text = HEADER.to_owned();
        for ((architecture, name), locked) in &self.packages {
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "\n[{architecture}.{name}]\npackage = \"{}\"\nversion = \"{}\"\nsha256 = \"{}\"\n",
                locked.package, locked.version, locked.sha256
            );
        }
        text
    }
}

fn parse(text: &str) -> Result<BTreeMap<(String, String), LockedPackage>> {
    type File = BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>;
    let file: File = toml::from_str(text)?;
    let mut packages = BTreeMap::new();
    for (architecture, names) in file {
        for (name, fields) in names {
            let field = |key: &str| {
                fields
                    .get(key)
                    .cloned()
                    .with_context(|| format!("{name} has no {key}"))
            };
            let sha256 = Digest::parse_hex(&field("sha256")?)
                .with_context(|| format!("{name}: sha256 is no digest"))?;
            let locked = LockedPackage {
                package: field("package")?,
                version: field("version")?,
                sha256,
            };
            packages.insert((architecture.clone(), name), locked);
        }
    }
    Ok(packages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_is_found_again() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("debian.lock");
        let locked = LockedPackage {
            package: "linux-image-6.1.0-56-amd64".to_owned(),
            version: "6.1.192-2".to_owned(),
            sha256: Digest([7; 32]),
        };
        Lock::read(&path)?.record(Architecture::X86_64, "linux-image-amd64", locked.clone())?;
        let lock = Lock::read(&path)?;
        assert_eq!(
            lock.find(Architecture::X86_64, "linux-image-amd64"),
            Some(&locked)
        );
        assert_eq!(lock.find(Architecture::X86_64, "busybox-static"), None);
        Ok(())
    }

    #[test]
    fn a_broken_lock_is_refused_with_the_field() {
        let text = "[amd64.busybox-static]\npackage = \"busybox-static\"\nversion = \"1\"\nsha256 = \"12\"\n";
        let error = parse(text).expect_err("refused");
        assert!(
            error
                .to_string()
                .contains("busybox-static: sha256 is no digest"),
            "{error}"
        );
    }

    #[test]
    fn an_epoch_does_not_reach_file_names() {
        let locked = LockedPackage {
            package: "busybox-static".to_owned(),
            version: "1:1.35.0-4".to_owned(),
            sha256: Digest::ZERO,
        };
        assert_eq!(locked.stem(), "busybox-static_1%3a1.35.0-4");
    }
}
