//! Who a device is, and the files on `writable` that say so.
//!
//! | file on `writable` | on the device | who reads it |
//! |---|---|---|
//! | `system/hostname`, `system/machine-id` | | PID 1, at every boot |
//! | `system/serial` | | the maker's own programs |
//! | `system/var/lib/cloud/seed/nocloud/` | `/var/lib/cloud/seed/nocloud/` | the reader of cloud-config |
//!
//! The last is where cloud-init looks for a NoCloud seed on any system.

use std::collections::BTreeMap;

use image_builder::WritableFile;
use image_format::disk::Guid;

use crate::cloud_config::CloudConfig;
use crate::error::IdentityError;

/// POSIX's `HOST_NAME_MAX`, which PID 1 keeps to.
const MAX_HOST_NAME_BYTES: usize = 64;
const MAX_SERIAL_BYTES: usize = 64;
/// Of the NoCloud seed, on `writable`.
const SEED: &str = "system/var/lib/cloud/seed/nocloud";
/// Anybody may read it.
const PUBLIC: u32 = 0o644;
/// It may hold secrets.
const PRIVATE: u32 = 0o600;

/// What one device gets of its own. Without any of it, the device makes its machine id at the
/// first boot and has the image's host name.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// Its host name.
    pub host_name: Option<String>,
    /// Its machine id, as machine-id(5) describes it.
    pub machine_id: Option<String>,
    /// The maker's number for it.
    pub serial: Option<String>,
    /// What configures it at its first boot.
    pub cloud_config: Option<CloudConfig>,
    /// Values for the cloud-config, beside the above.
    pub variables: BTreeMap<String, String>,
}

impl Identity {
    /// From the columns of a row: `hostname`, `machine_id` and `serial` name the device where
    /// they are not empty; all of them are variables.
    #[must_use]
    pub fn of_columns(
        columns: BTreeMap<String, String>,
        cloud_config: Option<CloudConfig>,
    ) -> Self {
        let column = |name| columns.get(name).filter(|value| !value.is_empty()).cloned();
        Self {
            host_name: column("hostname"),
            machine_id: column("machine_id"),
            serial: column("serial"),
            cloud_config,
            variables: columns,
        }
    }

    /// The device's files.
    ///
    /// # Errors
    /// What of it no device can be called, or a cloud-config that cannot be filled in.
    pub(crate) fn files(&self, disk_guid: Guid) -> Result<Vec<WritableFile>, IdentityError> {
        let mut files = Vec::new();
        let mut values = self.variables.clone();
        values.insert("disk_guid".to_owned(), disk_guid.to_string());
        let mut add = |path: String, content: String, mode| {
            files.push(WritableFile {
                path,
                content: content.into_bytes(),
                mode,
            });
        };
        if let Some(name) = &self.host_name {
            check_host_name(name)?;
            values.insert("hostname".to_owned(), name.clone());
            add("system/hostname".to_owned(), format!("{name}\n"), PUBLIC);
        }
        if let Some(id) = &self.machine_id {
            check_machine_id(id)?;
            values.insert("machine_id".to_owned(), id.clone());
            add("system/machine-id".to_owned(), format!("{id}\n"), PUBLIC);
        }
        if let Some(serial) = &self.serial {
            check_serial(serial)?;
            values.insert("serial".to_owned(), serial.clone());
            add("system/serial".to_owned(), format!("{serial}\n"), PUBLIC);
        }
        if let Some(config) = &self.cloud_config {
            let user_data = config.fill_in(&values)?;
            let mut meta_data = format!("instance-id: {disk_guid}\n");
            if let Some(name) = &self.host_name {
                meta_data += &format!("local-hostname: {name}\n");
            }
            add(format!("{SEED}/user-data"), user_data, PRIVATE);
            add(format!("{SEED}/meta-data"), meta_data, PRIVATE);
        }
        Ok(files)
    }
}

/// As PID 1 takes it: RFC 1123, section 2.1.
fn check_host_name(name: &str) -> Result<(), IdentityError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() <= MAX_HOST_NAME_BYTES && name.split('.').all(label) {
        Ok(())
    } else {
        Err(IdentityError::HostName(name.to_owned()))
    }
}

fn check_machine_id(id: &str) -> Result<(), IdentityError> {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if id.len() == 32 && id.bytes().all(digit) && id.bytes().any(|byte| byte != b'0') {
        Ok(())
    } else {
        Err(IdentityError::MachineId(id.to_owned()))
    }
}

fn check_serial(serial: &str) -> Result<(), IdentityError> {
    let printable = serial.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if (1..=MAX_SERIAL_BYTES).contains(&serial.len()) && printable {
        Ok(())
    } else {
        Err(IdentityError::Serial(serial.to_owned()))
    }
}

/// A GUID that no other disk has: version 4 of RFC 9562.
///
/// # Errors
/// The operating system has no random numbers.
pub fn new_disk_guid() -> std::io::Result<Guid> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(Guid::from_random_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guid() -> Guid {
        Guid::from_random_bytes([7; 16])
    }

    fn texts(identity: &Identity) -> Vec<(String, String)> {
        let files = identity.files(guid()).expect("a good identity");
        files
            .into_iter()
            .map(|file| {
                (
                    file.path,
                    String::from_utf8_lossy(&file.content).into_owned(),
                )
            })
            .collect()
    }

    #[test]
    fn a_device_without_an_identity_gets_no_file() {
        assert_eq!(texts(&Identity::default()), []);
    }

    #[test]
    fn columns_become_files_and_fill_the_cloud_config_in() {
        let columns = [("hostname", "gw-7"), ("serial", ""), ("site", "Ulm")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let config = CloudConfig::parse("#cloud-config\nhostname: @{hostname}\nx: @{site}\n");
        let identity = Identity::of_columns(
            columns.into_iter().collect(),
            Some(config.expect("it has its mark")),
        );
        let seed = |name: &str| format!("system/var/lib/cloud/seed/nocloud/{name}");
        assert_eq!(
            texts(&identity),
            [
                ("system/hostname".to_owned(), "gw-7\n".to_owned()),
                (
                    seed("user-data"),
                    "#cloud-config\nhostname: gw-7\nx: Ulm\n".to_owned()
                ),
                (
                    seed("meta-data"),
                    format!("instance-id: {}\nlocal-hostname: gw-7\n", guid())
                ),
            ]
        );
    }

    #[test]
    fn what_may_hold_secrets_is_not_for_everybody() {
        let identity = Identity {
            cloud_config: CloudConfig::parse("#cloud-config\n{}\n").ok(),
            ..Identity::default()
        };
        let files = identity.files(guid()).expect("a good identity");
        assert_eq!(files.len(), 2);
        assert!(files.iter().all(|file| file.mode == 0o600));
    }

    #[test]
    fn what_no_device_can_be_called_is_refused() {
        for (identity, error) in [
            (
                Identity {
                    host_name: Some("a_b".to_owned()),
                    ..Identity::default()
                },
                IdentityError::HostName("a_b".to_owned()),
            ),
            (
                Identity {
                    machine_id: Some("0".repeat(32)),
                    ..Identity::default()
                },
                IdentityError::MachineId("0".repeat(32)),
            ),
            (
                Identity {
                    serial: Some("a\tb".to_owned()),
                    ..Identity::default()
                },
                IdentityError::Serial("a\tb".to_owned()),
            ),
        ] {
            assert_eq!(identity.files(guid()), Err(error));
        }
        for wrong in ["", "-a", "a-", "a..b", "a b", &"a".repeat(65)] {
            assert!(check_host_name(wrong).is_err(), "{wrong}");
        }
        for good in ["gateway-7.site.example", "7"] {
            assert_eq!(check_host_name(good), Ok(()));
        }
    }
}
