//! NoCloud: `user-data` and `meta-data` in a directory, on a disk, or on a web server.

use super::disk::Disks;
use super::web::Service;
use super::{Found, Unreadable};
use crate::beneath;
use crate::container::MAX_USER_DATA_BYTES;
use crate::meta_data::{MetaData, is_instance_id};
use crate::words::Words;
use anyhow::Context;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Instant;

/// Where the flasher puts it: cloud-init's place, as it lies on `writable`.
pub(super) const SEED: &str = "writable/system/var/lib/cloud/seed/nocloud";
const LABEL: &str = "cidata";

/// Of the device's own disk.
pub(super) fn of_directory(directory: &Path) -> Option<Result<Found, Unreadable>> {
    let opened = File::open(directory).ok()?;
    let read = |name: &str| -> anyhow::Result<Option<Vec<u8>>> {
        let cannot = || format!("cannot read {}", directory.join(name).display());
        let Some(file) = beneath::open(&opened, name).with_context(cannot)? else {
            return Ok(None);
        };
        let mut content = Vec::new();
        let most = MAX_USER_DATA_BYTES as u64 + 1;
        file.take(most)
            .read_to_end(&mut content)
            .with_context(cannot)?;
        Ok(Some(content))
    };
    of_files(read)
}

/// Of a disk with the label.
pub(super) fn of_disk(disks: &Disks) -> Option<Result<Found, Unreadable>> {
    let (node, file_system) = disks.labelled(LABEL)?;
    match disks.mount(&node, file_system) {
        Ok(mounted) => of_files(|name| mounted.read(name)).or_else(|| {
            let missing =
                anyhow::anyhow!("{} has the label cidata and no user-data", node.display());
            Some(Err(missing))
        }),
        Err(error) => Some(Err(error)),
    }
}

/// Of words; a web server may have the rest. What the words say themselves counts.
pub(super) fn of_words(words: &Words, deadline: Instant) -> Option<Result<Found, Unreadable>> {
    let found = match &words.seed_from {
        Some(base) => {
            let service = Service::at(base, deadline);
            of_files(|name| service.get(name, &[]))
                .unwrap_or_else(|| Err(anyhow::anyhow!("{base} has no user-data")))
        }
        None => Ok(Found::default()),
    };
    let with_words = found.map(|mut found| {
        let meta_data = &mut found.meta_data;
        if let Some(id) = words.instance_id.as_deref().filter(|id| is_instance_id(id)) {
            meta_data.instance_id = Some(id.to_owned());
        }
        if let Some(name) = &words.host_name {
            meta_data.host_name = Some(name.clone());
        }
        found
    });
    // Words alone, without anybody's name, mean one of the other places.
    let says_nothing =
        words.seed_from.is_none() && words.instance_id.is_none() && words.host_name.is_none();
    (!says_nothing).then_some(with_words)
}

/// None where neither of the two files is there.
fn of_files(
    read: impl Fn(&str) -> anyhow::Result<Option<Vec<u8>>>,
) -> Option<Result<Found, Unreadable>> {
    let all = || -> anyhow::Result<Option<Found>> {
        let user_data = read("user-data")?;
        let meta_data = read("meta-data")?;
        if user_data.is_none() && meta_data.is_none() {
            return Ok(None);
        }
        let (meta_data, complaints) = MetaData::parse(&meta_data.unwrap_or_default());
        Ok(Some(Found {
            meta_data,
            complaints,
            user_data: user_data.unwrap_or_default(),
            network_config: read("network-config")?,
        }))
    };
    all().transpose()
}
