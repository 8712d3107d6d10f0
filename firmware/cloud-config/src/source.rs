//! Where a cloud-config comes from, and reading it there.
//!
//! Which sources there may be follows from the device's own disk, from what the firmware and
//! the command line say, and from labels of disks. Nothing is sent to find out; only where
//! the firmware names a cloud, that one is asked.

pub mod disk;
mod ec2;
mod label;
mod nocloud;
mod openstack;
mod web;

use crate::complaint::Complaint;
use crate::instance::Kind;
use crate::machine::{Cloud, Machine};
use crate::meta_data::MetaData;
use crate::words::Words;
use disk::Disks;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What a source gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Who the instance is.
    pub meta_data: MetaData,
    /// What of it cannot be used.
    pub complaints: Vec<Complaint>,
    /// What the owner asks for; blank is nothing.
    pub user_data: Vec<u8>,
    /// The network, in version 2 of its form.
    pub network_config: Option<Vec<u8>>,
}

/// Why a source that is there gave nothing: a sentence that names it.
pub type Unreadable = anyhow::Error;

/// What surrounds the device.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Where `/sys`, `/proc`, `/dev` and `/writable` are.
    pub root: PathBuf,
    /// The disks attached to it.
    pub disks: Disks,
    /// Where a cloud's metadata is.
    pub metadata: String,
    /// How long a cloud is waited for: its network has to come up first.
    pub patience: Duration,
}

/// Where clouds have their metadata.
pub const METADATA: &str = "http://169.254.169.254";

impl Surroundings {
    /// The first source that is there, and what it gave.
    #[must_use]
    pub fn first(&self, machine: &Machine) -> Option<(Kind, Result<Found, Unreadable>)> {
        const ORDER: [Kind; 6] = [
            Kind::Seed,
            Kind::Words,
            Kind::Disk,
            Kind::ConfigDrive,
            Kind::Ec2,
            Kind::OpenStack,
        ];
        disk::load_drives();
        ORDER
            .into_iter()
            .find_map(|kind| Some((kind, self.at(kind, machine)?)))
    }

    /// What a source of that kind gave; none where there is none.
    #[must_use]
    pub fn at(&self, kind: Kind, machine: &Machine) -> Option<Result<Found, Unreadable>> {
        match kind {
            Kind::Seed => nocloud::of_directory(&self.root.join(nocloud::SEED)),
            Kind::Words => {
                let words = self.words(machine)?;
                nocloud::of_words(&words, self.deadline())
            }
            Kind::Disk => nocloud::of_disk(&self.disks),
            Kind::ConfigDrive => openstack::of_disk(&self.disks),
            Kind::Ec2 => (machine.cloud() == Some(Cloud::Ec2))
                .then(|| ec2::read(&self.metadata, self.deadline())),
            Kind::OpenStack => (machine.cloud() == Some(Cloud::OpenStack))
                .then(|| openstack::of_service(&self.metadata, self.deadline())),
        }
    }

    fn words(&self, machine: &Machine) -> Option<Words> {
        let line = fs::read_to_string(self.root.join("proc/cmdline")).unwrap_or_default();
        Words::of_serial(&machine.product_serial).or_else(|| Words::of_command_line(&line))
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.patience
    }
}

#[cfg(test)]
mod tests;
