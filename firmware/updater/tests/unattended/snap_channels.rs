//! A snap follows the device's channel, or the one that somebody chose for it.

use crate::device::HOUR;
use crate::snap_refresh::Field;
use serde_json::{Value, json};
use updater::changes::Status;

impl Field {
    fn publish_in(&self, channel: &str, version: &str) {
        self.maker.publish_snap_in("acme", version, channel);
    }

    fn followed(&self) -> Value {
        self.asked.get("v2/snaps/hello")["tracking-channel"].take()
    }

    fn newer(&self) -> Vec<Value> {
        let found = self.asked.get("v2/find?select=refresh");
        let found = found.as_array().unwrap().iter();
        found.map(|one| one["revision"].clone()).collect()
    }
}

#[test]
fn a_snap_stays_in_the_channel_that_was_chosen_for_it() {
    let field = Field::new("");
    field.publish_in("beta", "1.1");
    field.pass(24 * HOUR);
    assert_eq!((field.revision(), field.newer()), (json!("1"), vec![]));

    let beta = json!({ "action": "refresh", "channel": "latest/beta" });
    field.asked.act(&beta).unwrap();
    assert_eq!(
        (field.revision(), field.followed()),
        (json!("2"), json!("beta"))
    );
    field.publish_in("edge", "1.2");
    field.pass(24 * HOUR);
    assert_eq!((field.revision(), field.newer()), (json!("2"), vec![]));
    field.publish_in("beta", "1.3");
    assert_eq!(field.newer(), [json!("4")]);
    field.pass(2 * HOUR);
    assert_eq!(
        (field.revision(), field.followed()),
        (json!("4"), json!("beta"))
    );
    // Neither a person who asks without a word for it, nor one who goes back, changes that.
    field.publish_in("beta", "1.4");
    field.asked.act(&json!({ "action": "refresh" })).unwrap();
    field.asked.act(&json!({ "action": "revert" })).unwrap();
    assert_eq!(
        (field.revision(), field.followed()),
        (json!("4"), json!("beta"))
    );
}

#[test]
fn the_devices_own_channel_is_no_choice() {
    let field = Field::new("");
    let switch = |channel: &str| {
        let body = json!({ "action": "switch", "channel": channel });
        field.asked.act(&body).unwrap()
    };
    let change = switch("beta");
    assert_eq!(
        (&*change.summary, change.status(), &change.data["changed"]),
        ("Switch \"hello\" snap to beta", Status::Done, &json!(true))
    );
    assert_eq!(
        (field.revision(), field.followed()),
        (json!("1"), json!("beta"))
    );
    assert_eq!(switch("edge").data["changed"], true);
    assert_eq!(field.followed(), "edge");
    field.publish_in("beta", "1.1");
    field.set("channel", json!("beta"));
    assert_eq!(field.followed(), "beta");
    field.pass(2 * HOUR);
    assert_eq!(field.revision(), "2");
}

#[test]
fn nothing_older_is_taken_for_another_channel() {
    let field = Field::new("");
    let old = json!({ "action": "refresh", "channel": "beta" });
    // The channel has nothing of it at all.
    let told = field.asked.act(&old).unwrap_err();
    assert!(
        told.contains("the channel beta has none of that name"),
        "{told}"
    );
    assert_eq!(field.followed(), "edge");
    field.publish_in("beta", "1.1");
    field.publish_in("edge", "1.2");
    field.asked.act(&json!({ "action": "refresh" })).unwrap();
    let change = field.asked.act(&old).unwrap();
    assert_eq!(change.data["changed"], true);
    assert_eq!(
        (field.revision(), field.followed()),
        (json!("3"), json!("beta"))
    );
}

#[test]
fn a_removed_snap_forgets_its_channel() {
    let field = Field::new("");
    field.publish_in("beta", "1.1");
    let act = |body: Value| field.asked.act(&body).unwrap();
    act(json!({ "action": "refresh", "channel": "beta" }));
    act(json!({ "action": "remove" }));
    act(json!({ "action": "install" }));
    assert_eq!(
        (field.revision(), field.followed()),
        (json!("1"), json!("edge"))
    );
    act(json!({ "action": "remove" }));
    act(json!({ "action": "install", "channel": "beta" }));
    assert_eq!(
        (field.revision(), field.followed()),
        (json!("2"), json!("beta"))
    );
}
