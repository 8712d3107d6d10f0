//! One thing at a time.

use crate::{Bench, HELLO, OTHER, answer, ask, fine, request};
use serde_json::{Value, json};
use snap_format::Hook;
use std::collections::BTreeSet;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use updater::api::{Method, Peer};
use updater::socket::{Patience, Socket};

#[test]
fn a_program_reads_and_sets_its_own_configuration() {
    let bench = Bench::new();
    assert_eq!(bench.as_hello("get port"), fine("\n"));
    let hooks = bench.hooks.ran.lock().unwrap().len();
    assert_eq!(bench.as_hello("set port=80 user.name=ann"), fine(""));
    assert_eq!(bench.as_hello("get port"), fine("80\n"));
    assert_eq!(bench.as_hello("get user.name"), fine("ann\n"));
    assert_eq!(bench.as_hello("unset user"), fine(""));
    assert_eq!(bench.kept("hello"), json!({ "port": 80 }));
    // Nobody asks the snap whether it likes what it set.
    assert_eq!(bench.hooks.ran.lock().unwrap().len(), hooks);
    let (told, code) = bench.as_hello("set port.x=1");
    assert_eq!(
        (&*told, code),
        ("error: option \"port\" is not a map; unset it first\n", 1)
    );
}

#[test]
fn a_snap_is_told_of_itself_alone_and_nobody_else_is_told_anything() {
    let bench = Bench::new();
    bench.as_hello("set secret=x");
    assert_eq!(ask(&bench.snaps, OTHER, "get secret"), fine("\n"));
    assert_eq!(ask(&bench.snaps, OTHER, "set secret=y"), fine(""));
    assert_eq!(bench.kept("hello"), json!({ "secret": "x" }));
    let (told, code) = ask(&bench.snaps, OTHER, "stop hello.web");
    assert_eq!(
        (&*told, code),
        ("error: unknown service: \"hello.web\"\n", 1)
    );
    // Root, people, a snap that never was, one of the system's.
    for uid in [0, 1000, 20_002, 29_999, u32::MAX] {
        let answer = answer(&bench.snaps, Peer { uid }, "get secret");
        assert_eq!(answer.status(), 403, "{uid}");
    }
    // Nothing else is answered there, and this nowhere else.
    for path in [
        "v2/snaps/hello/conf",
        "v2/snaps",
        "v2/system-info",
        "v2/snapctl",
    ] {
        for peer in [HELLO, Peer::ROOT] {
            let got = bench
                .snaps
                .answer(&request(Method::Get, path, &Value::Null), peer);
            assert_eq!(got.status(), 404, "{path}");
        }
    }
    assert_eq!(answer(&bench.api, Peer::ROOT, "get secret").status(), 404);
    assert_eq!(answer(&bench.api, HELLO, "get secret").status(), 404);
    // A snap that went has nothing to ask.
    bench.act(updater::snaps::SnapAct::Remove(
        "other".parse().unwrap(),
        snap_store::Data::Keep,
    ));
    assert_eq!(answer(&bench.snaps, OTHER, "get secret").status(), 403);
}

#[test]
fn what_a_hook_sets_is_part_of_its_change() {
    let bench = Bench::with(&[
        ("install", "set port=80"),
        ("install", "get port"),
        ("start", "get port"),
        ("configure", "set greeting=hi"),
        ("check-health", "get greeting"),
    ]);
    // `other` asked as `hello`, too, and set what is hello's.
    let said = bench.said();
    assert_eq!(
        said[..5],
        [fine(""), fine("80\n"), fine("80\n"), fine(""), fine("hi\n")]
    );
    assert_eq!(bench.kept("hello"), json!({ "port": 80, "greeting": "hi" }));

    // A person's word and the hook's together.
    bench.asks(&[("configure", "get port"), ("configure", "set tls=true")]);
    assert_eq!(bench.configure(&json!({ "port": 443 })).error(), None);
    assert_eq!(bench.said(), [fine("443\n"), fine("")]);
    let kept = json!({ "port": 443, "greeting": "hi", "tls": true });
    assert_eq!(bench.kept("hello"), kept);

    // Neither stays of a hook that says no.
    bench.asks(&[("configure", "set tls=false")]);
    *bench.hooks.fails.lock().unwrap() = Some(Hook::Configure);
    assert!(bench.configure(&json!({ "port": 1 })).error().is_some());
    assert_eq!(bench.kept("hello"), kept);
    assert_eq!(bench.as_hello("get port"), fine("443\n"));

    // Nor of a revision that goes back.
    bench.asks(&[
        ("post-refresh", "set greeting=ho"),
        ("pre-refresh", "set port=9"),
    ]);
    assert!(bench.install("hello", "2").error().is_some());
    let said = bench.said();
    assert_eq!((said[0].1, &said[1]), (1, &fine("")));
    assert!(
        said[0]
            .0
            .starts_with("error: cannot set in the hook pre-refresh"),
        "{said:?}"
    );
    assert_eq!(bench.kept("hello"), kept);
    *bench.hooks.fails.lock().unwrap() = None;
    assert_eq!(bench.install("hello", "3").error(), None);
    assert_eq!(bench.kept("hello")["greeting"], "ho");
}

#[test]
fn a_service_that_the_change_waits_for_is_refused_at_once() {
    let bench = Bench::with(&[("start", "set port=80"), ("start", "restart hello.web")]);
    let said = bench.said();
    let told = "error: cannot set while a change of this snap goes on; its hooks can, and others \
                when it is over\n";
    assert_eq!(said[0], (told.to_owned(), 1));
    assert!(said[1].0.contains("is in progress"), "{said:?}");
    assert_eq!(bench.kept("hello"), json!({}));
}

#[test]
fn a_snap_starts_and_stops_its_own_services() {
    let bench = Bench::new();
    bench.services.told();
    assert_eq!(bench.as_hello("restart hello.web"), fine(""));
    assert_eq!(bench.services.told(), ["stop hello web", "start hello web"]);
    assert_eq!(bench.as_hello("stop --disable hello.web"), fine(""));
    let told = bench.services.told();
    assert_eq!(told, ["disable hello web", "stop hello web"]);
    assert_eq!(bench.as_hello("start other.web").1, 1);
    let (table, code) = bench.as_hello("services");
    assert_eq!(code, 0);
    assert!(table.starts_with("Service    Startup"), "{table}");
    assert_eq!(table.lines().count(), 3, "{table}");

    // In a hook: at once behind the start, and else by what starts them behind it.
    bench.asks(&[("configure", "restart hello.web")]);
    assert_eq!(bench.configure(&json!({ "a": 1 })).error(), None);
    assert_eq!(bench.said(), [fine("")]);
    assert_eq!(bench.services.told(), ["stop hello web", "start hello web"]);
    bench.asks(&[
        ("post-refresh", "restart hello.web"),
        ("post-refresh", "stop --disable hello.job"),
    ]);
    assert_eq!(bench.install("hello", "2").error(), None);
    assert_eq!(bench.said(), [fine(""), fine("")]);
    assert_eq!(
        bench.services.told(),
        ["disable hello job", "stop hello job"]
    );
}

#[test]
fn a_plug_is_connected_if_it_gives_something() {
    let bench = Bench::new();
    for (plug, code) in [("network", 0), ("gpio", 1), ("nonsense", 1)] {
        let said = bench.as_hello(&format!("is-connected {plug}"));
        assert_eq!(said, (String::new(), code), "{plug}");
    }
    let (told, code) = bench.as_hello("is-connected camera");
    assert_eq!(
        (&*told, code),
        ("error: snap \"hello\" has no plug named \"camera\"\n", 1)
    );
    let grants = BTreeSet::from(["gpio".parse().unwrap()]);
    let name = "hello".parse().unwrap();
    let change = bench.act(updater::snaps::SnapAct::Grant(name, grants));
    assert_eq!(change.error(), None);
    assert_eq!(bench.as_hello("is-connected gpio"), fine(""));
    // And with that the change is over.
    assert_eq!(bench.as_hello("set gpio=true"), fine(""));
}

/// Debian's `snapctl`, which nobody here wrote, over the socket, as the snap's user.
#[test]
fn debians_snapctl_is_answered() {
    if !rustix::process::geteuid().is_root() {
        return eprintln!("not run: to be the snap's user takes root");
    }
    let bench = Bench::new();
    bench.as_hello("set port=80");
    let socket = Socket::bind(&bench.root.path().join("run/snapd-snap.socket")).unwrap();
    let api = bench.snaps.clone();
    std::thread::spawn(move || socket.serve(&api, Patience::OF_A_DAEMON));
    std::fs::set_permissions(
        bench.root.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let program = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../target/setup/snapd/usr/lib/snapd/snapctl");
    let run = |uid: u32, words: &[&str]| {
        let output = Command::new(&program)
            .args(words)
            .env("SNAPPY_GLOBAL_ROOT", bench.root.path())
            .env("SNAP_COOKIE", "none")
            .uid(uid)
            .output()
            .expect("snapctl: run `cargo xtask setup`");
        let said = [output.stdout, output.stderr].concat();
        (
            String::from_utf8(said).unwrap(),
            output.status.code().unwrap(),
        )
    };
    assert_eq!(run(HELLO.uid, &["get", "port"]), ("80\n".to_owned(), 0));
    assert_eq!(run(HELLO.uid, &["set", "port=81"]), (String::new(), 0));
    assert_eq!(run(HELLO.uid, &["is-connected", "gpio"]).1, 1);
    assert_eq!(run(HELLO.uid, &["is-connected", "network"]).1, 0);
    assert_eq!(run(OTHER.uid, &["get", "port"]), ("\n".to_owned(), 0));
    let (told, code) = run(0, &["get", "port"]);
    assert!(code == 1 && told.contains("access denied"), "{told}");
    assert_eq!(bench.kept("hello"), json!({ "port": 81 }));
}
