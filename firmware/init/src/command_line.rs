//! What the loader hands over on the kernel's command line.
//!
//! The loader appends exactly ` twinkeel.slot=S twinkeel.disk=G twinkeel.boot=N`
//! to the manifest's words, always in this form and always at the end. Anything
//! else is refused: a word of the manifest, or one that someone else put in
//! between, never stands in for the loader's.

use anyhow::Context;
use core::fmt;
use image_format::{BootNumber, Slot, Source};

/// The loader's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Handover<S = Slot> {
    /// Where the kernel came from: any [`Source`] as it was read, a [`Slot`] once it is
    /// known to be one. What may only be done from a slot asks for the latter.
    pub(crate) slot: S,
    /// GUID of the disk that the loader was read from, lower-case.
    pub(crate) disk_guid: String,
    /// The boot that this is.
    pub(crate) boot_number: BootNumber,
}

impl Handover<Source> {
    /// The same, from that slot.
    pub(crate) fn in_slot(self, slot: Slot) -> Handover {
        Handover {
            slot,
            disk_guid: self.disk_guid,
            boot_number: self.boot_number,
        }
    }
}

/// Why a command line is not one of our loader's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HandoverError {
    /// The last three words are not the loader's.
    NotFromLoader,
    /// One of the loader's words appears a second time.
    Repeated,
    /// The slot is none that there is.
    Slot,
    /// The disk is not named by a lower-case GUID.
    Disk,
    /// The boot number is not a plain decimal number.
    Boot,
}

impl fmt::Display for HandoverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot use the kernel command line: ")?;
        f.write_str(match self {
            Self::NotFromLoader => {
                "it does not end in twinkeel.slot= twinkeel.disk= twinkeel.boot="
            }
            Self::Repeated => "a word of the loader appears twice",
            Self::Slot => "twinkeel.slot= names neither system-a nor system-b nor rescue",
            Self::Disk => "twinkeel.disk= is not a lower-case GUID",
            Self::Boot => "twinkeel.boot= is not a decimal number",
        })
    }
}

impl core::error::Error for HandoverError {}

/// Reads what the loader handed over.
pub(crate) fn read_handover() -> anyhow::Result<Handover<Source>> {
    let line = std::fs::read_to_string("/proc/cmdline").context("cannot read /proc/cmdline")?;
    Ok(parse_handover(&line)?)
}

/// Parses `/proc/cmdline`.
pub(crate) fn parse_handover(command_line: &str) -> Result<Handover<Source>, HandoverError> {
    let line = command_line.strip_suffix('\n').unwrap_or(command_line);
    let mut words = line.rsplit(' ');
    let mut word = |prefix| {
        words
            .next()
            .and_then(|word| word.strip_prefix(prefix))
            .ok_or(HandoverError::NotFromLoader)
    };
    let boot = word("twinkeel.boot=")?;
    let disk = word("twinkeel.disk=")?;
    let slot = word("twinkeel.slot=")?;
    if words.any(|word| word.starts_with("twinkeel.")) {
        return Err(HandoverError::Repeated);
    }
    Ok(Handover {
        slot: Source::parse(slot).ok_or(HandoverError::Slot)?,
        disk_guid: parse_guid(disk).ok_or(HandoverError::Disk)?,
        boot_number: parse_decimal(boot).ok_or(HandoverError::Boot)?,
    })
}

fn parse_guid(text: &str) -> Option<String> {
    let right = text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        });
    right.then(|| text.to_owned())
}

/// Decimal digits without sign or leading zero, as the loader prints them.
fn parse_decimal(text: &str) -> Option<BootNumber> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(BootNumber(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";

    fn line(slot: &str, disk: &str, boot: &str) -> String {
        format!(
            "console=ttyS0 panic=10 twinkeel.slot={slot} twinkeel.disk={disk} twinkeel.boot={boot}\n"
        )
    }

    #[test]
    fn the_loaders_words_are_read() {
        for (word, source) in [
            ("system-a", Source::Slot(Slot::A)),
            ("system-b", Source::Slot(Slot::B)),
            ("rescue", Source::Rescue),
        ] {
            let handover = parse_handover(&line(word, GUID, "17")).unwrap();
            assert_eq!(handover.slot, source);
            assert_eq!(handover.disk_guid, GUID);
            assert_eq!(handover.boot_number, BootNumber(17));
        }
    }

    #[test]
    fn every_other_form_has_its_name() {
        use HandoverError::*;
        let good = line("system-a", GUID, "1");
        let good = good.trim_end();
        let table = [
            (String::new(), NotFromLoader),
            ("console=ttyS0".to_owned(), NotFromLoader),
            (format!("{good} quiet"), NotFromLoader),
            (format!("{good} "), NotFromLoader),
            (
                good.replace(" twinkeel.disk", "  twinkeel.disk"),
                NotFromLoader,
            ),
            (format!("twinkeel.slot=system-b {good}"), Repeated),
            (format!("twinkeel.debug {good}"), Repeated),
            (line("Rescue", GUID, "1"), Slot),
            (line("", GUID, "1"), Slot),
            (line("system-a", &GUID.to_uppercase(), "1"), Disk),
            (line("system-a", &GUID[1..], "1"), Disk),
            (line("system-a", "", "1"), Disk),
            (line("system-a", GUID, ""), Boot),
            (line("system-a", GUID, "+1"), Boot),
            (line("system-a", GUID, "01"), Boot),
            (line("system-a", GUID, "18446744073709551616"), Boot),
        ];
        for (text, error) in table {
            assert_eq!(parse_handover(&text), Err(error), "{text:?}");
        }
    }
}
