//! `reload-command`: it runs beside its service, which reads its settings again.

use crate::bounded;
use crate::places::Places;
use crate::process::snap_run;
use crate::protocol::Answer;
use anyhow::{Result, ensure};
use confinement::ControlGroup;
use snap_format::{AppName, SnapName};
use std::process::Stdio;
use std::time::Duration;

/// As long as a start may take of which the snap says nothing.
const LIMIT: Duration = Duration::from_secs(30);

/// Runs the command of `app` in the current revision.
pub(crate) fn run(places: &Places, snap: &str, app: &str) -> Answer {
    match run_to_its_end(places, snap, app) {
        Ok(()) => Answer::Done,
        Err(error) => Answer::Error(format!("{error:#}")),
    }
}

fn run_to_its_end(places: &Places, snap: &str, app: &str) -> Result<()> {
    let (name, app): (SnapName, AppName) = (snap.parse()?, app.parse()?);
    let installed = places.device.snap(&name, None)?;
    let mut command = snap_run(places, &installed.revision);
    command
        .args(["--act", "reload", "--service"])
        .arg(format!("{name}.{app}"))
        .stdin(Stdio::null());
    let group = |child: &std::process::Child| {
        let group = format!("{app}.{}", child.id());
        Ok(ControlGroup::of(name.as_str(), &group)?)
    };
    let outcome = bounded::run(command, group, LIMIT)?;
    ensure!(
        outcome.exit_code == 0,
        "cannot reload {name}.{app}: its reload-command ended with {}: {}",
        outcome.exit_code,
        outcome.output.trim_end()
    );
    Ok(())
}
