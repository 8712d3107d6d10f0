//! A disk labelled cidata configures a device at its first boot, and no later disk does.

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use image_format::Slot;

use super::{Scenario, Tier, confirmed};
use crate::bench::Bench;
use crate::command_line::{Boot, Drive};
use crate::disk::TestDisk;
use crate::evidence::Evidence;
use crate::guest::Guest;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "cloud-nocloud",
    behaviour: "a disk labelled cidata counts at the first boot, and another one only in a copy of the machine",
    tier: Tier::Everyday,
    run,
};

/// A guest's prompt is known by how it ends.
const OWN: &str = "own-twinkeel";
const OTHER: &str = "other-twinkeel";
const MACHINE: &str = "uuid=11111111-2222-4333-8444-555555555555";
const COPY: &str = "uuid=66666666-7777-4888-9999-aaaaaaaaaaaa";
const WRONG: &str = "user-data: line 3, hostnames: there is no such key; correct it or remove it";

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let expected = bench.expected(Slot::A)?;
    let own = config_disk(bench, "own", OWN)?;
    let other = config_disk(bench, "other", OTHER)?;

    let mut guest = start(bench, MACHINE, &disk, &own)?;
    guest.expect_up(Slot::A)?;
    guest.expect(&format!("cloud-config: {WRONG}"))?;
    guest.expect_confirmed(Slot::A)?;
    require(&mut guest, "hostname", OWN)?;
    require(&mut guest, "cat /var/lib/site/place", "own")?;
    require(&mut guest, "stat -c %a /var/lib/site/place", "640")?;
    require(&mut guest, "cat /writable/system/time-servers", "10.0.2.2")?;
    let why = guest.run("snappy why")?;
    ensure!(
        why.contains("The cloud-config of instance own, from a disk labelled cidata"),
        "{why}"
    );
    ensure!(why.contains(&format!("warning: {WRONG}")), "{why}");
    // Nothing of the disk is left in reach, and a second start does nothing.
    require(
        &mut guest,
        "grep -c cloud-config-disk /proc/mounts; true",
        "0",
    )?;
    guest.power_off()?;

    let mut guest = start(bench, MACHINE, &disk, &other)?;
    guest.forbid("cloud-config: ");
    guest.expect_up(Slot::A)?;
    require(&mut guest, "hostname", OWN)?;
    let done = "until snappy service cloud-config | grep -q done; do sleep 1; done";
    guest.run(done)?;
    require(&mut guest, "cat /var/lib/site/place", "own")?;
    guest.power_off()?;

    let mut guest = start(bench, COPY, &disk, &other)?;
    guest.expect_up(Slot::A)?;
    guest.run(done)?;
    require(&mut guest, "hostname", OTHER)?;
    require(&mut guest, "cat /var/lib/site/place", "other")?;
    // A copy becomes somebody else at its next boot.
    require(
        &mut guest,
        "ls /writable/system | grep -c machine-id; true",
        "0",
    )?;
    let proof = guest.prove(expected)?;
    guest.power_off()?;
    Evidence::of_guest(&proof, &disk, &confirmed::as_a(expected.manifest))
}

fn start(bench: &Bench<'_>, machine: &str, disk: &TestDisk, config: &Path) -> Result<Guest> {
    let board = bench.world().board();
    let drives = vec![
        Drive::of_board(board, disk.image(), Boot::First),
        Drive::of_board(board, config, Boot::Unordered),
    ];
    bench.start_in_machine(machine, drives)
}

fn require(guest: &mut Guest, command: &str, answer: &str) -> Result<()> {
    let output = guest.run(command)?;
    ensure!(output.trim() == answer, "{command} says {output:?}");
    Ok(())
}

/// A disk as `mkfs.vfat -n CIDATA` makes it, with the two files.
fn config_disk(bench: &Bench<'_>, instance: &str, host_name: &str) -> Result<PathBuf> {
    let mut disk = Cursor::new(vec![0; 1 << 20]);
    let options = fatfs::FormatVolumeOptions::new().volume_label(*b"CIDATA     ");
    fatfs::format_volume(&mut disk, options)?;
    let user_data = format!(
        "#cloud-config
hostname: {host_name}
hostnames: x
ntp: {{servers: [10.0.2.2]}}
write_files:
  - path: /var/lib/site/place
    content: {instance}
    permissions: '0640'
"
    );
    {
        let file_system = fatfs::FileSystem::new(&mut disk, fatfs::FsOptions::new())?;
        let root = file_system.root_dir();
        for (name, text) in [
            ("user-data", user_data),
            ("meta-data", format!("instance-id: {instance}\n")),
        ] {
            root.create_file(name)?.write_all(text.as_bytes())?;
        }
    }
    let path = bench.directory().join(format!("{instance}.img"));
    fs::write(&path, disk.into_inner())?;
    Ok(path)
}
