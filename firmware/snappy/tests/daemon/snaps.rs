//! What people do with snaps, and are told of them.

use crate::device::{me, not_me};
use crate::snap_parts::{ListedOnly, listed, make_snap};
use crate::{cells, served_to, served_with_listing, served_with_snaps};
use serde_json::json;
use std::fs;
use std::sync::Arc;
use updater::snaps::Retries;

#[test]
fn snaps_come_and_go_with_the_table_of_2014() {
    let served = served_with_snaps();
    let install = |version| {
        let file = make_snap(served._root.path(), version);
        format!("install --allow-unauthenticated {}", file.display())
    };
    let table = served.done(&install("1.0"));
    let head = table.lines().next().unwrap();
    let words: Vec<_> = head.split_whitespace().collect();
    assert_eq!(
        words,
        [
            "Part",
            "Tag",
            "Installed",
            "Available",
            "Fingerprint",
            "Active"
        ]
    );
    let hello = &cells(&table)[0];
    assert_eq!(hello[..4], ["hello", "sideload", "1.0", "-"]);
    assert_eq!((hello[4].len(), hello[5]), (14, "*"));
    served.done(&install("1.1"));
    assert_eq!(
        served.done("hold hello"),
        "Unattended updates of hello are held until somebody releases them: 'snappy hold hello \
         --release' ends it, and 'snappy update hello' takes one all the same.\n"
    );
    assert_eq!(
        served.done("hold hello --release"),
        "Updates of hello are not held.\n"
    );
    assert_eq!(served.refused("hold hollo"), "snap not installed\n");
    let list = served.done("list");
    let parts: Vec<_> = cells(&list).iter().map(|row| row[0].to_owned()).collect();
    assert_eq!(parts, ["system", "hello"]);
    assert_eq!(cells(&served.done("list -a")).len(), 4);
    assert_eq!(cells(&served.done("rollback hello"))[0][2], "1.0");
    assert_eq!(
        served.done("uninstall hello"),
        "Removed hello; 'snappy purge hello' removes its data\n"
    );
    assert_eq!(
        served.refused("remove hello"),
        "snap \"hello\" is not installed\n"
    );
    assert_eq!(served.done("purge hello"), "Purged hello\n");
    assert_eq!(served.refused("install hello"), "no store is set\n");
    let list = served.json("list --json");
    assert_eq!(list["parts"].as_array().unwrap().len(), 1, "{list}");
}

#[test]
fn anybody_finds_snaps_with_the_table_of_2014() {
    let docker = listed(
        "docker",
        "acme",
        "The docker app deployment mechanism\nNew: pull",
    );
    let other = listed("hello", "zeta", "another greeting");
    for administrator in [me(), not_me()] {
        let all = vec![
            docker.clone(),
            listed("hello", "acme", "a Greeting"),
            other.clone(),
        ];
        let served = served_with_listing(administrator, Arc::new(ListedOnly(all)));
        assert_eq!(
            served.done("search docker"),
            "Part    Version  Description\n\
             docker  1.3.2    The docker app deployment mechanism\n"
        );
        assert_eq!(
            served.done("search GREETING"),
            "Part        Version  Description\n\
             hello.acme  1.3.2    a Greeting\n\
             hello.zeta  1.3.2    another greeting\n"
        );
        assert_eq!(
            served.json("search docker --json"),
            json!({ "found": [{
                "part": "docker", "publisher": "acme", "version": "1.3.2", "revision": "7",
                "size_bytes": 4 << 20, "held": null,
                "description": "The docker app deployment mechanism\nNew: pull",
            }] })
        );
        assert_eq!(
            served.done("search a&name=docker"),
            "The store has no snap with \"a&name=docker\" in its name or description.\n"
        );
        // The system is found by its address, and is no snap to install.
        assert_eq!(cells(&served.done("search")).len(), 3);
    }
}

#[test]
fn a_snap_that_is_here_tells_what_it_is() {
    let served = served_with_snaps();
    for version in ["1.0", "1.1"] {
        let file = make_snap(served._root.path(), version);
        served.done(&format!(
            "install --allow-unauthenticated {}",
            file.display()
        ));
    }
    let info = served.done("info hello");
    assert!(
        info.starts_with(
            "name: hello\nsummary: A greeting\npublisher: -\nchannel: sideload\nversion: 1.1\n\
             license: MIT\nconfinement: strict\nservices: greeter, ticker\ngrants: -\nsize: 0.3 MiB\nrevisions:\n"
        ),
        "{info}"
    );
    assert!(
        info.contains("\n  x1 1.0 ") && info.contains("\n  x2* 1.1 "),
        "{info}"
    );
    let json = served.json("info hello --json");
    assert_eq!(
        (&json["services"], &json["revisions"][1]["active"]),
        (&json!(["greeter", "ticker"]), &json!(true))
    );
    let tags = served.done("tags");
    assert_eq!(
        tags,
        "Part    Tag       Vouched for by\n\
         system  stable    the image's maker\n\
         hello   sideload  nobody\n"
    );
    let wide = served.done("list -v");
    assert!(
        cells(&wide)[1].ends_with(&["-", "x2", "0.3", "MiB", "-"]),
        "{wide}"
    );
}

#[test]
fn a_snap_of_the_store_is_told_of_before_it_is_here() {
    let all = vec![listed("docker", "acme", "Containers")];
    let served = served_with_listing(me(), Arc::new(ListedOnly(all)));
    assert_eq!(
        served.done("info docker"),
        "name: docker\nsummary: Containers\npublisher: acme\nchannel: stable\nversion: 1.3.2\n\
         installed: no\nrevision: 7\ndownload size: 4.0 MiB\n"
    );
    assert_eq!(served.refused("info nobody"), "No snap 'nobody' found\n");
}

#[test]
fn what_is_outdated_is_listed_with_what_is_available() {
    let served = served_to(me());
    assert_eq!(
        cells(&served.done("list -u")),
        [["system", "stable", "2", "3", "00000000000002", "*"]]
    );
    served.device.store.lock().unwrap().clear();
    assert_eq!(
        served.done("list -u"),
        "Nothing newer is there for this device.\n"
    );
}

#[test]
fn there_is_no_writable_root() {
    let served = served_to(me());
    let told = served.refused("chroot");
    assert!(
        told.starts_with("cannot open a writable root: ") && told.contains("'snappy build DIR'"),
        "{told}"
    );
}

/// Found at the last look at its files, and kept in the state.
#[test]
fn a_damaged_snap_is_told_of() {
    let served = served_with_snaps();
    let file = make_snap(served._root.path(), "1.0");
    served.done(&format!(
        "install --allow-unauthenticated {}",
        file.display()
    ));
    assert_eq!(
        served.json("list --json")["parts"][1]["problem"],
        json!(null)
    );
    let root = served._root.path();
    fs::remove_dir_all(root.join("snap/hello/x1/meta")).unwrap();
    fs::write(root.join("writable/snaps/hello/x1.snap"), "").unwrap();
    let desk = served.desk.as_ref().unwrap();
    desk.mend(&mut Retries::default());
    let told = "its file is damaged, and no store has it; 'snappy remove hello' keeps its data: \
                install the file again";
    for list in ["list", "list -v"] {
        let list = served.done(list);
        let last = list.lines().last().unwrap();
        assert_eq!(last, format!("hello, revision x1: {told}."));
    }
    assert_eq!(served.json("list --json")["parts"][1]["problem"], told);
    assert!(
        served
            .done("info hello")
            .ends_with(&format!("    {told}\n"))
    );
    let changes = served.done("changes");
    assert!(
        changes.contains("Repair revision x1 of \"hello\" snap"),
        "{changes}"
    );
    served.done("remove hello");
}
