//! A key directory: what the image builder signs releases with.

use super::files::{DELEGATION_FILE, KEYRING_FILE, read_document};
use super::plan::{KeyPlan, write_new_keys};
use super::{Document, KeyError, PrivateKey, Record, Role, SignedDelegation, read_private_keys};
use image_format::{Delegation, Floors, Keyring, Kind, Manifest, Purpose, Serial};
use image_trust::{
    ImageKind, Requirements, Verified, check_manifest, verify_envelope, verify_keyring,
};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// An opened key directory with a complete keyring.
#[derive(Debug)]
pub struct KeyDirectory {
    directory: PathBuf,
    signed_keyring: Vec<u8>,
    keyring: Verified<Keyring>,
    delegation: SignedDelegation,
    delegation_serial: Serial,
}

impl KeyDirectory {
    /// Makes the keys of a plan and opens them.
    ///
    /// # Errors
    /// Those of [`write_new_keys`] and [`open`](Self::open).
    pub fn create(directory: &Path, plan: &KeyPlan) -> Result<Self, KeyError> {
        write_new_keys(directory, plan)?;
        Self::open(directory)
    }

    /// Makes keys that are marked for tests: three roots (two must agree), two release
    /// keys (one is enough).
    ///
    /// # Errors
    /// Those of [`create`](Self::create).
    pub fn create_test(directory: &Path) -> Result<Self, KeyError> {
        Self::create(directory, &KeyPlan::new(Purpose::Test))
    }

    /// Opens the test keys, or makes them where there are none. Two processes may do
    /// so at once: both get the same keys.
    ///
    /// # Errors
    /// Those of [`create_test`](Self::create_test).
    pub fn open_or_create_test(directory: &Path) -> Result<Self, KeyError> {
        if directory.join(KEYRING_FILE).exists() {
            return Self::open(directory);
        }
        let failed = KeyError::io("make test keys in", directory);
        let parent = directory.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(&failed)?;
        let draft = tempfile::tempdir_in(parent).map_err(&failed)?;
        write_new_keys(draft.path(), &KeyPlan::new(Purpose::Test))?;
        match fs::rename(draft.path(), directory) {
            Ok(()) => {}
            // Another process was faster, or the directory has other things in it.
            Err(error) if is_taken(&error) => {}
            Err(error) => return Err(failed(error)),
        }
        Self::open(directory)
    }

    /// Opens a directory. Its private keys are read when something is to be signed.
    ///
    /// # Errors
    /// [`KeyError::NoKeys`] without its records; [`KeyError::TooFewKeys`] when the keyring
    /// lacks signatures; [`KeyError::Refused`] when it does not hold.
    pub fn open(directory: &Path) -> Result<Self, KeyError> {
        let keyring_path = directory.join(KEYRING_FILE);
        let signed_keyring = fs::read(&keyring_path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => KeyError::NoKeys(keyring_path.clone()),
            _ => KeyError::io("read", &keyring_path)(error),
        })?;
        let keyring = verify_keyring(&signed_keyring).map_err(KeyError::unsealed)?;
        let record = match read_document(&directory.join(DELEGATION_FILE))? {
            Document::Delegation(record) => record,
            _ => return Err(KeyError::NoRecord(Kind::Delegation)),
        };
        let delegation_serial = record.decode::<Delegation>()?.serial;
        Ok(Self {
            directory: directory.to_owned(),
            signed_keyring,
            keyring,
            delegation: SignedDelegation(record),
            delegation_serial,
        })
    }

    /// Where it is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The file with the signed keyring, which is built into loaders.
    #[must_use]
    pub fn keyring_path(&self) -> PathBuf {
        self.directory.join(KEYRING_FILE)
    }

    /// Keyring frame and signatures frame.
    #[must_use]
    pub fn signed_keyring(&self) -> &[u8] {
        &self.signed_keyring
    }

    /// The keyring.
    #[must_use]
    pub fn keyring(&self) -> &Verified<Keyring> {
        &self.keyring
    }

    /// What the keyring is for.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        self.keyring.purpose
    }

    /// Refuses test keys: a release is about to be made.
    ///
    /// # Errors
    /// [`KeyError::TestKeys`].
    pub fn require_production(&self) -> Result<(), KeyError> {
        match self.purpose() {
            Purpose::Production => Ok(()),
            Purpose::Test => Err(KeyError::TestKeys(self.directory.clone())),
        }
    }

    /// The present delegation, complete or not.
    #[must_use]
    pub fn delegation(&self) -> &SignedDelegation {
        &self.delegation
    }

    /// The present delegation's serial.
    #[must_use]
    pub fn delegation_serial(&self) -> Serial {
        self.delegation_serial
    }

    /// Reads the private keys of a role that are here.
    ///
    /// # Errors
    /// The first key that cannot be used.
    pub fn private_keys(&self, role: Role) -> Result<Vec<PrivateKey>, KeyError> {
        read_private_keys(&self.directory, role)
    }

    /// Seals a release: signs the manifest under the present delegation and verifies the
    /// envelope as a device will. Returns its four frames, without padding.
    ///
    /// # Errors
    /// [`KeyError::Manifest`] when devices would refuse it; [`KeyError::TooFewKeys`] when
    /// the delegation or the release keys at hand do not suffice.
    pub fn seal(&self, manifest: &Manifest<'_>) -> Result<Vec<u8>, KeyError> {
        check_manifest(manifest, u64::MAX).map_err(KeyError::Manifest)?;
        let envelope = self.seal_under(&self.delegation, manifest)?;
        let requirements = Requirements {
            kind: ImageKind::of(manifest),
            board: manifest.board,
            floors: Floors::default(),
            slot_length_bytes: u64::MAX,
        };
        verify_envelope(&self.keyring, &envelope, &requirements).map_err(KeyError::unsealed)?;
        Ok(envelope)
    }

    /// Signs any manifest under any delegation with the listed release keys at hand. It
    /// verifies nothing: tests make with it what devices must refuse.
    ///
    /// # Errors
    /// A private key that cannot be used, or [`KeyError::TooLong`].
    pub fn seal_under(
        &self,
        delegation: &SignedDelegation,
        manifest: &Manifest<'_>,
    ) -> Result<Vec<u8>, KeyError> {
        let mut document = unsigned(delegation, manifest)?;
        document.sign(&[], &self.private_keys(Role::Release)?)?;
        document.encode()
    }

    /// An envelope under the present delegation that no release key signed yet: what
    /// off-line signers start from.
    ///
    /// # Errors
    /// [`KeyError::TooLong`].
    pub fn seal_unsigned(&self, manifest: &Manifest<'_>) -> Result<Vec<u8>, KeyError> {
        unsigned(&self.delegation, manifest)?.encode()
    }
}

fn unsigned(delegation: &SignedDelegation, manifest: &Manifest<'_>) -> Result<Document, KeyError> {
    Ok(Document::Envelope {
        delegation: delegation.record().clone(),
        manifest: Record::of_manifest(manifest)?,
    })
}

fn is_taken(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists
    )
}
