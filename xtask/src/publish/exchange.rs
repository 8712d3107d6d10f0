//! Changes that wait for signatures, and what the store is.

use anyhow::{Context, Result};
use clap::Args;
use image_builder::signing::parse_public_key;
use image_format::Signature;
use std::fs;
use std::path::PathBuf;
use tuf_client::metadata::RoleName;

use super::Place;
use super::releases::read_signature;

/// Write exactly the bytes that a signer has to sign
#[derive(Debug, Args)]
pub(super) struct ExportRequest {
    #[command(flatten)]
    place: Place,
    /// Whose file: root, targets, system, snaps-NAME
    #[arg(long)]
    role: String,
    /// Where to
    #[arg(long)]
    out: PathBuf,
}

impl ExportRequest {
    pub(super) fn run(self) -> Result<()> {
        let role = RoleName(self.role.clone());
        let request = self.place.read(|store| store.request(&role))?;
        fs::write(&self.out, &request)
            .with_context(|| format!("cannot write {}", self.out.display()))?;
        let (bytes, file) = (request.len(), self.out.display());
        if self.place.json {
            let out = file.to_string();
            println!(
                "{}",
                serde_json::json!({ "role": self.role, "bytes": bytes, "out": out })
            );
        } else {
            println!(
                "{bytes} bytes to sign; for instance: openssl pkeyutl -sign -rawin -inkey KEY.pem \
                 -in {file} -out SIGNATURE"
            );
        }
        Ok(())
    }
}

/// Add a signature that was made elsewhere; the last one publishes the change
#[derive(Debug, Args)]
pub(super) struct ImportSignature {
    #[command(flatten)]
    place: Place,
    /// The signer: file or hexadecimal digits
    #[arg(long, value_name = "KEY")]
    public_key: String,
    /// The file with the 64 bytes of the signature
    #[arg(long, value_name = "FILE")]
    signature: PathBuf,
}

impl ImportSignature {
    pub(super) fn run(self) -> Result<()> {
        let signature = Signature {
            key: parse_public_key(&self.public_key)?,
            bytes: read_signature(&self.signature)?,
        };
        let (role, outcome) = self
            .place
            .act(|store, keys| store.import_signature(&signature, keys))?;
        self.place.report(&role.0, &outcome);
        Ok(())
    }
}

/// Sign the change that waits with the keys at hand, and publish it if that is enough
#[derive(Debug, Args)]
pub(super) struct Sign {
    #[command(flatten)]
    place: Place,
}

impl Sign {
    pub(super) fn run(self) -> Result<()> {
        let outcome = self.place.act(|store, keys| store.sign_pending(keys))?;
        self.place.report("the change", &outcome);
        Ok(())
    }
}

/// Drop the change that waits
#[derive(Debug, Args)]
pub(super) struct Abandon {
    #[command(flatten)]
    place: Place,
}

impl Abandon {
    pub(super) fn run(self) -> Result<()> {
        self.place.read(|store| store.abandon())?;
        match self.place.json {
            true => println!("{}", serde_json::json!({ "abandoned": true })),
            false => println!("the change is dropped"),
        }
        Ok(())
    }
}

/// Show roles, keys, expiry, releases, and what waits
#[derive(Debug, Args)]
pub(super) struct StatusCommand {
    #[command(flatten)]
    place: Place,
}

impl StatusCommand {
    pub(super) fn run(self) -> Result<()> {
        let status = self.place.read(|store| store.status())?;
        match self.place.json {
            true => println!("{}", serde_json::to_string_pretty(&status)?),
            false => print!("{status}"),
        }
        Ok(())
    }
}
