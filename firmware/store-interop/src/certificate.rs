//! A certificate for a server, and the authority that vouches for it, made by openssl.

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// For the server of one name, for a day.
pub struct Certificate {
    /// The server's own, PEM.
    pub chain: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
    /// That of the authority, PEM: who believes it believes the server.
    pub authority: PathBuf,
    _directory: TempDir,
}

impl Certificate {
    /// Makes one for `name` as it stands in a certificate: `IP:127.0.0.1`, `DNS:example.com`.
    ///
    /// # Errors
    /// openssl is not installed, or does not make it.
    pub fn make(name: &str) -> Result<Self> {
        let directory = TempDir::new().context("cannot make a directory")?;
        let file = |name: &str| directory.path().join(name);
        let (authority, authority_key) = (file("authority.pem"), file("authority.key"));
        let (chain, key) = (file("server.pem"), file("server.key"));
        new_key(&authority_key, &authority, &["-subj", "/CN=test authority"])?;
        let name = format!("subjectAltName={name}");
        let issuer = [
            "-CA",
            path(&authority)?,
            "-CAkey",
            path(&authority_key)?,
            "-subj",
            "/CN=test server",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-addext",
            &name,
        ];
        new_key(&key, &chain, &issuer)?;
        Ok(Certificate {
            chain,
            key,
            authority,
            _directory: directory,
        })
    }
}

fn new_key(key: &Path, certificate: &Path, arguments: &[&str]) -> Result<()> {
    let output = Command::new("openssl")
        .args(["req", "-x509", "-nodes", "-days", "1", "-newkey", "ec"])
        .args(["-pkeyopt", "ec_paramgen_curve:P-256", "-keyout"])
        .args([key, "-out".as_ref(), certificate])
        .args(arguments)
        .output()
        .context("cannot start openssl: run `cargo xtask setup`")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "openssl: {said}");
    Ok(())
}

fn path(path: &Path) -> Result<&str> {
    path.to_str().context("the directory's name is no text")
}
