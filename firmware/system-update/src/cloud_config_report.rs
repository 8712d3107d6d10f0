//! `/writable/system/cloud/report.json`: what became of a cloud-config, for `snappy why` and
//! whoever looks later. The program `cloud-config` writes it.

use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The last cloud-config that was honoured, or one that could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloudConfigReport {
    /// Where it came from, for people.
    pub source: String,
    /// The instance, if the source said which.
    pub instance_id: Option<String>,
    /// The number of the boot that did it.
    pub boot: u64,
    /// What was done, a few words each.
    pub done: Vec<String>,
    /// What was not, or not as it was asked for.
    pub problems: Vec<CloudConfigProblem>,
}

/// Something that was not done as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloudConfigProblem {
    /// How bad it is.
    pub severity: CloudConfigSeverity,
    /// A sentence that names line and key, or the file.
    pub text: String,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CloudConfigSeverity {
    /// The device does without the key.
    Warning,
    /// The owner asked for something that was not done.
    Error,
}

impl CloudConfigReport {
    /// Where it is.
    pub const PATH: &'static str = "/writable/system/cloud/report.json";

    /// Reads it. No file is no report.
    ///
    /// # Errors
    /// It is not of this form.
    pub fn read(path: &Path) -> Result<Option<Self>, serde_json::Error> {
        match std::fs::read_to_string(path) {
            Ok(json) => serde_json::from_str(&json).map(Some),
            Err(_) => Ok(None),
        }
    }

    /// Writes it whole. It may name what only root should read.
    ///
    /// # Errors
    /// The file system's.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let new = path.with_extension("new");
        std::fs::create_dir_all(path.parent().ok_or(io::ErrorKind::InvalidInput)?)?;
        let _ = std::fs::remove_file(&new);
        let mut file = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.sync_all()?;
        std::fs::rename(&new, path)
    }

    /// Something failed.
    pub fn failed(&mut self, text: impl Into<String>) {
        self.problems.push(CloudConfigProblem {
            severity: CloudConfigSeverity::Error,
            text: text.into(),
        });
    }
}
