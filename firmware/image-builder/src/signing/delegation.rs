//! New delegations: other release keys, and the end of old ones.

use super::files::{DELEGATION_FILE, read_document, write_document};
use super::plan::list_keys;
use super::{Document, KeyDirectory, KeyError, PrivateKey, Record, Role};
use image_format::{Delegation, Kind, PublicKey, Serial};
use image_trust::Quorum;
use std::fs;
use std::path::Path;

/// A delegation with the signatures of the root keys that were at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedDelegation(pub(super) Record);

impl SignedDelegation {
    /// Delegation frame and signatures frame, as they stand in an envelope.
    ///
    /// # Errors
    /// [`KeyError::TooMany`].
    pub fn encode(&self) -> Result<Vec<u8>, KeyError> {
        self.0.encode_signed()
    }

    /// The record, for signers.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.0
    }
}

/// How a new delegation differs from the present one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelegationChange {
    /// Higher than the present one. Devices that confirmed a release under
    /// it refuse all that were signed under a lower one.
    pub serial: Serial,
    /// Keys that may no longer sign.
    pub revoked: Vec<PublicKey>,
    /// Keys that may sign from now on, whose private half is elsewhere.
    pub foreign: Vec<PublicKey>,
    /// How many release keys to make.
    pub new_keys: u8,
    /// How many must sign a manifest; `None`: as before.
    pub threshold: Option<u8>,
}

impl DelegationChange {
    /// The same release keys under another serial.
    #[must_use]
    pub fn to_serial(serial: Serial) -> Self {
        Self {
            serial,
            revoked: Vec::new(),
            foreign: Vec::new(),
            new_keys: 0,
            threshold: None,
        }
    }
}

impl KeyDirectory {
    /// The present release keys under another serial, signed by the root keys at hand.
    /// Nothing is written.
    ///
    /// # Errors
    /// [`KeyError::TooMany`].
    pub fn delegate(&self, serial: Serial) -> Result<SignedDelegation, KeyError> {
        let mut delegation: Delegation = self.delegation().record().decode()?;
        delegation.serial = serial;
        self.sign_delegation(&delegation)
    }

    /// Makes a new delegation and writes it; the former one stays as `delegation-SERIAL`.
    /// It is incomplete while fewer root keys signed than must.
    ///
    /// # Errors
    /// [`KeyError::SerialNotHigher`]; [`KeyError::Unlisted`] for a revoked key that is
    /// not listed; [`KeyError::Refused`] for a threshold that cannot be met.
    pub fn write_delegation(
        &self,
        change: &DelegationChange,
    ) -> Result<SignedDelegation, KeyError> {
        let present: Delegation = self.delegation().record().decode()?;
        if change.serial <= present.serial {
            return Err(KeyError::SerialNotHigher {
                serial: change.serial,
                present: present.serial,
            });
        }
        let made: Vec<_> = (0..change.new_keys)
            .map(|_| PrivateKey::generate())
            .collect::<Result<_, _>>()?;
        let delegation = changed(&present, change, &made)?;
        Quorum::of_releases(&delegation).map_err(KeyError::Refused)?;
        let signed = self.sign_delegation(&delegation)?;

        write_next_keys(self.directory(), &made)?;
        let path = self.directory().join(DELEGATION_FILE);
        let former = self
            .directory()
            .join(format!("{DELEGATION_FILE}-{}", present.serial));
        write_document(&former, &read_document(&path)?)?;
        write_document(&path, &Document::Delegation(signed.0.clone()))?;
        Ok(signed)
    }

    fn sign_delegation(&self, delegation: &Delegation) -> Result<SignedDelegation, KeyError> {
        let mut record = Record::of_delegation(delegation)?;
        let roots = self.private_keys(Role::Root)?;
        let listed = &self.keyring().keys;
        for key in roots
            .iter()
            .filter(|key| listed.contains(&key.public_key()))
        {
            record.sign(key)?;
        }
        Ok(SignedDelegation(record))
    }
}

fn changed(
    present: &Delegation,
    change: &DelegationChange,
    made: &[PrivateKey],
) -> Result<Delegation, KeyError> {
    if let Some(stranger) = change
        .revoked
        .iter()
        .find(|key| !present.keys.contains(key))
    {
        return Err(KeyError::Unlisted {
            key: *stranger,
            record: Kind::Delegation,
        });
    }
    let kept = present
        .keys
        .iter()
        .filter(|key| !change.revoked.contains(key));
    let made = made.iter().map(PrivateKey::public_key);
    let keys = kept
        .copied()
        .chain(made)
        .chain(change.foreign.iter().copied());
    Ok(Delegation {
        serial: change.serial,
        threshold: change.threshold.unwrap_or(present.threshold),
        keys: list_keys(Kind::Delegation, keys)?,
    })
}

/// Writes release keys under the first numbers that nothing uses.
fn write_next_keys(directory: &Path, made: &[PrivateKey]) -> Result<(), KeyError> {
    let is_free = |name: &String| {
        let half = |ending| directory.join(format!("{name}.{ending}"));
        ["pem", "pub"]
            .into_iter()
            .all(|ending| fs::symlink_metadata(half(ending)).is_err())
    };
    for key in made {
        let mut names = (1..).map(|number| Role::Release.key_name(number));
        if let Some(name) = names.find(is_free) {
            key.write_new(directory, &name)?;
        }
    }
    Ok(())
}
