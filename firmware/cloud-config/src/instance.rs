//! The first boot of an instance, and only that.
//!
//! A device is bound at its first boot: to the kind of source that it found, or to none.
//! From then on nothing that is put in, plugged in or answers counts. A copy of the disk in
//! another machine is a new instance; that it is another machine, only the firmware can say,
//! so who inserts a disk or answers on the network brings nothing about.

use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::io::{self, ErrorKind};
use std::path::Path;

/// Where a cloud-config comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Files on the device's own disk, which the flasher put there.
    Seed,
    /// Words in the machine's serial number or on the kernel's command line.
    Words,
    /// A disk with the label `cidata`.
    Disk,
    /// A disk with the label `config-2`.
    ConfigDrive,
    /// EC2's service.
    Ec2,
    /// OpenStack's service.
    OpenStack,
}

impl Kind {
    /// For people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Seed => "the device's own disk",
            Self::Words => "the machine's serial number",
            Self::Disk => "a disk labelled cidata",
            Self::ConfigDrive => "a disk labelled config-2",
            Self::Ec2 => "EC2's metadata",
            Self::OpenStack => "OpenStack's metadata",
        }
    }
}

/// What the device was bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// The kind of source; none was there.
    pub kind: Option<Kind>,
    /// The instance; a cloud that has not answered yet has not said.
    pub instance_id: Option<String>,
    /// The machine's UUID, if its firmware has one.
    pub machine: Option<String>,
}

impl Bound {
    /// Reads what was kept; none where the device was not bound yet.
    ///
    /// # Errors
    /// A file that is not understood binds to nothing, and says so.
    pub fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        match std::fs::read_to_string(path) {
            Ok(json) => serde_json::from_str(&json)
                .map(Some)
                .with_context(|| format!("nothing is honoured: cannot use {}", path.display())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Whether the device is a copy, in a machine that is another one by its firmware's word.
    #[must_use]
    pub fn is_copied_to(&self, machine: Option<&str>) -> bool {
        match (&self.machine, machine) {
            (Some(before), Some(now)) => before != now,
            _ => false,
        }
    }

    /// Keeps it.
    ///
    /// # Errors
    /// The file system's.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        accounts::write_whole(path, serde_json::to_string(self)?.as_bytes(), 0o600)
    }
}

/// Where to look in this boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Everywhere, the first source counts.
    Everywhere,
    /// There only.
    At(Kind),
    /// Nowhere.
    Nowhere,
}

/// A device that was not bound in so many boots got this program by an update. PID 1 and the
/// loader give a system no more boots than this to come up.
pub const FIRST_BOOTS: u64 = 5;

/// Where to look, on what the device was bound to, in the machine that it is in now.
#[must_use]
pub fn look(bound: Option<&Bound>, machine: Option<&str>, boot: u64) -> Look {
    let Some(bound) = bound else {
        return match boot {
            0..=FIRST_BOOTS => Look::Everywhere,
            _ => Look::Nowhere,
        };
    };
    let Some(kind) = bound.kind else {
        return Look::Nowhere;
    };
    // The own disk is nobody else's, and a cloud that did not answer is asked again.
    if kind == Kind::Seed || bound.instance_id.is_none() || bound.is_copied_to(machine) {
        Look::At(kind)
    } else {
        Look::Nowhere
    }
}

/// Whether `found` is another instance than the device was bound to.
#[must_use]
pub fn is_new(bound: Option<&Bound>, found: &str) -> bool {
    bound.and_then(|bound| bound.instance_id.as_deref()) != Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(kind: Kind) -> Bound {
        Bound {
            kind: Some(kind),
            instance_id: Some("i-1".to_owned()),
            machine: Some("m-1".to_owned()),
        }
    }

    #[test]
    fn the_first_boot_looks_everywhere_and_later_ones_nowhere() {
        assert_eq!(look(None, Some("m-1"), 1), Look::Everywhere);
        // Power was lost in the first.
        assert_eq!(look(None, None, FIRST_BOOTS), Look::Everywhere);
        assert_eq!(look(None, Some("m-1"), FIRST_BOOTS + 1), Look::Nowhere);
        let none = Bound {
            kind: None,
            instance_id: None,
            machine: Some("m-1".to_owned()),
        };
        for machine in [Some("m-1"), Some("m-2"), None] {
            assert_eq!(look(Some(&none), machine, 2), Look::Nowhere);
        }
    }

    #[test]
    fn a_disk_inserted_later_changes_nothing() {
        for kind in [
            Kind::Disk,
            Kind::ConfigDrive,
            Kind::Words,
            Kind::Ec2,
            Kind::OpenStack,
        ] {
            assert_eq!(look(Some(&bound(kind)), Some("m-1"), 2), Look::Nowhere);
            assert_eq!(look(Some(&bound(kind)), None, 2), Look::Nowhere);
        }
        let mut without = bound(Kind::Disk);
        without.machine = None;
        assert_eq!(look(Some(&without), Some("m-2"), 2), Look::Nowhere);
        assert_eq!(
            look(Some(&bound(Kind::Seed)), Some("m-1"), 2),
            Look::At(Kind::Seed)
        );
    }

    #[test]
    fn a_copy_in_another_machine_asks_the_same_kind_of_source() {
        for kind in [Kind::Seed, Kind::Disk, Kind::Words, Kind::Ec2] {
            assert_eq!(look(Some(&bound(kind)), Some("m-2"), 9), Look::At(kind));
        }
        assert!(is_new(Some(&bound(Kind::Disk)), "i-2"));
        assert!(!is_new(Some(&bound(Kind::Disk)), "i-1"));
        assert!(is_new(None, "i-1"));
    }

    #[test]
    fn what_is_kept_is_read_and_what_is_broken_does_not_count_as_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("cloud/instance.json");
        assert_eq!(Bound::read(&path).unwrap(), None);
        bound(Kind::ConfigDrive).write(&path).unwrap();
        assert_eq!(Bound::read(&path).unwrap(), Some(bound(Kind::ConfigDrive)));
        std::fs::write(&path, "{}x").unwrap();
        assert!(Bound::read(&path).is_err());
    }

    #[test]
    fn a_cloud_that_did_not_answer_is_asked_again() {
        let mut pending = bound(Kind::Ec2);
        pending.instance_id = None;
        assert_eq!(look(Some(&pending), Some("m-1"), 2), Look::At(Kind::Ec2));
        assert!(is_new(Some(&pending), "i-1"));
    }
}
