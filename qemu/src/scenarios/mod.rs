//! The scenarios: one file per behaviour, named by the behaviour.
//!
//! A scenario prepares a disk, starts machines from it and returns [`Evidence`] that it
//! saw what it is named for. `docs/testing.md` tells how to add one.

mod attempts_run_out;
mod changed_delegation;
mod changed_initrd;
mod changed_kernel;
mod changed_manifest;
mod changed_program;
mod changed_root;
mod changed_signature;
mod cloud_network;
mod cloud_nocloud;
mod confirmed;
mod empty_init;
mod empty_initrd;
mod empty_kernel;
mod every_write_replayed;
mod failed_check;
mod failed_trial;
mod fall_back;
mod first_boot;
mod flashed;
mod floor_epoch;
mod floor_serial;
mod floors_disagree;
mod floors_raised;
mod forged_manifest;
mod hash_instructions;
mod hook_fails;
mod hook_hangs;
mod ignored_bootinfo;
mod ignored_clone;
mod ignored_clone_first;
mod ignored_files;
mod ignored_load_options;
mod init_hangs;
mod initrd_hangs;
mod kernel_gives_up;
mod kernel_hangs;
mod kernel_panics;
mod maker;
mod network_dhcp;
mod network_lost;
mod nothing_boots;
mod other_disks;
mod power_flaps;
mod refused_by_firmware;
mod rescue;
mod rescue_after_crashes;
mod rescue_by_hand;
mod rescue_left;
mod rescue_network;
mod rescue_usb;
mod reset;
mod rollback;
mod secure_boot_changed;
mod secure_boot_enrolled;
mod secure_boot_other_key;
mod secure_boot_signed;
mod secure_boot_unsigned;
mod service_dies;
mod service_hangs;
mod services_run;
mod shutdown;
mod small_machine;
mod snap_escape;
mod snap_install;
mod snap_services;
mod ssh_login;
mod state_copy_lost;
mod state_lost;
mod store_lost;
mod transcript;
mod trial_interrupted;
mod two_disks;
mod update_alone;
mod update_by_hand;
mod update_from_file;
mod update_from_web;
mod update_interrupted;
mod walk;
mod web_server;
mod writable_grown;
mod writable_lost;
mod wrong_board;

use anyhow::Result;

use crate::bench::Bench;
use crate::evidence::Evidence;

/// When a scenario runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// At every run, on every board: tells whether firmware, loader and kernel of the board
    /// do their parts.
    EveryBoard,
    /// At every run, on the board that a run is for.
    Everyday,
    /// With `--all` only.
    Full,
}

/// A behaviour and how to see it.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// Short, unique, with dashes; scenarios that belong together share a prefix.
    pub name: &'static str,
    /// One sentence on what the device does.
    pub behaviour: &'static str,
    /// When it runs.
    pub tier: Tier,
    /// Does it.
    pub run: fn(&Bench<'_>) -> Result<Evidence>,
}

/// All scenarios, in the order of a run.
pub const ALL: &[Scenario] = &[
    first_boot::SCENARIO,
    hash_instructions::BY_PROCESSOR,
    hash_instructions::PORTABLE,
    small_machine::SCENARIO,
    changed_kernel::SCENARIO,
    changed_initrd::SCENARIO,
    changed_manifest::SCENARIO,
    changed_signature::SCENARIO,
    cloud_network::SCENARIO,
    cloud_nocloud::SCENARIO,
    changed_delegation::SCENARIO,
    changed_root::SCENARIO,
    changed_program::SCENARIO,
    forged_manifest::SCENARIO,
    wrong_board::SCENARIO,
    floor_epoch::SCENARIO,
    floor_serial::SCENARIO,
    floors_raised::SCENARIO,
    floors_disagree::SCENARIO,
    attempts_run_out::SCENARIO,
    failed_check::SCENARIO,
    kernel_hangs::SCENARIO,
    initrd_hangs::SCENARIO,
    init_hangs::SCENARIO,
    kernel_panics::SCENARIO,
    empty_kernel::SCENARIO,
    empty_initrd::SCENARIO,
    empty_init::SCENARIO,
    hook_fails::SCENARIO,
    hook_hangs::SCENARIO,
    services_run::SCENARIO,
    service_dies::SCENARIO,
    service_hangs::SCENARIO,
    network_dhcp::SCENARIO,
    network_lost::BY_RELEASE,
    network_lost::BY_CABLE,
    power_flaps::SCENARIO,
    trial_interrupted::SCENARIO,
    kernel_gives_up::EXITS,
    kernel_gives_up::RETURNS,
    rescue::SCENARIO,
    rescue_after_crashes::SCENARIO,
    rescue_left::SCENARIO,
    rescue_usb::SCENARIO,
    rescue_network::SCENARIO,
    rescue_by_hand::SCENARIO,
    nothing_boots::SCENARIO,
    snap_escape::SCENARIO,
    snap_services::SCENARIO,
    state_copy_lost::SCENARIO,
    state_lost::SCENARIO,
    ignored_files::SCENARIO,
    ignored_bootinfo::SCENARIO,
    ignored_load_options::SCENARIO,
    ignored_clone::SCENARIO,
    ignored_clone_first::SCENARIO,
    rollback::SCENARIO,
    reset::SCENARIO,
    update_from_file::SCENARIO,
    update_from_web::SCENARIO,
    update_interrupted::SCENARIO,
    update_alone::SCENARIO,
    store_lost::SCENARIO,
    update_by_hand::SCENARIO,
    every_write_replayed::SCENARIO,
    shutdown::SCENARIO,
    snap_install::SCENARIO,
    transcript::SCENARIO,
    walk::SCENARIO,
    ssh_login::SCENARIO,
    writable_grown::SCENARIO,
    writable_lost::SCENARIO,
    flashed::FLASHED,
    flashed::FLASHED_4096,
    secure_boot_signed::SCENARIO,
    secure_boot_unsigned::SCENARIO,
    secure_boot_enrolled::SCENARIO,
    secure_boot_other_key::SCENARIO,
    secure_boot_changed::SCENARIO,
    other_disks::NVME,
    other_disks::AHCI,
    other_disks::USB,
    other_disks::VIRTIO_SCSI,
    other_disks::VSCSI,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_plain() {
        for (index, scenario) in ALL.iter().enumerate() {
            let plain = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(scenario.name.chars().all(plain), "{}", scenario.name);
            let twin = ALL[..index]
                .iter()
                .find(|other| other.name == scenario.name);
            assert!(twin.is_none(), "{} appears twice", scenario.name);
        }
    }
}
