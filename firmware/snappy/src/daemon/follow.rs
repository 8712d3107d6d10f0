//! A change, followed to its end.

use super::Daemon;
use crate::arguments::Form;
use crate::progress::{Doing, ProgressLine};
use anyhow::Result;
use serde_json::Value;
use std::io::{IsTerminal, stderr};
use std::thread;
use std::time::Duration;

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

/// The task that goes on, or the last one that is done and counted something.
fn furthest(change: &Value) -> Option<&Value> {
    let mut tasks = change["tasks"].as_array()?.iter();
    let counts = |task: &Value| task["progress"]["total"].as_u64() > Some(1);
    match change["ready"] == true {
        true => tasks.rfind(|task| task["status"] == "Done" && counts(task)),
        false => tasks.find(|task| task["status"] == "Doing"),
    }
}

/// Asks for the change until it is over; `doing` says of a task how far it is, if it can.
pub(crate) fn follow(
    daemon: &Daemon,
    id: &str,
    form: Form,
    doing: impl Fn(&Value) -> Option<Doing>,
) -> Result<Value> {
    let mut line = match form {
        Form::Text => ProgressLine::on_terminal(),
        Form::Json => None,
    };
    let change = loop {
        let change = daemon.get(&format!("/v2/changes/{id}"))?;
        if let (Some(line), Some(doing)) = (&mut line, furthest(&change).and_then(&doing)) {
            line.show(doing);
        }
        if change["ready"] == true {
            break change;
        }
        thread::sleep(PAUSE);
    };
    if let Some(line) = &mut line {
        line.end();
    }
    Ok(change)
}
