//! What of a cloud-config was not done as it was asked for.

use crate::sentence::plain;
use system_update::{CloudConfigReport, CloudConfigSeverity};

/// Nothing where everything was.
pub(super) fn text(report: Option<&CloudConfigReport>) -> String {
    let Some(report) = report.filter(|report| !report.problems.is_empty()) else {
        return String::new();
    };
    let instance = match &report.instance_id {
        Some(id) => format!(" of instance {}", plain(id)),
        None => String::new(),
    };
    let (source, boot) = (plain(&report.source), report.boot);
    let mut text = format!(
        "\nThe cloud-config{instance}, from {source}, was not honoured in all of its parts (boot {boot}):\n"
    );
    for problem in &report.problems {
        let severity = match problem.severity {
            CloudConfigSeverity::Warning => "warning",
            CloudConfigSeverity::Error => "error",
        };
        text += &format!("  {severity}: {}\n", plain(&problem.text));
    }
    text
}
