//! What became of a cloud-config: the report that `snappy why` reads, and adding to it.

use crate::complaint::Complaint;
use accounts::write_whole;
use std::path::Path;
use system_update::CloudConfigProblem;
pub use system_update::CloudConfigReport as Report;

/// Complaints about one of the documents, which `of` names.
pub(crate) fn complain(report: &mut Report, of: &str, complaints: &[Complaint]) {
    let problems = complaints.iter().map(|complaint| CloudConfigProblem {
        severity: complaint.severity(),
        text: format!("{of}: {complaint}"),
    });
    report.problems.extend(problems);
}

/// Writes it whole. It may name what only root should read.
///
/// # Errors
/// The file system's.
pub fn write(report: &Report, path: &Path) -> std::io::Result<()> {
    write_whole(path, report.to_json().as_bytes(), 0o600)
}
