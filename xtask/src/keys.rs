//! `cargo xtask keys`.

mod secure_boot;

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use image_builder::signing::{
    self, DelegationChange, Description, Document, KeyDirectory, KeyError, KeyPlan, Role,
    parse_public_key, read_document, write_document,
};
use image_format::{Kind, PublicKey, Purpose, Serial, Signature};
use std::fs;
use std::path::{Path, PathBuf};

/// Make keys, sign releases, work with signers who are off-line
///
/// Root keys sign a delegation that names release keys; release keys sign releases. A
/// loader carries the keyring with the public root keys. A signer who works off-line gets
/// a request, signs it with any Ed25519 tool (`openssl pkeyutl -sign -rawin -inkey KEY.pem
/// -in REQUEST -out SIGNATURE`) and hands the 64 bytes back.
#[derive(Debug, Args)]
pub(crate) struct KeysCommand {
    #[command(subcommand)]
    task: KeysTask,
}

#[derive(Debug, Subcommand)]
enum KeysTask {
    New(NewKeys),
    Delegate(Delegate),
    Sign(Sign),
    Show(Show),
    ExportRequest(ExportRequest),
    ImportSignature(ImportSignature),
    SecureBoot(secure_boot::NewSecureBootKeys),
}

/// Make root and release keys, the keyring and the first delegation
#[derive(Debug, Args)]
struct NewKeys {
    /// Where to; nothing that is there is overwritten
    #[arg(long)]
    dir: PathBuf,
    /// Root keys to make
    #[arg(long, default_value_t = 3)]
    roots: u8,
    /// Root keys that must agree on a delegation
    #[arg(long, default_value_t = 2)]
    root_threshold: u8,
    /// A root key whose private half is elsewhere: file or hexadecimal digits
    #[arg(long, value_name = "KEY")]
    root_key: Vec<String>,
    /// Release keys to make
    #[arg(long, default_value_t = 2)]
    releases: u8,
    /// Release keys that must agree on a release
    #[arg(long, default_value_t = 1)]
    release_threshold: u8,
    /// A release key whose private half is elsewhere: file or hexadecimal digits
    #[arg(long, value_name = "KEY")]
    release_key: Vec<String>,
    /// Mark the keyring for tests: loaders say so at every boot, releases refuse it
    #[arg(long)]
    test: bool,
}

/// Make a new delegation: other release keys, or the end of one that was lost
#[derive(Debug, Args)]
struct Delegate {
    /// The key directory
    #[arg(long)]
    dir: PathBuf,
    /// Higher than the present one; devices that confirm a release under it refuse older ones
    #[arg(long)]
    serial: u32,
    /// A release key that may no longer sign: its name, file or hexadecimal digits
    #[arg(long, value_name = "KEY")]
    revoke: Vec<String>,
    /// A release key whose private half is elsewhere: file or hexadecimal digits
    #[arg(long, value_name = "KEY")]
    release_key: Vec<String>,
    /// Release keys to make
    #[arg(long, default_value_t = 0)]
    new_keys: u8,
    /// Release keys that must agree on a release [default: as before]
    #[arg(long)]
    release_threshold: Option<u8>,
}

/// Sign a release, delegation or keyring in place with the keys at hand
#[derive(Debug, Args)]
struct Sign {
    /// The key directory
    #[arg(long)]
    dir: PathBuf,
    /// The file to sign
    file: PathBuf,
}

/// Show what a keyring, delegation or release is and who signed it
#[derive(Debug, Args)]
struct Show {
    /// The file, or a key directory
    path: PathBuf,
    /// Say whether devices with the keyring of this directory would trust it
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Write exactly the bytes that a signer has to sign
#[derive(Debug, Args)]
struct ExportRequest {
    /// What is to be signed
    #[arg(long = "for", value_name = "RECORD")]
    record: RecordName,
    /// A release, delegation or keyring
    file: PathBuf,
    /// Where to
    #[arg(long)]
    out: PathBuf,
}

/// Add a signature that was made elsewhere
#[derive(Debug, Args)]
struct ImportSignature {
    /// The release, delegation or keyring that was exported from
    file: PathBuf,
    /// The signer: file or hexadecimal digits
    #[arg(long, value_name = "KEY")]
    public_key: String,
    /// The file with the 64 bytes of the signature
    #[arg(long)]
    signature: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RecordName {
    /// The manifest of a release
    Manifest,
    /// A delegation, or that of a release
    Delegation,
    /// A keyring
    Keyring,
}

impl KeysCommand {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        match self.task {
            KeysTask::New(command) => command.run(),
            KeysTask::Delegate(command) => command.run(),
            KeysTask::Sign(command) => command.run(),
            KeysTask::Show(command) => command.run(),
            KeysTask::ExportRequest(command) => command.run(),
            KeysTask::ImportSignature(command) => command.run(),
            KeysTask::SecureBoot(command) => command.run(),
        }
    }
}

impl NewKeys {
    fn run(self) -> Result<()> {
        let plan = KeyPlan {
            purpose: match self.test {
                true => Purpose::Test,
                false => Purpose::Production,
            },
            roots: self.roots,
            foreign_roots: parse_keys(&self.root_key)?,
            root_threshold: self.root_threshold,
            releases: self.releases,
            foreign_releases: parse_keys(&self.release_key)?,
            release_threshold: self.release_threshold,
        };
        signing::write_new_keys(&self.dir, &plan)?;
        show_directory(&self.dir)
    }
}

impl Delegate {
    fn run(self) -> Result<()> {
        let directory = KeyDirectory::open(&self.dir)?;
        let change = DelegationChange {
            serial: Serial(self.serial),
            revoked: self
                .revoke
                .iter()
                .map(|key| parse_own_key(&self.dir, key))
                .collect::<Result<_, _>>()?,
            foreign: parse_keys(&self.release_key)?,
            new_keys: self.new_keys,
            threshold: self.release_threshold,
        };
        directory.write_delegation(&change)?;
        show_directory(&self.dir)
    }
}

impl Sign {
    fn run(self) -> Result<()> {
        let mut document = read(&self.file)?;
        let roots = signing::read_private_keys(&self.dir, Role::Root)?;
        let releases = signing::read_private_keys(&self.dir, Role::Release)?;
        if document.sign(&roots, &releases)? == 0 {
            return Err(KeyError::NoSigner(self.dir).into());
        }
        write_document(&self.file, &document)?;
        // A keyring that is itself still being signed judges nothing yet.
        let directory = KeyDirectory::open(&self.dir).ok();
        print!("{}", describe(&document, directory.as_ref())?);
        Ok(())
    }
}

impl Show {
    fn run(self) -> Result<()> {
        let (text, json) = if self.path.is_dir() {
            let description = signing::describe_directory(&self.path)?;
            let json = serde_json::to_string_pretty(&description)?;
            (description.to_string(), json)
        } else {
            let directory = self.dir.as_deref().map(KeyDirectory::open).transpose()?;
            let description = describe(&read(&self.path)?, directory.as_ref())?;
            let json = serde_json::to_string_pretty(&description)?;
            (description.to_string(), json)
        };
        match self.json {
            true => println!("{json}"),
            false => print!("{text}"),
        }
        Ok(())
    }
}

impl ExportRequest {
    fn run(self) -> Result<()> {
        let kind = match self.record {
            RecordName::Manifest => Kind::Manifest,
            RecordName::Delegation => Kind::Delegation,
            RecordName::Keyring => Kind::Keyring,
        };
        let document = read(&self.file)?;
        let request = document.record(kind)?.request();
        fs::write(&self.out, request)
            .with_context(|| format!("cannot write {}", self.out.display()))?;
        println!(
            "{} bytes to sign; for instance: openssl pkeyutl -sign -rawin -inkey KEY.pem -in {} -out SIGNATURE",
            request.len(),
            self.out.display()
        );
        Ok(())
    }
}

impl ImportSignature {
    fn run(self) -> Result<()> {
        let mut document = read(&self.file)?;
        let key = parse_public_key(&self.public_key)?;
        let bytes = fs::read(&self.signature)
            .with_context(|| format!("cannot read {}", self.signature.display()))?;
        let length_bytes = bytes.len();
        let bytes = bytes.try_into().map_err(|_| KeyError::NotASignature {
            path: self.signature,
            length_bytes,
        })?;
        let kind = document.import(Signature { key, bytes })?;
        write_document(&self.file, &document)?;
        println!("{key} signed the {kind}");
        Ok(())
    }
}

fn read(file: &Path) -> Result<Document> {
    read_document(file).with_context(|| format!("cannot use {}", file.display()))
}

fn describe(document: &Document, directory: Option<&KeyDirectory>) -> Result<Description> {
    let keyring = directory.map(KeyDirectory::keyring);
    Ok(signing::describe(document, keyring)?)
}

fn show_directory(path: &Path) -> Result<()> {
    print!("{}", signing::describe_directory(path)?);
    Ok(())
}

fn parse_keys(texts: &[String]) -> Result<Vec<PublicKey>, KeyError> {
    texts.iter().map(|text| parse_public_key(text)).collect()
}

/// A key by the name that its files have in the directory, such as `release-1`.
fn parse_own_key(directory: &Path, text: &str) -> Result<PublicKey, KeyError> {
    let own = directory.join(format!("{text}.pub"));
    match own.to_str() {
        Some(own) if Path::new(own).exists() => parse_public_key(own),
        _ => parse_public_key(text),
    }
}
