//! What becomes of a device whose root is a directory.

use super::commands::{Commands, Policy};
use super::{Device, apply, document, forget_original, run_commands};
use crate::report::Report;
use crate::source::Found;
use accounts::{Accounts, Logins, Places, SshSettings, Sudo};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use updater::wishes::{WishFiles, WishStanding};

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGDbqKcpzGgkvGFHXq/g0mGw0A9jHJ3yZtD4cVxJwP4a a@b";

struct Test {
    root: tempfile::TempDir,
    device: Device,
}

impl Test {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for directory in [
            "writable/system",
            "usr/lib/twinkeel/etc",
            "var",
            "root",
            "home",
            "etc",
        ] {
            fs::create_dir_all(root.path().join(directory)).unwrap();
        }
        for table in ["passwd", "group", "shadow"] {
            let path = root.path().join("usr/lib/twinkeel/etc").join(table);
            fs::write(path, "root:x:0:\n").unwrap();
        }
        let device = Device {
            root: root.path().to_owned(),
        };
        Self { root, device }
    }

    fn apply(&self, user_data: &str) -> Report {
        self.apply_all(&Found {
            user_data: format!("#cloud-config\n{user_data}\n").into_bytes(),
            ..Found::default()
        })
    }

    fn apply_all(&self, found: &Found) -> Report {
        let mut report = Report::default();
        let config = document(found, &mut report);
        apply(&self.device, found, &config, &mut report);
        report
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| error.to_string())
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.root.path().join(path)
    }
}

fn said(report: &Report) -> Vec<&str> {
    report
        .problems
        .iter()
        .map(|problem| &*problem.text)
        .collect()
}

/// Files belong to whoever runs the test; on a device that is root.
fn owner() -> String {
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    format!("\"{}:{}\"", user.as_raw(), group.as_raw())
}

#[test]
fn the_systems_own_files_are_written() {
    let test = Test::new();
    let report = test.apply(
        "hostname: gw-1\nntp: {servers: [10.0.0.1, 10.0.0.2]}\ntimezone: UTC\n\
         snappy: {config: {ubuntu-core: {autopilot: off, poll-interval-secs: 60}}}",
    );
    assert_eq!(said(&report), [""; 0]);
    assert_eq!(report.done.len(), 5, "{:?}", report.done);
    assert_eq!(test.read("writable/system/hostname"), "gw-1\n");
    assert_eq!(
        test.read("writable/system/time-servers"),
        "10.0.0.1\n10.0.0.2\n"
    );
    assert_eq!(test.read("writable/system/timezone"), "UTC\n");
    let settings = test.read("writable/system/updates.toml");
    assert!(settings.contains("autopilot = \"off\""), "{settings}");
}

#[test]
fn the_meta_datas_name_is_for_a_device_without_one() {
    let test = Test::new();
    let mut found = Found::default();
    found.meta_data.host_name = Some("of-meta".to_owned());
    test.apply_all(&found);
    assert_eq!(test.read("writable/system/hostname"), "of-meta\n");
    found.meta_data.host_name = Some("other".to_owned());
    test.apply_all(&found);
    assert_eq!(test.read("writable/system/hostname"), "of-meta\n");
}

#[test]
fn a_setting_or_time_zone_that_is_not_there_is_named() {
    let test = Test::new();
    let report = test.apply("timezone: Mars/Base\nsnappy: {config: {ubuntu-core: {colour: red}}}");
    let said = said(&report).join("; ");
    for part in ["no Mars/Base in", "ubuntu-core.colour: cannot change"] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn snaps_are_left_to_the_daemon_with_their_configuration() {
    let test = Test::new();
    let report = test
        .apply("snappy: {packages: [web, docker.acme], config: {web: {port: 80}, other: {a: 1}}}");
    assert_eq!(
        said(&report),
        ["snappy.config.other: nobody installs that snap; name it in snappy.packages, too"]
    );
    assert_eq!(
        report.done,
        [
            "snap web, for snappyd to install",
            "snap docker, for snappyd to install"
        ]
    );
    let wishes = WishFiles::below(&test.path("writable/system")).list();
    let [(docker, of_acme), (web, wish)] = &wishes[..] else {
        panic!("{wishes:?}");
    };
    assert_eq!((docker.as_str(), web.as_str()), ("docker", "web"));
    assert_eq!(of_acme.publisher.as_ref().unwrap().as_str(), "acme");
    assert_eq!(wish.configuration["port"], 80);
    assert_eq!(wish.standing, WishStanding::Waits);
}

#[test]
fn users_get_keys_and_ssh_is_on_where_it_is_asked_for() {
    let test = Test::new();
    let places = Places::below(test.root.path());
    test.apply("users: []");
    assert_eq!(SshSettings::read(&places).unwrap().logins, Logins::Off);
    let text = format!(
        "ssh_authorized_keys: ['{KEY}']\nusers: [default, {{name: ann, sudo: 'ALL=(ALL) \
         NOPASSWD:ALL', plain_text_passwd: x, lock_passwd: false}}]\nsnappy: {{ssh_enabled: true}}"
    );
    for _ in 0..2 {
        test.apply(&text);
    }
    let accounts = Accounts::read(&places);
    let user = accounts.by_name("ubuntu").unwrap();
    assert_eq!((user.sudo, user.authorized_keys.len()), (Sudo::Allowed, 1));
    let ann = accounts.by_name("ann").unwrap();
    assert_eq!((ann.sudo, ann.authorized_keys.len()), (Sudo::Allowed, 0));
    assert!(ann.password_hash.as_ref().unwrap().is_of("x"));
    assert_eq!(SshSettings::read(&places).unwrap().logins, Logins::Keys);
    assert!(test.read("run/twinkeel/accounts/passwd").contains("ann"));
    test.apply("ssh_pwauth: true");
    let logins = SshSettings::read(&places).unwrap().logins;
    assert_eq!(logins, Logins::KeysAndPasswords);
    test.apply("snappy: {ssh_enabled: false}");
    assert_eq!(SshSettings::read(&places).unwrap().logins, Logins::Off);
}

#[test]
fn files_lie_in_areas_and_are_whole() {
    let test = Test::new();
    let owner = owner();
    let report = test.apply(&format!(
        "write_files:\n- {{path: /var/lib/a/b, content: x, permissions: '0640', owner: {owner}}}\n\
         - {{path: /var/lib/a/b, content: y, append: true, owner: {owner}}}\n\
         - {{path: /root/c, owner: {owner}}}"
    ));
    assert_eq!(said(&report), [""; 0]);
    assert_eq!(test.read("var/lib/a/b"), "xy");
    assert_eq!(test.read("root/c"), "");
    let mode = |path: &str| fs::metadata(test.path(path)).unwrap().permissions().mode();
    assert_eq!(mode("root/c") & 0o7777, 0o644);
    let left = fs::read_dir(test.path("var/lib/a")).unwrap().count();
    assert_eq!(left, 1, "no other file is left");
}

#[test]
fn nothing_is_written_elsewhere_and_no_link_is_followed() {
    let test = Test::new();
    fs::write(test.path("etc/target"), "old").unwrap();
    symlink(test.path("etc"), test.path("var/link")).unwrap();
    symlink(test.path("etc/target"), test.path("var/file")).unwrap();
    let owner = owner();
    for path in [
        "/etc/target",
        "/writable/system/hostname",
        "/variable/x",
        "/var/link/target",
        "/usr/lib/x",
    ] {
        let report = test.apply(&format!(
            "write_files: [{{path: {path}, content: new, owner: {owner}}}]"
        ));
        let said = said(&report).join("; ");
        assert!(
            said.contains(&format!("cannot write {path}")),
            "{path}: {said}"
        );
        assert!(said.starts_with("user-data: line 2, write_files"), "{said}");
    }
    // A link in the place of the file gives way to it.
    let report = test.apply(&format!(
        "write_files: [{{path: /var/file, content: new, owner: {owner}}}]"
    ));
    assert_eq!(said(&report), [""; 0]);
    assert_eq!(test.read("var/file"), "new");
    assert_eq!(test.read("etc/target"), "old");
    let report = test.apply(&format!(
        "write_files: [{{path: /var/x, owner: nobody-there}}, {{path: /var/link, content: x, \
         append: true, owner: {owner}}}]"
    ));
    let said = said(&report).join("; ");
    assert!(said.contains("there is no user \"nobody-there\""), "{said}");
    assert!(said.contains("it is a link"), "{said}");
}

#[test]
fn commands_run_where_the_image_allows_it() {
    let test = Test::new();
    let file = test.path("var/ran");
    let text = format!(
        "#cloud-config\nruncmd: ['echo a > {0}', [cat, {0}], 'exit 3']",
        file.display()
    );
    let found = Found {
        user_data: text.into_bytes(),
        ..Found::default()
    };
    let run = |policy| {
        let mut report = Report::default();
        let config = document(&found, &mut report);
        run_commands(&config, policy, &mut report);
        report
    };
    let refused = run(Policy::read(&test.device).unwrap());
    assert!(said(&refused)[0].contains("its maker allows them"));
    assert!(!file.exists());
    let policy = test.path("usr/lib/twinkeel/cloud-config.toml");
    fs::write(&policy, "runcmd = 'allowed'\n").unwrap();
    let policy = Policy::read(&test.device).unwrap();
    assert_eq!(policy.runcmd, Commands::Allowed);
    let report = run(policy);
    assert_eq!(report.done, ["command 1", "command 2"]);
    assert_eq!(said(&report), ["runcmd[2]: it ended with exit status: 3"]);
    assert!(file.exists());
}

#[test]
fn a_copy_does_not_stay_the_original() {
    let test = Test::new();
    fs::write(test.path("writable/system/machine-id"), "1").unwrap();
    fs::write(test.path("writable/system/hostname"), "a").unwrap();
    fs::create_dir(test.path("writable/system/ssh")).unwrap();
    fs::write(test.path("writable/system/ssh/key"), "secret").unwrap();
    for _ in 0..2 {
        let mut report = Report::default();
        forget_original(&test.device, &mut report);
        assert_eq!((said(&report), report.done.len()), (vec![], 2));
        assert!(!test.path("writable/system/machine-id").exists());
        assert!(!test.path("writable/system/ssh").exists());
        assert!(test.path("writable/system/hostname").exists());
    }
}

#[test]
fn user_data_that_nothing_can_be_made_of_is_in_the_report() {
    let test = Test::new();
    let report = |user_data: &[u8]| {
        test.apply_all(&Found {
            user_data: user_data.to_vec(),
            ..Found::default()
        })
    };
    let script = report(b"#!/bin/sh\nreboot\n");
    assert!(said(&script)[0].starts_with("user-data is not honoured: a script"));
    let broken = report(&[0x1f, 0x8b, 9]);
    assert!(said(&broken)[0].starts_with("cannot use the user-data: it begins as a gzip"));
    assert_eq!(report(b""), Report::default());
}

#[test]
fn a_report_is_read_as_it_was_written() {
    let test = Test::new();
    let path = test.path("writable/system/cloud/report.json");
    assert_eq!(Report::read(&path).unwrap(), None);
    let report = test.apply("hostname: a\nhostnames: b");
    report.write(&path).unwrap();
    assert_eq!(Report::read(Path::new(&path)).unwrap(), Some(report));
}
