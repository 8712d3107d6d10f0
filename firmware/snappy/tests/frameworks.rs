//! Frameworks and grants, by the verbs that ask the daemon over its real socket.
#[path = "../../updater/tests/device/mod.rs"]
mod device;
#[path = "../../updater/tests/snap_parts/mod.rs"]
mod snap_parts;

use device::{TestDevice, me};
use serde_json::{Value, json};
use snap_parts::{NoStore, make_snap_of, parts};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use tempfile::TempDir;
use updater::snaps::SnapDesk;
use updater::socket::Patience;

struct Served {
    socket: PathBuf,
    root: TempDir,
    _device: Arc<TestDevice>,
}

fn served() -> Served {
    let device = TestDevice::new();
    let root = tempfile::tempdir().unwrap();
    let socket = device.serve_as(root.path(), me(), Patience::OF_A_DAEMON, |api, changes| {
        let parts = parts(root.path());
        api.with_snaps(SnapDesk::open(parts, changes, Arc::new(NoStore)))
    });
    Served {
        socket,
        root,
        _device: device,
    }
}

impl Served {
    /// Exit code, output and standard error, one of which is empty.
    fn snappy(&self, line: &str) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_snappy"))
            .args(line.split(' '))
            .env("SNAPPY_SOCKET", &self.socket)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code().unwrap(), said)
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.snappy(line).1).unwrap()
    }

    fn file(&self, name: &str, keys: &str) -> String {
        let file = make_snap_of(self.root.path(), name, "1.0", keys);
        format!("--allow-unauthenticated {}", file.display())
    }

    fn grants_of(&self, name: &str) -> String {
        let path = self.root.path().join("writable/system/snaps/grants");
        std::fs::read_to_string(path.join(name)).unwrap_or_default()
    }
}

const BROKER: &str = "framework: {offers: [bus]}\nslots: {bus: }";
const WEB: &str = "frameworks: [broker]\nplugs: {bus: {framework: broker}}";

#[test]
fn frameworks_are_listed_and_guarded() {
    let served = served();
    let web = served.file("web", WEB);
    assert_eq!(
        served.snappy(&format!("install {web}")),
        (
            1,
            "cannot use snap \"web\": it needs the framework \"broker\", which is not installed; \
             'snappy install broker' installs it\n"
                .to_owned()
        )
    );
    let broker = served.file("broker", BROKER);
    for file in [broker, web] {
        assert_eq!(served.snappy(&format!("install {file}")).0, 0);
    }
    assert_eq!(
        served.snappy("framework"),
        (
            0,
            "Part    Installed  Offers  Needed by\nbroker  1.0        bus     web\n".to_owned()
        )
    );
    assert_eq!(
        served.json("framework --json"),
        json!({ "frameworks": [{
            "part": "broker", "installed": "1.0", "offers": ["bus"], "needed_by": ["web"],
        }] })
    );
    for verb in ["remove", "purge"] {
        assert_eq!(
            served.snappy(&format!("{verb} broker")),
            (
                1,
                "cannot remove \"broker\": needed by web; remove what needs it first\n".to_owned()
            )
        );
    }
    assert_eq!(served.snappy("remove web").0, 0);
    assert_eq!(served.snappy("remove broker").0, 0);
    assert_eq!(served.json("framework --json"), json!({ "frameworks": [] }));
}

#[test]
fn hardware_is_assigned_in_the_words_of_2015() {
    let served = served();
    let file = served.file("web", "plugs: {gpio: }");
    // snap.yaml alone gives nothing.
    assert_eq!(served.snappy(&format!("install {file}")).0, 0);
    assert_eq!(served.grants_of("web"), "");
    let said = |line: &str| served.snappy(line).1;
    assert_eq!(
        said("hw-info web"),
        "'web' is not allowed to access additional hardware\n"
    );
    assert_eq!(
        said("hw-assign web /dev/ttyUSB0"),
        "'web' is now allowed to access '/dev/ttyUSB0'\n"
    );
    assert_eq!(
        said("hw-assign web /dev/ttyUSB0"),
        "'web' previously allowed access to '/dev/ttyUSB0'. Skipping\n"
    );
    assert_eq!(served.json("hw-assign web gpio --json")["changed"], true);
    assert_eq!(
        said("hw-info web"),
        "'web' is allowed to access 'gpio', '/dev/ttyUSB0'\n"
    );
    assert_eq!(served.grants_of("web"), "plug gpio\ndevice /dev/ttyUSB0\n");
    assert_eq!(
        said("hw-unassign web gpio"),
        "'web' is no longer allowed to access 'gpio'\n"
    );
    let (code, told) = served.snappy("hw-unassign web gpio");
    assert!(
        code == 1 && told.contains("nobody on this device granted it"),
        "{told}"
    );
    assert_eq!(
        served.json("hw-info web --json"),
        json!({ "part": "web", "administrator": ["/dev/ttyUSB0"], "store": [] })
    );
    assert_is_granted(&served, "/dev/ttyUSB0");
    let (code, told) = served.snappy("hw-assign web /dev/../etc/shadow");
    assert!(
        code == 2 && told.contains("give a device such as"),
        "{told}"
    );
    assert_eq!(served.snappy("hw-assign none gpio").0, 1);
    served.snappy("purge web");
    assert_eq!(served.grants_of("web"), "");
    let install = format!("install --grant gpio {file}");
    assert_eq!(served.snappy(&install).0, 0);
    assert_eq!(served.grants_of("web"), "plug gpio\n");
}

/// As `list -v` and `info` tell it, for persons and for programs.
fn assert_is_granted(served: &Served, word: &str) {
    let list = served.snappy("list -v").1;
    let [head, web] = ["Part ", "web "].map(|first| {
        let line = list.lines().find(|line| line.starts_with(first));
        line.unwrap().trim_end()
    });
    assert!(head.ends_with("  Grants"), "{list}");
    assert!(web.ends_with(&format!("  {word}")), "{list}");
    let info = served.snappy("info web").1;
    assert!(info.contains(&format!("\ngrants: {word}\n")), "{info}");
    let granted = json!({ "administrator": [word], "store": [] });
    assert_eq!(served.json("info web --json")["grants"], granted);
    let list = served.json("list --json");
    let parts = list["parts"].as_array().unwrap();
    let web = parts.iter().find(|part| part["part"] == "web").unwrap();
    assert_eq!(web["grants"], granted);
}
