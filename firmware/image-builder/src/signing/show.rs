//! What a keyring, delegation or envelope is and who signed it, for people and as JSON.

use super::document::signed_frames;
use super::files::{DELEGATION_FILE, KEYRING_FILE, read_document};
use super::private_key::read_named_keys;
use super::{Document, KeyError, Record, Role};
use image_format::{Delegation, Digest, Floors, Keyring, Kind, Manifest, PublicKey, Purpose};
use image_trust::{
    ImageKind, Quorum, Requirements, Verified, sha256, verify_envelope, verify_keyring,
    verify_quorum, verify_signature,
};
use serde::{Serialize, Serializer};
use std::fmt;
use std::path::Path;

/// A file that signers exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Description {
    /// `keyring`, `delegation` or `envelope`.
    pub kind: &'static str,
    /// `production` or `test`; `null` when no keyring says so.
    pub purpose: Option<&'static str>,
    /// `complete`, or why devices would not trust it; `null` without a keyring.
    pub verdict: Option<String>,
    /// Its signed records.
    pub records: Vec<RecordDescription>,
}

/// A signed record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordDescription {
    /// `keyring`, `delegation` or `manifest`.
    pub record: &'static str,
    /// SHA-256 of its frame: a manifest's hash names the image.
    pub hash: String,
    /// What it says.
    #[serde(serialize_with = "serialize_fields")]
    pub fields: Vec<(&'static str, String)>,
    /// The keys that it lists.
    pub keys: Vec<String>,
    /// Who signed it.
    pub signatures: Vec<SignatureDescription>,
}

/// A signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignatureDescription {
    /// The signer.
    pub key: String,
    /// Whether the signature is good.
    pub verifies: bool,
    /// Whether the signer may sign the record; `null` without a keyring.
    pub listed: Option<bool>,
}

/// A private key in a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyDescription {
    /// Of its file, without the ending.
    pub name: String,
    /// Its public half.
    pub key: String,
}

/// A key directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DirectoryDescription {
    /// Its keyring and its delegation.
    pub documents: Vec<Description>,
    /// The private keys that are in it.
    pub private_keys: Vec<KeyDescription>,
}

/// Describes a document; with a keyring it also says whether devices would trust it.
///
/// # Errors
/// A payload that cannot be decoded.
pub fn describe(
    document: &Document,
    keyring: Option<&Verified<Keyring>>,
) -> Result<Description, KeyError> {
    let roots = keyring.map(|keyring| keyring.keys.as_slice());
    let (kind, records) = match document {
        Document::Keyring(record) => {
            let own: Keyring = record.decode()?;
            ("keyring", vec![describe_record(record, Some(&own.keys))?])
        }
        Document::Delegation(record) => ("delegation", vec![describe_record(record, roots)?]),
        Document::Envelope {
            delegation,
            manifest,
        } => {
            let releases: Delegation = delegation.decode()?;
            let records = vec![
                describe_record(delegation, roots)?,
                describe_record(manifest, Some(&releases.keys))?,
            ];
            ("envelope", records)
        }
    };
    let purpose = match document {
        Document::Keyring(record) => Some(record.decode::<Keyring>()?.purpose),
        _ => keyring.map(|keyring| keyring.purpose),
    };
    Ok(Description {
        kind,
        purpose: purpose.map(purpose_name),
        verdict: verdict(document, keyring)?,
        records,
    })
}

/// Describes keyring, delegation and the private keys at hand of a directory.
///
/// # Errors
/// A file that is missing or cannot be used.
pub fn describe_directory(directory: &Path) -> Result<DirectoryDescription, KeyError> {
    let keyring = read_document(&directory.join(KEYRING_FILE))?;
    let verified = verify_keyring(&keyring.encode()?).ok();
    let delegation = read_document(&directory.join(DELEGATION_FILE))?;
    let mut keys = read_named_keys(directory, Role::Root)?;
    keys.extend(read_named_keys(directory, Role::Release)?);
    let private_keys = keys.into_iter().map(|(name, key)| KeyDescription {
        name,
        key: key.public_key().to_string(),
    });
    Ok(DirectoryDescription {
        documents: vec![
            describe(&keyring, None)?,
            describe(&delegation, verified.as_ref())?,
        ],
        private_keys: private_keys.collect(),
    })
}

fn verdict(
    document: &Document,
    keyring: Option<&Verified<Keyring>>,
) -> Result<Option<String>, KeyError> {
    let outcome = match (document, keyring) {
        (Document::Keyring(_), _) => verify_keyring(&document.encode()?).map(drop),
        (_, None) => return Ok(None),
        (Document::Delegation(record), Some(keyring)) => {
            let bytes = record.encode_signed()?;
            let (frame, signatures) = signed_frames(Kind::Delegation, &bytes)?;
            Quorum::of_roots(keyring).and_then(|roots| verify_quorum(&roots, &frame, &signatures))
        }
        (Document::Envelope { manifest, .. }, Some(keyring)) => {
            let manifest: Manifest<'_> = manifest.decode()?;
            let requirements = Requirements {
                kind: ImageKind::of(&manifest),
                board: manifest.board,
                floors: Floors::default(),
                slot_length_bytes: u64::MAX,
            };
            verify_envelope(keyring, &document.encode()?, &requirements).map(drop)
        }
    };
    Ok(Some(match outcome {
        Ok(()) => "complete".to_owned(),
        Err(refusal) => refusal.to_string(),
    }))
}

fn describe_record(
    record: &Record,
    listed: Option<&[PublicKey]>,
) -> Result<RecordDescription, KeyError> {
    let (fields, keys) = match record.kind() {
        Kind::Keyring => keyring_fields(&record.decode()?),
        Kind::Delegation => delegation_fields(&record.decode()?),
        _ => (manifest_fields(&record.decode()?), Vec::new()),
    };
    let describe_signature = |signature: &image_format::Signature| SignatureDescription {
        key: signature.key.to_string(),
        verifies: verify_signature(record.request(), signature).is_ok(),
        listed: listed.map(|keys| keys.contains(&signature.key)),
    };
    Ok(RecordDescription {
        record: record.kind().name(),
        hash: sha256(record.request()).to_string(),
        fields,
        keys,
        signatures: record.signatures().iter().map(describe_signature).collect(),
    })
}

type Fields = Vec<(&'static str, String)>;

fn serialize_fields<S: Serializer>(fields: &Fields, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(
        fields
            .iter()
            .map(|(name, value)| (name.replace(' ', "_"), value)),
    )
}

fn keyring_fields(keyring: &Keyring) -> (Fields, Vec<String>) {
    let fields = vec![
        ("purpose", purpose_name(keyring.purpose).to_owned()),
        ("threshold", keyring.threshold.to_string()),
    ];
    (fields, names(&keyring.keys))
}

fn delegation_fields(delegation: &Delegation) -> (Fields, Vec<String>) {
    let fields = vec![
        ("serial", delegation.serial.to_string()),
        ("threshold", delegation.threshold.to_string()),
    ];
    (fields, names(&delegation.keys))
}

fn manifest_fields(manifest: &Manifest<'_>) -> Fields {
    let part = |digest: &Digest, length: u64| format!("{digest} ({length} bytes)");
    vec![
        ("board", manifest.board.to_owned()),
        ("product", manifest.product.to_owned()),
        ("version", manifest.version.to_string()),
        ("epoch", manifest.epoch.to_string()),
        ("build time", manifest.build_time_secs.to_string()),
        ("command line", manifest.command_line.to_owned()),
        (
            "kernel",
            part(&manifest.kernel.sha256, manifest.kernel.length_bytes),
        ),
        (
            "initrd",
            part(&manifest.initrd.sha256, manifest.initrd.length_bytes),
        ),
        ("root hash", manifest.root.root_hash.to_string()),
    ]
}

fn names(keys: &[PublicKey]) -> Vec<String> {
    keys.iter().map(PublicKey::to_string).collect()
}

fn purpose_name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Production => "production",
        Purpose::Test => "test",
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if let Some(purpose) = self.purpose {
            write!(f, ", {purpose} keys")?;
        }
        match &self.verdict {
            Some(verdict) => writeln!(f, ": {verdict}")?,
            None => writeln!(f, ": not checked against a keyring")?,
        }
        self.records.iter().try_for_each(|record| record.fmt(f))
    }
}

impl fmt::Display for RecordDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {} {}", self.record, self.hash)?;
        for (name, value) in &self.fields {
            writeln!(f, "    {name:<12}  {value}")?;
        }
        for key in &self.keys {
            writeln!(f, "    {:<12}  {key}", "key")?;
        }
        for signature in &self.signatures {
            writeln!(f, "    {:<12}  {signature}", "signed by")?;
        }
        if self.signatures.is_empty() {
            writeln!(f, "    {:<12}  nobody", "signed by")?;
        }
        Ok(())
    }
}

impl fmt::Display for SignatureDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        if !self.verifies {
            f.write_str(", which does not verify")?;
        }
        if self.listed == Some(false) {
            f.write_str(", who may not sign it")?;
        }
        Ok(())
    }
}

impl fmt::Display for KeyDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "private key {} is here: {}", self.name, self.key)
    }
}

impl fmt::Display for DirectoryDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.documents
            .iter()
            .try_for_each(|document| document.fmt(f))?;
        self.private_keys
            .iter()
            .try_for_each(|key| writeln!(f, "{key}"))
    }
}
