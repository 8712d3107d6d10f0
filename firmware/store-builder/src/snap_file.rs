//! A snap: what its `meta/snap.yaml` says, read by squashfs-tools.

use crate::StoreError;
use serde::Deserialize;
use std::path::Path;
use std::process::Command;

/// The part of `meta/snap.yaml` that a store lists.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct SnapFile {
    pub(crate) name: String,
    pub(crate) version: String,
    #[serde(default = "all")]
    pub(crate) architectures: Vec<String>,
}

fn all() -> Vec<String> {
    vec!["all".to_owned()]
}

/// The first bytes of a squashfs.
pub(crate) const MAGIC: &[u8; 4] = b"hsqs";

/// A person at a keyboard made it; a program that wants memory without end did not.
const MAX_YAML_BYTES: usize = 1 << 20;

pub(crate) fn read_snap_file(path: &Path) -> Result<SnapFile, StoreError> {
    let refused = |reason: String| StoreError::Snap {
        path: path.to_owned(),
        reason,
    };
    let output = Command::new("unsquashfs")
        .args(["-no-progress", "-cat"])
        .arg(path)
        .arg("meta/snap.yaml")
        .output()
        .map_err(|error| {
            refused(format!(
                "cannot run unsquashfs: {error}; install squashfs-tools"
            ))
        })?;
    if !output.status.success() || output.stdout.len() > MAX_YAML_BYTES {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(refused(format!(
            "no usable meta/snap.yaml: {}",
            said.trim()
        )));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    parse(&text).map_err(|error| refused(format!("meta/snap.yaml: {error}")))
}

fn parse(text: &str) -> Result<SnapFile, serde_saphyr::Error> {
    serde_saphyr::from_str(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_store_lists_is_read() {
        let text =
            "name: hello\nversion: '1.10'\nsummary: x\napps:\n  hello:\n    command: bin/hello\n";
        let snap = parse(text).expect("a snap.yaml");
        let expected = ("hello", "1.10", "all");
        assert_eq!(
            (
                snap.name.as_str(),
                snap.version.as_str(),
                snap.architectures[0].as_str()
            ),
            expected
        );
        assert!(parse("version: 1\n").is_err());
    }
}
