//! Revisions whose files are damaged: found, remembered, and made whole again.

use crate::BLOCK_BYTES;
use crate::change::{Change, ChangeKind, TaskKind};
use crate::error::StoreError;
use crate::files::Files;
use crate::mounts::Mounts;
use crate::places::Places;
use crate::run::{Outcome, Watch};
use crate::seal::{SealFailure, seal};
use crate::start::Snaps;
use crate::state::{Damage, RevisionState, SnapState};
use crate::state_file;
use image_trust::Block;
use snap_format::{Revision, SnapName};
use std::os::unix::fs::FileExt;

/// Whether something about a revision is not as it should be: that is asked often, and reads
/// next to nothing.
#[must_use]
pub fn is_suspect(
    files: &dyn Files,
    mounts: &dyn Mounts,
    places: &Places,
    name: &SnapName,
    revision: &RevisionState,
) -> bool {
    let mount = places.mount(name, revision.revision);
    revision.damage.is_some()
        || mounts.met_damage(&mapped_name(name, revision.revision))
        || files.read(&mount.join("meta/snap.yaml")).is_err()
}

impl Snaps<'_> {
    /// The same, of one that is here.
    #[must_use]
    pub fn is_suspect(&self, name: &SnapName, revision: &RevisionState) -> bool {
        is_suspect(self.files, self.mounts, &self.places, name, revision)
    }

    /// Reads all of a revision, and remembers what is wrong with it.
    ///
    /// # Errors
    /// There is no such revision, or the state cannot be written.
    pub fn examine(
        &mut self,
        name: &SnapName,
        revision: Revision,
    ) -> Result<Option<Damage>, StoreError> {
        let found = self.revision(name, revision)?;
        let damage = self.damage_of(name, found);
        if found.damage == damage {
            return Ok(damage);
        }
        let mut next = self.state.clone();
        for one in &mut next.snap_mut(name).revisions {
            if one.revision == revision {
                one.damage = damage;
            }
        }
        state_file::write(self.files, &self.places, &next)?;
        self.state = next;
        Ok(damage)
    }

    /// Makes a revision whole: its file comes from `address`, or its tree from the file. What
    /// runs of it is stopped, and started again. Its data is not touched.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn repair(
        &mut self,
        name: &SnapName,
        revision: Revision,
        address: Option<&str>,
        watch: &mut dyn Watch,
    ) -> Result<Outcome, StoreError> {
        self.require_idle(watch)?;
        let found = self.revision(name, revision)?.clone();
        let is_current = self.state.snap(name).and_then(|snap| snap.current) == Some(revision);
        // Of others that are damaged, too, nobody knows what they need.
        let dependants = match is_current {
            true => self.dependants(name).unwrap_or_default(),
            false => Vec::new(),
        };
        let mut kinds = Vec::new();
        kinds.extend(address.map(|_| TaskKind::Fetch));
        kinds.extend(TaskKind::StopDependants.if_any(&dependants));
        kinds.extend(is_current.then_some(TaskKind::Stop));
        kinds.push(TaskKind::Replace);
        kinds.extend(is_current.then_some(TaskKind::Start));
        kinds.extend(TaskKind::StartDependants.if_any(&dependants));
        // A release that knows no repair reads a refresh, and passes over what replaces.
        let mut change = self.change(ChangeKind::Refresh, name, Some(found), &kinds);
        change.address = address.map(str::to_owned);
        change.dependants = dependants;
        self.begin(change, watch)
    }

    fn revision(&self, name: &SnapName, revision: Revision) -> Result<&RevisionState, StoreError> {
        let snap = self.state.snap(name);
        let found = snap.and_then(|snap: &SnapState| snap.revision(revision));
        found.ok_or_else(|| StoreError::NotInstalled(name.clone()))
    }

    fn damage_of(&self, name: &SnapName, revision: &RevisionState) -> Option<Damage> {
        let path = self.places.file(name, revision.revision);
        let Ok(file) = self.files.open(&path) else {
            return Some(Damage::File);
        };
        let tree = self.files.open(&self.places.tree(name, revision.revision));
        let mut is_tree_whole = tree.is_ok();
        let compare = |number: u64, block: &Block| {
            let mut found: Block = [0; BLOCK_BYTES as usize];
            let read = tree
                .as_ref()
                .map(|tree| tree.read_exact_at(&mut found, number * BLOCK_BYTES));
            is_tree_whole &= matches!(read, Ok(Ok(()))) && found == *block;
            Ok(())
        };
        let sealed: Result<_, SealFailure> = seal(&file, compare);
        match sealed {
            Ok(sealed)
                if sealed.root_hash == revision.root_hash
                    && sealed.length_bytes == revision.length_bytes =>
            {
                (!is_tree_whole).then_some(Damage::Tree)
            }
            _ => Some(Damage::File),
        }
    }
}

impl Change {
    /// Whether it makes a revision whole that is here.
    pub(crate) fn repairs(&self) -> bool {
        let mut tasks = self.tasks.iter();
        tasks.any(|task| task.kind == TaskKind::Replace)
    }
}

/// Of the mapped device of a revision.
pub(crate) fn mapped_name(name: &SnapName, revision: Revision) -> String {
    format!("snap-{name}-{revision}")
}
