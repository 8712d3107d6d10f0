//! Layouts that lead, or would lead, where none may.

use crate::device::{Device, write};
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::PathBuf;

#[test]
fn a_place_of_the_systems_is_refused_whatever_leads_there() {
    for (layout, link, place) in [
        ("  /snap: {type: tmpfs}\n", None, "/snap"),
        ("  /snap/probe: {type: tmpfs}\n", None, "/snap/probe"),
        ("  $SNAP: {type: tmpfs}\n", None, "/snap/probe/x1"),
        (
            "  /snap/probe/current: {type: tmpfs}\n",
            None,
            "/snap/probe/current",
        ),
        ("  /var: {type: tmpfs}\n", None, "/var"),
        ("  /var/run/app: {type: tmpfs}\n", None, "/run/app"),
        (
            "  /etc/out/self: {type: tmpfs}\n",
            Some(("/proc", "base/etc/out")),
            "/proc/self",
        ),
        (
            "  /etc/out/sys/x: {type: tmpfs}\n",
            Some(("/proc", "base/etc/out")),
            "/proc/sys/x",
        ),
        (
            "  /etc/out/null: {bind-file: $SNAP/app.conf}\n",
            Some(("../dev", "base/etc/out")),
            "/dev/null",
        ),
        (
            "  $SNAP/out/x: {type: tmpfs}\n",
            Some(("/tmp", "snap/out")),
            "/tmp/x",
        ),
        (
            "  $SNAP/out/common: {bind: $SNAP/share}\n",
            Some(("../../../var/snap/probe", "snap/out")),
            "/var/snap/probe/common",
        ),
        (
            "  $SNAP/out/snapctl: {bind-file: $SNAP/app.conf}\n",
            Some(("/snap/bin", "snap/out")),
            "/snap/bin/snapctl",
        ),
    ] {
        let Some(device) = Device::new(layout) else {
            return;
        };
        if let Some((target, link)) = link {
            let link = link.strip_prefix("base/").map_or_else(
                || device.snap().join(link.trim_start_matches("snap/")),
                |below| device.base().join(below),
            );
            symlink(target, link).unwrap();
        }
        let said = device.refuses();
        assert!(
            said.contains("cannot confine it, so it was not started: files: cannot fill ")
                && said.contains(&format!(" says: {place} is not for layouts")),
            "{layout}{said}"
        );
    }
}

#[test]
fn a_place_in_what_another_layout_shows_is_refused() {
    let table = [
        (
            "/etc/alias/b/c: {type: tmpfs}",
            "/etc/other/b: {bind: $SNAP_COMMON/x}",
        ),
        (
            "/etc/alias/b: {type: tmpfs}",
            "/etc/other/b/c: {bind: $SNAP_COMMON/x}",
        ),
    ];
    for (one, other) in table {
        let Some(device) = Device::new(&format!("  {one}\n  {other}\n")) else {
            return;
        };
        symlink("other", device.base().join("etc/alias")).unwrap();
        fs::create_dir(device.base().join("etc/other")).unwrap();
        let said = device.refuses();
        assert!(
            said.contains("/etc/other/b") && said.contains("not for layouts"),
            "{said}"
        );
        assert_eq!(fs::read_dir(device.common().join("x")).unwrap().count(), 0);
    }
}

#[test]
fn what_is_in_the_way_is_not_replaced() {
    for (layout, reason) in [
        (
            "  /etc/hosts: {bind: $SNAP/share}\n",
            "what is there is no directory",
        ),
        (
            "  /etc/hosts: {type: tmpfs}\n",
            "what is there is no directory",
        ),
        ("  /etc/hosts/x: {type: tmpfs}\n", "Not a directory"),
        (
            "  /etc/ssl: {bind-file: $SNAP/app.conf}\n",
            "what is there is no file",
        ),
        (
            "  /etc/names: {bind-file: $SNAP/app.conf}\n",
            "what is there is no file",
        ),
        (
            "  /etc/hosts: {symlink: $SNAP/app.conf}\n",
            "in the way of a link",
        ),
        (
            "  /etc/names: {symlink: $SNAP/app.conf}\n",
            "in the way of a link",
        ),
        ("  /etc/dangling/x: {type: tmpfs}\n", "File exists"),
    ] {
        let Some(device) = Device::new(layout) else {
            return;
        };
        symlink("/nowhere", device.base().join("etc/dangling")).unwrap();
        let said = device.refuses();
        assert!(said.contains(reason), "{layout}{said}");
    }
}

/// A file of the device that no layout may show, or write beside.
fn secret(device: &Device) -> PathBuf {
    let secret = device.path("outside/secret");
    write(&secret, "a secret of the device\n");
    secret
}

#[test]
fn a_source_is_found_without_links() {
    for (layout, link, target) in [
        ("bind-file: $SNAP/link", "snap/link", "/etc/shadow"),
        ("bind-file: $SNAP/link", "snap/link", "SECRET/secret"),
        ("bind-file: $SNAP/link/secret", "snap/link", "SECRET"),
        ("bind: $SNAP/link", "snap/link", "../../../outside"),
        (
            "bind-file: $SNAP_COMMON/link",
            "common/link",
            "SECRET/secret",
        ),
        (
            "bind-file: $SNAP_COMMON/link/secret",
            "common/link",
            "SECRET",
        ),
        ("bind: $SNAP_COMMON/link", "common/link", "SECRET"),
        ("bind: $SNAP_COMMON/link/new", "common/link", "SECRET"),
        (
            "bind-file: $SNAP_COMMON/link/new",
            "common/link",
            "../../../../outside",
        ),
        // What the view has is not the snap's to show either.
        ("bind: $SNAP/link", "snap/link", "/proc"),
        ("bind: $SNAP_COMMON/link", "common/link", "/proc"),
        ("bind: $SNAP_COMMON/link/doc", "common/link", "/usr/share"),
        ("bind-file: $SNAP_COMMON/link", "common/link", "/etc/hosts"),
    ] {
        let Some(device) = Device::new(&format!("  /etc/app: {{{layout}}}\n")) else {
            return;
        };
        let outside = secret(&device).parent().unwrap().to_owned();
        // The snap made it.
        let link = match link.strip_prefix("common/") {
            Some(name) => device.common().join(name),
            None => device.snap().join("link"),
        };
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(target.replace("SECRET", outside.to_str().unwrap()), link).unwrap();
        let said = device.refuses();
        assert!(
            said.contains("cannot find what the layout shows at /etc/app"),
            "{said}"
        );
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 1, "{layout}");
        let metadata = fs::metadata(outside).unwrap();
        assert_eq!(
            (metadata.uid(), metadata.mode() & 0o777),
            (0, 0o755),
            "{layout}"
        );
    }
}

#[test]
fn a_source_is_what_the_layout_calls_it() {
    for (layout, reason) in [
        ("bind: $SNAP/absent", "/snap/probe/x1/absent: No such file"),
        (
            "bind-file: $SNAP/absent",
            "/snap/probe/x1/absent: No such file",
        ),
        ("bind: $SNAP/app.conf", "Not a directory"),
        ("bind-file: $SNAP/share", "not a file of that kind"),
        ("bind-file: $SNAP_COMMON", "not a file of that kind"),
        ("bind-file: $SNAP_COMMON/pipe", "not a file of that kind"),
    ] {
        let Some(device) = Device::new(&format!("  /etc/app: {{{layout}}}\n")) else {
            return;
        };
        fs::create_dir_all(device.common()).unwrap();
        let pipe = device.common().join("pipe");
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, pipe, kind, 0o666.into(), 0).unwrap();
        let said = device.refuses();
        assert!(said.contains(reason), "{layout}: {said}");
    }
}
