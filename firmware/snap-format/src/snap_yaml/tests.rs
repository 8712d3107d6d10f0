//! Documents as a whole.

use super::*;
use crate::{Daemon, Hook, RestartCondition};
use std::time::Duration;

const WEB: &str = "\
name: web
version: 1.10
summary: serves
architectures: [amd64, arm64]
epoch: 1*
environment: {PORT: 8080, HOME: $SNAP_DATA}
plugs:
  shared: {interface: content, target: $SNAP/shared, defaults: [1, yes, x]}
apps:
  web:
    command: bin/web --port $PORT
    daemon: notify
    restart-condition: always
    restart-delay: 2s
    plugs: [network-bind]
    after: [db]
    sockets: {web: {listen-stream: '[::1]:80', socket-mode: 0660}}
  db: {command: bin/db, daemon: simple}
  status: {command: bin/status}
hooks:
  check-health: {plugs: [network]}
  prepare-device: {plugs: [x]}
";

fn parse(text: &str) -> SnapYaml {
    SnapYaml::parse(text.as_bytes()).expect(text)
}

fn refusal(text: &str) -> String {
    SnapYaml::parse(text.as_bytes())
        .expect_err(text)
        .to_string()
}

#[test]
fn what_a_snap_says_of_itself_is_typed() {
    let snap = parse(WEB);
    assert_eq!(snap.version.as_str(), "1.10");
    assert_eq!(snap.epoch.read(), [0, 1]);
    let variables: Vec<_> = snap.environment.iter().collect();
    assert_eq!(variables, [("PORT", "8080"), ("HOME", "$SNAP_DATA")]);
    let web = &snap.apps[&"web".parse().expect("a name")];
    let service = web.service.as_ref().expect("a service");
    assert_eq!(service.daemon, Daemon::Notify);
    assert_eq!(service.restart_condition, RestartCondition::Always);
    assert_eq!(service.restart_delay, Some(Duration::from_secs(2)));
    let [socket] = service.sockets.values().collect::<Vec<_>>()[..] else {
        panic!("{service:?}");
    };
    assert_eq!(socket.mode, Some(0o660));
    let order: Vec<_> = snap.start_order().iter().map(ToString::to_string).collect();
    assert_eq!(order, ["db", "web"]);
    assert_eq!(snap.hooks.keys().collect::<Vec<_>>(), [&Hook::CheckHealth]);
}

#[test]
fn a_plug_that_nobody_names_is_everybodys() {
    let snap = parse(WEB);
    let plugs = |app: &str| -> Vec<String> {
        let app = &snap.apps[&app.parse().expect("a name")];
        app.plugs.iter().map(ToString::to_string).collect()
    };
    assert_eq!(plugs("web"), ["network-bind", "shared"]);
    assert_eq!(plugs("status"), ["shared"]);
    let health = &snap.hooks[&Hook::CheckHealth];
    let health: Vec<_> = health.plugs.iter().map(ToString::to_string).collect();
    assert_eq!(health, ["network", "shared"]);
    let shared = &snap.plugs[&"shared".parse().expect("a name")];
    let expected = [
        Attribute::Integer(1),
        Attribute::Bool(true),
        Attribute::Text("x".into()),
    ];
    assert_eq!(
        shared.attributes["defaults"],
        Attribute::List(expected.into())
    );
}

#[test]
fn a_refusal_names_the_key_and_the_remedy() {
    for (text, said) in [
        ("name: a1\n", "line 1: version is missing; add it"),
        (
            "name: a1\nversion: 1\napps: {w: {daemon: sinple}}\n",
            "line 3, apps.w.daemon: cannot use \"sinple\": give one of simple, forking, oneshot, \
             notify, dbus",
        ),
        (
            "name: a1\nversion: 1\nlayouts: {}\n",
            "line 3, layouts: the key is called \"layout\"; rename it",
        ),
        (
            "name: a1\nversion: 1\napps:\n  a: {daemon: simple, after: [b]}\n  b: {daemon: \
             simple, after: [a]}\n",
            "line 4, apps: each of a, b is to start before the others; remove a before or after",
        ),
        (
            "name: a1\nversion: 1\nlayout: {/proc/x: {bind: $SNAP/x}}\n",
            "line 3, layout./proc/x: cannot put anything at /proc/x: it is the system's; choose \
             a place in /etc, /opt, /usr, /var/lib or the like",
        ),
    ] {
        assert_eq!(refusal(text), format!("cannot use snap.yaml: {said}"));
    }
}

#[test]
fn a_framework_offers_slots_that_it_has() {
    let good = "name: docker\nversion: 1\nslots: {docker: }\nframework: {offers: [docker]}\n";
    let snap = parse(good);
    assert_eq!(
        snap.framework.map(|framework| framework.offers.len()),
        Some(1)
    );
    assert!(refusal(&good.replace("offers: [docker]", "offers: [x]")).contains("no slot \"x\""));
    assert!(refusal(&good.replace("offers:", "privileged: yes, offers:")).contains("nothing else"));
    let snap = parse("name: app\nversion: 1\nframeworks: [docker]\n");
    assert_eq!(snap.frameworks.len(), 1);
}

#[test]
fn a_plug_leads_to_a_slot_of_a_framework_that_is_needed() {
    let good = "name: app\nversion: 1\nframeworks: [broker, docker]\nplugs:\n  \
                docker: {framework: docker}\n  jobs: {framework: broker, slot: bus}\n  gpio:\n";
    let slots: Vec<_> = parse(good)
        .framework_slots()
        .map(|one| format!("{}:{}", one.framework, one.slot))
        .collect();
    assert_eq!(slots, ["docker:docker", "broker:bus"]);
    let told = refusal(&good.replace("[broker, docker]", "[docker]"));
    assert!(
        told.contains("no word under frameworks \"broker\""),
        "{told}"
    );
    assert!(refusal(&good.replace("slot: bus", "slot: [bus]")).contains("name of a slot"));
    let told = refusal(&good.replace("framework: docker", "framework: Docker"));
    assert!(told.contains("cannot use \"Docker\""), "{told}");
    assert!(refusal(&good.replace("[broker, docker]", "[app]")).contains("itself"));
}

#[test]
fn snaps_start_behind_the_frameworks_that_they_need() {
    let name = |name: &str| name.parse::<SnapName>().unwrap();
    let needs = |one: &str, others: &[&str]| (name(one), others.iter().map(|o| name(o)).collect());
    let order = crate::order_of_snaps(&BTreeMap::from([
        needs("app", &["net", "zip"]),
        needs("net", &["zip", "gone"]),
        needs("zip", &[]),
        needs("one", &["two"]),
        needs("two", &["one"]),
    ]));
    assert_eq!(order, ["zip", "net", "app", "two", "one"].map(name));
}
