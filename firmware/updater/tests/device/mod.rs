//! A device for the tests of the socket and of its clients: version 2 runs, the store has
//! version 3, and an update stops halfway for as long as a test wants to look at it.
#![allow(dead_code, unreachable_pub, reason = "each test has a part of it")]

use image_format::AppData;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use system_update::BootFacts;
use updater::api::{Api, Peer};
use updater::changes::Changes;
use updater::device::{
    Available, Bytes, Device, Failure, FailureKind, RolledBack, SlotInfo, Staged, Step, SystemInfo,
    Unattended, UpdateAsked, Verdict, Wanted,
};
use updater::settings::Settings;
use updater::socket::{Patience, Socket};

pub const BYTES: u64 = 26 << 20;

pub struct TestDevice {
    settings: Mutex<Settings>,
    next_slot: Mutex<Option<&'static str>>,
    /// What the store has, newest first.
    pub store: Mutex<Vec<u64>>,
    /// What the device makes of it.
    pub verdict: Mutex<Verdict>,
    /// Why an update fails behind its first half, if it does.
    pub breaks: Mutex<Option<Failure>>,
    /// What somebody asked for last.
    pub asked: Mutex<Option<UpdateAsked>>,
    pub reboots: Mutex<u32>,
    pub resets: Mutex<Vec<AppData>>,
    /// What its disk says, if it has one.
    pub facts: Mutex<Option<BootFacts>>,
    halfway: Gate,
}

/// Whoever runs the tests.
pub fn me() -> Peer {
    let uid = rustix::process::getuid().as_raw();
    Peer { uid }
}

/// Somebody else.
pub fn not_me() -> Peer {
    Peer { uid: me().uid + 1 }
}

/// Open, unless a test closes it.
#[derive(Default)]
struct Gate {
    closed: Mutex<bool>,
    opened: Condvar,
}

impl TestDevice {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            settings: Mutex::new(Settings::of_channel("stable".parse().unwrap())),
            next_slot: Mutex::new(None),
            store: Mutex::new(vec![3]),
            verdict: Mutex::new(Verdict::Offered),
            breaks: Mutex::new(None),
            asked: Mutex::new(None),
            reboots: Mutex::new(0),
            resets: Mutex::default(),
            facts: Mutex::default(),
            halfway: Gate::default(),
        })
    }

    /// An update waits at its half from now on.
    pub fn hold_halfway(&self) {
        *self.halfway.closed.lock().unwrap() = true;
    }

    pub fn go_on(&self) {
        *self.halfway.closed.lock().unwrap() = false;
        self.halfway.opened.notify_all();
    }

    /// Serves the device at `ROOT/run/snapd.socket`, until the test ends.
    pub fn serve(
        self: &Arc<Self>,
        root: &Path,
        administrator: Peer,
        patience: Patience,
    ) -> PathBuf {
        self.serve_as(root, administrator, patience, |api, _| api)
    }

    /// The same, with what `more` makes of its API.
    pub fn serve_as(
        self: &Arc<Self>,
        root: &Path,
        administrator: Peer,
        patience: Patience,
        more: impl FnOnce(Api, Arc<Changes>) -> Api,
    ) -> PathBuf {
        let run = root.join("run");
        std::fs::create_dir_all(&run).unwrap();
        let changes = Arc::new(Changes::open(run.join("changes.json")));
        let device = Arc::clone(self) as Arc<dyn Device>;
        let api = more(
            Api::new(device, Arc::clone(&changes), administrator),
            changes,
        );
        let socket = Socket::bind(&run.join("snapd.socket")).unwrap();
        let path = socket.path().to_owned();
        thread::spawn(move || socket.serve(&api, patience));
        path
    }
}

fn slot(slot: &'static str, status: &str, version: u64) -> SlotInfo {
    SlotInfo {
        slot,
        status: status.to_owned(),
        version: Some(version),
        fingerprint: Some(format!("{version:014}")),
        problem: None,
    }
}

impl Device for TestDevice {
    fn system(&self) -> Result<SystemInfo, Failure> {
        let next_slot = *self.next_slot.lock().unwrap();
        let staged = next_slot.is_some() && self.asked.lock().unwrap().is_some();
        Ok(SystemInfo {
            board: "x86_64-uefi".to_owned(),
            product: "twinkeel".to_owned(),
            channel: self.settings().channel,
            machine_id: String::new(),
            epoch: 1,
            build_time_secs: 0,
            running: slot("system-a", "confirmed", 2),
            others: vec![match staged {
                true => slot("system-b", "trial", 3),
                false => slot("system-b", "installed", 1),
            }],
            next_slot,
            confinement: "none",
            unattended: Unattended {
                state: "waits for the next poll".to_owned(),
                last_failure: None,
                next_poll_secs: Some(60),
            },
        })
    }

    fn boot_facts(&self) -> Result<BootFacts, Failure> {
        let facts = self.facts.lock().unwrap().clone();
        facts.ok_or_else(|| Failure::new(FailureKind::Disk, "cannot read the disk"))
    }

    fn check(&self) -> Result<Vec<Available>, Failure> {
        let verdict = self.verdict.lock().unwrap();
        let release = |version: &u64| Available {
            name: format!("system/x86_64-uefi/{version}.update"),
            board: "x86_64-uefi".to_owned(),
            version: *version,
            manifest_sha256: "7f068cb4fa876c".to_owned(),
            size_bytes: BYTES,
            notes: "A newer kernel.".to_owned(),
            verdict: verdict.clone(),
        };
        Ok(self.store.lock().unwrap().iter().map(release).collect())
    }

    fn update(
        &self,
        asked: UpdateAsked,
        progress: &mut dyn FnMut(Step),
    ) -> Result<Staged, Failure> {
        progress(Step::Refresh);
        let newest = self.store.lock().unwrap().first().copied();
        let version = match asked.release {
            Wanted::Newest => newest.ok_or_else(|| {
                Failure::new(
                    FailureKind::NoUpdate,
                    "no update: version 2 runs, and the store has nothing newer",
                )
            })?,
            Wanted::Version(version) => version,
        };
        let at = |done| Bytes { done, total: BYTES };
        progress(Step::Write(at(BYTES / 2)));
        let closed = self.halfway.closed.lock().unwrap();
        drop(
            self.halfway
                .opened
                .wait_while(closed, |closed| *closed)
                .unwrap(),
        );
        if let Some(failure) = self.breaks.lock().unwrap().clone() {
            return Err(failure);
        }
        progress(Step::Write(at(BYTES)));
        progress(Step::ReadBack(at(BYTES)));
        *self.asked.lock().unwrap() = Some(asked);
        *self.next_slot.lock().unwrap() = Some("system-b");
        Ok(Staged {
            slot: "system-b",
            version,
            manifest_sha256: "7f068cb4fa876cee".to_owned(),
            running_version: 2,
            running_manifest_sha256: "184ad1e863e947ee".to_owned(),
        })
    }

    fn rollback(&self) -> Result<RolledBack, Failure> {
        let mut next = self.next_slot.lock().unwrap();
        if next.is_some() {
            let message = "cannot roll back: system-b is booted next already; reboot to use it";
            return Err(Failure::new(FailureKind::Refused, message));
        }
        *next = Some("system-b");
        Ok(RolledBack {
            from: slot("system-a", "confirmed", 2),
            to: slot("system-b", "installed", 1),
        })
    }

    fn reset(&self, data: AppData) -> Result<(), Failure> {
        self.resets.lock().unwrap().push(data);
        Ok(())
    }

    fn reboot(&self) -> Result<(), Failure> {
        *self.reboots.lock().unwrap() += 1;
        Ok(())
    }

    fn settings(&self) -> Settings {
        self.settings.lock().unwrap().clone()
    }

    fn set(&self, key: &str, value: serde_json::Value) -> Result<Settings, Failure> {
        let mut settings = self.settings.lock().unwrap();
        let mut file = serde_json::to_value(&*settings).unwrap();
        let Some(found) = file.get_mut(key) else {
            let message = format!("cannot set {key:?}: there is no such setting");
            return Err(Failure::new(FailureKind::NoSuchSetting, message));
        };
        *found = value;
        *settings = serde_json::from_value(file).map_err(|error| {
            Failure::new(
                FailureKind::BadValue,
                format!("cannot set {key:?}: {error}"),
            )
        })?;
        Ok(settings.clone())
    }
}
