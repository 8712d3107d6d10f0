//! What of a cloud-config was not done as it was asked for.

use crate::device::CloudConfig;
use crate::sentence::plain;
use serde_json::{Value, json};
use system_update::CloudConfigSeverity;

const ROOTS_ALONE: &str = "\nWhat became of the cloud-config only root is told: sudo snappy why\n";

/// Nothing where everything was.
pub(super) fn text(told: &CloudConfig) -> String {
    let report = match told {
        CloudConfig::Told(report) if !report.problems.is_empty() => report,
        CloudConfig::Told(_) | CloudConfig::Nothing => return String::new(),
        CloudConfig::RootsAlone => return ROOTS_ALONE.to_owned(),
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

/// As it was written down, for whoever may read it.
pub(super) fn value(told: &CloudConfig) -> Value {
    match told {
        CloudConfig::Told(report) => json!(report),
        CloudConfig::Nothing | CloudConfig::RootsAlone => Value::Null,
    }
}
