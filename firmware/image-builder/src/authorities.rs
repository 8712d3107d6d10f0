//! The certificate authorities that a device believes when it talks TLS: Mozilla's, as Debian
//! packs them.
//!
//! Debian makes the one file that programs read when the package is installed; here it is
//! never installed, so it is made from the package's files. A maker with authorities of his
//! own lays another file over it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::tree::{Content, Tree};

/// The package.
pub(crate) const PACKAGE: &str = "ca-certificates";
/// Where it has them, a file each.
pub(crate) const DIRECTORY: &str = "usr/share/ca-certificates/mozilla";
/// Where programs look for all of them, on Debian and here.
const FILE: &str = "etc/ssl/certs/ca-certificates.crt";

/// Puts the authorities of the unpacked `package` into `tree`.
pub(crate) fn add_to(tree: &mut Tree, package: &Path) -> Result<()> {
    let directory = package.join(DIRECTORY);
    let mut files = certificate_files(&directory)
        .with_context(|| format!("cannot list {}", directory.display()))?;
    if files.is_empty() {
        bail!("cannot find a certificate in {}", directory.display());
    }
    files.sort();
    let mut all = String::new();
    for file in files {
        let certificate = fs::read_to_string(&file);
        all += certificate
            .with_context(|| format!("cannot read {}", file.display()))?
            .trim_end();
        all.push('\n');
    }
    tree.file(FILE, Content::Bytes(all.into_bytes()));
    Ok(())
}

fn certificate_files(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let all: std::io::Result<Vec<_>> = fs::read_dir(directory)?
        .map(|entry| Ok(entry?.path()))
        .collect();
    let mut files = all?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "crt"));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_certificates_become_one_file_in_the_order_of_their_names() -> Result<()> {
        let package = tempfile::tempdir()?;
        let directory = package.path().join(DIRECTORY);
        fs::create_dir_all(&directory)?;
        for (name, content) in [("b.crt", "B\n\n"), ("a.crt", "A"), ("notes.txt", "no")] {
            fs::write(directory.join(name), content)?;
        }
        let mut tree = Tree::default();
        add_to(&mut tree, package.path())?;
        let content = tree.entries().find_map(|(path, entry)| match entry {
            crate::tree::Entry::File { content, .. } if path == FILE => Some(content.clone()),
            _ => None,
        });
        assert_eq!(
            content.map(|file| file.read()).transpose()?.as_deref(),
            Some(&b"A\nB\n"[..])
        );
        Ok(())
    }

    #[test]
    fn a_package_without_certificates_is_refused() -> Result<()> {
        let package = tempfile::tempdir()?;
        fs::create_dir_all(package.path().join(DIRECTORY))?;
        let refused = add_to(&mut Tree::default(), package.path());
        assert!(
            refused.is_err_and(|error| error.to_string().contains("cannot find a certificate"))
        );
        Ok(())
    }
}
