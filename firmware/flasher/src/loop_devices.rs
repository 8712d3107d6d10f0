//! Tests on real block devices: files that the kernel shows as disks.
//!
//! Only root makes them. Where nobody can, each test says so and has nothing to try; the
//! same code runs over files and over disks in memory everywhere.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use boot_core::read_layout;
use embedded_io_adapters::std::FromStd;
use image_format::disk::Role;
use rustix::fs::OFlags;

use crate::fixtures::{BOARD, Fixture};
use crate::{Agreed, FlashError, Identity, Image, OpenDisk, Silent, Target, flash, new_disk_guid};

const DISK_BYTES: u64 = 64 << 20;

/// Detached when it is dropped.
struct Loop {
    directory: tempfile::TempDir,
    device: PathBuf,
}

impl Loop {
    /// None where this machine lets nobody make one.
    fn attach(options: &[&str]) -> Result<Option<Self>> {
        let directory = tempfile::tempdir()?;
        let file = directory.path().join("disk");
        fs::write(&file, vec![0xa5; DISK_BYTES as usize])?;
        let output = Command::new("losetup")
            .args(["--find", "--show"])
            .args(options)
            .arg(&file)
            .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin")
            .output();
        let Some(output) = output.ok().filter(|output| output.status.success()) else {
            println!("there are no loop devices for us: nothing is tried");
            return Ok(None);
        };
        let device = String::from_utf8(output.stdout)?;
        Ok(Some(Self {
            directory,
            device: device.trim().into(),
        }))
    }

    fn name(&self) -> &str {
        let name = self.device.file_name().and_then(|name| name.to_str());
        name.unwrap_or_default()
    }

    fn agree(&self) -> Result<Agreed> {
        Ok(Target::inspect(&self.device)?.agree(Some(self.name()))?)
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = Command::new("losetup")
            .args([Path::new("--detach"), &self.device])
            .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin")
            .status();
    }
}

#[test]
fn a_disk_is_flashed_whatever_its_sectors() -> Result<()> {
    for (sector, sector_bytes) in [("512", 512), ("4096", 4096)] {
        let Some(disk) = Loop::attach(&["--sector-size", sector])? else {
            return Ok(());
        };
        let image = disk.directory.path().join("image");
        Fixture::default().write(&image)?;
        let image = Image::open(&image, BOARD)?;
        let guid = new_disk_guid()?;
        let identity = Identity::default();
        let report = flash(&disk.agree()?, &image, &identity, guid, &mut Silent)?;
        assert_eq!(report.sector_bytes, sector_bytes);
        assert_eq!(report.disk_bytes, DISK_BYTES);

        let device = File::open(&disk.device)?;
        let layout = read_layout(&mut FromStd::new(device.try_clone()?))?;
        assert_eq!(layout.disk_guid, guid);
        let writable = layout.partition(Role::Writable).context("no writable")?;
        assert_eq!(writable.length_bytes, report.writable_bytes);
        for role in Role::ALL {
            let range = image.used_range(role);
            let length = (range.end - range.start) as usize;
            let (mut there, mut expected) = (vec![0; length], vec![0; length]);
            device.read_exact_at(&mut there, range.start)?;
            image.file.read_exact_at(&mut expected, range.start)?;
            ensure!(there == expected, "{role} differs");
        }
    }
    Ok(())
}

#[test]
fn a_loop_device_is_flashed_by_its_name_only() -> Result<()> {
    let Some(disk) = Loop::attach(&[])? else {
        return Ok(());
    };
    let error = Target::inspect(&disk.device)?
        .agree(None)
        .expect_err("it is not removable");
    assert!(matches!(error, FlashError::NotConfirmed { .. }), "{error}");
    Ok(())
}

#[test]
fn a_disk_that_somebody_holds_is_refused() -> Result<()> {
    let Some(disk) = Loop::attach(&[])? else {
        return Ok(());
    };
    let _holder = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::EXCL.bits().cast_signed())
        .open(&disk.device)?;
    let error = OpenDisk::open(&disk.agree()?).expect_err("it is held");
    assert!(matches!(error, FlashError::InUse { .. }), "{error}");
    Ok(())
}

#[test]
fn the_file_behind_a_disk_is_refused() -> Result<()> {
    let Some(disk) = Loop::attach(&[])? else {
        return Ok(());
    };
    let file = disk.directory.path().join("disk");
    let error = Target::inspect(&file).expect_err("it is a disk already");
    assert!(
        error
            .to_string()
            .contains(&format!("/dev/{} is made of it", disk.name())),
        "{error}"
    );
    Ok(())
}

#[test]
fn a_read_only_disk_is_refused() -> Result<()> {
    let Some(disk) = Loop::attach(&["--read-only"])? else {
        return Ok(());
    };
    let error = Target::inspect(&disk.device).expect_err("it is read-only");
    assert!(matches!(error, FlashError::ReadOnly(_)), "{error}");
    Ok(())
}

#[test]
fn a_mounted_disk_is_refused_with_the_place() -> Result<()> {
    let Some(disk) = Loop::attach(&[])? else {
        return Ok(());
    };
    let place = disk.directory.path().join("place");
    fs::create_dir(&place)?;
    let run = |line: &str| -> Result<bool> {
        let words: Vec<_> = line.split(' ').collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        command.env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin");
        Ok(command.output()?.status.success())
    };
    let device = disk.device.display();
    ensure!(run(&format!("mkfs.ext4 -q -F {device}"))?, "no file system");
    if !run(&format!("mount {device} {}", place.display()))? {
        println!("this machine mounts nothing for us: nothing is tried");
        return Ok(());
    }
    let inspected = Target::inspect(&disk.device);
    let released = run(&format!("umount {}", place.display()))?;
    ensure!(released, "cannot unmount {}", place.display());
    let error = inspected.expect_err("it is mounted");
    assert!(error.to_string().contains("is mounted at"), "{error}");
    Ok(())
}
