//! What became of a cloud-config: the report that `snappy why` reads, and adding to it.

use crate::complaint::Complaint;
use system_update::CloudConfigProblem;
pub use system_update::CloudConfigReport as Report;

/// Complaints about one of the documents, which `of` names.
pub fn complain(report: &mut Report, of: &str, complaints: &[Complaint]) {
    let problems = complaints.iter().map(|complaint| CloudConfigProblem {
        severity: complaint.severity(),
        text: format!("{of}: {complaint}"),
    });
    report.problems.extend(problems);
}
