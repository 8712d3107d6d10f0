//! Puts files into the file system of `writable` before the device has ever run.
//!
//! With e2fsprogs, in a file: nothing is mounted, and no root is needed. Everything belongs
//! to root, as on the device.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::host_tool::{host_tool, output_of, run};

/// A directory that anybody may enter.
const OPEN_DIRECTORY: u32 = 0o755;

/// A file for `writable`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WritableFile {
    /// From the root of the file system, without a slash in front. Without spaces.
    pub path: String,
    /// What it holds.
    pub content: Vec<u8>,
    /// Its permissions. Where its owner alone may read it, the directory that it lies in is its owner's alone, too.
    pub mode: u32,
}

/// Writes `files`, and the directories that they need, into the ext4 in the file
/// `file_system`, which is unmounted and clean.
///
/// # Errors
/// e2fsprogs refuse, or what is read back is not what was written.
pub fn add_files(file_system: &Path, files: &[WritableFile]) -> Result<()> {
    let workplace = tempfile::tempdir().context("cannot make a directory for temporary files")?;
    let mut script = String::new();
    for (path, mode) in directories(files) {
        script += &format!("mkdir /{path}\nsif /{path} mode 0{:o}\n", 0o40000 | mode);
    }
    for (number, file) in files.iter().enumerate() {
        let name = number.to_string();
        fs::write(workplace.path().join(&name), &file.content)?;
        let path = &file.path;
        script += &format!("write {name} /{path}\n");
        script += &format!("sif /{path} mode 0{:o}\n", 0o100_000 | file.mode);
        script += &format!("sif /{path} uid 0\nsif /{path} gid 0\n");
    }
    fs::write(workplace.path().join("script"), script)?;
    let file_system = fs::canonicalize(file_system)
        .with_context(|| format!("cannot find {}", file_system.display()))?;
    run(host_tool("debugfs")
        .current_dir(workplace.path())
        .args(["-w", "-f", "script"])
        .arg(&file_system))?;
    // It ends well whatever its commands came to.
    for file in files {
        let command = format!("cat /{}", file.path);
        let output = output_of(
            host_tool("debugfs")
                .args(["-R", &command])
                .arg(&file_system),
        )?;
        ensure!(
            output.stdout == file.content,
            "cannot write /{} into the file system: {}",
            file.path,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    run(host_tool("e2fsck").args(["-f", "-n"]).arg(&file_system))?;
    Ok(())
}

/// Every directory once, the outer ones first.
fn directories(files: &[WritableFile]) -> Vec<(String, u32)> {
    let mut seen = BTreeSet::new();
    let mut directories = Vec::new();
    for file in files {
        let path = PathBuf::from(&file.path);
        let mut above: Vec<_> = path.ancestors().skip(1).map(Path::to_path_buf).collect();
        above.retain(|directory| !directory.as_os_str().is_empty());
        for directory in above.iter().rev() {
            if !seen.insert(directory.clone()) {
                continue;
            }
            let is_own = Some(directory.as_path()) == path.parent();
            let mode = match file.mode & 0o077 {
                0 if is_own => 0o700,
                _ => OPEN_DIRECTORY,
            };
            directories.push((directory.to_string_lossy().into_owned(), mode));
        }
    }
    directories
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::derived_guid;
    use crate::writable::make_writable;

    #[test]
    fn files_lie_there_with_their_modes_and_belong_to_root() -> Result<()> {
        if output_of(host_tool("debugfs").arg("-V")).is_err() {
            // Not installed: `cargo xtask flash` installs it.
            return Ok(());
        }
        let directory = tempfile::tempdir()?;
        let image = directory.path().join("writable");
        make_writable(&image, 32 << 20, derived_guid("test"))?;
        let file = |path: &str, content: &str, mode| WritableFile {
            path: path.to_owned(),
            content: content.as_bytes().to_vec(),
            mode,
        };
        let files = [
            file("system/hostname", "a\n", 0o644),
            file("system/seed/secret", "key\n", 0o600),
        ];
        add_files(&image, &files)?;
        let stat = |path: &str| {
            run(host_tool("debugfs")
                .args(["-R", &format!("stat /{path}")])
                .arg(&image))
        };
        for (path, mode) in [
            ("system", "0755"),
            ("system/hostname", "0644"),
            ("system/seed", "0700"),
            ("system/seed/secret", "0600"),
        ] {
            let text = stat(path)?;
            assert!(text.contains(&format!("Mode:  {mode}")), "{path}: {text}");
            assert!(
                text.contains("User:     0   Group:     0"),
                "{path}: {text}"
            );
        }
        // A second time they are there already, which the file system does not hide.
        let again = add_files(&image, &[file("system/hostname", "b\n", 0o644)]);
        let error = again.expect_err("the first one is still there");
        assert!(error.to_string().contains("/system/hostname"), "{error}");
        Ok(())
    }
}
