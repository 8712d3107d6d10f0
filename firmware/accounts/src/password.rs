//! The hash of a password, as `/etc/shadow` has it.

use rustix::rand::{GetRandomFlags, getrandom};
use serde::{Deserialize, Serialize};
use sha_crypt::{PasswordHashRef, PasswordHasher, PasswordVerifier, ShaCrypt};
use std::fmt;

/// A SHA-512 hash of crypt(5): `$6$SALT$HASH`, with `rounds=N$` in front of the salt or not.
/// It is what `openssl passwd -6` and `mkpasswd -m sha-512` write.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PasswordHash(String);

/// Why there is no hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordError {
    /// A text is not of the form that is understood.
    Form,
    /// A hash cannot be made.
    Hash(String),
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str(
                "cannot use the hash of a password: make it with `openssl passwd -6`, it begins \
                 with $6$",
            ),
            Self::Hash(why) => write!(f, "cannot make the hash of a password: {why}"),
        }
    }
}

impl std::error::Error for PasswordError {}

/// Rounds of hashing that a device still does in a moment. The usual number is 5,000.
const MOST_ROUNDS: u32 = 1_000_000;

impl PasswordHash {
    /// Takes a hash of the form `$6$...`.
    ///
    /// # Errors
    /// [`PasswordError::Form`].
    pub fn parse(text: &str) -> Result<Self, PasswordError> {
        let rest = text.strip_prefix("$6$").ok_or(PasswordError::Form)?;
        let mut fields: Vec<&str> = rest.split('$').collect();
        if let Some(rounds) = fields.first().and_then(|word| word.strip_prefix("rounds=")) {
            let number: u32 = rounds.parse().map_err(|_| PasswordError::Form)?;
            if !(1000..=MOST_ROUNDS).contains(&number) {
                return Err(PasswordError::Form);
            }
            fields.remove(0);
        }
        // A field of an unknown form must not reach a line of /etc/shadow.
        let plain = |field: &str| {
            field
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/')
        };
        match fields[..] {
            [salt, hash] if salt.len() <= 16 && hash.len() == 86 && plain(salt) && plain(hash) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(PasswordError::Form),
        }
    }

    /// The hash of a password, with a fresh salt.
    ///
    /// # Errors
    /// The kernel gives no random bytes.
    pub fn of(password: &str) -> Result<Self, PasswordError> {
        let hash = |why: String| PasswordError::Hash(why);
        let mut salt = [0; 12];
        getrandom(&mut salt[..], GetRandomFlags::empty())
            .map_err(|error| hash(error.to_string()))?;
        let hashed = ShaCrypt::default()
            .hash_password_with_salt(password.as_bytes(), &salt)
            .map_err(|error| hash(error.to_string()))?;
        Self::parse(hashed.as_str())
    }

    /// Whether it is the hash of `password`. It takes as long whether it is or not.
    #[must_use]
    pub fn is_of(&self, password: &str) -> bool {
        let Ok(hash) = PasswordHashRef::new(&self.0) else {
            return false;
        };
        ShaCrypt::default()
            .verify_password(password.as_bytes(), hash)
            .is_ok()
    }

    /// As a field of `/etc/shadow`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A log has no use for it.
impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash")
    }
}

impl TryFrom<String> for PasswordHash {
    type Error = PasswordError;

    fn try_from(text: String) -> Result<Self, PasswordError> {
        Self::parse(&text)
    }
}

impl From<PasswordHash> for String {
    fn from(hash: PasswordHash) -> Self {
        hash.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `openssl passwd -6 -salt twinkeel ubuntu`
    const OF_OPENSSL: &str = "$6$twinkeel$8j50fxUsP.Da96hN72ktN9ltG7nVy6hqymMC9Oml.407nvQgUAUWMba7hkgdfEUr9mYr43cmsm5UycMVkl1Fa1";

    #[test]
    fn a_hash_of_openssl_is_understood() {
        let hash = PasswordHash::parse(OF_OPENSSL).unwrap();
        assert!(hash.is_of("ubuntu"));
        assert!(!hash.is_of("Ubuntu"));
        assert!(!hash.is_of(""));
    }

    #[test]
    fn two_hashes_of_a_password_differ() {
        let (one, other) = (
            PasswordHash::of("x").unwrap(),
            PasswordHash::of("x").unwrap(),
        );
        assert!(one.is_of("x") && other.is_of("x") && !one.is_of("y"));
        assert_ne!(one.as_str(), other.as_str());
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        let hash = OF_OPENSSL.rsplit('$').next().unwrap();
        for bad in [
            "",
            "!",
            "ubuntu",
            "$y$j9T$salt$hash",
            &format!("$1$salt${hash}"),
            &format!("$6$salt${hash}x"),
            &format!("$6$sa:lt${hash}"),
            &format!("$6$rounds=999999999$salt${hash}"),
            &format!("$6$rounds=5000$salt${hash}\n"),
        ] {
            assert_eq!(PasswordHash::parse(bad), Err(PasswordError::Form), "{bad}");
        }
        PasswordHash::parse(&format!("$6$rounds=5000$salt${hash}")).unwrap();
    }
}
