//! A `meta/snap.yaml`: any bytes.
//!
//! Whoever has a snap's description has a good one: it runs on something, its services have
//! an order, every app and hook has plugs that are defined, and no layout is another's or
//! the system's.

use crate::{Answer, Seed, Target};
use snap_format::SnapYaml;
use std::collections::BTreeSet;

pub(crate) const TARGET: Target = Target {
    name: "snap_yaml",
    about: "what a snap says of itself",
    max_bytes: 4096,
    run,
    seeds,
};

fn run(input: &[u8]) -> Answer {
    let snap = match SnapYaml::parse(input) {
        Ok(snap) => snap,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return Answer::Refused;
        }
    };
    assert!((2..=40).contains(&snap.name.as_str().len()));
    assert!(!snap.architectures.is_empty());
    assert!(snap.epoch.can_read(&snap.epoch));
    let services = snap.apps.values().filter(|app| app.service.is_some());
    let order = snap.start_order();
    assert_eq!(services.count(), order.len());
    let mut started = BTreeSet::new();
    for name in &order {
        let service = snap.apps[name].service.as_ref().expect("a service");
        assert!(service.after.is_subset(&started));
        assert!(service.before.is_disjoint(&started));
        started.insert(name.clone());
    }
    let apps = snap.apps.values().map(|app| (&app.plugs, &app.slots));
    let hooks = snap.hooks.values().map(|hook| (&hook.plugs, &hook.slots));
    for (plugs, slots) in apps.chain(hooks) {
        assert!(plugs.iter().all(|plug| snap.plugs.contains_key(plug)));
        assert!(slots.iter().all(|slot| snap.slots.contains_key(slot)));
    }
    for place in snap.layout.keys() {
        assert!(place.starts_with(['/', '$']) && !place.contains("/../"));
        assert!(!place.starts_with("/proc") && !place.starts_with("/dev/"));
        let others = snap.layout.keys().filter(|other| *other != place);
        let below = format!("{place}/");
        assert_eq!(others.filter(|other| other.starts_with(&below)).count(), 0);
    }
    Answer::Accepted
}

const WEB: &str = "\
name: web
version: 1.10
epoch: 1*
environment: {PORT: 8080}
plugs: {shared: {interface: content, target: $SNAP/s, list: [1, yes, x]}}
apps:
  web: &a
    command: bin/web --port $PORT
    daemon: notify
    restart-delay: 2s
    plugs: [network-bind]
    after: [db]
    sockets: {web: {listen-stream: '[::1]:80', socket-mode: 0660}}
  db: {command: bin/db, daemon: simple, timer: 'mon,9:00'}
hooks: {check-health: {plugs: [network]}}
layout: {/etc/web: {bind: $SNAP/etc}}
";

fn seeds() -> Vec<Seed> {
    let cycle = WEB.replace("daemon: simple", "daemon: simple, after: [web]");
    let layout = WEB.replace("/etc/web", "/proc/web");
    [
        ("web", WEB),
        ("least", "name: a1\nversion: 1"),
        (
            "framework",
            "{name: a1, version: 1, slots: {s: }, framework: {offers: [s]}}",
        ),
        ("refused-cycle", &cycle),
        ("refused-layout", &layout),
        ("refused-twice", "name: a1\nversion: 1\nname: a2\n"),
        ("refused-alias", "a: &a [*a]\n"),
    ]
    .map(|(name, text)| (name, text.as_bytes().to_vec()))
    .into()
}
