//! A change, followed to its end.

use super::Daemon;
use crate::arguments::Form;
use crate::progress::ProgressLine;
use anyhow::Result;
use serde_json::Value;
use std::io::{IsTerminal, stderr};
use std::thread;
use std::time::Duration;
use system_update::Progress;

/// How often the change is asked how far it is.
const PAUSE: Duration = Duration::from_millis(200);

/// Tells a person who waits that he need not.
pub(crate) fn say_how_to_follow(id: &str, form: Form) {
    if form == Form::Text && stderr().is_terminal() {
        eprintln!(
            "This is change {id}. Ctrl-C leaves it running; 'snappy changes {id}' follows it."
        );
    }
}

/// Asks for the change until it is over.
pub(crate) fn follow(
    daemon: &Daemon,
    id: &str,
    form: Form,
    progress: impl Fn(&Value) -> Option<Progress>,
) -> Result<Value> {
    let mut line = match form {
        Form::Text => ProgressLine::on_terminal(),
        Form::Json => None,
    };
    let change = loop {
        let change = daemon.get(&format!("/v2/changes/{id}"))?;
        if change["ready"] == true {
            break change;
        }
        if let (Some(line), Some(progress)) = (&mut line, progress(&change)) {
            line.show(progress);
        }
        thread::sleep(PAUSE);
    };
    if let Some(line) = &mut line {
        line.end();
    }
    Ok(change)
}
