//! What is read of a certificate (RFC 5280, section 4.1).

use std::path::Path;

use ed25519_dalek::pkcs8::spki::der::pem::decode_vec;

use super::SecureBootError;
use super::der::{Element, INTEGER, SEQUENCE, UTC_TIME, read_element};

/// In the subject of each test key's certificate: firmware shows it wherever it lists keys.
pub(super) const TEST_MARK: &str = "TEST KEY, DO NOT TRUST";

/// A certificate, as far as signing needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    /// The certificate itself, DER.
    pub(super) der: Vec<u8>,
    /// Issuer and serial number, by which a signature names it: two encoded elements.
    pub(super) issuer_and_serial: Vec<u8>,
    /// The encoded subject.
    subject: Vec<u8>,
    /// From when on it is valid.
    pub(super) not_before: UtcTime,
}

/// A moment of this century, as a certificate writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UtcTime {
    pub(super) year: u16,
    pub(super) month: u8,
    pub(super) day: u8,
    pub(super) hour: u8,
    pub(super) minute: u8,
    pub(super) second: u8,
}

impl Certificate {
    /// Reads a certificate in PEM; `path` is where it comes from.
    pub(super) fn from_pem(pem: &[u8], path: &Path) -> Result<Self, SecureBootError> {
        let der = match decode_vec(pem) {
            Ok(("CERTIFICATE", der)) => Some(der),
            _ => None,
        };
        der.and_then(|der| parse(&der))
            .ok_or_else(|| SecureBootError::NotACertificate(path.to_owned()))
    }

    /// Does its subject say that it is a test key's?
    pub(super) fn is_for_tests(&self) -> bool {
        contains(&self.subject, TEST_MARK.as_bytes())
    }

    /// The common name in the subject, for people.
    pub(super) fn common_name(&self) -> String {
        // 2.5.4.3, and a string of some kind behind it.
        const COMMON_NAME: [u8; 5] = [0x06, 0x03, 0x55, 0x04, 0x03];
        let place = self
            .subject
            .windows(COMMON_NAME.len())
            .position(|window| window == COMMON_NAME);
        place
            .and_then(|place| read_element(self.subject.get(place + COMMON_NAME.len()..)?))
            .map_or_else(String::new, |(name, _)| {
                String::from_utf8_lossy(name.content).into_owned()
            })
    }
}

fn parse(der: &[u8]) -> Option<Certificate> {
    let (certificate, rest) = read_element(der)?;
    let (body, _) = read_element(certificate.content)?;
    if certificate.tag != SEQUENCE || !rest.is_empty() {
        return None;
    }
    // The version is there in every certificate that has extensions.
    let (_version, rest) = read_element(body.content)?;
    let (serial, rest) = read_element(rest)?;
    let (_algorithm, rest) = read_element(rest)?;
    let (issuer, rest) = read_element(rest)?;
    let (validity, rest) = read_element(rest)?;
    let (subject, _) = read_element(rest)?;
    let (not_before, _) = read_element(validity.content)?;
    if serial.tag != INTEGER || issuer.tag != SEQUENCE || subject.tag != SEQUENCE {
        return None;
    }
    Some(Certificate {
        der: der.to_owned(),
        issuer_and_serial: [issuer.whole, serial.whole].concat(),
        subject: subject.whole.to_owned(),
        not_before: parse_time(not_before)?,
    })
}

/// `YYMMDDHHMMSSZ`
fn parse_time(element: Element<'_>) -> Option<UtcTime> {
    let digits = element.content.strip_suffix(b"Z")?;
    if element.tag != UTC_TIME || digits.len() != 12 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let pair = |index: usize| {
        let pair = digits.get(2 * index..2 * index + 2)?;
        std::str::from_utf8(pair).ok()?.parse::<u8>().ok()
    };
    Some(UtcTime {
        year: 2000 + u16::from(pair(0)?),
        month: pair(1)?,
        day: pair(2)?,
        hour: pair(3)?,
        minute: pair(4)?,
        second: pair(5)?,
    })
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}
