//! The paths of this machine that no program of a device may hold, and what stands there in
//! their place: so the same sources give the same bytes wherever they lie.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::iter;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::host_tool::{host_tool, run};

/// Every directory that may stand in a program, and what it is called there.
pub(crate) fn replaced_paths(root: &Path) -> Result<Vec<(OsString, String)>> {
    let toolchain = run(host_tool("rustc")
        .args(["--print", "sysroot"])
        .current_dir(root))?;
    let library = Path::new(toolchain.trim_end()).join("lib/rustlib/src/rust");
    let mut paths = vec![
        (root.as_os_str().to_owned(), "/twinkeel".to_owned()),
        // Where the compiler calls its own sources when they are not installed.
        (
            library.into_os_string(),
            format!("/rustc/{}", compiler_commit(root)?),
        ),
    ];
    if let Some(home) = cargo_home() {
        // Of several that fit, the compiler takes the last.
        let crates = crate_paths(&home)?;
        let all = iter::once(home).chain(crates);
        paths.extend(all.map(|path| (path.into_os_string(), "/cargo".to_owned())));
    }
    Ok(paths)
}

/// Where cargo unpacks crates: a directory for each registry, by the registry's address. They
/// are there by now, since this program was built from some of them.
fn crate_paths(cargo_home: &Path) -> Result<Vec<PathBuf>> {
    let directory = cargo_home.join("registry/src");
    if !directory.is_dir() {
        // All crates are in the checkout.
        return Ok(Vec::new());
    }
    let registries = fs::read_dir(&directory).and_then(|all| {
        all.map(|one| Ok(one?.path()))
            .collect::<io::Result<Vec<_>>>()
    });
    let mut registries =
        registries.with_context(|| format!("cannot list {}", directory.display()))?;
    registries.sort();
    Ok(registries)
}

fn compiler_commit(root: &Path) -> Result<String> {
    let version = run(host_tool("rustc")
        .args(["--version", "--verbose"])
        .current_dir(root))?;
    let commit = version
        .lines()
        .find_map(|line| line.strip_prefix("commit-hash: "));
    commit
        .map(str::to_owned)
        .context("cannot tell which compiler this is: rustc -vV has no commit-hash")
}

fn cargo_home() -> Option<PathBuf> {
    let home = || env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_registrys_address_is_in_a_program() -> Result<()> {
        let home = tempfile::tempdir()?;
        assert!(crate_paths(home.path())?.is_empty());
        let registry = home
            .path()
            .join("registry/src/registry.example-0123456789abcdef");
        fs::create_dir_all(&registry)?;
        assert_eq!(crate_paths(home.path())?, [registry]);
        Ok(())
    }
}
