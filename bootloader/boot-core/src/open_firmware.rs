//! What Open Firmware says in properties of its device tree, as far as it has to be
//! understood (IEEE 1275-1994; PAPR).

/// The device path of the whole disk, of what `/chosen` names as `bootpath`: arguments
/// behind a colon choose a partition or a file on it. `None` for anything but a path in
/// printable characters.
#[must_use]
pub fn whole_disk(bootpath: &[u8]) -> Option<&str> {
    let is_end = |byte: &u8| matches!(byte, 0 | b':');
    let path = bootpath.split(is_end).next()?;
    let path = core::str::from_utf8(path).ok()?;
    let is_path = path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic());
    is_path.then_some(path)
}

/// Whether a property that lists names, each ended by a NUL, has `name` among them.
#[must_use]
pub fn lists(property: &[u8], name: &str) -> bool {
    property
        .split(|byte| *byte == 0)
        .any(|each| each == name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bootpath_leads_to_its_whole_disk() {
        for (bootpath, disk) in [
            (
                "/pci@800000020000000/scsi@0\0",
                "/pci@800000020000000/scsi@0",
            ),
            (
                "/vdevice/v-scsi@71000002/disk@8:2",
                "/vdevice/v-scsi@71000002/disk@8",
            ),
            ("/pci@8/scsi@0:1,\\ppc\\bootinfo.txt\0", "/pci@8/scsi@0"),
            ("/a\0/b", "/a"),
        ] {
            assert_eq!(whole_disk(bootpath.as_bytes()), Some(disk), "{bootpath:?}");
        }
    }

    #[test]
    fn what_is_no_path_leads_nowhere() {
        for bootpath in [
            "",
            "\0",
            ":",
            "disk",
            "cdrom:1",
            "/a b",
            "/a\x1b[2J",
            "/\u{e9}",
        ] {
            assert_eq!(whole_disk(bootpath.as_bytes()), None, "{bootpath:?}");
        }
        assert_eq!(whole_disk(b"/\xff"), None);
    }

    #[test]
    fn a_name_counts_as_a_whole() {
        let functions = b"hcall-tce\0hcall-watchdog\0";
        assert!(lists(functions, "hcall-watchdog"));
        for other in ["hcall", "hcall-watch", "tce", "hcall-watchdogs"] {
            assert!(!lists(functions, other), "{other}");
        }
    }
}
