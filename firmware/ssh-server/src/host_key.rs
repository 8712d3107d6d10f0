//! The key by which a client knows the device again: made once, kept on `writable`, where no
//! update and no rollback touches it.

use accounts::{Places, write_whole};
use anyhow::{Context, Result, ensure};
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
use russh::keys::ssh_key::{HashAlg, LineEnding};
use russh::keys::{Algorithm, PrivateKey};
use rustix::rand::{GetRandomFlags, getrandom};
use std::io::ErrorKind;
use std::path::PathBuf;

fn path(places: &Places) -> PathBuf {
    places.host_keys().join("host_ed25519")
}

/// Reads the key, or makes it if there is none. One that cannot be read is put aside: a device
/// that nobody can log in to any more is worse than one that clients ask about.
///
/// # Errors
/// The file system's, or the kernel gives no random bytes.
pub(crate) fn read_or_make(places: &Places) -> Result<PrivateKey> {
    match read(places) {
        Ok(Some(key)) => return Ok(key),
        Ok(None) => {}
        Err(error) => {
            let path = path(places);
            let aside = path.with_extension("damaged");
            std::fs::rename(&path, &aside).context("cannot put the damaged host key aside")?;
            eprintln!(
                "{error:#}; it is in {} now, and a new one is made: clients will say that the \
                 host key has changed",
                aside.display()
            );
        }
    }
    let key = make()?;
    let text = key
        .to_openssh(LineEnding::LF)
        .context("cannot write a host key down")?;
    let path = path(places);
    write_whole(&path, text.as_bytes(), 0o600)
        .with_context(|| format!("cannot keep the host key in {}", path.display()))?;
    let public = key.public_key().to_openssh().unwrap_or_default();
    let line = format!("{public}\n");
    write_whole(&path.with_extension("pub"), line.as_bytes(), 0o644)
        .context("cannot keep the public half of the host key")?;
    println!("a host key is made: {}", key.fingerprint(HashAlg::Sha256));
    Ok(key)
}

/// Reads the key.
///
/// # Errors
/// It is not there, or damaged.
pub(crate) fn read_made(places: &Places) -> Result<PrivateKey> {
    read(places)?.context("there is no host key: the service makes it at its start")
}

fn read(places: &Places) -> Result<Option<PrivateKey>> {
    let path = path(places);
    let cannot = || format!("cannot read the host key {}", path.display());
    match std::fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        other => {
            let key = PrivateKey::from_openssh(other.with_context(cannot)?).with_context(cannot)?;
            // No other private key is ever used here, and none of RSA: decision 0044.
            ensure!(
                key.algorithm() == Algorithm::Ed25519,
                "cannot use the host key {}: it is of {} and has to be of ed25519",
                path.display(),
                key.algorithm()
            );
            Ok(Some(key))
        }
    }
}

fn make() -> Result<PrivateKey> {
    let mut seed = [0; 32];
    // It waits until the kernel has gathered enough at the first boot.
    let filled =
        getrandom(&mut seed[..], GetRandomFlags::empty()).context("cannot make a host key")?;
    anyhow::ensure!(
        filled == seed.len(),
        "cannot make a host key: too few random bytes"
    );
    let pair = KeypairData::from(Ed25519Keypair::from_seed(&seed));
    PrivateKey::new(pair, "").context("cannot make a host key")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn device() -> (tempfile::TempDir, Places) {
        let root = tempfile::tempdir().unwrap();
        let places = Places::below(root.path());
        fs::create_dir_all(&places.owner).unwrap();
        (root, places)
    }

    #[test]
    fn a_key_is_made_once_and_is_roots_alone() {
        let (_root, places) = device();
        assert!(read_made(&places).is_err());
        let made = read_or_make(&places).unwrap();
        let again = read_or_make(&places).unwrap();
        assert_eq!(
            made.fingerprint(HashAlg::Sha256),
            again.fingerprint(HashAlg::Sha256)
        );
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(path(&places)), 0o600);
        assert_eq!(mode(places.host_keys()), 0o700);
    }

    #[test]
    fn a_damaged_key_is_put_aside() {
        let (_root, places) = device();
        read_or_make(&places).unwrap();
        let whole = fs::read(path(&places)).unwrap();
        fs::write(path(&places), &whole[..whole.len() / 2]).unwrap();
        read_or_make(&places).unwrap();
        assert_ne!(fs::read(path(&places)).unwrap(), whole);
        let aside = fs::read(places.host_keys().join("host_ed25519.damaged")).unwrap();
        assert_eq!(aside, whole[..whole.len() / 2]);
    }
}
