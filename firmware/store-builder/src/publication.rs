//! From a signed change to public files.
//!
//! New files come first, under names that nobody asks for yet; the timestamp comes last and
//! makes them current. Whoever stops in between leaves the store as it was.
//!
//! A new root is the exception, for devices ask for the next number by themselves. Where it
//! replaces on-line keys, everything that it makes current is signed by old and new keys and
//! is public before it; after it a second timestamp tells devices that there is news:
//!
//! ```text
//! role files, snapshot, timestamp n+1 (old and new keys), root, timestamp n+2
//! ```

use crate::StoreError;
use crate::authority::Authority;
use crate::change::Change;
use crate::files::{Files, place, read, replace};
use crate::keys::StoreKeys;
use crate::layout::{Layout, TIMESTAMP_FILE, metadata_name};
use crate::published::{Directory, Published};
use crate::settings::{Settings, after};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use tuf_client::metadata::{
    Envelope, Extra, Hashes, MetaFile, RoleName, Root, Signed, Snapshot, SnapshotKind, SpecVersion,
    Targets, Timestamp, TimestampKind, TimestampMeta, Version,
};
use tuf_client::{
    Client, DirectoryStore, Error, MetadataStore, Rule, Trusted, UtcTime, initialise,
};

/// What a publication needs to know.
pub(crate) struct Publisher<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) settings: &'a Settings,
    pub(crate) old: Option<&'a Published>,
    pub(crate) keys: &'a StoreKeys,
    pub(crate) now: UtcTime,
}

/// Whether a publication without news makes a new snapshot, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renew {
    Snapshot,
    TimestampOnly,
}

/// Files in the order in which they are written.
type Steps = Vec<(String, Vec<u8>)>;

impl Publisher<'_> {
    /// Makes a change public.
    pub(crate) fn publish(
        &self,
        files: &mut dyn Files,
        change: &Change,
        renew: Renew,
    ) -> Result<(), StoreError> {
        let root = change.root(self.old)?;
        let mut steps = Steps::new();
        let snapshot = match renew {
            Renew::Snapshot => self.stage_snapshot(&root, change, &mut steps)?,
            Renew::TimestampOnly => self.kept_snapshot()?,
        };
        let role = RoleName::root();
        let new_root = match change.0.get(&role) {
            Some(envelope) => Some((
                metadata_name(&role, root.version),
                to_bytes(&role, envelope)?,
            )),
            None => None,
        };
        let version = next(self.old.map(|old| old.timestamp.version));
        match (new_root, self.old) {
            (Some(new_root), Some(old)) => {
                steps.push(self.timestamp(&root, &snapshot, version)?);
                // Devices that do not know the new root yet, unless the old keys are lost or
                // the old root counts no more.
                if old.root.expires > self.now && self.old_keys_sign(old, &steps)? {
                    self.check(&steps)?;
                }
                steps.push(new_root);
                steps.push(self.timestamp(&root, &snapshot, next(Some(version)))?);
            }
            (new_root, _) => {
                steps.extend(new_root);
                steps.push(self.timestamp(&root, &snapshot, version)?);
            }
        }
        self.check(&steps)?;
        for (name, bytes) in &steps {
            let path = self.layout.metadata().join(name);
            match name.as_str() {
                TIMESTAMP_FILE => replace(files, &path, bytes)?,
                _ => place(files, &path, bytes)?,
            }
        }
        self.remember(&steps)
    }

    /// The files of all roles below the root, and the snapshot that lists them.
    fn stage_snapshot(
        &self,
        root: &Root,
        change: &Change,
        steps: &mut Steps,
    ) -> Result<MetaFile, StoreError> {
        let mut meta = self
            .old
            .map_or_else(BTreeMap::new, |old| old.snapshot.meta.clone());
        for (role, envelope) in change
            .0
            .iter()
            .filter(|(role, _)| **role != RoleName::root())
        {
            let Some(targets) = change.typed::<Targets>(role)? else {
                continue;
            };
            let bytes = to_bytes(role, envelope)?;
            meta.insert(role.meta_name(), meta_file(targets.version, &bytes)?);
            steps.push((metadata_name(role, targets.version), bytes));
        }
        let role = RoleName::snapshot();
        let snapshot = Snapshot {
            kind: SnapshotKind::Snapshot,
            spec_version: SpecVersion::current(),
            version: next(self.old.map(|old| old.snapshot.version)),
            expires: after(self.now, self.settings.lifetime_hours.snapshot),
            meta,
            extra: Extra::new(),
        };
        let bytes = self.sign_online(&role, &snapshot, root)?;
        let listed = meta_file(snapshot.version, &bytes)?;
        steps.push((metadata_name(&role, snapshot.version), bytes));
        Ok(listed)
    }

    fn kept_snapshot(&self) -> Result<MetaFile, StoreError> {
        let old = self.old.ok_or(StoreError::NothingPending)?;
        Ok(old.timestamp.meta.snapshot.clone())
    }

    fn timestamp(
        &self,
        root: &Root,
        snapshot: &MetaFile,
        version: Version,
    ) -> Result<(String, Vec<u8>), StoreError> {
        let issued = (store_format::ISSUED.to_owned(), self.now.0.into());
        let timestamp = Timestamp {
            kind: TimestampKind::Timestamp,
            spec_version: SpecVersion::current(),
            version,
            expires: after(self.now, self.settings.lifetime_hours.timestamp),
            meta: TimestampMeta {
                snapshot: snapshot.clone(),
                extra: Extra::new(),
            },
            extra: Extra::from_iter([issued]),
        };
        let bytes = self.sign_online(&RoleName::timestamp(), &timestamp, root)?;
        Ok((TIMESTAMP_FILE.to_owned(), bytes))
    }

    fn sign_online(
        &self,
        role: &RoleName,
        signed: &impl Signed,
        root: &Root,
    ) -> Result<Vec<u8>, StoreError> {
        let mut envelope = Envelope::unsigned(signed)
            .map_err(|error| StoreError::damaged(Path::new(&role.0), error))?;
        let authority = Authority::top(root, role)?;
        if let Some(old) = self.old.filter(|old| old.root.version != root.version) {
            self.keys
                .sign(&mut envelope, &Authority::top(&old.root, role)?)?;
        }
        self.keys.sign(&mut envelope, &authority)?;
        let quorum = authority.quorum(&envelope)?;
        if !quorum.is_complete() {
            return Err(StoreError::OnlineKeys {
                role: role.clone(),
                have: quorum.have,
                need: quorum.need,
            });
        }
        to_bytes(role, &envelope)
    }

    fn old_keys_sign(&self, old: &Published, steps: &Steps) -> Result<bool, StoreError> {
        for (name, bytes) in steps {
            let stem = name.strip_suffix(".json").unwrap_or(name);
            let role = stem.rsplit_once('.').map_or(stem, |(_, role)| role);
            let Ok(authority) = Authority::top(&old.root, &RoleName(role.to_owned())) else {
                continue;
            };
            let envelope = Envelope::parse(bytes)
                .map_err(|error| StoreError::damaged(Path::new(name), error))?;
            if !authority.quorum(&envelope)?.is_complete() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Asks our own client whether a device that knows the store as it is takes the store as
    /// it will be.
    fn check(&self, steps: &Steps) -> Result<(), StoreError> {
        let staged: BTreeMap<String, Vec<u8>> = steps.iter().cloned().collect();
        let device = self.device(&staged)?;
        let directory = Directory {
            metadata: self.layout.metadata(),
            staged: staged.clone(),
        };
        let mut client = Client::new(device, directory, self.now).map_err(StoreError::Refused)?;
        client.refresh().map_err(StoreError::Refused)?;
        self.check_delegated(client.trusted(), &staged)
    }

    /// A role that expired and is not signed anew now is its own signers' affair: a publisher
    /// of snaps who went away holds nobody up.
    fn check_delegated(
        &self,
        trusted: &Trusted,
        staged: &BTreeMap<String, Vec<u8>>,
    ) -> Result<(), StoreError> {
        let Some(targets) = trusted.targets() else {
            return Ok(());
        };
        for role in targets.delegations.iter().flat_map(|all| &all.roles) {
            let listed = trusted.listed(&role.name).map_err(StoreError::Refused)?;
            let name = metadata_name(&role.name, listed.version);
            let public = self.layout.metadata().join(&name);
            let checked = match staged.get(&name) {
                Some(bytes) => trusted.check_delegated(targets, &role.name, bytes),
                None => trusted.check_delegated(targets, &role.name, &read(&public)?),
            };
            match checked {
                Err(Error::Refused {
                    rule: Rule::Expired { .. },
                    ..
                }) if !staged.contains_key(&name) => {}
                checked => drop(checked.map_err(StoreError::Refused)?),
            }
        }
        Ok(())
    }

    fn device(&self, staged: &BTreeMap<String, Vec<u8>>) -> Result<Memory, StoreError> {
        let mut device = Memory::default();
        if self.old.is_none() {
            let first = staged.get("1.root.json").cloned().unwrap_or_default();
            initialise(&mut device, &first).map_err(StoreError::Refused)?;
            return Ok(device);
        }
        for role in RoleName::TOP_LEVEL.map(|role| RoleName(role.to_owned())) {
            let path = self.layout.trusted().join(role.meta_name());
            device.0.insert(role, read(&path)?);
        }
        Ok(device)
    }

    /// The store's first root is what the publisher trusts from now on.
    fn remember(&self, steps: &Steps) -> Result<(), StoreError> {
        let first = steps.iter().find(|(name, _)| name == "1.root.json");
        if let Some((_, root)) = first {
            let mut trusted = DirectoryStore::new(self.layout.trusted());
            initialise(&mut trusted, root).map_err(StoreError::Refused)?;
        }
        Ok(())
    }
}

/// A device's metadata while its answer is asked for.
#[derive(Default)]
struct Memory(BTreeMap<RoleName, Vec<u8>>);

impl MetadataStore for Memory {
    fn load(&self, role: &RoleName, _: u64) -> io::Result<Option<Vec<u8>>> {
        Ok(self.0.get(role).cloned())
    }

    fn save(&mut self, role: &RoleName, bytes: &[u8]) -> io::Result<()> {
        self.0.insert(role.clone(), bytes.to_vec());
        Ok(())
    }

    fn remove(&mut self, role: &RoleName) -> io::Result<()> {
        self.0.remove(role);
        Ok(())
    }
}

/// After the last version that can be written, which only a thief signs, comes the first
/// one: with the thief's key withdrawn, devices forget what it signed.
pub(crate) fn next(version: Option<Version>) -> Version {
    version.and_then(Version::next).unwrap_or(Version::FIRST)
}

fn meta_file(version: Version, bytes: &[u8]) -> Result<MetaFile, StoreError> {
    let sha256 = image_trust::sha256(bytes).to_string();
    Ok(MetaFile {
        length_bytes: Some(bytes.len() as u64),
        hashes: Some(sha256_only(&sha256)?),
        ..MetaFile::of_version(version)
    })
}

/// One hash is enough, and half of what a list of releases would be long.
pub(crate) fn sha256_only(hex: &str) -> Result<Hashes, StoreError> {
    let hashes = BTreeMap::from([("sha256".to_owned(), hex.to_owned())]);
    Hashes::try_from(hashes).map_err(|error| StoreError::damaged(Path::new("a hash"), error))
}

fn to_bytes(role: &RoleName, envelope: &Envelope) -> Result<Vec<u8>, StoreError> {
    envelope
        .to_bytes()
        .map_err(|error| StoreError::damaged(Path::new(&role.meta_name()), error))
}
