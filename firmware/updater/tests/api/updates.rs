//! `POST /v2/snaps/system` and `/v2/changes`.

use crate::client::Client;
use crate::device::BYTES;
use crate::{error, served, statuses};
use serde_json::{Value, json};
use updater::device::{Failure, FailureKind, RebootAsked, Stopped, UpdateAsked, Wanted};

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
