//! What programs of a snap ask of their device, and what nobody else gets there.

#[path = "../device/mod.rs"]
mod device;
#[path = "../snap_parts/mod.rs"]
mod snap_parts;
mod told;

use confinement::SnapUsers;
use device::TestDevice;
use serde_json::{Value, json};
use snap_format::Hook;
use snap_parts::{NoStore, TestServices, make_snap_of, parts_with};
use snap_store::{Installed, Runtime, RuntimeError};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tempfile::TempDir;
use updater::api::{Answer, Api, Method, Peer, Request};
use updater::changes::{Change, Changes};
use updater::device::Device;
use updater::snaps::{SnapAct, SnapDesk, SnapParts};

const LONG: Duration = Duration::from_secs(60);
const APPS: &str = "apps: {web: {command: bin/hello, daemon: simple}, \
    job: {command: bin/hello, daemon: oneshot}}\n\
    plugs: {network: , gpio: , nonsense: }\n";

/// A device whose snaps `hello` and `other` run nothing; what their hooks would ask is asked
/// here.
struct Bench {
    root: TempDir,
    api: Api,
    snaps: Api,
    desk: SnapDesk,
    changes: Arc<Changes>,
    services: Arc<TestServices>,
    hooks: Arc<Hooks>,
}

/// What programs do while they run: each asks as the user of `hello`.
#[derive(Default)]
struct Hooks {
    snaps: OnceLock<Api>,
    /// By the hook, or `start` for services, and whether that ends well.
    asks: Mutex<Vec<(&'static str, &'static str)>>,
    said: Mutex<Vec<(String, u8)>>,
    fails: Mutex<Option<Hook>>,
    ran: Mutex<Vec<String>>,
}

impl Hooks {
    fn run(&self, snap: &Installed, name: &str) {
        if snap.name.as_str() != "hello" {
            return;
        }
        self.ran.lock().unwrap().push(name.to_owned());
        let asks = self.asks.lock().unwrap().clone();
        for (_, line) in asks.iter().filter(|(when, _)| *when == name) {
            let said = ask(self.snaps.get().unwrap(), HELLO, line);
            self.said.lock().unwrap().push(said);
        }
    }
}

impl Runtime for Hooks {
    fn start(&self, snap: &Installed) -> Result<(), RuntimeError> {
        self.run(snap, "start");
        Ok(())
    }

    fn stop(&self, _: &Installed) -> Result<(), RuntimeError> {
        Ok(())
    }

    fn hook(&self, snap: &Installed, hook: Hook) -> Result<(), RuntimeError> {
        self.run(snap, hook.as_str());
        match *self.fails.lock().unwrap() == Some(hook) {
            true => Err(RuntimeError("no".to_owned())),
            false => Ok(()),
        }
    }
}

const HELLO: Peer = Peer { uid: 20_000 };
const OTHER: Peer = Peer { uid: 20_001 };

/// What `snapctl` prints, and how it ends.
fn ask(api: &Api, peer: Peer, line: &str) -> (String, u8) {
    let answer = answer(api, peer, line).to_json();
    let result = &answer["result"];
    let (said, code) = match result.get("message") {
        None => (result, 0),
        Some(_) => (&result["value"], 1),
    };
    let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
    let code = said["exit-code"].as_u64().unwrap_or(code);
    (
        text("stdout") + &text("stderr"),
        u8::try_from(code).unwrap(),
    )
}

fn answer(api: &Api, peer: Peer, line: &str) -> Answer {
    let args: Vec<_> = line.split(' ').collect();
    let body = json!({ "context-id": "", "args": args });
    api.answer(&request(Method::Post, "v2/snapctl", &body), peer)
}

fn request(method: Method, path: &str, body: &Value) -> Request {
    Request {
        method,
        path: path.split('/').map(str::to_owned).collect(),
        query: Vec::new(),
        body: body.to_string().into(),
        upload: None,
    }
}

impl Bench {
    fn new() -> Self {
        Self::with(&[])
    }

    /// With what programs ask from the first installation on.
    fn with(asks: &[(&'static str, &'static str)]) -> Self {
        let root = tempfile::tempdir().unwrap();
        let services = TestServices::new(root.path());
        let hooks = Arc::new(Hooks::default());
        *hooks.asks.lock().unwrap() = asks.to_vec();
        let parts = SnapParts {
            runtime: Arc::clone(&hooks) as Arc<dyn Runtime>,
            ..parts_with(root.path(), Arc::clone(&services))
        };
        let changes = Arc::new(Changes::open(root.path().join("changes.json")));
        let users = SnapUsers::new(root.path().join("users"));
        for (name, peer) in [("hello", HELLO), ("other", OTHER)] {
            assert_eq!(users.user_of(name).unwrap().get(), peer.uid);
        }
        let desk = SnapDesk::open(parts, Arc::clone(&changes), Arc::new(NoStore));
        let device = TestDevice::new() as Arc<dyn Device>;
        let api = Api::new(device, Arc::clone(&changes), Peer::ROOT).with_snaps(desk.clone());
        let snaps = api.clone().for_snaps(users);
        assert!(hooks.snaps.set(snaps.clone()).is_ok());
        let bench = Self {
            root,
            api,
            snaps,
            desk,
            changes,
            services,
            hooks,
        };
        for name in ["hello", "other"] {
            let change = bench.install(name, "1");
            assert_eq!(change.error(), None);
        }
        bench
    }

    fn install(&self, name: &str, version: &str) -> Change {
        let file = make_snap_of(self.root.path(), name, version, APPS);
        let name = name.parse().unwrap();
        self.act(SnapAct::File(name, file, BTreeSet::new()))
    }

    fn act(&self, act: SnapAct) -> Change {
        let id = self.desk.ask(act).unwrap();
        self.changes.wait_until(id, LONG, Change::is_ready).unwrap()
    }

    /// As a person configures it.
    fn configure(&self, patch: &Value) -> Change {
        let patch = patch.as_object().unwrap().clone();
        self.act(SnapAct::Configure("hello".parse().unwrap(), patch))
    }

    fn as_hello(&self, line: &str) -> (String, u8) {
        ask(&self.snaps, HELLO, line)
    }

    /// What a person reads.
    fn kept(&self, name: &str) -> Value {
        let path = format!("v2/snaps/{name}/conf");
        let answer = self
            .api
            .answer(&request(Method::Get, &path, &Value::Null), Peer::ROOT);
        answer.to_json()["result"].take()
    }

    /// What hooks were told since the last look.
    fn said(&self) -> Vec<(String, u8)> {
        std::mem::take(&mut self.hooks.said.lock().unwrap())
    }

    fn asks(&self, asks: &[(&'static str, &'static str)]) {
        *self.hooks.asks.lock().unwrap() = asks.to_vec();
        self.said();
        self.services.told();
    }
}

fn fine(text: &str) -> (String, u8) {
    (text.to_owned(), 0)
}
