//! The API over a real socket: what each address answers.
mod client;
mod device;

use client::Client;
use device::{BYTES, TestDevice, me, not_me};
use image_format::AppData;
use serde_json::{Value, json};
use std::sync::Arc;
use store_format::{NotOffered, Share};
use tempfile::TempDir;
use tuf_client::UtcTime;
use updater::api::Peer;
use updater::device::{
    Failure, FailureKind, Reason, RebootAsked, Stopped, UpdateAsked, Verdict, Wanted,
};
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

#[test]
fn the_system_tells_what_it_is() {
    let mut served = served();
    let answer = served.client.get("/v2/system-info");
    assert_eq!(answer["type"], "sync");
    assert_eq!(answer["status"], "OK");
    let info = &answer["result"];
    assert_eq!(info["series"], "16");
    assert_eq!(info["on-classic"], false);
    assert_eq!(
        info["os-release"],
        json!({ "id": "twinkeel", "version-id": "2" })
    );
    assert_eq!(info["twinkeel"]["running"]["slot"], "system-a");
    assert_eq!(info["refresh"]["hold"], Value::Null);
    served
        .client
        .post("/v2/snaps/system", r#"{"action": "hold"}"#);
    let info = &served.client.get("/v2/system-info")["result"];
    assert_eq!(info["refresh"]["hold"], "9999-12-31T23:59:59Z");
}

#[test]
fn the_system_is_a_snap_of_the_type_os() {
    let mut served = served();
    for address in ["/v2/snaps", "/v2/snaps?snaps=other%2Csystem"] {
        let snaps = served.client.get(address)["result"].take();
        assert_eq!(snaps.as_array().unwrap().len(), 1);
        assert_eq!(snaps[0], served.client.get("/v2/snaps/system")["result"]);
    }
    let snap = &served.client.get("/v2/snaps/ubuntu-core")["result"];
    assert_eq!(
        (&snap["name"], &snap["type"]),
        (&json!("system"), &json!("os"))
    );
    assert_eq!(
        (&snap["version"], &snap["status"]),
        (&json!("2"), &json!("active"))
    );
    assert_eq!(
        served.client.get("/v2/snaps?snaps=other")["result"],
        json!([])
    );
    let missing = served.client.get("/v2/snaps/other");
    assert_eq!(
        error(&missing),
        (404, "snap not installed", Some("snap-not-found"))
    );
    let all = &served.client.get("/v2/snaps?select=all")["result"];
    assert_eq!(
        (&all[1]["version"], &all[1]["status"]),
        (&json!("1"), &json!("installed"))
    );
}

#[test]
fn an_update_is_followed_task_by_task_and_byte_by_byte() {
    let mut served = served();
    served.device.hold_halfway();
    let answer = served
        .client
        .post("/v2/snaps/system", r#"{"action": "refresh"}"#);
    assert_eq!(
        (&answer["type"], &answer["status-code"]),
        (&json!("async"), &json!(202))
    );
    let id = answer["change"].clone();
    let change = served.client.get("/v2/changes/1")["result"].take();
    assert_eq!(statuses(&change), ["Done", "Doing", "Do", "Do"]);
    assert_eq!(
        change["tasks"][1]["progress"],
        json!({ "label": "", "done": BYTES / 2, "total": BYTES })
    );
    let listed = |client: &mut Client, select: &str| {
        let list = client.get(&format!("/v2/changes?select={select}"))["result"].take();
        list.as_array().unwrap().len()
    };
    assert_eq!(listed(&mut served.client, "in-progress"), 1);
    assert_eq!(listed(&mut served.client, "ready"), 0);

    served.device.go_on();
    let change = served.client.follow(&id);
    assert_eq!(statuses(&change), ["Done"; 4]);
    assert_eq!(
        (&change["status"], &change["err"]),
        (&json!("Done"), &Value::Null)
    );
    assert_eq!(change["data"]["snap-names"], json!(["system"]));
    assert_eq!(change["data"]["staged"]["version"], 3);
    assert_eq!(listed(&mut served.client, "ready"), 1);
    // As snapd does: the current one is what the next boot brings.
    let snap = &served.client.get("/v2/snaps/system")["result"];
    assert_eq!(
        (&snap["version"], &snap["health"]["status"]),
        (&json!("3"), &json!("waiting"))
    );
    assert_eq!(snap["twinkeel"]["running"], false);
}

#[test]
fn what_somebody_allows_reaches_the_device() {
    let mut served = served();
    let body = r#"{"action": "refresh", "revision": "7",
        "twinkeel": {"allow": ["downgrade", "stopped", "failed-before"], "reboot": "now"}}"#;
    let id = served.client.post("/v2/snaps/system", body)["change"].take();
    served.client.follow(&id);
    while *served.device.reboots.lock().unwrap() == 0 {
        std::thread::yield_now();
    }
    let asked = served.device.asked.lock().unwrap().unwrap();
    assert_eq!(
        asked,
        UpdateAsked {
            release: Wanted::Version(7),
            stopped: Stopped::Allow,
            downgrade: system_update::Downgrade::Allow,
            failed_before: system_update::FailedBefore::Allow,
            // That is the API's to ask for, once the change is done.
            reboot: RebootAsked::Later,
        }
    );
    let unknown = r#"{"action": "refresh", "twinkeel": {"allow": ["everything"]}}"#;
    assert_eq!(
        error(&served.client.post("/v2/snaps/system", unknown)).0,
        400
    );
    let typo = r#"{"action": "refresh", "twinkeel": {"alow": ["downgrade"]}}"#;
    assert_eq!(error(&served.client.post("/v2/snaps/system", typo)).0, 400);
}

#[test]
fn a_second_change_is_told_which_one_is_in_the_way() {
    let mut served = served();
    served.device.hold_halfway();
    let id = served
        .client
        .post("/v2/snaps/system", r#"{"action": "refresh"}"#)["change"]
        .take();
    for (address, action) in [
        ("/v2/snaps/system", "refresh"),
        ("/v2/snaps/system", "revert"),
        ("/v2/systems", "do"),
    ] {
        let body = json!({ "action": action, "mode": "factory-reset" }).to_string();
        let answer = served.client.post(address, &body);
        let (code, message, kind) = error(&answer);
        assert_eq!((code, kind), (409, Some("snap-change-conflict")));
        assert!(
            message.contains("change 1 (refresh-snap) is in progress"),
            "{message}"
        );
    }
    // A hold is not kept waiting, and an abort is refused with the reason.
    let held = served
        .client
        .post("/v2/snaps/system", r#"{"action": "hold"}"#);
    assert_eq!(held["type"], "async");
    let abort = served
        .client
        .post("/v2/changes/1", r#"{"action": "abort"}"#);
    assert!(
        error(&abort)
            .1
            .starts_with("cannot abort change 1: it goes on by itself")
    );
    served.device.go_on();
    served.client.follow(&id);
    let abort = served
        .client
        .post("/v2/changes/1", r#"{"action": "abort"}"#);
    assert_eq!(
        error(&abort).1,
        "cannot abort change 1 with nothing pending"
    );
}

#[test]
fn an_update_that_fails_says_where_and_why() {
    let mut served = served();
    let failure = Failure::new(
        FailureKind::Network,
        "cannot fetch: the store is gone; wait",
    );
    *served.device.breaks.lock().unwrap() = Some(failure);
    let id = served
        .client
        .post("/v2/snaps/system", r#"{"action": "refresh"}"#)["change"]
        .take();
    let change = served.client.follow(&id);
    assert_eq!(statuses(&change), ["Done", "Error", "Hold", "Hold"]);
    assert_eq!(
        change["err"],
        "cannot perform the following tasks:\n\
         - Fetch the release into the other slot (cannot fetch: the store is gone; wait)"
    );
    assert_eq!(change["data"]["failure"]["kind"], "network-timeout");
    assert_eq!(
        served.client.get("/v2/snaps/system")["result"]["version"],
        "2"
    );
}

#[test]
fn nothing_to_take_is_told_at_once_and_leaves_no_change() {
    let mut served = served();
    served.device.store.lock().unwrap().clear();
    let answer = served
        .client
        .post("/v2/snaps/system", r#"{"action": "refresh"}"#);
    assert_eq!(
        error(&answer),
        (
            400,
            "no update: version 2 runs, and the store has nothing newer",
            Some("snap-no-update-available")
        )
    );
    assert_eq!(
        served.client.get("/v2/changes?select=all")["result"],
        json!([])
    );
    // Whoever asks for everything has a change that did nothing.
    let answer = served.client.post("/v2/snaps", r#"{"action": "refresh"}"#);
    let change = served.client.follow(&answer["change"]);
    assert_eq!(
        (&change["status"], &change["tasks"]),
        (&json!("Done"), &json!([]))
    );
    assert_eq!(change["data"]["snap-names"], json!([]));
}

#[test]
fn a_rollback_is_done_when_it_is_answered() {
    let mut served = served();
    let id = served
        .client
        .post("/v2/snaps/system", r#"{"action": "revert"}"#)["change"]
        .take();
    let change = served.client.get("/v2/changes/1")["result"].take();
    assert_eq!((&id, &change["ready"]), (&json!("1"), &json!(true)));
    assert_eq!(change["data"]["rolled-back"]["to"]["slot"], "system-b");
    assert_eq!(
        served.client.get("/v2/snaps/system")["result"]["version"],
        "1"
    );
    let again = served
        .client
        .post("/v2/snaps/system", r#"{"action": "revert"}"#);
    assert!(error(&again).1.contains("reboot to use it"));
}

#[test]
fn settings_are_read_and_written_by_their_names() {
    let mut served = served();
    let conf = "/v2/snaps/system/conf";
    let all = served.client.get(conf)["result"].take();
    assert_eq!(
        (&all["channel"], &all["hold"]),
        (&json!("stable"), &json!("none"))
    );
    let two = served.client.get(&format!("{conf}?keys=hold%2Cchannel"))["result"].take();
    assert_eq!(two, json!({ "channel": "stable", "hold": "none" }));
    let unknown = served.client.get(&format!("{conf}?keys=hold,frob"));
    assert_eq!(
        error(&unknown),
        (
            400,
            "snap \"system\" has no \"frob\" configuration option",
            Some("option-not-found")
        )
    );
    assert_eq!(
        unknown["result"]["value"],
        json!({ "SnapName": "system", "Key": "frob" })
    );

    let set = served
        .client
        .put(conf, r#"{"channel": "edge", "poll-interval-secs": 60}"#);
    let change = served.client.follow(&set["change"]);
    assert_eq!(
        change["summary"],
        "Change channel, poll-interval-secs of \"system\""
    );
    assert_eq!(served.client.get(conf)["result"]["channel"], "edge");
}

#[test]
fn of_settings_that_cannot_all_be_kept_none_is() {
    let mut served = served();
    let conf = "/v2/snaps/system/conf";
    let before = served.client.get(conf)["result"].take();
    for (body, kind) in [
        (
            r#"{"channel": "edge", "frob": 1}"#,
            Some("option-not-found"),
        ),
        (
            r#"{"channel": "edge", "poll-interval-secs": "often"}"#,
            None,
        ),
    ] {
        let answer = served.client.put(conf, body);
        let (code, _, found) = error(&answer);
        assert_eq!((code, found), (400, kind));
        assert_eq!(served.client.get(conf)["result"], before);
    }
    assert_eq!(
        served.client.get("/v2/changes?select=all")["result"],
        json!([])
    );
}

#[test]
fn a_hold_is_a_setting() {
    let mut served = served();
    let hold = |client: &mut Client| client.get("/v2/snaps/system/conf?keys=hold")["result"].take();
    served.client.post(
        "/v2/snaps/system",
        r#"{"action": "hold", "time": "forever"}"#,
    );
    assert_eq!(hold(&mut served.client), json!({ "hold": "forever" }));
    let list = r#"{"action": "unhold", "snaps": ["system"]}"#;
    assert_eq!(served.client.post("/v2/snaps", list)["type"], "async");
    assert_eq!(hold(&mut served.client), json!({ "hold": "none" }));
    let day = r#"{"action": "hold", "twinkeel": {"for-secs": 86400}}"#;
    let before = UtcTime::of_this_machine().0;
    served.client.post("/v2/snaps/system", day);
    let until = hold(&mut served.client)["hold"]
        .as_str()
        .unwrap()
        .to_owned();
    let begun = UtcTime::try_from(until).unwrap().0 - 86_400;
    assert!((before..=UtcTime::of_this_machine().0).contains(&begun));
    let never = served
        .client
        .post("/v2/snaps/system", r#"{"action": "hold", "time": "soon"}"#);
    assert_eq!(error(&never).0, 400);
}

#[test]
fn the_store_is_asked_what_there_is() {
    let mut served = served();
    let found = served.client.get("/v2/find?select=refresh")["result"].take();
    assert_eq!(
        (&found[0]["version"], &found[0]["download-size"]),
        (&json!("3"), &json!(BYTES))
    );
    assert_eq!(
        served.client.get("/v2/find?q=webserver")["result"],
        json!([])
    );
    let named = served.client.get("/v2/find?name=webserver");
    assert_eq!(
        error(&named),
        (404, "snap not found", Some("snap-not-found"))
    );
}

#[test]
fn what_the_device_would_not_take_itself_is_listed_if_a_person_may_take_it() {
    for (reason, is_listed) in [
        (Reason::RolledBack, true),
        (Reason::Store(NotOffered::Wave(Share::NONE)), true),
        (Reason::FailedBefore, false),
        (Reason::Staged, false),
        (Reason::Store(NotOffered::NotNewer), false),
    ] {
        let mut served = served();
        *served.device.verdict.lock().unwrap() = Verdict::NotOffered(reason.clone());
        let found = served.client.get("/v2/find?select=refresh")["result"].take();
        assert_eq!(
            found.as_array().unwrap().len(),
            usize::from(is_listed),
            "{reason}"
        );
        // All are listed where nobody asks what an update would take.
        let all = served.client.get("/v2/find")["result"].take();
        assert_eq!(
            all[0]["twinkeel"]["not-taken-by-itself"],
            reason.to_string()
        );
    }
}

#[test]
fn nobody_waits_for_the_store_while_an_update_runs() {
    let mut served = served();
    served.device.hold_halfway();
    let id = served
        .client
        .post("/v2/snaps/system", r#"{"action": "refresh"}"#)["change"]
        .take();
    let found = served.client.get("/v2/find");
    assert_eq!(
        (error(&found).0, error(&found).2),
        (409, Some("snap-change-conflict"))
    );
    served.device.go_on();
    served.client.follow(&id);
    assert_eq!(served.client.get("/v2/find")["type"], "sync");
}

#[test]
fn who_is_not_the_administrator_does_not_make_the_device_ask_all_the_time() {
    for (administrator, versions) in [(me(), ["3", "4"]), (not_me(), ["3", "3"])] {
        let mut served = served_to(administrator);
        let first = served.client.get("/v2/find")["result"][0]["version"].take();
        *served.device.store.lock().unwrap() = vec![4];
        let second = served.client.get("/v2/find")["result"][0]["version"].take();
        assert_eq!([first, second], versions);
    }
}

#[test]
fn a_reboot_is_asked_of_the_device() {
    let mut served = served();
    let answer = served
        .client
        .post("/v2/systems/", r#"{"action": "reboot", "mode": ""}"#);
    assert_eq!(
        (&answer["type"], &answer["result"]),
        (&json!("sync"), &Value::Null)
    );
    let install = served
        .client
        .post("/v2/systems", r#"{"action": "reboot", "mode": "install"}"#);
    assert!(error(&install).1.contains("there is only \"run\""));
    assert_eq!(*served.device.reboots.lock().unwrap(), 1);
}

#[test]
fn a_factory_reset_is_asked_of_the_device_as_snapd_has_it() {
    let mut served = served();
    for body in [
        r#"{"action": "do", "mode": "factory-reset"}"#,
        r#"{"action": "do", "mode": "factory-reset", "twinkeel": {"data": "keep"}}"#,
    ] {
        let answer = served.client.post("/v2/systems", body);
        assert_eq!(
            (&answer["type"], &answer["result"]),
            (&json!("sync"), &Value::Null)
        );
    }
    let done = [AppData::Dropped, AppData::Kept];
    assert_eq!(*served.device.resets.lock().unwrap(), done);
    for (body, words) in [
        (
            r#"{"action": "do", "mode": "install"}"#,
            "there is only \"factory-reset\"",
        ),
        (
            r#"{"action": "do", "mode": "factory-reset", "twinkeel": {"data": "some"}}"#,
            "cannot decode request body",
        ),
        (
            r#"{"action": "do", "mode": "factory-reset", "twinkeel": {"date": "keep"}}"#,
            "cannot decode request body",
        ),
    ] {
        let refused = served.client.post("/v2/systems", body);
        assert!(error(&refused).1.contains(words), "{body}: {refused}");
    }
    assert_eq!(served.device.resets.lock().unwrap().len(), 2);
    // Only the administrator's.
    let mut served = served_to(not_me());
    let body = r#"{"action": "do", "mode": "factory-reset"}"#;
    let refused = served.client.post("/v2/systems", body);
    assert_eq!(error(&refused).0, 403);
    assert_eq!(*served.device.resets.lock().unwrap(), []);
}

#[test]
fn who_is_not_the_administrator_reads_and_changes_nothing() {
    let mut served = served_to(not_me());
    for address in [
        "/v2/system-info",
        "/v2/snaps",
        "/v2/changes?select=all",
        "/v2/find",
    ] {
        assert_eq!(served.client.get(address)["type"], "sync", "{address}");
    }
    let before = served.client.get("/v2/snaps/system/conf");
    for address in [
        "/v2/snaps/system",
        "/v2/snaps",
        "/v2/systems",
        "/v2/changes/1",
    ] {
        let answer = served.client.post(address, r#"{"action": "refresh"}"#);
        assert_eq!(
            error(&answer),
            (403, "access denied", Some("login-required"))
        );
    }
    let set = served
        .client
        .put("/v2/snaps/system/conf", r#"{"channel": "edge"}"#);
    assert_eq!(error(&set).0, 403);
    assert_eq!(served.client.get("/v2/snaps/system/conf"), before);
    assert_eq!(*served.device.reboots.lock().unwrap(), 0);
}

#[test]
fn what_there_is_not_is_named() {
    let mut served = served();
    let table = [
        ("GET", "/v2/nothing", "", 404),
        ("GET", "/", "", 404),
        ("GET", "/v2/snaps/system/conf/more", "", 404),
        ("GET", "/v2/changes/0", "", 404),
        ("GET", "/v2/changes/x", "", 404),
        ("GET", "/v2/changes?select=some", "", 400),
        ("POST", "/v2/find", "{}", 405),
        ("PUT", "/v2/snaps/system", "{}", 405),
        ("GET", "/v2/systems", "", 405),
        ("POST", "/v2/snaps/system", "", 400),
        ("POST", "/v2/snaps/system", "[]", 400),
        ("POST", "/v2/snaps/system", r#"{"action": "explode"}"#, 400),
        ("POST", "/v2/snaps/other", r#"{"action": "refresh"}"#, 404),
        (
            "POST",
            "/v2/snaps",
            r#"{"action": "refresh", "snaps": ["other"]}"#,
            404,
        ),
        (
            "POST",
            "/v2/snaps/system",
            r#"{"action": "refresh", "revision": "x1"}"#,
            400,
        ),
        (
            "POST",
            "/v2/snaps/system",
            r#"{"action": "refresh", "channel": "edge"}"#,
            400,
        ),
        ("PUT", "/v2/snaps/other/conf", "{}", 404),
    ];
    for (method, address, body, code) in table {
        let answer = match method {
            "GET" => served.client.get(address),
            "POST" => served.client.post(address, body),
            _ => served.client.put(address, body),
        };
        assert_eq!(
            error(&answer).0,
            code,
            "{method} {address} {body}: {answer}"
        );
    }
    let deep = "[".repeat(60_000);
    assert_eq!(error(&served.client.post("/v2/snaps/system", &deep)).0, 400);
}
