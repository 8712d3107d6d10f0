//! `cargo xtask keys secure-boot`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use image_builder::secure_boot::{KeyName, SecureBootKeys};
use image_format::Purpose;

use crate::{setup, workspace};

/// Make the keys of UEFI Secure Boot, with which firmware checks the loader
///
/// Makes a platform key (PK), a key exchange key (KEK) and a key that signs loaders (db):
/// RSA, each with a certificate that it signed itself. They are apart from root and
/// release keys. `cargo xtask image --secure-boot DIR` signs with them.
///
/// To enrol them on a device, put its firmware into set-up mode (in its set-up: clear or
/// delete all Secure Boot keys), then use one of these, in the order db, KEK, PK, since
/// the device leaves set-up mode with PK:
///
///   the firmware's set-up screens   DIR/enrol/*.cer from a FAT file system
///   KeyTool                         DIR/enrol/*.auth, or *.esl
///   sbkeysync on a running Linux    sbkeysync --keystore DIR/keystore --pk
///
/// Devices need nothing but these files: keep *.key where nobody gets at them. See
/// docs/secure-boot.md.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct NewSecureBootKeys {
    /// Where to; nothing that is there is overwritten
    dir: PathBuf,
    /// Mark the certificates for tests: releases refuse them
    #[arg(long)]
    test: bool,
}

impl NewSecureBootKeys {
    /// Makes the keys and says what is where.
    pub(super) fn run(self) -> Result<()> {
        setup::prepare(workspace::root(), &[setup::SECURE_BOOT])?;
        let purpose = match self.test {
            true => Purpose::Test,
            false => Purpose::Production,
        };
        SecureBootKeys::create(&self.dir, purpose)?;
        print!("{}", summary(&self.dir));
        Ok(())
    }
}

fn summary(directory: &Path) -> String {
    let directory = directory.display();
    let private = KeyName::ALL.map(|name| format!("{}.key", name.name()));
    format!(
        "made Secure Boot keys in {directory}\n\
         \x20 private: {}; whoever has db.key can sign loaders for your devices\n\
         \x20 to enrol: enrol/*.cer for firmware's set-up, enrol/*.auth for KeyTool, keystore for sbkeysync\n\
         \x20 enrol db, then KEK, then PK, on a device in set-up mode\n\
         \x20 next: cargo xtask image --secure-boot {directory} --out disk.img\n",
        private.join(", ")
    )
}
