//! `snappy config`, of the system and of snaps.

use crate::device::me;
use crate::snap_parts::make_snap;
use crate::{served_to, served_with_snaps};
use serde_json::json;

#[test]
fn settings_are_shown_and_set() {
    let served = served_to(me());
    let all = served.done("config");
    assert!(
        all.starts_with("autopilot: on\nchannel: stable\nheld-snaps: {}\nhold: none\n"),
        "{all}"
    );
    assert!(all.contains("\nrate-limit-bytes-per-sec: -\n"), "{all}");
    assert_eq!(served.done("config system channel"), "channel: stable\n");
    assert_eq!(
        served.json("config channel=edge poll-interval-secs=60 hold --json"),
        json!({ "channel": "edge", "hold": "none", "poll-interval-secs": 60 })
    );
    for line in ["config frob", "config frob=1"] {
        assert_eq!(
            served.refused(line),
            "snap \"system\" has no \"frob\" configuration option\n"
        );
    }
    let odd = served.refused("config a&b");
    assert_eq!(odd, "cannot show \"a&b\": no setting has such a name\n");
}

#[test]
fn a_snap_is_configured_by_its_name() {
    let served = served_with_snaps();
    let file = make_snap(served._root.path(), "1.0");
    served.done(&format!(
        "install --allow-unauthenticated {}",
        file.display()
    ));
    assert_eq!(served.done("config hello"), "hello has no configuration.\n");
    assert_eq!(
        served.done("config hello port=80 user.name=ann"),
        "port: 80\nuser.name: ann\n"
    );
    assert_eq!(
        served.json("config hello --json"),
        json!({ "port": 80, "user": { "name": "ann" } })
    );
    assert_eq!(served.done("config hello port="), "");
    let gone = served.refused("config hello port");
    assert_eq!(
        gone,
        "snap \"hello\" has no \"port\" configuration option\n"
    );
    let inside = served.refused("config hello user.name.first=a");
    assert!(
        inside.contains("option \"user.name\" is not a map"),
        "{inside}"
    );
    assert_eq!(served.done("config hello user.name"), "user.name: ann\n");
}

#[test]
fn a_snap_that_is_not_here_is_no_reason_to_change_the_system() {
    let served = served_with_snaps();
    let told = served.refused("config helo channel=edge");
    assert_eq!(
        told,
        "snap \"system\" has no \"helo\" configuration option\n"
    );
    assert_eq!(served.done("config system channel"), "channel: stable\n");
}
