//! Signed records in files: a keyring, a delegation or an envelope, complete or not.

use super::{KeyError, PrivateKey};
use image_format::frame::{OVERHEAD_BYTES, encode_value};
use image_format::keyring::{Keys, MAX_KEYS};
use image_format::signature::{ENTRY_BYTES, decode_signatures, encode_signatures};
use image_format::{
    Delegation, ENVELOPE_BYTES, Frame, Keyring, Kind, Manifest, PublicKey, Refusal, Signature,
    parse_envelope, parse_frame,
};
use image_trust::verify_signature;

/// A signed record, with the signatures that it has so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    kind: Kind,
    frame: Vec<u8>,
    signatures: Vec<Signature>,
}

impl Record {
    /// An unsigned record of a keyring.
    ///
    /// # Errors
    /// [`KeyError::TooLong`].
    pub fn of_keyring(keyring: &Keyring) -> Result<Self, KeyError> {
        Self::encode(Kind::Keyring, keyring)
    }

    /// An unsigned record of a delegation.
    ///
    /// # Errors
    /// [`KeyError::TooLong`].
    pub fn of_delegation(delegation: &Delegation) -> Result<Self, KeyError> {
        Self::encode(Kind::Delegation, delegation)
    }

    /// An unsigned record of a manifest, which is not checked.
    ///
    /// # Errors
    /// [`KeyError::TooLong`].
    pub fn of_manifest(manifest: &Manifest<'_>) -> Result<Self, KeyError> {
        Self::encode(Kind::Manifest, manifest)
    }

    fn encode<T: serde::Serialize>(kind: Kind, value: &T) -> Result<Self, KeyError> {
        let mut room = vec![0; ENVELOPE_BYTES];
        let frame = encode_value(kind, value, &mut room)
            .map_err(|_| KeyError::TooLong(kind))?
            .to_vec();
        Ok(Self {
            kind,
            frame,
            signatures: Vec::new(),
        })
    }

    fn of_frames(frame: &Frame<'_>, signatures: &Frame<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            kind: frame.kind,
            frame: frame.bytes.to_vec(),
            signatures: decode_signatures(signatures)
                .map_err(|error| Refusal::damaged(signatures.kind, error))?
                .to_vec(),
        })
    }

    /// What kind of record it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Exactly the bytes that signers sign.
    #[must_use]
    pub fn request(&self) -> &[u8] {
        &self.frame
    }

    /// The signatures so far, none of them verified.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// The frame as image-format reads it.
    pub(super) fn frame(&self) -> Result<Frame<'_>, KeyError> {
        match parse_frame(self.kind, &self.frame) {
            Ok((frame, _)) => Ok(frame),
            Err(error) => Err(KeyError::NotADocument(Refusal::damaged(self.kind, error))),
        }
    }

    /// Decodes the payload, verified or not.
    pub(super) fn decode<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T, KeyError> {
        self.frame()?
            .decode()
            .map_err(|error| KeyError::NotADocument(Refusal::damaged(self.kind, error)))
    }

    /// Signs with a key, in place of its former signature.
    ///
    /// # Errors
    /// [`KeyError::TooMany`].
    pub fn sign(&mut self, key: &PrivateKey) -> Result<(), KeyError> {
        self.merge(key.sign(&self.frame))
    }

    /// Adds a signature, or replaces that of the same key. It is not verified.
    ///
    /// # Errors
    /// [`KeyError::TooMany`].
    pub fn merge(&mut self, signature: Signature) -> Result<(), KeyError> {
        let former = |present: &&mut Signature| present.key == signature.key;
        if let Some(present) = self.signatures.iter_mut().find(former) {
            *present = signature;
            return Ok(());
        }
        if self.signatures.len() == MAX_KEYS {
            return Err(KeyError::TooMany(self.kind));
        }
        self.signatures.push(signature);
        Ok(())
    }

    /// Forgets all signatures.
    pub fn clear_signatures(&mut self) {
        self.signatures.clear();
    }

    /// The record's frame and its signatures frame.
    pub(super) fn encode_signed(&self) -> Result<Vec<u8>, KeyError> {
        let mut room = [0; OVERHEAD_BYTES + ENTRY_BYTES * MAX_KEYS];
        let kind = signatures_kind(self.kind);
        let signatures = encode_signatures(kind, &self.signatures, &mut room)
            .map_err(|_| KeyError::TooMany(self.kind))?;
        Ok([self.frame.as_slice(), signatures].concat())
    }
}

/// The kind of the frame that holds the signatures over a record of `kind`.
fn signatures_kind(kind: Kind) -> Kind {
    match kind {
        Kind::Keyring | Kind::KeyringSignatures => Kind::KeyringSignatures,
        Kind::Delegation | Kind::DelegationSignatures => Kind::DelegationSignatures,
        Kind::Manifest
        | Kind::ManifestSignatures
        | Kind::FlightEntry
        | Kind::FailedRelease
        | Kind::Floors => Kind::ManifestSignatures,
    }
}

/// A file that signers exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// `root.keyring`
    Keyring(Record),
    /// `delegation`
    Delegation(Record),
    /// `release.envelope`
    Envelope {
        /// Names the release keys.
        delegation: Record,
        /// Describes the image.
        manifest: Record,
    },
}

impl Document {
    /// Parses a file, or the envelope area of a slot. No signature is verified.
    ///
    /// # Errors
    /// [`KeyError::NotADocument`].
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        let parsed = if bytes.starts_with(&Kind::Keyring.magic()) {
            parse_single(Kind::Keyring, bytes).map(Self::Keyring)
        } else {
            match parse_single(Kind::Delegation, bytes) {
                Ok(record) => Ok(Self::Delegation(record)),
                Err(Refusal::TrailingBytes) => parse_whole_envelope(bytes),
                Err(other) => Err(other),
            }
        };
        parsed.map_err(KeyError::NotADocument)
    }

    /// The file's bytes; an envelope without the zeros behind it.
    ///
    /// # Errors
    /// [`KeyError::TooMany`] or [`KeyError::TooLong`].
    pub fn encode(&self) -> Result<Vec<u8>, KeyError> {
        let records = self.records();
        let frames = records.into_iter().map(Record::encode_signed);
        let bytes = frames.collect::<Result<Vec<_>, _>>()?.concat();
        if bytes.len() > ENVELOPE_BYTES {
            return Err(KeyError::TooLong(Kind::Manifest));
        }
        Ok(bytes)
    }

    /// Its signed records, in the order of the file.
    #[must_use]
    pub fn records(&self) -> Vec<&Record> {
        match self {
            Self::Keyring(record) | Self::Delegation(record) => vec![record],
            Self::Envelope {
                delegation,
                manifest,
            } => vec![delegation, manifest],
        }
    }

    /// The record of `kind`.
    ///
    /// # Errors
    /// [`KeyError::NoRecord`].
    pub fn record(&self, kind: Kind) -> Result<&Record, KeyError> {
        let mut records = self.records().into_iter();
        records
            .find(|record| record.kind == kind)
            .ok_or(KeyError::NoRecord(kind))
    }

    /// Signs in place with those of `roots` and `releases` that may: the manifest of an
    /// envelope with the release keys that its delegation lists, a delegation with the
    /// root keys, a keyring with the root keys that it lists. Returns how many signed.
    ///
    /// # Errors
    /// [`KeyError::TooMany`], or a list of keys that cannot be read.
    pub fn sign(
        &mut self,
        roots: &[PrivateKey],
        releases: &[PrivateKey],
    ) -> Result<usize, KeyError> {
        let (kind, signers) = match self {
            Self::Keyring(_) => (Kind::Keyring, roots),
            Self::Delegation(_) => (Kind::Delegation, roots),
            Self::Envelope { .. } => (Kind::Manifest, releases),
        };
        let listed = self.listed(kind)?;
        let may_sign = |key: &&PrivateKey| is_listed(listed.as_ref(), &key.public_key());
        let record = self.record_mut(kind)?;
        let mut signed = 0;
        for key in signers.iter().filter(may_sign) {
            record.sign(key)?;
            signed += 1;
        }
        Ok(signed)
    }

    /// Merges a signature that was made elsewhere into the record that it is over.
    ///
    /// # Errors
    /// [`KeyError::StraySignature`] when it verifies over none of them, and
    /// [`KeyError::Unlisted`] when the file itself says that the key may not sign.
    pub fn import(&mut self, signature: Signature) -> Result<Kind, KeyError> {
        let is_over = |record: &&Record| verify_signature(record.request(), &signature).is_ok();
        let kind = self
            .records()
            .into_iter()
            .find(is_over)
            .map(Record::kind)
            .ok_or(KeyError::StraySignature(signature.key))?;
        if !is_listed(self.listed(kind)?.as_ref(), &signature.key) {
            return Err(KeyError::Unlisted {
                key: signature.key,
                record: kind,
            });
        }
        self.record_mut(kind)?.merge(signature)?;
        Ok(kind)
    }

    /// The keys that may sign the record of `kind`, as far as the file itself says so:
    /// who may sign a delegation stands in the keyring.
    fn listed(&self, kind: Kind) -> Result<Option<Keys>, KeyError> {
        match (self, kind) {
            (Self::Keyring(record), _) => Ok(Some(record.decode::<Keyring>()?.keys)),
            (Self::Envelope { delegation, .. }, Kind::Manifest) => {
                Ok(Some(delegation.decode::<Delegation>()?.keys))
            }
            _ => Ok(None),
        }
    }

    fn record_mut(&mut self, kind: Kind) -> Result<&mut Record, KeyError> {
        let records = match self {
            Self::Keyring(record) | Self::Delegation(record) => vec![record],
            Self::Envelope {
                delegation,
                manifest,
            } => vec![delegation, manifest],
        };
        let mut records = records.into_iter();
        records
            .find(|record| record.kind == kind)
            .ok_or(KeyError::NoRecord(kind))
    }
}

fn is_listed(listed: Option<&Keys>, key: &PublicKey) -> bool {
    listed.is_none_or(|listed| listed.contains(key))
}

/// The frame of `kind` that `bytes` are, and its signatures frame.
pub(super) fn signed_frames(kind: Kind, bytes: &[u8]) -> Result<(Frame<'_>, Frame<'_>), KeyError> {
    split_frames(kind, bytes).map_err(KeyError::NotADocument)
}

fn split_frames(kind: Kind, bytes: &[u8]) -> Result<(Frame<'_>, Frame<'_>), Refusal> {
    let (frame, rest) = parse_part(kind, bytes)?;
    let (signatures, rest) = parse_part(signatures_kind(kind), rest)?;
    if rest.is_empty() {
        Ok((frame, signatures))
    } else {
        Err(Refusal::TrailingBytes)
    }
}

fn parse_part(kind: Kind, bytes: &[u8]) -> Result<(Frame<'_>, &[u8]), Refusal> {
    parse_frame(kind, bytes).map_err(|error| Refusal::damaged(kind, error))
}

fn parse_single(kind: Kind, bytes: &[u8]) -> Result<Record, Refusal> {
    let (frame, signatures) = split_frames(kind, bytes)?;
    Record::of_frames(&frame, &signatures)
}

fn parse_whole_envelope(bytes: &[u8]) -> Result<Document, Refusal> {
    let envelope = parse_envelope(bytes)?;
    Ok(Document::Envelope {
        delegation: Record::of_frames(&envelope.delegation, &envelope.delegation_signatures)?,
        manifest: Record::of_frames(&envelope.manifest, &envelope.manifest_signatures)?,
    })
}

/// An envelope as it stands in a slot: with zeros to the end of its area.
///
/// # Errors
/// [`KeyError::TooLong`].
pub fn padded_envelope(envelope: &[u8]) -> Result<Vec<u8>, KeyError> {
    if envelope.len() > ENVELOPE_BYTES {
        return Err(KeyError::TooLong(Kind::Manifest));
    }
    let mut area = envelope.to_vec();
    area.resize(ENVELOPE_BYTES, 0);
    Ok(area)
}
