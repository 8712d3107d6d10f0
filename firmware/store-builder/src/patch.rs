//! Patches that lead to a new release: made, and tried before anybody gets them.

use crate::StoreError;
use crate::files::read;
use crate::store::Store;
use crate::system_file::verify_system_file;
use image_delta::make::{make_patch, verify_patch};
use image_trust::verify_keyring;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use store_format::{SYSTEM_ROLE, SystemPatch, SystemRelease, system_patch_target, system_target};
use tuf_client::metadata::RoleName;

/// Where a patch begins: an older release of the same board and product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatchBase {
    /// Its update file.
    File(PathBuf),
    /// A version that the store lists.
    Listed(u64),
}

/// A patch that is ready.
pub(crate) struct Draft {
    pub(crate) custom: SystemPatch,
    pub(crate) draft: PathBuf,
}

impl Store<'_> {
    /// Makes the patch from `base` to `release`, whose update file is `new`. What devices
    /// would get from it is compared with that file.
    pub(crate) fn patch(
        &mut self,
        base: &PatchBase,
        release: &SystemRelease,
        new: &Path,
    ) -> Result<Draft, StoreError> {
        let old = self.file_of(base, release)?;
        let custom = self.describe(&old, release)?;
        let failed = |source| StoreError::Patch {
            target: system_patch_target(&custom),
            source,
        };
        let mut bytes = Vec::new();
        make_patch(&old, new, &mut bytes).map_err(failed)?;
        verify_patch(Cursor::new(&bytes), &old, new).map_err(failed)?;
        let draft = self.layout.drafts().join("patch");
        self.files
            .write(&draft, &bytes)
            .map_err(StoreError::io("write", &draft))?;
        Ok(Draft { custom, draft })
    }

    fn file_of(&self, base: &PatchBase, release: &SystemRelease) -> Result<PathBuf, StoreError> {
        let version = match base {
            PatchBase::File(path) => return Ok(path.clone()),
            PatchBase::Listed(version) => *version,
        };
        let role = RoleName(SYSTEM_ROLE.to_owned());
        let name = system_target(&release.board, &release.product, version);
        let targets = self.published()?.targets_of(&role)?;
        let found = targets.targets.get(&name);
        let sha256 = found.and_then(|target| target.hashes.sha256());
        let sha256 = sha256.ok_or_else(|| StoreError::PatchBase {
            from: name.clone(),
            why: "the store does not list it",
        })?;
        Ok(self.layout.target(&name, sha256))
    }

    /// A device that runs the old release verified it, so it is verified here, too.
    fn describe(&self, old: &Path, release: &SystemRelease) -> Result<SystemPatch, StoreError> {
        let signed_keyring = read(&self.layout.keyring())?;
        let keyring = verify_keyring(&signed_keyring).map_err(StoreError::System)?;
        let from = verify_system_file(old, &keyring, None)?;
        let refuse = |why| StoreError::PatchBase {
            from: old.display().to_string(),
            why,
        };
        if (from.board.as_str(), from.product.as_str())
            != (release.board.as_str(), release.product.as_str())
        {
            return Err(refuse("it is of another board or product"));
        }
        if from.version >= release.version {
            return Err(refuse("it is no older"));
        }
        Ok(SystemPatch {
            board: release.board.clone(),
            product: release.product.clone(),
            from_version: from.version,
            from_manifest_sha256: from.manifest_hash.to_string(),
            to_version: release.version,
            to_manifest_sha256: release.manifest_sha256.clone(),
        })
    }
}
