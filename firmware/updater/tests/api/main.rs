//! The API over a real socket: what each address answers.

mod apps;
#[path = "../client/mod.rs"]
mod client;
#[path = "../device/mod.rs"]
mod device;
mod find;
mod refusals;
mod settings;
#[path = "../snap_parts/mod.rs"]
mod snap_parts;
mod system;
mod updates;

use client::Client;
use device::{TestDevice, me};
use serde_json::Value;
use std::sync::Arc;
use tempfile::TempDir;
use updater::api::Peer;
use updater::socket::Patience;

struct Served {
    device: Arc<TestDevice>,
    client: Client,
    _root: TempDir,
}

fn served_to(administrator: Peer) -> Served {
    let device = TestDevice::new();
    let root = tempfile::tempdir().unwrap();
    let path = device.serve(root.path(), administrator, Patience::OF_A_DAEMON);
    Served {
        device,
        client: Client::connect(&path),
        _root: root,
    }
}

fn served() -> Served {
    served_to(me())
}

fn error(answer: &Value) -> (u64, &str, Option<&str>) {
    assert_eq!(answer["type"], "error", "{answer}");
    let result = &answer["result"];
    let code = answer["status-code"].as_u64().unwrap();
    (
        code,
        result["message"].as_str().unwrap(),
        result["kind"].as_str(),
    )
}

fn statuses(change: &Value) -> Vec<&str> {
    let tasks = change["tasks"].as_array().unwrap();
    tasks
        .iter()
        .map(|task| task["status"].as_str().unwrap())
        .collect()
}
