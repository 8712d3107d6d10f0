//! `snappy changes`: what the daemon was asked since the boot, and how far it is.

use crate::arguments::Form;
use crate::daemon::Daemon;
use crate::sentence::plain;
use crate::table::render;
use anyhow::{Result, ensure};
use serde_json::{Value, json};

/// What `snappy changes [ID]` prints.
pub(crate) fn run(id: Option<&str>, form: Form) -> Result<String> {
    let Some(id) = id else {
        let all = Daemon::find()?.get("/v2/changes?select=all")?;
        return Ok(list(items(&all), form));
    };
    let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    ensure!(
        is_number,
        "cannot find change {id:?}: 'snappy changes' lists them"
    );
    let change = Daemon::find()?.get(&format!("/v2/changes/{id}"))?;
    Ok(tasks(&change, form))
}

fn items(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    plain(value.as_str().unwrap_or("-"))
}

fn list(all: &[Value], form: Form) -> String {
    if form == Form::Json {
        return format!("{}\n", json!({ "changes": all }));
    }
    if all.is_empty() {
        return "Nothing was asked since the boot; 'snappy why' tells of earlier ones.\n"
            .to_owned();
    }
    let head = ["ID", "Status", "Begun", "Ended", "Summary"].map(String::from);
    let row = |change: &Value| {
        [
            text(&change["id"]),
            text(&change["status"]),
            text(&change["spawn-time"]),
            text(&change["ready-time"]),
            text(&change["summary"]),
        ]
    };
    let rows: Vec<_> = std::iter::once(head).chain(all.iter().map(row)).collect();
    render(&rows)
}

fn tasks(change: &Value, form: Form) -> String {
    if form == Form::Json {
        return format!("{change}\n");
    }
    let head = ["Status", "Ended", "Summary"].map(String::from);
    let row = |task: &Value| {
        [
            text(&task["status"]),
            text(&task["ready-time"]),
            text(&task["summary"]) + &progress(task),
        ]
    };
    let tasks = items(&change["tasks"]);
    let rows: Vec<_> = std::iter::once(head).chain(tasks.iter().map(row)).collect();
    let failure = match change["data"]["failure"]["message"].as_str() {
        Some(message) => format!("{}\n", plain(message)),
        None => String::new(),
    };
    format!("{}\n{}{failure}", text(&change["summary"]), render(&rows))
}

/// How much of a task is done that goes on.
fn progress(task: &Value) -> String {
    let number = |key: &str| task["progress"][key].as_u64().unwrap_or(0);
    let (done, total) = (number("done"), number("total"));
    if task["status"] != "Doing" || total <= 1 {
        return String::new();
    }
    let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    format!(" ({:.1} of {:.1} MiB)", mebibytes(done), mebibytes(total))
}
