//! What is public now, read as a device reads it.
//!
//! The directory that is served may have been written by others: a web server's host, a
//! mirror that was copied back. So the publisher is a client of its own store, with a state
//! in `trusted/`, and signs nothing again that its keys did not sign before. Expiry does
//! not matter here: a store that was forgotten for years can be brought back.

use crate::StoreError;
use crate::files::read;
use crate::layout::{Layout, metadata_name};
use std::collections::BTreeMap;
use std::path::PathBuf;
use tuf_client::metadata::{RoleName, Root, Snapshot, Targets, Timestamp};
use tuf_client::{
    Client, DirectoryStore, Error, Fetch, FetchError, MetadataStore, Place, Reply, Request, Rule,
    Trusted, UtcTime,
};

/// The metadata that devices are given.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) root: Root,
    pub(crate) timestamp: Timestamp,
    pub(crate) snapshot: Snapshot,
    pub(crate) targets: Targets,
    pub(crate) delegated: BTreeMap<RoleName, Targets>,
}

/// Files of metadata that are about to be written, before those that are public.
pub(crate) struct Directory {
    pub(crate) metadata: PathBuf,
    pub(crate) staged: BTreeMap<String, Vec<u8>>,
}

impl Fetch for Directory {
    fn fetch(&mut self, request: Request<'_>) -> Result<Reply<'_>, FetchError> {
        let Place::Metadata(name) = request.place else {
            return Err(FetchError::NotFound);
        };
        let bytes = match self.staged.get(name) {
            Some(bytes) => bytes.clone(),
            None => std::fs::read(self.metadata.join(name)).map_err(|_| FetchError::NotFound)?,
        };
        Ok(Reply::File {
            body: Box::new(std::io::Cursor::new(bytes)),
            validator: None,
        })
    }
}

const EXPIRY_ASIDE: UtcTime = UtcTime(0);

impl Published {
    /// None while the store waits for the signatures on its first metadata.
    pub(crate) fn read(layout: &Layout) -> Result<Option<Self>, StoreError> {
        if !layout.trusted().join("root.json").exists() {
            return Ok(None);
        }
        let directory = Directory {
            metadata: layout.metadata(),
            staged: BTreeMap::new(),
        };
        let store = DirectoryStore::new(layout.trusted());
        let mut client =
            Client::new(store, directory, EXPIRY_ASIDE).map_err(StoreError::Refused)?;
        match client.refresh() {
            Ok(()) => Self::of(layout, client.trusted()).map(Some),
            // A change of online keys was cut short, whose old keys were lost.
            Err(Error::Refused {
                role,
                rule: Rule::Threshold { .. },
            }) if role == RoleName::timestamp() => Self::of(layout, &recall(layout)?).map(Some),
            Err(error) => Err(StoreError::Refused(error)),
        }
    }

    fn of(layout: &Layout, trusted: &Trusted) -> Result<Self, StoreError> {
        let delegated = read_delegated(layout, trusted)?;
        let (Some(timestamp), Some(snapshot), Some(targets)) =
            (trusted.timestamp(), trusted.snapshot(), trusted.targets())
        else {
            return Err(StoreError::NoStore(layout.directory().to_owned()));
        };
        Ok(Published {
            root: Root::clone(trusted.root()),
            timestamp: Timestamp::clone(timestamp),
            snapshot: Snapshot::clone(snapshot),
            targets: Targets::clone(targets),
            delegated,
        })
    }

    /// When the timestamp was signed.
    pub(crate) fn issued(&self) -> UtcTime {
        let issued = self.timestamp.extra.get(store_format::ISSUED);
        UtcTime(
            issued
                .and_then(serde_json::Value::as_i64)
                .unwrap_or_default(),
        )
    }
}

/// Every role that the top one delegates to, verified.
fn read_delegated(
    layout: &Layout,
    trusted: &Trusted,
) -> Result<BTreeMap<RoleName, Targets>, StoreError> {
    let mut delegated = BTreeMap::new();
    let Some(targets) = trusted.targets() else {
        return Ok(delegated);
    };
    for role in targets.delegations.iter().flat_map(|all| &all.roles) {
        let listed = trusted.listed(&role.name).map_err(StoreError::Refused)?;
        let name = metadata_name(&role.name, listed.version);
        let bytes = read(&layout.metadata().join(name))?;
        let verified = trusted.check_delegated(targets, &role.name, &bytes);
        let verified = verified.map_err(StoreError::Refused)?;
        delegated.insert(role.name.clone(), Targets::clone(&verified));
    }
    Ok(delegated)
}

/// The last state that was good, as `trusted/` has it.
fn recall(layout: &Layout) -> Result<Trusted, StoreError> {
    let store = DirectoryStore::new(layout.trusted());
    let load = |role: RoleName| {
        let path = layout.trusted().join(role.meta_name());
        store
            .load(&role, u64::from(u32::MAX))
            .map_err(StoreError::io("read", &path))?
            .ok_or(StoreError::NoStore(layout.directory().to_owned()))
    };
    let refused = StoreError::Refused;
    let mut trusted = Trusted::new(&load(RoleName::root())?, EXPIRY_ASIDE).map_err(refused)?;
    trusted
        .accept_timestamp(&load(RoleName::timestamp())?)
        .map_err(refused)?;
    trusted
        .accept_snapshot(&load(RoleName::snapshot())?)
        .map_err(refused)?;
    trusted
        .accept_targets(&load(RoleName::targets())?)
        .map_err(refused)?;
    Ok(trusted)
}
