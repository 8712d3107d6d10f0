//! A new release: its file first, then its entry.

use crate::StoreError;
use crate::change::Change;
use crate::files::{move_into_place, place, read};
use crate::keys::StoreKeys;
use crate::patch::PatchBase;
use crate::publication::sha256_only;
use crate::snap_file::{MAGIC, read_snap_file};
use crate::store::{Outcome, Store};
use crate::system_file::verify_system_file;
use image_builder::{chunk_file_of, make_chunk_file};
use image_format::Kind;
use image_trust::{Hasher, verify_keyring};
use release_source::pieces::list::{PieceList, SUFFIX};
use snap_format::Grant;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use store_format::{
    Channel, Custom, PublisherName, Rollout, SYSTEM_ROLE, SnapRelease, SystemRelease, snap_role,
    snap_target, system_patch_target, system_target,
};
use tuf_client::metadata::{Extra, RoleName, Target, Targets};

/// What a publisher says of a new file.
#[derive(Clone, Debug)]
pub struct NewRelease<'a> {
    /// An update file or a snap.
    pub file: &'a Path,
    /// Of a system file: refuse any other board's.
    pub board: Option<&'a str>,
    /// Of a snap: whose it is.
    pub publisher: Option<&'a PublisherName>,
    /// Channels that get it at once.
    pub channels: BTreeMap<Channel, Rollout>,
    /// The version, or a snap's revision, that a device must have.
    pub minimum: Option<u64>,
    /// Of a snap: what the store's owner grants it, with all its revisions; nothing leaves
    /// that as it is.
    pub grants: &'a [Grant],
    /// For people.
    pub notes: String,
    /// Of a system file: the older releases from which patches lead to it.
    pub patches_from: &'a [PatchBase],
}

/// A release's entry: whose role, which name.
struct Entry {
    role: RoleName,
    name: String,
    custom: Custom,
}

/// What is ready to be listed.
struct Listed {
    role: RoleName,
    /// The release's.
    name: String,
    /// Itself, and its patches.
    targets: Vec<(String, Target)>,
    custom: Custom,
}

impl Store<'_> {
    /// Verifies a file, copies it into the store and lists it, with the patches that lead to
    /// it. Returns its name.
    ///
    /// # Errors
    /// Devices would refuse the file; it is no newer than what there is; keys are missing.
    pub fn add(
        &mut self,
        new: &NewRelease<'_>,
        keys: &StoreKeys,
    ) -> Result<(String, Outcome), StoreError> {
        self.require_nothing_pending()?;
        self.published()?;
        // The copy is what is verified, hashed and published: nobody else writes to it.
        let draft = self.layout.drafts().join("target");
        self.files
            .create_directory(&self.layout.drafts())
            .and_then(|()| self.files.copy(new.file, &draft))
            .map_err(StoreError::io("copy", new.file))?;
        let listed = self.list(&draft, new);
        if listed.is_err() {
            // Why it was refused is what counts; the next one takes its place.
            let _ = self.files.remove_directory(&self.layout.drafts());
        }
        let Listed {
            role,
            name,
            targets: listed,
            custom,
        } = listed?;
        let mut targets = self.published()?.targets_of(&role)?.clone();
        targets.targets.extend(listed);
        self.renew_delegated(&mut targets);
        let mut change = Change::default();
        change.put(&role, &targets)?;
        if let Some(granted) = self.granted(new, custom)? {
            change.put(&RoleName::targets(), &granted)?;
        }
        let outcome = self.commit(change, keys)?;
        Ok((name, outcome))
    }

    /// The owner's own role with what it grants the snap, if that is something else than before.
    fn granted(&self, new: &NewRelease<'_>, custom: Custom) -> Result<Option<Targets>, StoreError> {
        match custom {
            Custom::Snap(release) if !new.grants.is_empty() => {
                self.targets_granting(&release.publisher, &release.name, new.grants)
            }
            _ => Ok(None),
        }
    }

    /// Verifies the copy, and puts it where devices will look for it; then its patches.
    fn list(&mut self, draft: &Path, new: &NewRelease<'_>) -> Result<Listed, StoreError> {
        let entry = match (kind(draft, new.file)?, new.publisher) {
            (FileKind::System, None) => self.system_entry(draft, new)?,
            (FileKind::Snap, Some(publisher)) => self.snap_entry(draft, new, publisher)?,
            _ => return Err(StoreError::Publisher(new.file.to_owned())),
        };
        let mut targets = Vec::new();
        match &entry.custom {
            Custom::System(release) => {
                for base in new.patches_from {
                    let patch = self.patch(base, release, draft)?;
                    let name = system_patch_target(&patch.custom);
                    let target =
                        self.place(&name, &Custom::SystemPatch(patch.custom), &patch.draft)?;
                    targets.push((name, target));
                }
            }
            _ if !new.patches_from.is_empty() => {
                return Err(StoreError::PatchOfSnap(new.file.to_owned()));
            }
            _ => {}
        }
        let target = self.place(&entry.name, &entry.custom, draft)?;
        targets.push((entry.name.clone(), target));
        Ok(Listed {
            role: entry.role,
            name: entry.name,
            targets,
            custom: entry.custom,
        })
    }

    /// Moves a draft to where devices will look for it.
    fn place(&mut self, name: &str, custom: &Custom, draft: &Path) -> Result<Target, StoreError> {
        let (length_bytes, sha256) = measure(draft)?;
        let target_path = self.layout.target(name, &sha256);
        move_into_place(self.files, draft, &target_path)?;
        match custom {
            Custom::System(_) => self.add_chunks(&target_path)?,
            Custom::Snap(_) => self.add_pieces(&target_path)?,
            Custom::SystemPatch(_) => {}
        }
        let custom = serde_json::to_value(custom)
            .map_err(|error| StoreError::damaged(Path::new(name), error))?;
        Ok(Target {
            length_bytes,
            hashes: sha256_only(&sha256)?,
            custom: Some(custom),
            extra: Extra::new(),
        })
    }

    /// Puts the chunk file beside an update file. Nobody signs it and nobody trusts it: it
    /// saves devices from fetching what they hold.
    fn add_chunks(&mut self, update: &Path) -> Result<(), StoreError> {
        let failed = |error| StoreError::io("make the chunk file of", update)(error);
        let chunks = make_chunk_file(update)
            .map_err(|error| failed(io::Error::other(format!("{error:#}"))))?;
        place(self.files, &chunk_file_of(update), &chunks)
    }

    /// Puts the list of its pieces beside a snap: the same for devices that have another
    /// revision.
    fn add_pieces(&mut self, snap: &Path) -> Result<(), StoreError> {
        let failed = |error| StoreError::io("list the pieces of", snap)(error);
        let list = File::open(snap).and_then(|file| PieceList::of(&file));
        let mut beside = snap.as_os_str().to_owned();
        beside.push(SUFFIX);
        place(
            self.files,
            Path::new(&beside),
            &list.map_err(failed)?.bytes(),
        )
    }

    /// Lets a delegated role's new list be signed.
    pub(crate) fn commit_delegated(
        &mut self,
        role: &RoleName,
        mut targets: Targets,
        keys: &StoreKeys,
    ) -> Result<Outcome, StoreError> {
        self.renew_delegated(&mut targets);
        let mut change = Change::default();
        change.put(role, &targets)?;
        self.commit(change, keys)
    }

    fn system_entry(&self, draft: &Path, new: &NewRelease<'_>) -> Result<Entry, StoreError> {
        let signed_keyring = read(&self.layout.keyring())?;
        let keyring = verify_keyring(&signed_keyring).map_err(StoreError::System)?;
        let system = verify_system_file(draft, &keyring, new.board)?;
        let release = SystemRelease {
            board: system.board.try_into()?,
            product: system.product.try_into()?,
            version: system.version,
            epoch: system.epoch,
            manifest_sha256: system.manifest_hash.to_string(),
            issued_secs: self.now_secs(),
            channels: new.channels.clone(),
            hold: None,
            minimum_version: new.minimum,
            notes: new.notes.clone(),
        };
        let role = RoleName(SYSTEM_ROLE.to_owned());
        let name = system_target(&release.board, &release.product, release.version);
        let present = self.published()?.targets_of(&role)?;
        let newest = releases(present)
            .filter_map(|custom| match custom {
                Custom::System(other) if other.board == release.board => {
                    (other.product == release.product).then_some(other.version)
                }
                _ => None,
            })
            .max();
        if let Some(present) = newest.filter(|newest| *newest >= release.version) {
            return Err(StoreError::NotHigher {
                target: name,
                present,
            });
        }
        Ok(Entry {
            role,
            name,
            custom: Custom::System(release),
        })
    }

    fn snap_entry(
        &self,
        draft: &Path,
        new: &NewRelease<'_>,
        publisher: &PublisherName,
    ) -> Result<Entry, StoreError> {
        let role = RoleName(snap_role(publisher));
        let unknown = |_| StoreError::UnknownPublisher(publisher.to_string());
        let present = self.published()?.targets_of(&role).map_err(unknown)?;
        let snap = read_snap_file(draft)?;
        let name = snap.name.as_str().parse()?;
        let newest = releases(present)
            .filter_map(|custom| match custom {
                Custom::Snap(other) if other.name == name => Some(other.revision),
                _ => None,
            })
            .max();
        let revision = newest.unwrap_or(0) + 1;
        let target = snap_target(publisher, &name, revision);
        let release = SnapRelease {
            name,
            publisher: publisher.clone(),
            version: snap.version.to_string(),
            revision,
            architectures: snap.architectures.iter().map(ToString::to_string).collect(),
            issued_secs: self.now_secs(),
            channels: new.channels.clone(),
            hold: None,
            minimum_revision: new.minimum,
            // Devices show it to who searches.
            notes: match new.notes.is_empty() {
                true => snap.summary,
                false => new.notes.clone(),
            },
            root_hash: Some(root_hash(draft, new.file)?),
            frameworks: snap.frameworks.iter().map(ToString::to_string).collect(),
        };
        Ok(Entry {
            role,
            name: target,
            custom: Custom::Snap(release),
        })
    }

    pub(crate) fn now_secs(&self) -> u64 {
        u64::try_from(self.now.0).unwrap_or_default()
    }
}

/// What a role lists, as far as it is ours.
pub(crate) fn releases(targets: &Targets) -> impl Iterator<Item = Custom> + '_ {
    targets.targets.values().filter_map(custom_of)
}

pub(crate) fn custom_of(target: &Target) -> Option<Custom> {
    serde_json::from_value(target.custom.clone()?).ok()
}

enum FileKind {
    System,
    Snap,
}

fn kind(draft: &Path, original: &Path) -> Result<FileKind, StoreError> {
    let mut file = File::open(draft).map_err(StoreError::io("read", draft))?;
    let mut magic = [0; 4];
    let read = file
        .read(&mut magic)
        .map_err(StoreError::io("read", draft))?;
    let first = magic.get(..read).unwrap_or_default();
    if first == MAGIC {
        Ok(FileKind::Snap)
    } else if first.len() == 4 && Kind::Delegation.magic().starts_with(first) {
        Ok(FileKind::System)
    } else {
        Err(StoreError::UnknownFile(original.to_owned()))
    }
}

/// Devices mount nothing that cannot be verified block by block.
fn root_hash(draft: &Path, original: &Path) -> Result<String, StoreError> {
    let file = File::open(draft).map_err(StoreError::io("read", draft))?;
    let hash = snap_store::root_hash_of(&file).map_err(StoreError::io("read", draft))?;
    let hash = hash.ok_or_else(|| StoreError::RaggedSnap(original.to_owned()))?;
    Ok(hash.root_hash.to_string())
}

fn measure(path: &Path) -> Result<(u64, String), StoreError> {
    let failed = StoreError::io("read", path);
    let mut file = File::open(path).map_err(&failed)?;
    let (mut hasher, mut length_bytes) = (Hasher::new(), 0);
    let mut piece = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut piece).map_err(&failed)?;
        if count == 0 {
            return Ok((length_bytes, hasher.finish().to_string()));
        }
        length_bytes += count as u64;
        hasher.update(piece.get(..count).unwrap_or_default());
    }
}
