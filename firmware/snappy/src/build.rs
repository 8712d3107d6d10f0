//! `snappy build`: a snap of a directory. Needs no device, no root and no network.

use crate::arguments::{Build, Form};
use anyhow::Result;
use serde_json::json;
use snap_format::build::{Output, build, source_date_epoch};
use std::path::Path;

/// Makes the snap and returns what to print.
pub(crate) fn run(asked: &Build, form: Form) -> Result<String> {
    let output = match &asked.output {
        Some(file) => Output::File(file),
        None => Output::Directory(Path::new("")),
    };
    let built = build(&asked.directory, output, source_date_epoch()?)?;
    let path = built.path.display().to_string();
    let warnings = built.warnings.iter().map(ToString::to_string);
    Ok(match form {
        Form::Json => {
            let warnings: Vec<_> = warnings.collect();
            let length = built.length_bytes;
            format!(
                "{}\n",
                json!({ "path": path, "length_bytes": length, "warnings": warnings })
            )
        }
        Form::Text => {
            warnings.for_each(|warning| eprintln!("warning: {warning}"));
            format!("Generated '{path}' snap\n")
        }
    })
}
