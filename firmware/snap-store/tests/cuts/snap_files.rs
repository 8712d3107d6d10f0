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
/// The snap `broker` is a framework, which `web` needs; `hub` needs `web`.
const VERSIONS: [(&str, &str, &str); 11] = [
    (
        "hello",
        "1",
        "apps: {old: {command: bin/x}, hello: {command: bin/x}}",
    ),
    (
        "hello",
        "2",
        "apps: {new: {command: bin/x}, hello: {command: bin/x}}",
    ),
    ("hello", "3", "architectures: [pdp11]"),
    ("hello", "4", "epoch: 7"),
    (
        "broker",
        "101",
        "framework: {offers: [bus, old]}\nslots: {bus: , old: }",
    ),
    (
        "broker",
        "102",
        "framework: {offers: [bus]}\nslots: {bus: }",
    ),
    ("broker", "103", "summary: is none any more"),
    (
        "broker",
        "104",
        "framework: {offers: [bus]}\nslots: {bus: }\nframeworks: [web]",
    ),
    (
        "web",
        "201",
        "frameworks: [broker]\nframework: {}\nplugs: {bus: {framework: broker}}",
    ),
    (
        "web",
        "202",
        "frameworks: [broker]\nframework: {}\nplugs: {jobs: {framework: broker, slot: old}}",
    ),
    ("hub", "301", "frameworks: [web]"),
];

impl SnapFiles {
    pub(crate) fn get() -> &'static Self {
        static FILES: OnceLock<SnapFiles> = OnceLock::new();
        FILES.get_or_init(|| {
            let files = Self {
                directory: tempfile::tempdir().unwrap(),
            };
            for (name, version, more) in VERSIONS {
                let tree = files.directory.path().join("tree");
                let _ = fs::remove_dir_all(&tree);
                fs::create_dir_all(tree.join("meta")).unwrap();
                fs::create_dir_all(tree.join("bin")).unwrap();
                let yaml = format!("name: {name}\nversion: {version}\n{more}\n");
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
