//! The files of a directory, sorted, with what of them does not depend on this machine.

use super::BuildError;
use crate::check::{FileKind, Listed};
use crate::squashfs::{MAX_DEPTH, Node, NodeKind};
use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;

/// What is in a directory.
pub(super) struct Tree {
    /// What goes into the snap.
    pub(super) nodes: Vec<Node>,
    /// What is there, also what does not go in.
    pub(super) listed: Vec<Listed>,
}

impl Tree {
    pub(super) fn read(directory: &Path) -> Result<Self, BuildError> {
        let mut listed = Vec::new();
        let nodes = read(directory, "", 0, &mut listed)?;
        Ok(Tree { nodes, listed })
    }
}

fn read(
    directory: &Path,
    above: &str,
    depth: usize,
    listed: &mut Vec<Listed>,
) -> Result<Vec<Node>, BuildError> {
    if depth >= MAX_DEPTH {
        return Err(BuildError::TooDeep(directory.to_owned()));
    }
    let failed = BuildError::io("read", directory);
    let entries = fs::read_dir(directory).map_err(&failed)?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(&failed)?.file_name();
        let name = name.into_string();
        names.push(name.map_err(|name| BuildError::Name(directory.join(name)))?);
    }
    names.sort();
    let mut nodes = Vec::new();
    for name in names {
        let path = directory.join(&name);
        let failed = BuildError::io("read", &path);
        let found = fs::symlink_metadata(&path).map_err(&failed)?;
        let (own, mode) = (
            found.file_type(),
            (found.permissions().mode() & 0o7777) as u16,
        );
        let kind = match () {
            () if own.is_dir() => FileKind::Directory,
            () if own.is_file() => FileKind::File,
            () if own.is_symlink() => FileKind::Symlink,
            () if own.is_block_device() || own.is_char_device() => FileKind::Device,
            () => FileKind::Channel,
        };
        let inside = format!("{above}{name}");
        listed.push(Listed {
            path: inside.clone(),
            mode,
            kind,
        });
        let below = format!("{inside}/");
        let kind = match kind {
            FileKind::Directory => NodeKind::Directory(read(&path, &below, depth + 1, listed)?),
            FileKind::File => NodeKind::File(path),
            FileKind::Symlink => {
                let target = fs::read_link(&path).map_err(&failed)?;
                let target = target.into_os_string().into_string();
                NodeKind::Symlink(target.map_err(|_| BuildError::Name(path))?)
            }
            FileKind::Device | FileKind::Channel => continue,
        };
        let runs = matches!(kind, NodeKind::Directory(_)) || mode & 0o111 != 0;
        let mode = if runs { 0o755 } else { 0o644 };
        nodes.push(Node { name, mode, kind });
    }
    Ok(nodes)
}
