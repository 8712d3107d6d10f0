//! The folders, read from the disk.

use crate::server::{Files, Server};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tuf_client::UtcTime;

/// Where the generator's code lies, which is no attack.
const GENERATOR: &str = "generator";

/// One attack.
#[derive(Deserialize)]
pub(crate) struct Case {
    #[serde(skip)]
    pub(crate) name: String,
    #[serde(skip)]
    pub(crate) root: Vec<u8>,
    #[serde(skip)]
    folder: PathBuf,
    pub(crate) attack: String,
    pub(crate) steps: Vec<Step>,
    #[serde(rename = "what")]
    _what: String,
}

/// What the server has, and what the client must do.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) name: String,
    serve: Vec<String>,
    pub(crate) now: UtcTime,
    /// None where the refresh must be accepted.
    pub(crate) refused: Option<Refusal>,
    pub(crate) trusted: Option<Versions>,
    /// `read`, or the rule that the target breaks.
    #[serde(default)]
    pub(crate) targets: BTreeMap<String, String>,
    #[serde(default)]
    endless: Vec<String>,
}

/// Whose file must be refused, and by which rule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refusal {
    pub(crate) role: String,
    pub(crate) rule: String,
}

/// The versions that are trusted after a step.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Versions {
    root: u64,
    timestamp: u64,
    snapshot: u64,
    targets: u64,
}

impl Versions {
    pub(crate) fn in_order(self) -> [u64; 4] {
        [self.root, self.timestamp, self.snapshot, self.targets]
    }
}

impl Case {
    fn read(folder: &Path) -> Self {
        let account = fs::read(folder.join("case.json"))
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let case: Case = serde_json::from_slice(&account)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        Case {
            name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
            root: fs::read(folder.join("root.json")).unwrap(),
            folder: folder.to_owned(),
            ..case
        }
    }

    /// The last step, which is honest.
    pub(crate) fn last(&self) -> &Step {
        self.steps.last().unwrap()
    }

    /// The server at a step: its layers, later ones over earlier ones.
    pub(crate) fn server(&self, step: &Step) -> Server {
        let mut files = Files::new();
        for layer in &step.serve {
            let layer = self.folder.join(layer);
            read_layer(&layer, &layer, &mut files);
        }
        Server {
            files,
            endless: step.endless.iter().cloned().collect(),
            ..Server::default()
        }
    }
}

fn read_layer(layer: &Path, directory: &Path, files: &mut Files) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_layer(layer, &path, files);
        } else {
            let name = path
                .strip_prefix(layer)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            files.insert(name, fs::read(&path).unwrap());
        }
    }
}

/// Every folder, in the order of the names.
pub(crate) fn folders() -> Vec<Case> {
    let attacks = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attacks");
    let mut folders: Vec<PathBuf> = fs::read_dir(attacks)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() && !path.ends_with(GENERATOR))
        .collect();
    folders.sort();
    folders.iter().map(|folder| Case::read(folder)).collect()
}
