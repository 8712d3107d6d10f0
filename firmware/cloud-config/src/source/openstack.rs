//! OpenStack: the same files on a disk with the label `config-2`, or from its service.

use super::disk::Disks;
use super::web::Service;
use super::{Found, Unreadable};
use crate::meta_data::MetaData;
use anyhow::Context;
use std::time::Instant;

const LABEL: &str = "config-2";
const LATEST: &str = "openstack/latest";

/// Of a disk with the label.
pub(super) fn of_disk(disks: &Disks) -> Option<Result<Found, Unreadable>> {
    let (node, file_system) = disks.labelled(LABEL)?;
    let mounted = disks.mount(&node, file_system);
    Some(mounted.and_then(|mounted| of_files(|path| mounted.read(path))))
}

/// Of the service.
pub(super) fn of_service(base: &str, deadline: Instant) -> Result<Found, Unreadable> {
    let service = Service::at(base, deadline);
    of_files(|path| service.get(&format!("/{path}"), &[]))
}

fn of_files(read: impl Fn(&str) -> anyhow::Result<Option<Vec<u8>>>) -> Result<Found, Unreadable> {
    let meta_data = read(&format!("{LATEST}/meta_data.json"))?
        .with_context(|| format!("there is no {LATEST}/meta_data.json"))?;
    let (meta_data, complaints) = MetaData::parse(&meta_data);
    Ok(Found {
        meta_data,
        complaints,
        user_data: read(&format!("{LATEST}/user_data"))?.unwrap_or_default(),
        network_config: None,
    })
}
