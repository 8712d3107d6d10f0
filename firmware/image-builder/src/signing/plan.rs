//! Making a key directory.

use super::files::{DELEGATION_FILE, KEYRING_FILE, PUBLIC_MODE, create_directory, write_new};
use super::{Document, KeyError, PrivateKey, Record, Role};
use image_format::keyring::Keys;
use image_format::{Delegation, Keyring, Kind, PublicKey, Purpose, Serial};
use image_trust::Quorum;
use std::path::Path;

/// Which keys a new directory is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPlan {
    /// The mark inside the keyring.
    pub purpose: Purpose,
    /// Root keys to make.
    pub roots: u8,
    /// Root keys whose private half is elsewhere.
    pub foreign_roots: Vec<PublicKey>,
    /// How many root keys must sign a delegation.
    pub root_threshold: u8,
    /// Release keys to make.
    pub releases: u8,
    /// Release keys whose private half is elsewhere.
    pub foreign_releases: Vec<PublicKey>,
    /// How many release keys must sign a manifest.
    pub release_threshold: u8,
}

impl KeyPlan {
    /// Three root keys of which two must agree, two release keys of which one must.
    #[must_use]
    pub fn new(purpose: Purpose) -> Self {
        Self {
            purpose,
            roots: 3,
            foreign_roots: Vec::new(),
            root_threshold: 2,
            releases: 2,
            foreign_releases: Vec::new(),
            release_threshold: 1,
        }
    }
}

/// Makes the keys of a plan in `directory`, which is made if it is not there.
///
/// Keyring and delegation are signed by the root keys that were made. Where others must
/// sign too, they are incomplete until these signatures are imported.
///
/// # Errors
/// [`KeyError::Exists`], before anything is written, for any file in the way;
/// [`KeyError::Refused`] for a threshold that cannot be met; [`KeyError::TooMany`].
pub fn write_new_keys(directory: &Path, plan: &KeyPlan) -> Result<(), KeyError> {
    let roots = generate(plan.roots)?;
    let releases = generate(plan.releases)?;
    let keyring = Keyring {
        purpose: plan.purpose,
        threshold: plan.root_threshold,
        keys: list(Kind::Keyring, &roots, &plan.foreign_roots)?,
    };
    let delegation = Delegation {
        serial: Serial(1),
        threshold: plan.release_threshold,
        keys: list(Kind::Delegation, &releases, &plan.foreign_releases)?,
    };
    Quorum::of_roots(&keyring).map_err(KeyError::Refused)?;
    Quorum::of_releases(&delegation).map_err(KeyError::Refused)?;
    let mut keyring = Document::Keyring(Record::of_keyring(&keyring)?);
    let mut delegation = Document::Delegation(Record::of_delegation(&delegation)?);
    keyring.sign(&roots, &releases)?;
    delegation.sign(&roots, &releases)?;

    create_directory(directory)?;
    refuse_to_overwrite(directory, plan)?;
    write_keys(directory, Role::Root, &roots)?;
    write_keys(directory, Role::Release, &releases)?;
    let write_record = |name: &str, document: &Document| {
        write_new(&directory.join(name), PUBLIC_MODE, &document.encode()?)
    };
    write_record(DELEGATION_FILE, &delegation)?;
    write_record(KEYRING_FILE, &keyring)
}

fn generate(count: u8) -> Result<Vec<PrivateKey>, KeyError> {
    (0..count).map(|_| PrivateKey::generate()).collect()
}

fn list(kind: Kind, made: &[PrivateKey], foreign: &[PublicKey]) -> Result<Keys, KeyError> {
    let made = made.iter().map(PrivateKey::public_key);
    list_keys(kind, made.chain(foreign.iter().copied()))
}

/// The keys of a record, at most eight.
pub(super) fn list_keys(
    kind: Kind,
    keys: impl IntoIterator<Item = PublicKey>,
) -> Result<Keys, KeyError> {
    let mut listed = Keys::new();
    for key in keys {
        listed.push(key).map_err(|_| KeyError::TooMany(kind))?;
    }
    Ok(listed)
}

fn write_keys(directory: &Path, role: Role, keys: &[PrivateKey]) -> Result<(), KeyError> {
    for (index, key) in keys.iter().enumerate() {
        key.write_new(directory, &role.key_name(index + 1))?;
    }
    Ok(())
}

fn refuse_to_overwrite(directory: &Path, plan: &KeyPlan) -> Result<(), KeyError> {
    let halves = |role: Role, count: u8| {
        (1..=usize::from(count)).flat_map(move |number| {
            ["pem", "pub"].map(|half| format!("{}.{half}", role.key_name(number)))
        })
    };
    let keys = halves(Role::Root, plan.roots).chain(halves(Role::Release, plan.releases));
    let records = [KEYRING_FILE, DELEGATION_FILE].map(str::to_owned);
    for name in keys.chain(records) {
        let path = directory.join(name);
        if path.symlink_metadata().is_ok() {
            return Err(KeyError::Exists(path));
        }
    }
    Ok(())
}
