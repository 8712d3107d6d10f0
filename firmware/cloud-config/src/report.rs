//! What became of a cloud-config, for `snappy why` and whoever looks later.

use crate::complaint::{Complaint, Severity};
use crate::instance::Kind;
use accounts::write_whole;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The last cloud-config that was honoured, or the one that could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Where it came from; none: nobody had one.
    pub source: Option<Kind>,
    /// The instance, if the source said which.
    pub instance_id: Option<String>,
    /// The number of the boot that did it.
    pub boot: u64,
    /// What was done, a few words each.
    pub done: Vec<String>,
    /// What was not, or not as it was asked for.
    pub problems: Vec<Problem>,
}

/// Something that was not done as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// A sentence that names line and key, or the file.
    pub text: String,
}

impl Report {
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
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        write_whole(path, serde_json::to_string(self)?.as_bytes(), 0o600)
    }

    /// Something failed.
    pub fn failed(&mut self, text: impl Into<String>) {
        self.problems.push(Problem {
            severity: Severity::Error,
            text: text.into(),
        });
    }

    /// Complaints about one of the documents, which `of` names.
    pub fn complain(&mut self, of: &str, complaints: &[Complaint]) {
        let problems = complaints.iter().map(|complaint| Problem {
            severity: complaint.severity(),
            text: format!("{of}: {complaint}"),
        });
        self.problems.extend(problems);
    }
}
