//! `/v2/system-info`, `/v2/snaps/system`, `/v2/systems`.

use crate::device::not_me;
use crate::{error, served, served_to};
use image_format::AppData;
use serde_json::{Value, json};

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
