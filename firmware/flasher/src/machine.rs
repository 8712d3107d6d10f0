//! What this machine's kernel says of its disks, in `/sys` and `/proc`.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::table::DiskSize;

/// Of this length are the sectors that the kernel counts in, whatever the disk has.
const KERNEL_SECTOR_BYTES: u64 = 512;

/// Where the kernel speaks; tests have a machine of their own.
#[derive(Debug)]
pub(crate) struct Machine {
    sys: PathBuf,
    proc: PathBuf,
}

/// The kernel's number of a block device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DeviceNumber {
    major: u32,
    minor: u32,
}

impl DeviceNumber {
    pub(crate) fn of(device: u64) -> Self {
        Self {
            major: rustix::fs::major(device),
            minor: rustix::fs::minor(device),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.trim().split_once(':')?;
        Some(Self {
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
        })
    }
}

impl fmt::Display for DeviceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.major, self.minor)
    }
}

/// A block device, as a directory of `/sys`.
#[derive(Debug)]
pub(crate) struct Device {
    directory: PathBuf,
    number: DeviceNumber,
}

impl Machine {
    /// This one.
    pub(crate) fn this() -> Self {
        Self::at(Path::new("/"))
    }

    /// One whose `/sys` and `/proc` lie below `root`.
    pub(crate) fn at(root: &Path) -> Self {
        Self {
            sys: root.join("sys"),
            proc: root.join("proc"),
        }
    }

    /// The device of that number.
    pub(crate) fn disk(&self, number: DeviceNumber) -> io::Result<Device> {
        let link = self.sys.join("dev/block").join(number.to_string());
        Ok(Device {
            directory: fs::canonicalize(link)?,
            number,
        })
    }

    /// What uses the disk or a part of it, for a person.
    pub(crate) fn user_of(&self, disk: &Device) -> Option<String> {
        let parts = disk.parts();
        for part in &parts {
            if let Some(place) = self.mounted_at(part.number) {
                return Some(format!("{} is mounted at {place}", part.name()));
            }
            if self.swaps().contains(&part.number) {
                return Some(format!("{} is swap space", part.name()));
            }
            if let Some(holder) = part.entries("holders").first() {
                return Some(format!("{holder} is made of {}", part.name()));
            }
        }
        None
    }

    /// What uses the file as a disk already.
    pub(crate) fn user_of_file(&self, file: &Path) -> Option<String> {
        let entries = fs::read_dir(self.sys.join("block")).ok()?;
        entries.flatten().find_map(|entry| {
            let backing = fs::read_to_string(entry.path().join("loop/backing_file")).ok()?;
            let name = entry.file_name().to_string_lossy().into_owned();
            (Path::new(backing.trim_end()) == file).then(|| format!("/dev/{name} is made of it"))
        })
    }

    /// Whether `/` or `/boot` of this machine lies on it, through whatever is between.
    pub(crate) fn runs_from(&self, disk: &Device) -> bool {
        let parts: BTreeSet<_> = disk.parts().iter().map(|part| part.number).collect();
        ["/", "/boot", "/boot/efi", "/usr"]
            .into_iter()
            .filter_map(|place| self.device_at(place))
            .any(|number| self.lies_on(number, &parts))
    }

    fn lies_on(&self, number: DeviceNumber, parts: &BTreeSet<DeviceNumber>) -> bool {
        let Ok(device) = self.disk(number) else {
            return false;
        };
        parts.contains(&number)
            || device.entries("slaves").iter().any(|name| {
                let below = device.directory.join("slaves").join(name);
                read_number(&below).is_some_and(|below| self.lies_on(below, parts))
            })
    }

    /// The device that is mounted there.
    fn device_at(&self, place: &str) -> Option<DeviceNumber> {
        let mut mounts = self.mounts();
        mounts.retain(|mount| mount.place == place);
        mounts.pop()?.number
    }

    fn mounted_at(&self, number: DeviceNumber) -> Option<String> {
        let mounts = self.mounts();
        let mount = mounts
            .into_iter()
            .find(|mount| mount.number == Some(number))?;
        Some(mount.place)
    }

    /// `mountinfo` of proc(5): id, parent, device, root, place, ..., `-`, type, source. Some
    /// file systems have numbers of their own: there the source tells.
    fn mounts(&self) -> Vec<Mount> {
        let text = fs::read_to_string(self.proc.join("self/mountinfo")).unwrap_or_default();
        let mount = |line: &str| -> Option<Mount> {
            let mut fields = line.split(' ').skip(2);
            let number = DeviceNumber::parse(fields.next()?)?;
            let place = fields.nth(1)?.to_owned();
            let source = fields.skip_while(|field| *field != "-").nth(2)?;
            let number = if number.major == 0 {
                number_of_node(Path::new(source))
            } else {
                Some(number)
            };
            Some(Mount { number, place })
        };
        text.lines().filter_map(mount).collect()
    }

    fn swaps(&self) -> Vec<DeviceNumber> {
        let text = fs::read_to_string(self.proc.join("swaps")).unwrap_or_default();
        let node = |line: &str| number_of_node(Path::new(line.split_whitespace().next()?));
        text.lines().skip(1).filter_map(node).collect()
    }
}

struct Mount {
    number: Option<DeviceNumber>,
    place: String,
}

impl Device {
    /// Its name among the kernel's.
    pub(crate) fn name(&self) -> String {
        let name = self.directory.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The disk that it is a part of.
    pub(crate) fn partition_of(&self) -> Option<String> {
        self.directory.join("partition").exists().then(|| {
            let disk = self.directory.parent().and_then(Path::file_name);
            format!("/dev/{}", disk.unwrap_or_default().to_string_lossy())
        })
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.number_in("ro") == Some(1)
    }

    pub(crate) fn is_removable(&self) -> bool {
        self.number_in("removable") == Some(1)
    }

    pub(crate) fn size(&self) -> DiskSize {
        let sector_bytes = self
            .number_in("queue/logical_block_size")
            .unwrap_or(KERNEL_SECTOR_BYTES);
        let length_bytes = self.number_in("size").unwrap_or(0) * KERNEL_SECTOR_BYTES;
        DiskSize {
            length_bytes: length_bytes / sector_bytes * sector_bytes,
            sector_bytes,
        }
    }

    /// Vendor, where it has one, and model; a card has a name.
    pub(crate) fn model(&self) -> Option<String> {
        let words: Vec<_> = ["vendor", "model", "name"]
            .into_iter()
            .filter_map(|file| self.read(&format!("device/{file}")))
            .flat_map(|text| {
                text.split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .collect();
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// Itself and its partitions.
    fn parts(&self) -> Vec<Self> {
        let below = fs::read_dir(&self.directory)
            .into_iter()
            .flatten()
            .flatten();
        let partitions = below
            .map(|entry| entry.path())
            .filter(|path| path.join("partition").exists());
        [self.directory.clone()]
            .into_iter()
            .chain(partitions)
            .filter_map(|directory| {
                Some(Self {
                    number: read_number(&directory)?,
                    directory,
                })
            })
            .collect()
    }

    fn entries(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(self.directory.join(directory));
        let entries = entries.into_iter().flatten().flatten();
        entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    }

    fn read(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.directory.join(file)).ok()
    }

    fn number_in(&self, file: &str) -> Option<u64> {
        self.read(file)?.trim().parse().ok()
    }
}

fn read_number(directory: &Path) -> Option<DeviceNumber> {
    DeviceNumber::parse(&fs::read_to_string(directory.join("dev")).ok()?)
}

fn number_of_node(node: &Path) -> Option<DeviceNumber> {
    use std::os::unix::fs::FileTypeExt;
    let metadata = fs::metadata(node).ok()?;
    let is_device = metadata.file_type().is_block_device();
    is_device.then(|| DeviceNumber::of(metadata.rdev()))
}
