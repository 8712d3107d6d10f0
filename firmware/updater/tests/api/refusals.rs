//! What is refused at any address.

use crate::device::not_me;
use crate::{error, served, served_to};

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
