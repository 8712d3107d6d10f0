//! The directory with the store's private keys.
//!
//! | file | what it is |
//! |---|---|
//! | `purpose` | `production` or `test` |
//! | `ROLE-N.pem`, `ROLE-N.pub` | as in a key directory of `cargo xtask keys` |
//!
//! The names are for people. Which key may sign what stands in the metadata, so a directory
//! may hold all keys, or those for one role only.

use crate::StoreError;
use crate::authority::Authority;
use crate::files::read;
use image_builder::signing::{KeyError, PrivateKey, parse_public_key};
use image_format::PublicKey;
use std::fs;
use std::path::{Path, PathBuf};
use store_format::Purpose;
use tuf_client::metadata::{Envelope, RoleName};

const PURPOSE_FILE: &str = "purpose";

/// Private keys at hand.
#[derive(Debug)]
pub struct StoreKeys {
    directory: PathBuf,
    purpose: Purpose,
    keys: Vec<PrivateKey>,
}

impl StoreKeys {
    /// Reads all keys in a directory.
    ///
    /// # Errors
    /// [`StoreError::NoKeyDirectory`], or the first key that cannot be used.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join(PURPOSE_FILE);
        let purpose = match fs::read_to_string(&path).as_deref().map(str::trim) {
            Ok("production") => Purpose::Production,
            Ok("test") => Purpose::Test,
            _ => return Err(StoreError::NoKeyDirectory(directory.to_owned())),
        };
        let mut paths = Vec::new();
        for entry in fs::read_dir(directory).map_err(StoreError::io("list", directory))? {
            let path = entry.map_err(StoreError::io("list", directory))?.path();
            if path.extension().is_some_and(|extension| extension == "pem") {
                paths.push(path);
            }
        }
        paths.sort();
        let keys: Result<Vec<_>, KeyError> =
            paths.iter().map(|path| PrivateKey::read(path)).collect();
        Ok(StoreKeys {
            directory: directory.to_owned(),
            purpose,
            keys: keys?,
        })
    }

    /// Opens a directory, which is made with this purpose if it is not there.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn open_or_create(directory: &Path, purpose: Purpose) -> Result<Self, StoreError> {
        let path = directory.join(PURPOSE_FILE);
        if !path.exists() {
            fs::create_dir_all(directory).map_err(StoreError::io("make", directory))?;
            let text = match purpose {
                Purpose::Production => "production\n",
                Purpose::Test => "test\n",
            };
            fs::write(&path, text).map_err(StoreError::io("write", &path))?;
        }
        Self::open(directory)
    }

    /// Where they are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What they are for.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Refuses keys for tests where the store is for the field.
    pub(crate) fn require(&self, store: Purpose) -> Result<(), StoreError> {
        match (store, self.purpose) {
            (Purpose::Production, Purpose::Test) => {
                Err(StoreError::TestKeys(self.directory.clone()))
            }
            _ => Ok(()),
        }
    }

    /// The keys with `ROLE-1`, `ROLE-2` ... as names, and as many new ones as lack to `count`.
    pub(crate) fn take_or_make(
        &mut self,
        role: &RoleName,
        count: u8,
    ) -> Result<Vec<PublicKey>, StoreError> {
        let mut taken = Vec::new();
        for number in 1..=count {
            let path = self.directory.join(format!("{role}-{number}.pub"));
            match path.to_str().filter(|_| path.exists()) {
                Some(text) => taken.push(parse_public_key(text)?),
                None => taken.extend(self.make(role, 1)?),
            }
        }
        Ok(taken)
    }

    /// Makes keys under the next free names.
    pub(crate) fn make(
        &mut self,
        role: &RoleName,
        count: u8,
    ) -> Result<Vec<PublicKey>, StoreError> {
        let mut made = Vec::new();
        let mut number = 1_u32;
        while made.len() < usize::from(count) {
            let name = format!("{role}-{number}");
            number += 1;
            // The private half of a key may be in a safe.
            if self.directory.join(format!("{name}.pub")).exists() {
                continue;
            }
            let key = PrivateKey::generate()?;
            key.write_new(&self.directory, &name)?;
            made.push(key.public_key());
            self.keys.push(key);
        }
        Ok(made)
    }

    /// Signs with every key that may.
    pub(crate) fn sign(
        &self,
        envelope: &mut Envelope,
        authority: &Authority,
    ) -> Result<(), StoreError> {
        let message = crate::authority::message(envelope)?;
        for key in &self.keys {
            if let Some(id) = authority.key_id(&key.public_key()) {
                crate::authority::merge(envelope, id, &key.sign(&message));
            }
        }
        Ok(())
    }
}

/// A private key's public half as a person names it: a name in the directory, such as
/// `system-1`, a file, or hexadecimal digits.
///
/// # Errors
/// It is none of these.
pub fn parse_key(directory: &Path, text: &str) -> Result<PublicKey, StoreError> {
    let own = directory.join(format!("{text}.pub"));
    let key = match own.to_str() {
        Some(own) if read(Path::new(own)).is_ok() => parse_public_key(own),
        _ => parse_public_key(text),
    };
    Ok(key?)
}
