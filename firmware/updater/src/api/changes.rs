//! `/v2/changes`: what was asked, and what became of it.

use super::{Answer, Api, ApiError, Request};
use crate::changes::{Change, Task};
use crate::part::{PART, is_part};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Asked {
    action: String,
}

impl Api {
    pub(super) fn list_changes(&self, request: &Request) -> Result<Answer, ApiError> {
        let wanted: fn(&Change) -> bool = match request.asked("select") {
            None | Some("in-progress") => |change| !change.is_ready(),
            Some("ready") => Change::is_ready,
            Some("all") => |_| true,
            Some(other) => {
                let message =
                    format!("select should be one of: all,in-progress,ready, not {other:?}");
                return Err(ApiError::bad_request(message));
            }
        };
        let part = request.asked("for").map(|name| match is_part(name) {
            true => PART,
            false => name,
        });
        let all = self.changes.list();
        let found: Vec<Value> = all
            .iter()
            .filter(|change| wanted(change) && part.is_none_or(|part| change.part == part))
            .map(value)
            .collect();
        Ok(Answer::Sync(found.into()))
    }

    pub(super) fn change(&self, id: &str) -> Result<Answer, ApiError> {
        Ok(Answer::Sync(value(&self.find_change(id)?)))
    }

    /// There is one action, and it is refused: a slot that is written in part boots nothing,
    /// so that stopping gains nothing, and nothing in progress can be undone.
    pub(super) fn act_on_change(&self, id: &str, request: &Request) -> Result<Answer, ApiError> {
        let change = self.find_change(id)?;
        let asked: Asked = super::act::parse_body(request)?;
        if asked.action != "abort" {
            return Err(super::act::no_action(&asked.action));
        }
        Err(ApiError::bad_request(if change.is_ready() {
            format!("cannot abort change {id} with nothing pending")
        } else {
            format!(
                "cannot abort change {id}: it goes on by itself; 'snappy rollback' goes back once \
                 it is done"
            )
        }))
    }

    fn find_change(&self, id: &str) -> Result<Change, ApiError> {
        let change = id.parse().ok().and_then(|id| self.changes.get(id));
        change.ok_or_else(|| ApiError::new(404, format!("cannot find change with id {id:?}")))
    }
}

fn value(change: &Change) -> Value {
    let mut value = json!({
        "id": change.id.to_string(),
        "kind": change.kind.name(),
        "summary": change.summary,
        "status": change.status().name(),
        "tasks": change.tasks.iter().enumerate().map(|(at, task)| {
            task_value(change.id, at, task)
        }).collect::<Vec<_>>(),
        "ready": change.is_ready(),
        "spawn-time": change.spawned,
        "data": change.data,
    });
    if let Some(ready) = change.ready {
        value["ready-time"] = ready.to_string().into();
    }
    if let Some(error) = change.error() {
        value["err"] = error.into();
    }
    value
}

fn task_value(change: u64, at: usize, task: &Task) -> Value {
    let mut value = json!({
        "id": format!("{change}.{}", at + 1),
        "kind": task.kind,
        "summary": task.summary,
        "status": task.status.name(),
        "progress": { "label": "", "done": task.done, "total": task.total },
        "spawn-time": task.spawned,
    });
    if !task.log.is_empty() {
        value["log"] = task.log.clone().into();
    }
    if let Some(ready) = task.ready {
        value["ready-time"] = ready.to_string().into();
    }
    value
}
