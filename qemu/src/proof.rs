//! Proof that the expected system ran: what the guest read inside, in answer to a
//! question that only a running shell can answer.
//!
//! The question carries a fresh nonce in two halves, so that the terminal's echo of what
//! was typed can never pass for an answer. A [`Proof`] exists only when the answer had
//! the nonce and named the manifest that the scenario expects.

use std::fmt;

use image_format::{Digest, Source};
use serde_json::Value;

/// What stands between the parts of an answer.
const SEPARATOR: &str = "==";

/// A number used once, so that no answer can be an old one.
#[derive(Debug, Clone)]
pub struct Nonce(String);

impl Nonce {
    /// A fresh one.
    ///
    /// # Errors
    /// The host has no random numbers to give.
    pub fn fresh() -> anyhow::Result<Self> {
        let mut bytes = [0_u8; 8];
        getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
        Ok(Self(
            bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        ))
    }

    /// What the guest's shell prints before the answer.
    #[must_use]
    pub fn opening(&self) -> String {
        format!("<<{}", self.0)
    }

    /// What the guest's shell prints behind the answer.
    #[must_use]
    pub fn closing(&self) -> String {
        format!("{}>>", self.0)
    }

    /// A line for the guest's shell that runs `commands` between the two marks.
    #[must_use]
    pub fn question(&self, commands: &str) -> String {
        let nonce = &self.0;
        format!("echo \"<<\"{nonce}; {commands}; echo {nonce}\">>\"")
    }

    /// A line for the guest's shell that becomes `command` once it has printed the opening
    /// mark: whoever sees the mark knows that signals reach it and not the shell.
    #[must_use]
    pub fn becoming(&self, command: &str) -> String {
        format!("sh -c 'echo \"<<\"{}; exec {command}'", self.0)
    }
}

/// What the guest is asked for.
#[must_use]
pub fn question(nonce: &Nonce) -> String {
    nonce.question(&format!(
        "cat /run/twinkeel/boot.json; echo; echo {SEPARATOR}; cat /proc/cmdline; \
         echo {SEPARATOR}; snappy why --json"
    ))
}

/// Which system a scenario expects to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// What the loader started.
    pub source: Source,
    /// The SHA-256 of its manifest's frame.
    pub manifest: Digest,
}

/// The expected system ran and answered.
#[derive(Debug)]
pub struct Proof {
    /// How many boots the device says it has begun.
    pub boot_number: u64,
    /// The kernel's command line.
    pub command_line: String,
    /// The events that `snappy why` knows, oldest first.
    pub why: Vec<Value>,
}

/// Why an answer proves nothing.
#[derive(Debug, PartialEq, Eq)]
pub enum ProofError {
    /// The answer does not have the parts that were asked for.
    Shape(&'static str),
    /// Another slot runs.
    OtherSlot(String),
    /// Another image runs.
    OtherManifest(String),
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape(part) => write!(f, "the guest's answer has no valid {part}"),
            Self::OtherSlot(slot) => write!(f, "the guest runs from {slot}"),
            Self::OtherManifest(hash) => write!(f, "the guest runs the image {hash}"),
        }
    }
}

impl std::error::Error for ProofError {}

/// What became of a question that proved nothing.
#[derive(Debug)]
pub enum NotProved {
    /// Another system answered, or another image.
    Other {
        /// Which.
        error: ProofError,
        /// All that it said.
        answer: String,
    },
    /// No whole answer came: the guest cannot give one, or is on its way to another boot.
    NoAnswer(anyhow::Error),
}

impl NotProved {
    /// Of an answer that was judged so.
    #[must_use]
    pub fn by(error: ProofError, answer: String) -> Self {
        match error {
            ProofError::OtherSlot(_) | ProofError::OtherManifest(_) => {
                Self::Other { error, answer }
            }
            ProofError::Shape(_) => Self::NoAnswer(anyhow::anyhow!("{error}:\n{answer}")),
        }
    }
}

impl fmt::Display for NotProved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other { error, answer } => write!(f, "{error}; it said:\n{answer}"),
            Self::NoAnswer(reason) => write!(f, "the guest gave no answer: {reason:#}"),
        }
    }
}

impl std::error::Error for NotProved {}

/// Judges what stood between the two marks.
///
/// # Errors
/// It is no answer, or not the expected system's.
pub fn verify_answer(answer: &str, expected: &Expected) -> Result<Proof, ProofError> {
    let answer = answer.replace('\r', "");
    let separator = format!("\n{SEPARATOR}\n");
    let mut parts = answer.split(&separator);
    let mut part = |name| parts.next().ok_or(ProofError::Shape(name));
    let report = parse_json(part("boot report")?, "boot report")?;
    // Who it is comes first: half an answer of another system is a wrong one.
    let text = |key| report[key].as_str().unwrap_or_default().to_owned();
    if text("slot") != expected.source.name() {
        return Err(ProofError::OtherSlot(text("slot")));
    }
    if Digest::parse_hex(&text("manifest")) != Some(expected.manifest) {
        return Err(ProofError::OtherManifest(text("manifest")));
    }
    let command_line = part("command line")?.trim().to_owned();
    let why = parse_json(part("output of snappy why")?, "output of snappy why")?;
    Ok(Proof {
        boot_number: report["boot"]
            .as_u64()
            .ok_or(ProofError::Shape("boot number"))?,
        command_line,
        why: why["events"]
            .as_array()
            .ok_or(ProofError::Shape("list of events"))?
            .clone(),
    })
}

fn parse_json(text: &str, name: &'static str) -> Result<Value, ProofError> {
    serde_json::from_str(text.trim()).map_err(|_| ProofError::Shape(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPECTED: Expected = Expected {
        source: Source::Slot(image_format::Slot::A),
        manifest: Digest([0x11; 32]),
    };

    fn answer(slot: &str, manifest: Digest) -> String {
        format!(
            "\r\n{{\"slot\":\"{slot}\",\"manifest\":\"{manifest}\",\"boot\":3}}\r\n\r\n==\r\n\
             panic=1 twinkeel.boot=3\r\n==\r\n{{\"events\":[{{\"kind\":\"confirmed\"}}]}}\r\n"
        )
    }

    #[test]
    fn the_expected_system_proves_itself() {
        let proof = verify_answer(&answer("system-a", Digest([0x11; 32])), &EXPECTED).unwrap();
        assert_eq!(proof.boot_number, 3);
        assert_eq!(proof.command_line, "panic=1 twinkeel.boot=3");
        assert_eq!(proof.why[0]["kind"], "confirmed");
    }

    #[test]
    fn another_slot_or_image_proves_nothing() {
        let error = verify_answer(&answer("system-b", Digest([0x11; 32])), &EXPECTED);
        assert_eq!(
            error.unwrap_err(),
            ProofError::OtherSlot("system-b".to_owned())
        );
        let error = verify_answer(&answer("system-a", Digest([0x12; 32])), &EXPECTED);
        assert!(matches!(error, Err(ProofError::OtherManifest(_))));
    }

    #[test]
    fn an_answer_without_its_parts_proves_nothing() {
        let whole = answer("system-a", Digest([0x11; 32]));
        for broken in ["", "sh: cat: not found", &whole[..whole.len() / 2]] {
            let error = verify_answer(broken, &EXPECTED);
            assert!(matches!(error, Err(ProofError::Shape(_))), "{broken:?}");
        }
    }

    #[test]
    fn half_an_answer_of_another_system_is_a_wrong_one() {
        let whole = answer("system-b", Digest([0x11; 32]));
        let (half, _) = whole.split_once("panic=1").unwrap();
        let error = verify_answer(half, &EXPECTED).unwrap_err();
        let result = NotProved::by(error, half.to_owned());
        assert!(matches!(result, NotProved::Other { .. }), "{result}");
    }

    #[test]
    fn half_an_answer_of_the_expected_system_is_none() {
        let whole = answer("system-a", Digest([0x11; 32]));
        let (half, _) = whole.split_once("panic=1").unwrap();
        let error = verify_answer(half, &EXPECTED).unwrap_err();
        let result = NotProved::by(error, half.to_owned());
        assert!(matches!(result, NotProved::NoAnswer(_)), "{result}");
    }

    #[test]
    fn what_is_typed_does_not_contain_the_marks() {
        let nonce = Nonce::fresh().unwrap();
        let typed = question(&nonce);
        assert!(!typed.contains(&nonce.opening()));
        assert!(!typed.contains(&nonce.closing()));
        assert!(!nonce.becoming("cat").contains(&nonce.opening()));
    }

    #[test]
    fn every_nonce_is_another() {
        assert_ne!(
            Nonce::fresh().unwrap().opening(),
            Nonce::fresh().unwrap().opening()
        );
    }
}
