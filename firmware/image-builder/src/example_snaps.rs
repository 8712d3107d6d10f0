//! The example snaps, made of their sources in the checkout.
//!
//! Each directory of `firmware/example-snaps/snaps` becomes a snap. A program that its
//! `snap.yaml` names and that does not lie in it is one of the crate `example-snaps`, built as
//! the userland is; then the snap is for the board's architecture only, and says so.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use boards::Board;
use snap_format::SnapYaml;
use snap_format::build::{Built, Output, build, source_date_epoch};

use crate::device_build::{DeviceBuild, Surroundings};
use crate::workspace::Workspace;

const CRATE: &str = "example-snaps";
const SNAP_YAML: &str = "meta/snap.yaml";

/// Makes all example snaps for the architecture of `board`, in `directory`, in the order of
/// their sources' names. The same checkout gives the same bytes.
///
/// # Errors
/// cargo cannot build their programs, or one of them is no snap that a device would take.
pub fn build_example_snaps(
    workspace: &Workspace,
    board: &Board,
    directory: &Path,
) -> Result<Vec<Built>> {
    fs::create_dir_all(directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    let programs = DeviceBuild::new(workspace, board, Surroundings::Linux)?;
    programs.run(&[CRATE], &[], &[])?;
    let mut sources: Vec<_> = fs::read_dir(workspace.root().join("firmware/example-snaps/snaps"))
        .context("cannot list the example snaps")?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    sources.sort();
    let made = sources.iter().map(|source| {
        let architecture = board.architecture.debian_name();
        make(
            source,
            architecture,
            |name| programs.program(name),
            directory,
        )
        .with_context(|| format!("cannot make a snap of {}", source.display()))
    });
    made.collect()
}

fn make(
    source: &Path,
    architecture: &str,
    program: impl Fn(&str) -> Result<Vec<u8>>,
    directory: &Path,
) -> Result<Built> {
    let whole = tempfile::tempdir().context("cannot make a directory")?;
    copy_tree(source, whole.path())?;
    let lacking = lacking_programs(whole.path())?;
    for path in &lacking {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        write_program(path, &program(&name)?)?;
    }
    if !lacking.is_empty() {
        let mut yaml = fs::OpenOptions::new()
            .append(true)
            .open(whole.path().join(SNAP_YAML))?;
        writeln!(yaml, "architectures: [{architecture}]")?;
    }
    let built = build(
        whole.path(),
        Output::Directory(directory),
        source_date_epoch()?,
    )?;
    ensure!(built.warnings.is_empty(), "{:?}", built.warnings);
    Ok(built)
}

/// Programs of its apps that are not there.
fn lacking_programs(tree: &Path) -> Result<Vec<PathBuf>> {
    let yaml = SnapYaml::parse(&fs::read(tree.join(SNAP_YAML))?)?;
    let commands = yaml.apps.values().filter_map(|app| app.command.as_ref());
    let paths = commands.map(|command| tree.join(command.program()));
    Ok(paths.filter(|path| !path.exists()).collect())
}

fn write_program(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, bytes)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir(&target)?;
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use snap_format::SnapFile;

    fn source(yaml: &str, files: &[&str]) -> Result<tempfile::TempDir> {
        let directory = tempfile::tempdir()?;
        fs::create_dir(directory.path().join("meta"))?;
        fs::write(directory.path().join(SNAP_YAML), yaml)?;
        for file in files {
            write_program(&directory.path().join(file), b"#!/bin/sh\n")?;
        }
        Ok(directory)
    }

    fn yaml_of(snap: &Path) -> Result<SnapYaml> {
        Ok(SnapFile::open(fs::File::open(snap)?)?.yaml().clone())
    }

    const YAML: &str = "name: hello\nversion: 1\napps: {hello: {command: bin/hello}}\n";

    #[test]
    fn a_program_that_is_not_there_is_built_and_makes_the_snap_one_of_an_architecture() -> Result<()>
    {
        let (source, out) = (source(YAML, &[])?, tempfile::tempdir()?);
        let program = |name: &str| Ok(format!("the program {name}").into_bytes());
        let built = make(source.path(), "arm64", program, out.path())?;
        assert_eq!(built.path, out.path().join("hello_1_arm64.snap"));
        assert!(yaml_of(&built.path)?.architectures[0].runs_on("arm64"));
        assert!(!yaml_of(&built.path)?.architectures[0].runs_on("amd64"));
        Ok(())
    }

    #[test]
    fn a_snap_with_all_its_programs_is_for_all_architectures() -> Result<()> {
        let (source, out) = (source(YAML, &["bin/hello"])?, tempfile::tempdir()?);
        let program = |name: &str| anyhow::bail!("nobody needs {name}");
        let built = make(source.path(), "arm64", program, out.path())?;
        assert_eq!(built.path, out.path().join("hello_1_all.snap"));
        Ok(())
    }

    #[test]
    fn what_a_device_would_not_run_is_refused() -> Result<()> {
        let yaml = format!("{YAML}hooks: {{install: {{}}}}\n");
        let (source, out) = (
            source(&yaml, &["bin/hello", "meta/hooks/instal"])?,
            tempfile::tempdir()?,
        );
        let made = make(source.path(), "arm64", |_| Ok(Vec::new()), out.path());
        let error = made.err().context("it was taken")?;
        assert!(format!("{error:#}").contains("instal"), "{error:#}");
        Ok(())
    }
}
