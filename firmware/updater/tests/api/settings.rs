//! `/v2/snaps/system/conf`.

use crate::client::Client;
use crate::{error, served};
use serde_json::json;
use tuf_client::UtcTime;

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
