//! What signers exchange who keep their keys elsewhere: a request is exactly the bytes that
//! Ed25519 signs, an answer the 64 bytes of a signature, as for images.

use crate::StoreError;
use crate::authority::{merge, message};
use crate::change::Change;
use crate::keys::StoreKeys;
use crate::pending::{read_pending, remove_pending, write_role};
use crate::store::{Outcome, Store};
use image_format::Signature;
use image_trust::verify_signature;
use tuf_client::metadata::RoleName;

impl Store<'_> {
    /// The bytes to sign for a role of the change that waits.
    ///
    /// # Errors
    /// Nothing waits, or not for this role.
    pub fn request(&self, role: &RoleName) -> Result<Vec<u8>, StoreError> {
        let change = self.pending()?;
        let envelope = change.0.get(role);
        message(envelope.ok_or_else(|| StoreError::NotPending(role.clone()))?)
    }

    /// Adds a signature to the file that it is over. The last one that was missing publishes
    /// the change. Returns whose file it is.
    ///
    /// # Errors
    /// The signature is over nothing that waits, or by a key that may not sign it.
    pub fn import_signature(
        &mut self,
        signature: &Signature,
        keys: &StoreKeys,
    ) -> Result<(RoleName, Outcome), StoreError> {
        let mut change = self.pending()?;
        let mut over = None;
        for (role, envelope) in &change.0 {
            if verify_signature(&message(envelope)?, signature).is_ok() {
                over = Some(role.clone());
            }
        }
        let role = over.ok_or(StoreError::StraySignature(signature.key))?;
        let allowed = change.allowed(&role, self.published.as_ref())?;
        let id = allowed.iter().find_map(|one| one.key_id(&signature.key));
        let id = id.ok_or_else(|| StoreError::Unlisted {
            key: signature.key,
            role: role.clone(),
        })?;
        if let Some(envelope) = change.0.get_mut(&role) {
            merge(envelope, id, signature);
            write_role(&self.layout, self.files, &role, envelope)?;
        }
        let outcome = self.commit(change, keys)?;
        Ok((role, outcome))
    }

    /// Signs the change that waits with the keys at hand, and publishes it if that is enough.
    ///
    /// # Errors
    /// Nothing waits.
    pub fn sign_pending(&mut self, keys: &StoreKeys) -> Result<Outcome, StoreError> {
        let change = self.pending()?;
        self.commit(change, keys)
    }

    /// Drops the change that waits.
    ///
    /// # Errors
    /// Nothing waits.
    pub fn abandon(&mut self) -> Result<(), StoreError> {
        self.pending()?;
        remove_pending(&self.layout, self.files)
    }

    fn pending(&self) -> Result<Change, StoreError> {
        let pending = read_pending(&self.layout, self.published.as_ref())?;
        pending.ok_or(StoreError::NothingPending)
    }
}
