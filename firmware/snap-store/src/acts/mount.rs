//! A revision is mounted, and says what it is.

use crate::change::{Change, ChangeKind};
use crate::error::StoreError;
use crate::mounts::VerifiedImage;
use crate::repair::mapped_name;
use crate::runtime::Installed;
use crate::seal::salt;
use crate::start::Snaps;
use crate::state::RevisionState;
use snap_format::{Revision, SnapName, SnapType, SnapYaml};

pub(super) fn mount(snaps: &Snaps<'_>, change: &Change) -> Result<(), StoreError> {
    let Some(new) = &change.new else {
        return Ok(());
    };
    let name = &change.snap;
    // With the hashes that the seal gave it.
    let found = snaps
        .state
        .snap(name)
        .and_then(|snap| snap.revision(new.revision));
    let found = found.ok_or_else(|| StoreError::NotInstalled(name.clone()))?;
    snaps.mount(name, found)?;
    // Only now is what the file says of itself what the hash names.
    let new = snaps.installed(name, found.revision)?;
    require_fit(snaps, change, &new.yaml)
}

fn require_fit(snaps: &Snaps<'_>, change: &Change, yaml: &SnapYaml) -> Result<(), StoreError> {
    let name = &change.snap;
    if yaml.name != *name {
        return Err(StoreError::WrongName {
            wanted: name.clone(),
            found: yaml.name.clone(),
        });
    }
    if !yaml
        .architectures
        .iter()
        .any(|one| one.runs_on(&snaps.machine))
    {
        return Err(StoreError::Architecture(name.clone()));
    }
    if !matches!(yaml.snap_type, SnapType::App | SnapType::Base) {
        return Err(StoreError::Type(name.clone()));
    }
    // Who goes back gets the data of that time.
    if let Some(old) = change.old.filter(|_| change.kind != ChangeKind::Revert) {
        let old = snaps.installed(name, old)?;
        if !yaml.epoch.can_read(&old.yaml.epoch) {
            return Err(StoreError::Epoch(name.clone()));
        }
    }
    snaps.require_frameworks(yaml)
}

pub(super) fn unmount(snaps: &Snaps<'_>, change: &Change) -> Result<(), StoreError> {
    match &change.new {
        // One that was here before stays mounted.
        Some(new) if change.brings_file() => remove(snaps, &change.snap, new.revision),
        _ => Ok(()),
    }
}

/// Takes the mount of a revision away, and the directory that it was on.
pub(super) fn remove(
    snaps: &Snaps<'_>,
    name: &SnapName,
    revision: Revision,
) -> Result<(), StoreError> {
    let at = snaps.places.mount(name, revision);
    let io = || StoreError::io(format!("unmount {}", at.display()));
    snaps.mounts.unmount(&at).map_err(io())?;
    snaps.files.remove_if_empty(&at).map_err(io())?;
    let all = snaps.places.mounts_of(name);
    snaps.files.remove_if_empty(&all).map_err(io())
}

impl Snaps<'_> {
    /// Mounts a revision whose blocks have names.
    pub(crate) fn mount(
        &self,
        name: &SnapName,
        revision: &RevisionState,
    ) -> Result<(), StoreError> {
        let at = self.places.mount(name, revision.revision);
        let image = VerifiedImage {
            name: &mapped_name(name, revision.revision),
            file: &self.places.file(name, revision.revision),
            tree: &self.places.tree(name, revision.revision),
            length_bytes: revision.length_bytes,
            root_hash: revision.root_hash,
            salt: salt(),
        };
        let mounted = self.mounts.mount(&image, &at);
        mounted.map_err(StoreError::io(format!("mount {}", at.display())))
    }

    /// A revision that is to be stopped: that takes its name, and one that is damaged may say
    /// no more.
    pub(crate) fn to_stop(
        &self,
        name: &SnapName,
        revision: Revision,
    ) -> Result<Installed, StoreError> {
        self.installed(name, revision).or_else(|_| {
            let bare = format!("name: {name}\nversion: '0'\n");
            let yaml = SnapYaml::parse(bare.as_bytes());
            self.revision_of(
                name,
                revision,
                yaml.map_err(snap_format::SnapFileError::Yaml)?,
            )
        })
    }

    /// A revision that is mounted.
    ///
    /// # Errors
    /// It is not, or it does not say what it is.
    pub fn installed(&self, name: &SnapName, revision: Revision) -> Result<Installed, StoreError> {
        let mount = self.places.mount(name, revision);
        let path = mount.join("meta/snap.yaml");
        let yaml = self.files.read(&path);
        let yaml = yaml.map_err(StoreError::io(format!("read {}", path.display())))?;
        let yaml = SnapYaml::parse(&yaml).map_err(snap_format::SnapFileError::Yaml)?;
        self.revision_of(name, revision, yaml)
    }

    fn revision_of(
        &self,
        name: &SnapName,
        revision: Revision,
        yaml: SnapYaml,
    ) -> Result<Installed, StoreError> {
        let found = self
            .state
            .snap(name)
            .and_then(|snap| snap.revision(revision));
        let found = found.ok_or_else(|| StoreError::NotInstalled(name.clone()))?;
        Ok(Installed {
            name: name.clone(),
            revision,
            yaml,
            mount: self.places.mount(name, revision),
            data: self.places.data(name, revision),
            common: self.places.common_data(name),
            configuration: found.configuration.clone(),
            origin: found.origin.clone(),
        })
    }
}
