//! Makes a snap of a directory: the same bytes from the same files, on any machine.
//!
//! Everything in the directory goes in, as root's. Of modes only that a file can be run is
//! kept: what a umask made of the rest is no part of a snap.

mod error;
mod tree;

pub use error::BuildError;

use crate::check::{Warning, warnings};
use crate::snap_file::SNAP_YAML;
use crate::snap_yaml::SnapYaml;
use crate::squashfs::write;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use tree::Tree;

/// A snap that was made.
#[derive(Clone, Debug)]
pub struct Built {
    /// Where it is.
    pub path: PathBuf,
    /// How long it is.
    pub length_bytes: u64,
    /// What in it will not run.
    pub warnings: Vec<Warning>,
}

/// Where a snap goes.
#[derive(Clone, Copy, Debug)]
pub enum Output<'a> {
    /// To this file.
    File(&'a Path),
    /// Into this directory, under the name that `snap pack` would give it.
    Directory(&'a Path),
}

/// The time that everything in a snap gets: what `SOURCE_DATE_EPOCH` says, or 1970.
///
/// # Errors
/// That is no time.
pub fn source_date_epoch() -> Result<u32, BuildError> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text.parse().map_err(|_| BuildError::Time(text)),
        Err(_) => Ok(0),
    }
}

/// Makes a snap of `directory`. Everything in it gets the time `modified_secs`, in seconds
/// since 1970.
///
/// # Errors
/// The directory is none of a snap, or the file cannot be written.
pub fn build(
    directory: &Path,
    output: Output<'_>,
    modified_secs: u32,
) -> Result<Built, BuildError> {
    let yaml_path = directory.join(SNAP_YAML);
    let bytes = fs::read(&yaml_path).map_err(BuildError::io("read", &yaml_path))?;
    let yaml = SnapYaml::parse(&bytes).map_err(BuildError::Yaml)?;
    let path = match output {
        Output::File(path) => path.to_owned(),
        Output::Directory(directory) => directory.join(file_name(&yaml)),
    };
    let tree = Tree::read(directory)?;
    if is_inside(&path, directory) {
        return Err(BuildError::OutputInside(path));
    }
    let partial = path.with_extension("snap.partial");
    let failed = BuildError::io("write", &partial);
    let file = File::create(&partial).map_err(&failed)?;
    let mut out = BufWriter::new(file);
    let written = write(&tree.nodes, &mut out, modified_secs).and_then(|()| out.flush());
    let renamed = written.and_then(|()| fs::rename(&partial, &path));
    if let Err(error) = renamed {
        // What is left is of no use to anybody.
        let _ = fs::remove_file(&partial);
        return Err(failed(error));
    }
    let length_bytes = fs::metadata(&path)
        .map_err(BuildError::io("read", &path))?
        .len();
    Ok(Built {
        length_bytes,
        warnings: warnings(&yaml, &tree.listed),
        path,
    })
}

/// `NAME_VERSION_ARCHITECTURE.snap`, as `snap pack` has it.
fn file_name(yaml: &SnapYaml) -> String {
    let architecture = match yaml.architectures.as_slice() {
        [only] => only.as_str(),
        _ => "multi",
    };
    format!("{}_{}_{architecture}.snap", yaml.name, yaml.version)
}

/// The next build would take the last one in.
fn is_inside(path: &Path, directory: &Path) -> bool {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    match (fs::canonicalize(parent), fs::canonicalize(directory)) {
        (Ok(parent), Ok(directory)) => parent.starts_with(directory),
        _ => false,
    }
}
