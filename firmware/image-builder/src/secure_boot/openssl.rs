//! Keys and plain RSA signatures, by the program openssl: nothing of ours computes with a
//! private key of this kind.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::host_tool::{host_tool, run};

/// What openssl would otherwise take from the machine's own configuration.
const CONFIGURATION: &str = "\
[req]
distinguished_name = name
x509_extensions = extensions
string_mask = utf8only
[name]
[extensions]
basicConstraints = critical, CA:true
subjectKeyIdentifier = hash
";

/// Firmware does not look at the end, and people need no deadline that nothing keeps.
const DAYS: &str = "10950";

/// A new key and its certificate, which it signed itself: both PEM.
pub(super) fn new_key(subject: &str) -> Result<(Vec<u8>, Vec<u8>)> {
    let directory = tempfile::tempdir()?;
    let file = |name: &str| directory.path().join(name);
    fs::write(file("configuration"), CONFIGURATION)?;
    run(host_tool("openssl")
        .args([
            "req", "-x509", "-new", "-newkey", "rsa:2048", "-nodes", "-sha256",
        ])
        .args(["-batch", "-days", DAYS, "-subj", subject])
        .arg("-config")
        .arg(file("configuration"))
        .arg("-keyout")
        .arg(file("key"))
        .arg("-out")
        .arg(file("certificate")))
    .context("cannot make a key")?;
    Ok((fs::read(file("key"))?, fs::read(file("certificate"))?))
}

/// RSA with SHA-256 in the form of PKCS#1 1.5, over `bytes`.
pub(super) fn sign(key: &Path, bytes: &[u8]) -> Result<Vec<u8>> {
    let directory = tempfile::tempdir()?;
    let file = |name: &str| directory.path().join(name);
    fs::write(file("bytes"), bytes)?;
    run(host_tool("openssl")
        .args(["dgst", "-sha256", "-sign"])
        .arg(key)
        .arg("-out")
        .arg(file("signature"))
        .arg(file("bytes")))
    .with_context(|| format!("cannot sign with {}", key.display()))?;
    Ok(fs::read(file("signature"))?)
}
