use super::*;
use crate::machine::Machine;
use anyhow::Result;
use std::os::unix::fs::symlink;

/// A machine with one disk, `sdz`, and a partition on it.
struct Made {
    root: tempfile::TempDir,
}

const DISK: &str = "sys/devices/sdz";

impl Made {
    fn new() -> Result<Self> {
        let made = Self {
            root: tempfile::tempdir()?,
        };
        for (path, content) in [
            ("dev", "8:400\n"),
            ("size", "15633408\n"),
            ("ro", "0\n"),
            ("removable", "1\n"),
            ("queue/logical_block_size", "4096\n"),
            ("device/vendor", "ACME    \n"),
            ("device/model", "Card Reader     \n"),
            ("sdz1/dev", "8:401\n"),
            ("sdz1/partition", "1\n"),
        ] {
            made.write(&format!("{DISK}/{path}"), content)?;
        }
        made.write(
            "proc/self/mountinfo",
            "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n",
        )?;
        made.write("proc/swaps", "Filename Type Size Used Priority\n")?;
        made.number("8:400", DISK)?;
        made.number("8:401", &format!("{DISK}/sdz1"))?;
        Ok(made)
    }

    fn write(&self, path: &str, content: &str) -> Result<()> {
        let path = self.root.path().join(path);
        fs::create_dir_all(path.parent().expect("a file has a directory"))?;
        Ok(fs::write(path, content)?)
    }

    fn number(&self, number: &str, directory: &str) -> Result<()> {
        let links = self.root.path().join("sys/dev/block");
        fs::create_dir_all(&links)?;
        Ok(symlink(
            self.root.path().join(directory),
            links.join(number),
        )?)
    }

    fn inspect(&self, minor: u32) -> Result<Target, FlashError> {
        let number = DeviceNumber::of(rustix::fs::makedev(8, minor));
        let machine = Machine::at(self.root.path());
        inspect_disk(&machine, PathBuf::from("/dev/sdz"), number)
    }
}

#[test]
fn a_removable_disk_that_nothing_uses_is_flashed_as_it_is() -> Result<()> {
    let target = Made::new()?.inspect(400)?;
    assert_eq!(target.to_string(), "/dev/sdz: 8.0 GB, ACME Card Reader");
    assert_eq!(target.size.sector_bytes, 4096);
    assert_eq!(target.agree(None)?.device(), Path::new("/dev/sdz"));
    Ok(())
}

#[test]
fn what_is_in_use_is_refused_with_what_uses_it() -> Result<()> {
    for (file, content, by) in [
        (
            "proc/self/mountinfo",
            "30 1 8:401 / /media/card rw shared:7 - ext4 /dev/sdz1 rw\n",
            "sdz1 is mounted at /media/card",
        ),
        (
            "sys/devices/sdz/sdz1/holders/dm-0/dev",
            "253:0\n",
            "dm-0 is made of sdz1",
        ),
        (
            "sys/devices/sdz/holders/md0/dev",
            "9:0\n",
            "md0 is made of sdz",
        ),
    ] {
        let made = Made::new()?;
        made.write(file, content)?;
        let error = made.inspect(400).expect_err(by);
        assert!(error.to_string().contains(by), "{error}");
    }
    Ok(())
}

#[test]
fn the_disk_that_the_machine_runs_from_is_refused_through_what_is_between() -> Result<()> {
    let made = Made::new()?;
    // An encrypted disk: `/` is on dm-1, which is made of the partition.
    made.write(
        "proc/self/mountinfo",
        "22 1 253:1 / / rw - ext4 /dev/mapper/root rw\n",
    )?;
    made.number("253:1", "sys/devices/dm-1")?;
    made.write("sys/devices/dm-1/slaves/sdz1/dev", "8:401\n")?;
    let error = made.inspect(400).expect_err("the system's own");
    assert!(matches!(error, FlashError::SystemDisk(_)), "{error}");
    Ok(())
}

#[test]
fn a_partition_and_a_locked_card_are_refused() -> Result<()> {
    let made = Made::new()?;
    let error = made.inspect(401).expect_err("a partition");
    assert!(
        error.to_string().ends_with("name its disk, /dev/sdz"),
        "{error}"
    );
    made.write("sys/devices/sdz/ro", "1\n")?;
    let error = made.inspect(400).expect_err("read-only");
    assert!(matches!(error, FlashError::ReadOnly(_)), "{error}");
    Ok(())
}

#[test]
fn a_disk_that_may_be_somebodys_is_flashed_by_its_name_only() -> Result<()> {
    for (file, content, why) in [
        ("removable", "0\n", "it is no removable disk"),
        ("size", "1953525168\n", "it is large, with 1000 GB"),
    ] {
        let made = Made::new()?;
        made.write(&format!("{DISK}/{file}"), content)?;
        let error = made.inspect(400)?.agree(None).expect_err(why);
        let text = error.to_string();
        assert!(
            text.contains(why) && text.contains("ACME Card Reader"),
            "{text}"
        );
        for name in ["ACME Card Reader", "sdz"] {
            made.inspect(400)?.agree(Some(name))?;
        }
        made.inspect(400)?
            .agree(Some("sda"))
            .expect_err("another disk");
    }
    Ok(())
}

#[test]
fn a_wrong_name_is_wrong_for_any_disk() -> Result<()> {
    let target = Made::new()?.inspect(400)?;
    target
        .agree(Some("sda"))
        .expect_err("another disk was meant");
    Ok(())
}

#[test]
fn a_file_with_something_in_it_is_flashed_by_its_name_only() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("disk.img");
    fs::File::create(&path)?.set_len((1 << 30) + 100)?;
    let empty = Target::inspect(&path)?.agree(None)?;
    assert_eq!(empty.size().length_bytes, 1 << 30);
    fs::write(&path, vec![1; 4096])?;
    let error = Target::inspect(&path)?
        .agree(None)
        .expect_err("something is in it");
    assert!(
        error.to_string().contains("--yes-erase \"disk.img\""),
        "{error}"
    );
    Target::inspect(&path)?.agree(Some("disk.img"))?;
    Ok(())
}

#[test]
fn a_directory_and_a_name_of_nothing_are_no_disks() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let error = Target::inspect(directory.path()).expect_err("a directory");
    assert!(matches!(error, FlashError::NotADisk(_)), "{error}");
    let error = Target::inspect(&directory.path().join("nothing")).expect_err("nothing");
    assert!(
        matches!(error, FlashError::Io { doing: "find", .. }),
        "{error}"
    );
    Ok(())
}
