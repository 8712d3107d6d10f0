//! Layouts: a snap's files at other places of its view. Over the kernel of this machine, which
//! takes root; as anybody else these tests say so.

mod device;
mod refusals;

use device::{Device, USER, text, write};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Command;

#[test]
fn a_directory_a_file_a_link_and_memory_are_where_the_layout_says() {
    let Some(device) = Device::new(
        "  /usr/share/app: {bind: $SNAP/share}\n  \
         /etc/app.conf: {bind-file: $SNAP/app.conf}\n  \
         /opt/app: {symlink: $SNAP/share}\n  \
         /var/lib/app: {bind: $SNAP_DATA/state}\n  \
         /srv/scratch: {type: tmpfs, mode: 0700}\n",
    ) else {
        return;
    };
    let said = device.says(
        "ls /usr/share/app; cat /usr/share/app/words /etc/app.conf /opt/app/words; \
         echo kept > /var/lib/app/file; cat $SNAP_DATA/state/file; \
         echo brief > /srv/scratch/file; cat /srv/scratch/file",
    );
    assert_eq!(
        said,
        "words\nof the snap\nconf of the snap\nof the snap\nkept\nbrief\n"
    );
    let said = device.says("cat /var/lib/app/file; ls -A /srv/scratch; ls -nd /srv/scratch");
    assert!(said.starts_with("kept\ndrwx------ "), "{said}");
    assert!(said.contains(&format!(" {USER} {USER} ")), "{said}");
}

#[test]
fn what_was_beside_a_place_stays_as_it_was() {
    let Some(device) = Device::new(
        "  /etc/deep/er/app.conf: {bind-file: $SNAP/app.conf}\n  \
         /etc/ssl/certs/two: {bind-file: $SNAP/app.conf}\n  \
         /usr/bin/words: {symlink: $SNAP/share/words}\n  \
         /usr/new: {type: tmpfs}\n  \
         /usr/share/doc/app: {bind: $SNAP/share}\n  \
         $SNAP/bin/words: {symlink: $SNAP/share/words}\n",
    ) else {
        return;
    };
    let etc = device.base().join("etc");
    fs::set_permissions(&etc, fs::Permissions::from_mode(0o775)).unwrap();
    let said = device.says(
        "ls -d /etc/*; ls -d /usr/share/doc/*; ls $SNAP/bin; cat /usr/bin/words /etc/names \
         /etc/ssl/certs/* \
         /usr/share/doc/readme /usr/share/doc/app/words $SNAP/bin/words",
    );
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        [
            "/etc/deep",
            "/etc/hosts",
            "/etc/names",
            "/etc/ssl",
            "/usr/share/doc/app",
            "/usr/share/doc/readme",
            "run",
            "words",
            "of the snap",
            "hosts of the base",
            "certificate of the base",
            "conf of the snap",
            "readme of the base",
            "of the snap",
            "of the snap",
        ]
    );
    let said = device.says("ls -nd /etc /etc/names");
    assert!(said.starts_with("drwxrwxr-x "), "{said}");
    assert!(said.contains("/etc/names -> hosts"), "{said}");
    // Outside there is nothing of it.
    assert!(!etc.join("deep").exists() && !device.base().join("usr/new").exists());
    assert!(!device.snap().join("bin/words").exists());
}

#[test]
fn a_mimic_cannot_be_changed() {
    let Some(device) = Device::new("  /etc/app/conf: {bind-file: $SNAP/app.conf}\n") else {
        return;
    };
    let said = device.says(
        "for file in /etc/new /etc/hosts /etc/app/new /etc/app/conf; do echo x 2>&1 >> $file && \
         echo wrote; done; cat /proc/self/mountinfo",
    );
    assert!(!said.contains("wrote"), "{said}");
    let memory = said.lines().find(|line| line.contains(" / /etc "));
    let memory = memory.unwrap_or_default();
    assert!(memory.contains(" ro,nosuid,nodev"), "{memory}\n{said}");
}

#[test]
fn data_is_made_for_a_layout_belongs_to_the_snap_and_stays() {
    let Some(device) = Device::new(
        "  /etc/app.conf: {bind-file: $SNAP_COMMON/etc/app.conf, mode: 0640}\n  \
         /var/lib/app: {bind: $SNAP_COMMON/lib, mode: 0750}\n",
    ) else {
        return;
    };
    device.says(
        "mkdir /var/lib/app/a; echo one > /var/lib/app/a/file; mkdir /var/lib/app/b; \
         mv /var/lib/app/a/file /var/lib/app/b/file; echo set > /etc/app.conf",
    );
    assert_eq!(
        device.says("cat /var/lib/app/b/file /etc/app.conf"),
        "one\nset\n"
    );
    for (path, mode, text) in [
        ("etc", 0o755, None),
        ("etc/app.conf", 0o640, Some("set\n")),
        ("lib", 0o750, None),
        ("lib/b/file", 0o644, Some("one\n")),
    ] {
        let path = device.common().join(path);
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!((metadata.uid(), metadata.gid()), (USER, USER), "{path:?}");
        assert_eq!(metadata.mode() & 0o7777, mode, "{path:?}");
        if let Some(text) = text {
            assert_eq!(fs::read_to_string(&path).unwrap(), text, "{path:?}");
        }
    }
}

#[test]
fn a_link_of_the_base_leads_within_the_view() {
    let Some(device) = Device::new("  /etc/moved/app: {bind: $SNAP/share}\n") else {
        return;
    };
    symlink("/usr/share", device.base().join("etc/moved")).unwrap();
    assert_eq!(
        device.says("cat /usr/share/app/words /usr/share/doc/readme"),
        "of the snap\nreadme of the base\n"
    );
}

#[test]
fn mounts_of_a_layout_give_no_right_and_are_bounded() {
    let Some(device) = Device::new(
        "  /etc/app: {bind: $SNAP/share}\n  \
         /etc/conf: {bind-file: $SNAP_COMMON/conf}\n  \
         /usr/bin/id: {bind-file: $SNAP/id}\n  \
         /var/lib/app: {bind: $SNAP_COMMON/lib}\n  \
         /var/lib/memory: {type: tmpfs}\n",
    ) else {
        return;
    };
    let id = device.snap().join("id");
    fs::copy("/usr/bin/id", &id).unwrap();
    fs::set_permissions(&id, fs::Permissions::from_mode(0o4755)).unwrap();
    let said = device.says("/usr/bin/id -u; $SNAP/id -u; cat /proc/self/mountinfo");
    assert!(said.starts_with(&format!("{USER}\n{USER}\n")), "{said}");
    for (place, flags) in [
        ("/", "ro,nosuid,nodev"),
        ("/etc", "ro,nosuid,nodev"),
        ("/etc/hosts", "ro,nosuid,nodev"),
        ("/etc/app", "ro,nosuid,nodev"),
        ("/etc/conf", "rw,nosuid,nodev"),
        ("/usr/bin/id", "ro,nosuid,nodev"),
        ("/var/lib/app", "rw,nosuid,nodev"),
        ("/var/lib/memory", "rw,nosuid,nodev"),
    ] {
        let mount = said.lines().find_map(|line| {
            let fields: Vec<_> = line.split(' ').collect();
            (fields.get(4) == Some(&place)).then(|| fields[5].to_owned())
        });
        let mount = mount.unwrap_or_else(|| panic!("{place}: {said}"));
        assert!(mount.starts_with(flags), "{place}: {mount}");
    }
    let size = |place: &str| {
        let found = said
            .lines()
            .find(|line| line.contains(&format!(" / {place} ")));
        let found = found.and_then(|line| line.split(',').find(|word| word.starts_with("size=")));
        found.map(str::to_owned)
    };
    assert!(size("/tmp").is_some());
    assert_eq!(size("/var/lib/memory"), size("/tmp"), "{said}");
}

#[test]
fn a_hook_has_the_layout_too() {
    let Some(device) = Device::new("  /etc/app.conf: {bind-file: $SNAP/app.conf}\n") else {
        return;
    };
    write(
        &device.snap().join("meta/hooks/configure"),
        "#!/bin/sh\ncat /etc/app.conf\n",
    );
    let output = Command::new(env!("CARGO_BIN_EXE_snap-run"))
        .arg("--device")
        .arg(device.directory.path())
        .args(["--without-groups", "--hook", "configure", "probe"])
        .output()
        .unwrap();
    assert_eq!(text(&output), "conf of the snap\n");
}
