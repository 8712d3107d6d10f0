//! `/v2/find`.

use crate::device::{BYTES, me, not_me};
use crate::{error, served, served_to};
use serde_json::json;
use store_format::{NotOffered, Share};
use updater::device::{Reason, Verdict};

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
