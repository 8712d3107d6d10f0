//! `/v2/apps` and `/v2/logs`.

use crate::client::Client;
use crate::device::{TestDevice, me};
use crate::error;
use crate::snap_parts::{NoStore, TestServices, make_snap, parts_with};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use updater::snaps::{SnapAct, SnapDesk};
use updater::socket::Patience;

struct Served {
    client: Client,
    services: Arc<TestServices>,
    path: PathBuf,
    _root: TempDir,
}

fn served() -> Served {
    served_with(Patience::OF_A_DAEMON)
}

/// With `hello` installed.
fn served_with(patience: Patience) -> Served {
    let root = tempfile::tempdir().unwrap();
    let services = TestServices::new(root.path());
    let parts = parts_with(root.path(), Arc::clone(&services));
    let file = make_snap(root.path(), "1.0");
    let path = TestDevice::new().serve_as(root.path(), me(), patience, |api, changes| {
        let desk = SnapDesk::open(parts, changes, Arc::new(NoStore));
        let name = "hello".parse().unwrap();
        desk.ask(SnapAct::File(name, file, BTreeSet::new()))
            .unwrap();
        api.with_snaps(desk)
    });
    let mut client = Client::connect(&path);
    client.follow(&json!("1"));
    Served {
        client,
        services,
        path,
        _root: root,
    }
}

#[test]
fn apps_are_told_as_snapd_tells_them() {
    let mut served = served();
    let apps = served.client.get("/v2/apps")["result"].take();
    let names: Vec<_> = apps
        .as_array()
        .unwrap()
        .iter()
        .map(|app| &app["name"])
        .collect();
    assert_eq!(names, ["greeter", "hello", "ticker"]);
    assert_eq!(apps[1], json!({ "snap": "hello", "name": "hello" }));
    let services = served
        .client
        .get("/v2/apps?select=service&names=hello.ticker");
    let expected = json!([{
        "snap": "hello",
        "name": "ticker",
        "daemon": "oneshot",
        "daemon-scope": "system",
        "enabled": true,
        "active": false,
        "activators": [{ "Name": "ticker", "Type": "timer", "Active": true, "Enabled": true }],
        "twinkeel": {
            "state": "scheduled", "detail": null, "says": null, "starts": 1, "revision": "x1",
        },
    }]);
    assert_eq!(services["result"], expected);
}

#[test]
fn what_makes_no_sense_is_refused_and_does_nothing() {
    let mut served = served();
    for (body, code, message) in [
        (r#"{"action": "start"}"#, 400, "without a list of services"),
        (r#"{"action": "start", "names": []}"#, 400, "without a list"),
        (
            r#"{"action": "start", "names": ["x"]}"#,
            404,
            "snap \"x\" not found",
        ),
        (
            r#"{"action": "start", "names": ["hello.x"]}"#,
            404,
            "has no service \"x\"",
        ),
        (
            r#"{"action": "start", "names": ["hello.a.b"]}"#,
            404,
            "has no service \"a.b\"",
        ),
        (
            r#"{"action": "fly", "names": ["hello"]}"#,
            400,
            "unknown action",
        ),
        (
            r#"{"action": "stop", "names": ["hello"], "enable": true}"#,
            400,
            "say start",
        ),
        (
            r#"{"action": "stop", "names": "hello"}"#,
            400,
            "cannot decode",
        ),
        (
            r#"{"action": "stop", "names": [["hello"]]}"#,
            400,
            "cannot decode",
        ),
        (r#"["stop", {}]"#, 400, "cannot decode"),
        ("{", 400, "cannot decode"),
    ] {
        let answer = served.client.post("/v2/apps", body);
        let (found, said, _) = error(&answer);
        assert_eq!(found, code, "{body}: {answer}");
        assert!(said.contains(message), "{body}: {said}");
    }
    let asked = served.client.get("/v2/apps?select=command");
    assert_eq!(error(&asked).1, "invalid select parameter: \"command\"");
    for address in ["n=many", "follow=yes", "n=99999999999"] {
        let answer = served.client.get(&format!("/v2/logs?{address}"));
        assert_eq!(error(&answer).0, 400, "{address}");
    }
    assert_eq!(served.services.told(), [""; 0]);
}

#[test]
fn logs_are_a_sequence_of_json_texts() {
    let mut served = served();
    served.services.write("greeter", "2026-11-26T12:00:01Z one");
    served.services.write("greeter", "torn");
    served.services.write("greeter", "2026-11-26T12:00:02Z two");
    let (head, body) = served.client.stream("/v2/logs?names=hello&n=-1");
    assert!(
        head.contains("Content-Type: application/json-seq\r\n"),
        "{head}"
    );
    let records: Vec<Value> = body
        .split_terminator('\n')
        .map(|record| serde_json::from_str(record.strip_prefix('\x1e').unwrap()).unwrap())
        .collect();
    let record = |time, message| json!({ "timestamp": time, "message": message, "sid": "hello.greeter", "pid": "-" });
    let expected = [
        record("2026-11-26T12:00:01Z", "one"),
        record("2026-11-26T12:00:02Z", "two"),
    ];
    assert_eq!(records, expected);
}

#[test]
fn who_follows_leaves_room_for_others_and_gives_it_back() {
    let served = served();
    served.services.write("greeter", "2026-11-26T12:00:01Z one");
    let begin = || {
        let mut client = Client::connect(&served.path);
        let line = "GET /v2/logs?follow=true HTTP/1.1\r\n\r\n";
        client.write(line).unwrap();
        client
    };
    // `socket::OF_FOLLOWERS`.
    let mut following: Vec<_> = (0..8).map(|_| begin()).collect();
    for client in &mut following {
        assert_eq!(client.status_line(), "HTTP/1.1 200 OK");
    }
    assert!(begin().status_line().contains(" 503 "));
    assert_eq!(
        Client::connect(&served.path).get("/v2/snaps")["type"],
        "sync"
    );
    following.pop();
    while !begin().status_line().contains(" 200 ") {
        std::thread::yield_now();
    }
}

#[test]
fn who_takes_no_lines_is_left() {
    let answer = Duration::from_millis(200);
    let served = served_with(Patience {
        answer,
        ..Patience::OF_A_DAEMON
    });
    // More than the kernel keeps for a client that does not read.
    let line = format!("2026-11-26T12:00:01Z {}", "x".repeat(2000));
    for _ in 0..2000 {
        served.services.write("greeter", &line);
    }
    let mut client = Client::connect(&served.path);
    let line = "GET /v2/logs?names=hello.greeter&n=-1&follow=true HTTP/1.1\r\n\r\n";
    client.write(line).unwrap();
    client.wait_for_the_end();
    let (_, body) = client.rest();
    assert!(body.len() < 2000 * 2000, "all of it came: {}", body.len());
}
