//! The verbs that only read, for a user who may not read the disk.

use super::{Served, ended, not_me, served_to};
use image_format::{
    BootNumber, BootState, Digest, Event, FlightEntry, Floors, Slot, SlotRecord, SlotStatus,
};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use system_update::{BootFacts, BootReport, SlotArea};

/// Debian's nobody.
const NOBODY: u32 = 65_534;

fn facts() -> BootFacts {
    let report = format!(
        r#"{{"slot":"system-a","version":2,"manifest":"{}","boot":5,"disk":"/dev/vda",
        "disk_guid":"g","board":"x86_64-uefi","product":"twinkeel","epoch":1,
        "build_time_secs":2,"status":"confirmed"}}"#,
        "a5".repeat(32)
    );
    let record = |status| SlotRecord {
        status,
        manifest_hash: Digest([0xa5; 32]),
    };
    BootFacts {
        report: BootReport::parse(&report).unwrap(),
        state: BootState {
            generation: 9,
            boot_number: BootNumber(5),
            flight_sequence: 1,
            floors: Floors::default(),
            active: Slot::A,
            begun_without_up: 0,
            slots: [record(SlotStatus::Confirmed), record(SlotStatus::Empty)],
        },
        slots: [
            SlotArea::Unreadable,
            SlotArea::Read {
                bytes: vec![0; image_format::ENVELOPE_BYTES],
                slot_length_bytes: 1 << 30,
            },
        ],
        flight: vec![FlightEntry {
            sequence: 0,
            boot_number: BootNumber(4),
            event: Event::NothingBoots,
        }],
    }
}

/// Exit code, output and standard error of a command that is not root's. A test that is not
/// root's stays whose it is.
fn of_nobody(socket: &Path, line: &str) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_snappy"));
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let command = command
        .args(line.split(' '))
        .env("SNAPPY_SOCKET", socket)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    ended(command.spawn().unwrap())
}

fn served() -> Served {
    let served = served_to(not_me());
    for directory in [served.socket.parent().unwrap(), served._root.path()] {
        fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).unwrap();
    }
    served
}

#[test]
fn everybody_is_told_what_runs_and_why() {
    let served = served();
    *served.device.facts.lock().unwrap() = Some(facts());
    let (code, text, errors) = of_nobody(&served.socket, "versions -a");
    assert_eq!((code, &*errors), (0, ""));
    assert!(text.starts_with("Part "), "{text}");
    let rows = super::cells(&text);
    let [part, _, version, _, fingerprint, active] = rows[0][..] else {
        panic!("{text}");
    };
    assert_eq!(
        (part, version, fingerprint, active),
        ("system", "2", "a5a5a5a5a5a5a5", "*")
    );
    assert!(text.contains("system-b cannot be used: "), "{text}");

    let (code, text, errors) = of_nobody(&served.socket, "why");
    assert_eq!((code, &*errors), (0, ""));
    assert!(text.contains("\nboot 4\n"), "{text}");
    for line in ["list", "changes", "update-versions"] {
        let (code, _, errors) = of_nobody(&served.socket, line);
        assert_eq!((code, &*errors), (0, ""), "{line}");
    }
    let (code, _, errors) = of_nobody(&served.socket, "rollback");
    assert_eq!(
        (code, &*errors),
        (1, "This command needs root, please run with sudo\n")
    );
}

#[test]
fn what_keeps_the_daemon_from_telling_is_told() {
    let served = served();
    let (code, _, errors) = of_nobody(&served.socket, "versions");
    assert_eq!((code, &*errors), (1, "cannot read the disk\n"));
    let (code, _, errors) = of_nobody(Path::new("/nothing"), "why");
    assert_eq!(code, 1);
    assert_eq!(
        errors,
        "cannot ask snappyd: nobody listens at /nothing; 'snappy service snappyd' tells how it is, \
         and 'snappy service snappyd logs' why; root is told without it: sudo snappy why\n"
    );
}
