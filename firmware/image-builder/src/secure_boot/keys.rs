//! A directory of Secure Boot keys: made, opened, used.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use image_format::Purpose;

use super::authenticode::Unsigned;
use super::certificate::{Certificate, TEST_MARK};
use super::enrolment::EnrolledKey;
use super::{SecureBootError, openssl};
use crate::signing::{KEY_MODE, PUBLIC_MODE, create_directory, write_new};

/// The three keys of a device's owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyName {
    /// `PK`: who owns the device.
    Platform,
    /// `KEK`: who may change the database.
    Exchange,
    /// `db`: who signs programs that firmware starts.
    Database,
}

impl KeyName {
    /// All of them, in the order in which they sign one another.
    pub const ALL: [Self; 3] = [Self::Platform, Self::Exchange, Self::Database];

    /// The name of the variable in the firmware, and of the files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Platform => "PK",
            Self::Exchange => "KEK",
            Self::Database => "db",
        }
    }

    /// For people, where firmware lists certificates.
    fn title(self) -> &'static str {
        match self {
            Self::Platform => "platform key",
            Self::Exchange => "key exchange key",
            Self::Database => "loader signing key",
        }
    }

    /// The key that signs a change of this one's variable.
    fn signer(self) -> Self {
        match self {
            Self::Platform | Self::Exchange => Self::Platform,
            Self::Database => Self::Exchange,
        }
    }
}

/// An opened directory. Private keys are used where they lie, when something is signed.
#[derive(Debug, Clone)]
pub struct SecureBootKeys {
    directory: PathBuf,
    platform: Certificate,
    exchange: Certificate,
    database: Certificate,
}

impl SecureBootKeys {
    /// Makes three keys, their certificates, and the files to enrol them.
    ///
    /// # Errors
    /// [`SecureBootError::Exists`], before anything is written, for any file in the way;
    /// or openssl fails.
    pub fn create(directory: &Path, purpose: Purpose) -> Result<Self> {
        refuse_to_overwrite(directory)?;
        let made = KeyName::ALL
            .into_iter()
            .map(|name| Ok((name, openssl::new_key(&subject(name, purpose))?)))
            .collect::<Result<Vec<_>>>()?;
        create_directory(directory)?;
        for (name, (key, certificate)) in made {
            write_new(&file(directory, name, "key"), KEY_MODE, &key)?;
            write_new(&file(directory, name, "pem"), PUBLIC_MODE, &certificate)?;
        }
        let keys = Self::open(directory)?;
        keys.write_enrolment()?;
        Ok(keys)
    }

    /// Opens the test keys, or makes them where there are none. Two processes may do so
    /// at once: both get the same keys.
    ///
    /// # Errors
    /// As [`create`](Self::create) and [`open`](Self::open).
    pub fn open_or_create_test(directory: &Path) -> Result<Self> {
        if !directory.exists() {
            let parent = directory.parent().unwrap_or(Path::new("."));
            fs::create_dir_all(parent)
                .with_context(|| format!("cannot make {}", parent.display()))?;
            let draft = tempfile::tempdir_in(parent)?;
            Self::create(draft.path(), Purpose::Test)?;
            // Where another process was faster, its keys are as good.
            let _ = fs::rename(draft.path(), directory);
        }
        Self::open(directory)
    }

    /// Opens a directory.
    ///
    /// # Errors
    /// [`SecureBootError::NoKeys`] or [`SecureBootError::NotACertificate`].
    pub fn open(directory: &Path) -> Result<Self> {
        let read = |name| -> Result<Certificate> {
            let path = file(directory, name, "pem");
            if !path.is_file() {
                return Err(SecureBootError::NoKeys(path).into());
            }
            let pem = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            Ok(Certificate::from_pem(&pem, &path)?)
        };
        Ok(Self {
            directory: directory.to_owned(),
            platform: read(KeyName::Platform)?,
            exchange: read(KeyName::Exchange)?,
            database: read(KeyName::Database)?,
        })
    }

    /// Where it is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What the keys are for: one test key makes all of them test keys.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        let certificates = [&self.platform, &self.exchange, &self.database];
        if certificates.into_iter().any(Certificate::is_for_tests) {
            Purpose::Test
        } else {
            Purpose::Production
        }
    }

    /// Refuses test keys: a release is about to be made.
    ///
    /// # Errors
    /// [`SecureBootError::TestKeys`].
    pub fn require_production(&self) -> Result<(), SecureBootError> {
        match self.purpose() {
            Purpose::Production => Ok(()),
            Purpose::Test => Err(SecureBootError::TestKeys(self.directory.clone())),
        }
    }

    /// The name of the certificate that the loader is signed under.
    #[must_use]
    pub fn signer(&self) -> String {
        self.database.common_name()
    }

    /// What firmware has to know, for each of the three.
    #[must_use]
    pub fn enrolled(&self) -> [EnrolledKey; 3] {
        KeyName::ALL.map(|name| EnrolledKey::new(name, self.certificate(name)))
    }

    /// Signs the loader with `db`. The same loader gives the same bytes.
    ///
    /// # Errors
    /// [`SecureBootError`] for the loader or the key; or openssl fails.
    pub fn sign_loader(&self, loader: &[u8]) -> Result<Vec<u8>> {
        let unsigned = Unsigned::new(loader)?;
        let signature = self.sign(KeyName::Database, &unsigned.to_sign())?;
        Ok(unsigned.with_signature(&self.database, &signature)?)
    }

    fn certificate(&self, name: KeyName) -> &Certificate {
        match name {
            KeyName::Platform => &self.platform,
            KeyName::Exchange => &self.exchange,
            KeyName::Database => &self.database,
        }
    }

    fn sign(&self, name: KeyName, bytes: &[u8]) -> Result<Vec<u8>> {
        let key = file(&self.directory, name, "key");
        let mode = match fs::metadata(&key) {
            Ok(metadata) => metadata.permissions().mode() & 0o7777,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(SecureBootError::NoKeys(key).into());
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", key.display()));
            }
        };
        if mode & 0o077 != 0 {
            return Err(SecureBootError::OpenPermissions { path: key, mode }.into());
        }
        openssl::sign(&key, bytes)
    }

    fn write_enrolment(&self) -> Result<()> {
        let enrol = self.directory.join("enrol");
        create_directory(&enrol)?;
        for name in KeyName::ALL {
            let key = EnrolledKey::new(name, self.certificate(name));
            let signer = name.signer();
            let signature = self.sign(signer, &key.to_sign())?;
            let signed = key.authenticated(self.certificate(signer), &signature);
            let keystore = self.directory.join("keystore").join(name.name());
            create_directory(&keystore)?;
            for (directory, ending, bytes) in [
                (&enrol, "cer", &self.certificate(name).der),
                (&enrol, "esl", &key.signature_list),
                (&enrol, "auth", &signed),
                (&keystore, "auth", &signed),
            ] {
                write_new(&file(directory, name, ending), PUBLIC_MODE, bytes)?;
            }
        }
        Ok(())
    }
}

fn file(directory: &Path, name: KeyName, ending: &str) -> PathBuf {
    directory.join(format!("{}.{ending}", name.name()))
}

fn subject(name: KeyName, purpose: Purpose) -> String {
    match purpose {
        Purpose::Production => format!("/CN=Twinkeel {}", name.title()),
        Purpose::Test => format!("/OU={TEST_MARK}/CN=Twinkeel test {}", name.title()),
    }
}

fn refuse_to_overwrite(directory: &Path) -> Result<(), SecureBootError> {
    let keys = KeyName::ALL
        .into_iter()
        .flat_map(|name| ["key", "pem"].map(|ending| file(directory, name, ending)));
    let directories = ["enrol", "keystore"].map(|name| directory.join(name));
    for path in keys.chain(directories) {
        if path.symlink_metadata().is_ok() {
            return Err(SecureBootError::Exists(path));
        }
    }
    Ok(())
}
