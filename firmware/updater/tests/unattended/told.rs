//! What clients of the socket see of the engine.

use crate::device::{Device, HOUR};
use crate::maker::Maker;
use image_builder::chunk_file_of;
use serde_json::json;
use std::fs;
use std::sync::Arc;
use std::time::Duration;
use updater::api::{Answer, Api, Method, Peer, Request};
use updater::changes::{Change, ChangeKind, Changes, Status};

const LONG: Duration = Duration::from_secs(60);

fn request(method: Method, path: &str, body: &str) -> Request {
    Request {
        method,
        path: path.split('/').map(str::to_owned).collect(),
        query: Vec::new(),
        body: body.into(),
        upload: None,
    }
}

#[test]
fn an_unattended_update_is_a_change() {
    let maker = Maker::new();
    maker.publish(2);
    let server = maker.serve();
    let settings = format!("store = ['{}']\n", server.address());
    let device = Device::new(&maker, &settings);
    let changes = Arc::new(Changes::open(device.file("changes.json")));
    let engine = device.watched(&changes);
    for _ in 0..24 {
        engine.turn();
        device.pass(HOUR);
    }
    let change = &changes.list()[0];
    assert_eq!(
        (change.kind, change.status()),
        (ChangeKind::AutoRefresh, Status::Done)
    );
    assert_eq!(change.data["staged"]["version"], 2);
    assert_eq!(change.data["staged"]["running-version"], 1);
    let write = &change.tasks[1];
    assert!(write.total > 1 && write.done == write.total, "{write:?}");
}

#[test]
fn an_unattended_update_that_fails_says_where_and_why() {
    let maker = Maker::new();
    let name = maker.publish(2);
    let file = maker.served_file(&name, 2);
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    fs::remove_file(chunk_file_of(&file)).unwrap();
    let server = maker.serve();
    let settings = format!("store = ['{}']\n", server.address());
    let device = Device::new(&maker, &settings);
    let changes = Arc::new(Changes::open(device.file("changes.json")));
    let engine = device.watched(&changes);
    for _ in 0..24 {
        engine.turn();
        device.pass(HOUR);
    }
    let change = &changes.list()[0];
    assert_eq!(change.status(), Status::Error);
    assert_eq!(change.tasks[1].status, Status::Error, "{change:?}");
    assert!(change.error().unwrap().contains("root"), "{change:?}");
}

#[test]
fn an_update_that_is_asked_for_is_one_change_and_not_two() {
    let maker = Maker::new();
    maker.publish(2);
    let server = maker.serve();
    let settings = format!("store = ['{}']\nautopilot = 'off'\n", server.address());
    let device = Device::new(&maker, &settings);
    let changes = Arc::new(Changes::open(device.file("changes.json")));
    let api = Api::new(device.watched(&changes), Arc::clone(&changes), Peer::ROOT);
    let refresh = request(Method::Post, "v2/snaps/system", r#"{"action": "refresh"}"#);
    assert_eq!(api.answer(&refresh, Peer::ROOT), Answer::Async(1));
    let change = changes.wait_until(1, LONG, Change::is_ready).unwrap();
    assert_eq!(
        (change.kind, change.status()),
        (ChangeKind::RefreshSnap, Status::Done)
    );
    assert_eq!(changes.list().len(), 1);
    // And then there is nothing more.
    let again = api.answer(&refresh, Peer::ROOT).to_json();
    assert_eq!(again["result"]["kind"], json!("snap-no-update-available"));
    let snap = api.answer(&request(Method::Get, "v2/snaps/system", ""), Peer::ROOT);
    let snap = snap.to_json()["result"].take();
    assert_eq!(
        (&snap["version"], &snap["health"]["status"]),
        (&json!("2"), &json!("waiting"))
    );
}
