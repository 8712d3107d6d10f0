//! Lays a maker's directory over a tree.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Content, Entry, Tree};
use crate::error::ImageError;

impl Tree {
    /// Takes everything in `directory`; a file that is already in the tree gives way.
    ///
    /// Owners, times and the finer modes are left behind, since they differ from checkout
    /// to checkout: a file may be read by anyone, and executed if its owner may execute it.
    pub(crate) fn add_overlay(&mut self, directory: &Path) -> Result<()> {
        self.add_directory(directory, "")
            .with_context(|| format!("cannot add the overlay {}", directory.display()))
    }

    fn add_directory(&mut self, directory: &Path, prefix: &str) -> Result<()> {
        let mut names = Vec::new();
        for entry in fs::read_dir(directory)
            .with_context(|| format!("cannot read {}", directory.display()))?
        {
            names.push(entry?.file_name());
        }
        names.sort();
        for name in names {
            let source = directory.join(&name);
            let Some(name) = name.to_str() else {
                return Err(refuse(&source, "its name is not UTF-8"));
            };
            self.add_path(&source, &format!("{prefix}{name}"))?;
        }
        Ok(())
    }

    fn add_path(&mut self, source: &Path, path: &str) -> Result<()> {
        let metadata = fs::symlink_metadata(source)
            .with_context(|| format!("cannot read {}", source.display()))?;
        let mode = metadata.permissions().mode();
        let standing = self
            .entries
            .get(path)
            .map(|entry| matches!(entry, Entry::Directory { .. }));
        if standing.is_some_and(|is_directory| is_directory != metadata.is_dir()) {
            return Err(refuse(
                source,
                "the image has a directory where this is none, or the other way round",
            ));
        }
        if metadata.is_symlink() {
            let target = fs::read_link(source)?;
            let Some(target) = target.to_str() else {
                return Err(refuse(source, "its target is not UTF-8"));
            };
            self.link(path, target);
        } else if metadata.is_dir() {
            if !self.contains(path) {
                self.directory(path);
            }
            self.add_directory(source, &format!("{path}/"))?;
        } else if !metadata.is_file() {
            return Err(refuse(
                source,
                "it is neither a file, nor a directory, nor a symbolic link",
            ));
        } else if mode & 0o6000 != 0 {
            return Err(refuse(
                source,
                "it is setuid or setgid, and no file of an image may be",
            ));
        } else if mode & 0o100 != 0 {
            self.program(path, Content::File(source.to_owned()));
        } else {
            self.file(path, Content::File(source.to_owned()));
        }
        Ok(())
    }
}

fn refuse(path: &Path, why: &'static str) -> anyhow::Error {
    ImageError::Overlay {
        path: path.to_owned(),
        why,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    #[test]
    fn an_overlay_replaces_and_adds_without_the_umask() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let at = |name: &str| directory.path().join(name);
        fs::create_dir(at("etc"))?;
        fs::write(at("etc/hostname"), "gateway\n")?;
        fs::set_permissions(at("etc/hostname"), fs::Permissions::from_mode(0o600))?;
        fs::write(at("hello"), "#!/bin/sh\n")?;
        fs::set_permissions(at("hello"), fs::Permissions::from_mode(0o700))?;
        symlink("hello", at("hi"))?;

        let mut tree = Tree::default();
        tree.text("etc/hostname", "twinkeel\n");
        tree.add_overlay(directory.path())?;
        let modes: Vec<_> = tree
            .entries()
            .map(|(path, entry)| match entry {
                Entry::File { mode, .. } => (path, *mode),
                _ => (path, 0),
            })
            .collect();
        assert_eq!(
            modes,
            [
                ("etc", 0),
                ("etc/hostname", 0o644),
                ("hello", 0o755),
                ("hi", 0)
            ]
        );
        Ok(())
    }

    #[test]
    fn a_setuid_file_is_refused() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("su");
        fs::write(&path, "")?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o4755))?;
        let error = Tree::default()
            .add_overlay(directory.path())
            .expect_err("refused");
        assert!(format!("{error:#}").contains("setuid"), "{error:#}");
        Ok(())
    }

    #[test]
    fn a_file_in_place_of_a_directory_is_refused() -> Result<()> {
        let directory = tempfile::tempdir()?;
        fs::write(directory.path().join("etc"), "")?;
        let mut tree = Tree::default();
        tree.text("etc/hostname", "twinkeel\n");
        let error = tree.add_overlay(directory.path()).expect_err("refused");
        assert!(
            format!("{error:#}").contains("a directory where this is none"),
            "{error:#}"
        );
        Ok(())
    }

    #[test]
    fn a_socket_is_refused() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let _socket = UnixListener::bind(directory.path().join("s"))?;
        let error = Tree::default()
            .add_overlay(directory.path())
            .expect_err("refused");
        assert!(format!("{error:#}").contains("neither a file"), "{error:#}");
        Ok(())
    }
}
