//! Components by content: what was made once of the same parts is not made again.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use image_format::Digest;
use image_trust::sha256;
use tempfile::NamedTempFile;

use crate::workspace::Workspace;

/// The file of the component that `key` describes completely. `make` is given an empty
/// file to fill if the component is not there yet.
pub(crate) fn component(
    workspace: &Workspace,
    name: &str,
    key: &str,
    make: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let directory = workspace.component_cache();
    fs::create_dir_all(&directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    let path = directory.join(format!("{name}-{}", short(&sha256(key.as_bytes()))));
    if path.exists() {
        return Ok(path);
    }
    let partial = NamedTempFile::new_in(&directory).context("cannot make a temporary file")?;
    make(partial.path()).with_context(|| format!("cannot make the {name}"))?;
    partial
        .persist(&path)
        .with_context(|| format!("cannot keep the {name}"))?;
    Ok(path)
}

/// A component that is at hand in memory.
pub(crate) fn component_of_bytes(
    workspace: &Workspace,
    name: &str,
    bytes: &[u8],
) -> Result<PathBuf> {
    component(workspace, name, &sha256(bytes).to_string(), |path| {
        Ok(File::create(path)?.write_all(bytes)?)
    })
}

/// Enough of a digest for a file's name.
fn short(digest: &Digest) -> String {
    let mut text = digest.to_string();
    text.truncate(24);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_made_once_and_a_failed_one_is_not_kept() -> Result<()> {
        let root = tempfile::tempdir()?;
        let workspace = Workspace::at(root.path()).with_target(&root.path().join("target"));
        let failed = component(&workspace, "thing", "key", |_| anyhow::bail!("no"));
        assert!(failed.is_err());
        let first = component(&workspace, "thing", "key", |path| {
            Ok(fs::write(path, "content")?)
        })?;
        let second = component(&workspace, "thing", "key", |_| anyhow::bail!("made twice"))?;
        assert_eq!(first, second);
        assert_eq!(fs::read_to_string(second)?, "content");
        Ok(())
    }
}
