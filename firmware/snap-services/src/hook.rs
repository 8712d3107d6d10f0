//! Hooks: they run beside the services, each to its end or to its limit.

use crate::bounded;
use crate::places::Places;
use crate::process::snap_run;
use crate::protocol::{Answer, HookOutcome};
use anyhow::Result;
use confinement::ControlGroup;
use serde_json::{Map, Value};
use snap_format::{Hook, SnapName};
use std::time::Duration;

/// Runs a hook. A snap without it has nothing to do, and did it.
pub(crate) fn run(
    places: &Places,
    snap: &str,
    revision: &str,
    hook: &str,
    limit: Duration,
    configuration: &Map<String, Value>,
) -> Answer {
    let outcome = run_to_its_end(places, snap, revision, hook, limit, configuration);
    outcome.unwrap_or_else(|error| Answer::Error(format!("{error:#}")))
}

fn run_to_its_end(
    places: &Places,
    snap: &str,
    revision: &str,
    hook: &str,
    limit: Duration,
    configuration: &Map<String, Value>,
) -> Result<Answer> {
    let name: SnapName = snap.parse()?;
    let hook: Hook = hook.parse()?;
    let installed = places.device.snap(&name, Some(revision))?;
    if !installed
        .directory
        .join("meta/hooks")
        .join(hook.as_str())
        .exists()
    {
        return Ok(Answer::Hook(HookOutcome {
            exit_code: 0,
            output: String::new(),
        }));
    }
    let mut command = snap_run(places, revision);
    command
        .args(["--hook", hook.as_str(), snap])
        .stdin(bounded::input(&document(configuration)?)?);
    let group = |_: &_| Ok(ControlGroup::of(name.as_str(), &format!("hook.{hook}"))?);
    bounded::run(command, group, limit).map(Answer::Hook)
}

/// A line of JSON.
fn document(configuration: &Map<String, Value>) -> Result<Vec<u8>> {
    let mut document = serde_json::to_vec(configuration)?;
    document.push(b'\n');
    Ok(document)
}
