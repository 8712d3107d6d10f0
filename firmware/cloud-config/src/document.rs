//! A `#cloud-config` document: what an owner asks of a device.
//!
//! docs/cloud-config.md has the keys. What is not understood is complained of by line and
//! key, and the rest counts.

mod files;
mod snappy;
mod system;
mod users;

pub(crate) use files::decode_base64;
pub use files::{FileToWrite, Placing};
pub(crate) use system::is_host_name;
pub use users::{Login, LoginName, Password, User};

use crate::complaint::{Complaint, Complaints, Reason};
use crate::place::Place;
use accounts::AuthorizedKey;
use serde_json::{Map, Value};
use snap_format::SnapName;
use std::collections::BTreeMap;
use store_format::PublisherName;

/// What an owner asks for. Empty is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CloudConfig {
    /// People, in the document's order.
    pub users: Vec<User>,
    /// Keys of the image's own user.
    pub authorized_keys: Vec<AuthorizedKey>,
    /// The device's name.
    pub host_name: Option<String>,
    /// Files in areas that can be written.
    pub files: Vec<FileToWrite>,
    /// In place of the network's.
    pub time_servers: Vec<String>,
    /// As the time zone database names it.
    pub time_zone: Option<String>,
    /// Whom TLS believes besides the image's authorities: PEM.
    pub authorities: Vec<String>,
    /// Whether people log in over the network.
    pub ssh: Option<Login>,
    /// Whether a password opens SSH, too.
    pub ssh_password: Option<Login>,
    /// Snaps to install.
    pub packages: Vec<Package>,
    /// What is set of snaps once they are installed.
    pub configurations: BTreeMap<SnapName, Map<String, Value>>,
    /// Settings of the daemon, as `snappy config` has them.
    pub settings: BTreeMap<String, Value>,
    /// Run once, at the end, where the image allows it.
    pub commands: Vec<Command>,
}

/// A snap of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: SnapName,
    /// Whose, where more than one has it.
    pub publisher: Option<PublisherName>,
}

/// A command of `runcmd`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// For a shell.
    Shell(String),
    /// A program and its arguments.
    Words(Vec<String>),
}

/// The most of anything that a document lists.
pub(crate) const MOST: usize = 256;

impl CloudConfig {
    /// Parses the text of a document, its first line included.
    #[must_use]
    pub fn parse(text: &[u8]) -> (Self, Vec<Complaint>) {
        let mut config = Self::default();
        let mut complaints = Complaints::default();
        // A document of comments alone asks for nothing.
        if text.split(|byte| *byte == b'\n').all(is_blank) {
            return (config, Vec::new());
        }
        if let Some(tree) = complaints.take(yaml_tree::parse(text).map_err(Complaint::from)) {
            config.read(&Place::document(&tree), &mut complaints);
        }
        (config, complaints.into_vec())
    }

    /// This one, but for what a later document says: where it has a key, that counts.
    #[must_use]
    pub fn then(self, later: Self) -> Self {
        fn list<T>(earlier: Vec<T>, later: Vec<T>) -> Vec<T> {
            if later.is_empty() { earlier } else { later }
        }
        let mut settings = self.settings;
        settings.extend(later.settings);
        let mut configurations = self.configurations;
        configurations.extend(later.configurations);
        Self {
            users: list(self.users, later.users),
            authorized_keys: list(self.authorized_keys, later.authorized_keys),
            host_name: later.host_name.or(self.host_name),
            files: list(self.files, later.files),
            time_servers: list(self.time_servers, later.time_servers),
            time_zone: later.time_zone.or(self.time_zone),
            authorities: list(self.authorities, later.authorities),
            ssh: later.ssh.or(self.ssh),
            ssh_password: later.ssh_password.or(self.ssh_password),
            packages: list(self.packages, later.packages),
            configurations,
            settings,
            commands: list(self.commands, later.commands),
        }
    }

    fn read(&mut self, document: &Place<'_>, complaints: &mut Complaints) {
        let entries = complaints.take(document.entries()).unwrap_or_default();
        for (key, place) in &entries {
            match *key {
                "users" => self.users = users::list(place, complaints),
                "ssh_authorized_keys" => {
                    self.authorized_keys = users::authorized_keys(place, complaints);
                }
                "ssh_pwauth" => self.ssh_password = users::password_login(place, complaints),
                "hostname" | "fqdn" => self.host_name(key, place, &entries, complaints),
                "write_files" => self.files = files::list(place, complaints),
                "ntp" => self.time_servers = system::time_servers(place, complaints),
                "timezone" => self.time_zone = complaints.take(system::time_zone(place)),
                "ca_certs" | "ca-certs" => {
                    self.authorities = system::authorities(place, complaints);
                }
                "snappy" => self.snappy(place, complaints),
                "runcmd" => self.commands = system::commands(place, complaints),
                other => complaints.add(place.complain(not_honoured(other))),
            }
        }
    }

    /// A host name counts before a full one, as in cloud-init.
    fn host_name(
        &mut self,
        key: &str,
        place: &Place<'_>,
        entries: &[(&str, Place<'_>)],
        complaints: &mut Complaints,
    ) {
        let name = complaints.take(system::host_name(place));
        if key == "hostname" || !entries.iter().any(|(other, _)| *other == "hostname") {
            self.host_name = name;
        }
    }
}

fn is_blank(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.is_empty() || line.starts_with(b"#")
}

/// Keys that cloud-init has and a device of this kind does without.
fn not_honoured(key: &str) -> Reason {
    Reason::NotHonoured(match key {
        "package_update"
        | "package_upgrade"
        | "packages"
        | "apt"
        | "package_reboot_if_required" => {
            "the system is an image and has no packages; name snaps in snappy.packages"
        }
        "bootcmd" => "nothing runs before the system is up; use runcmd",
        "snap" => "write snappy.packages and snappy.config",
        "preserve_hostname" | "manage_etc_hosts" | "prefer_fqdn_over_hostname" | "locale" => {
            "it changes nothing here; remove it"
        }
        "disk_setup" | "fs_setup" | "mounts" | "growpart" | "resize_rootfs" | "swap" => {
            "the disk is laid out by the image, and grows by itself"
        }
        "chpasswd" | "password" => "give a user a hashed_passwd and lock_passwd: false",
        "disable_root" => "root never logs in over the network",
        "ssh_deletekeys" | "ssh_genkeytypes" | "ssh_keys" | "ssh_import_id" | "ssh" => {
            "host keys are the device's own; name a user's keys in ssh_authorized_keys"
        }
        "network" => "it belongs into network-config, beside the user-data",
        "power_state" => "the device stays on; reboot it with runcmd",
        "groups" => "there are no groups but users' own",
        "final_message"
        | "phone_home"
        | "output"
        | "cloud_config_modules"
        | "cloud_init_modules"
        | "cloud_final_modules"
        | "datasource"
        | "datasource_list"
        | "merge_how"
        | "merge_type" => "there is no cloud-init here",
        _ => return Reason::Unknown,
    })
}

#[cfg(test)]
mod tests;
