//! Snaps of these tests, made once.

use image_trust::sha256;
use snap_format::build::{Output, build};
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;
use tempfile::TempDir;

pub(crate) struct SnapFiles {
    directory: TempDir,
}

/// Version 1 has one command, version 2 another one, version 3 is for another processor.
const VERSIONS: [(&str, &str); 4] = [
    (
        "1",
        "apps: {old: {command: bin/x}, hello: {command: bin/x}}",
    ),
    (
        "2",
        "apps: {new: {command: bin/x}, hello: {command: bin/x}}",
    ),
    ("3", "architectures: [pdp11]"),
    ("4", "epoch: 7"),
];

impl SnapFiles {
    pub(crate) fn get() -> &'static Self {
        static FILES: OnceLock<SnapFiles> = OnceLock::new();
        FILES.get_or_init(|| {
            let files = Self {
                directory: tempfile::tempdir().unwrap(),
            };
            for (version, more) in VERSIONS {
                let tree = files.directory.path().join("tree");
                let _ = fs::remove_dir_all(&tree);
                fs::create_dir_all(tree.join("meta")).unwrap();
                fs::create_dir_all(tree.join("bin")).unwrap();
                let yaml = format!("name: hello\nversion: {version}\n{more}\n");
                fs::write(tree.join("meta/snap.yaml"), yaml).unwrap();
                // More than a block, and not to be compressed.
                let mut noise = Vec::new();
                for number in 0..300_u32 {
                    noise.extend(sha256(&number.to_le_bytes()).0);
                }
                fs::write(tree.join("bin/x"), noise).unwrap();
                build(&tree, Output::File(&files.path(version)), 0).unwrap();
            }
            files
        })
    }

    pub(crate) fn path(&self, version: &str) -> PathBuf {
        self.directory.path().join(format!("{version}.snap"))
    }

    pub(crate) fn bytes(&self, version: &str) -> Vec<u8> {
        fs::read(self.path(version)).unwrap()
    }
}
