//! What firmware and kernel say about how strictly this boot was guarded.
//!
//! Read from what PID 1 mounts: the firmware's variables and the kernel's security
//! files. Nothing here decides anything; whoever runs the kernel could lie to a person.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Where the kernel shows the firmware's variables.
const VARIABLES: &str = "/sys/firmware/efi/efivars";
/// UEFI 2.10, section 3.3: the namespace of the firmware's own variables.
const GLOBAL: &str = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
const LOCKDOWN: &str = "/sys/kernel/security/lockdown";
/// The kernel puts a variable's attributes before its value.
const ATTRIBUTES_BYTES: usize = 4;

/// Does the firmware start only what was signed for it?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SecureBoot {
    On,
    Off,
    Unsupported,
    Unknown,
}

impl SecureBoot {
    /// Reads the firmware's variables.
    pub(crate) fn read() -> Self {
        Self::read_below(Path::new(VARIABLES))
    }

    fn read_below(variables: &Path) -> Self {
        let value = |name: &str| fs::read(variables.join(format!("{name}-{GLOBAL}")));
        match (value("SecureBoot"), value("SetupMode")) {
            (Ok(secure_boot), Ok(setup_mode)) => Self::parse(&secure_boot, &setup_mode),
            // Firmware that knows Secure Boot has both variables, on or off.
            (Err(error), _) if error.kind() == ErrorKind::NotFound && has_entries(variables) => {
                Self::Unsupported
            }
            // Without UEFI the kernel has no such directory.
            _ if !variables.exists() => Self::Unsupported,
            _ => Self::Unknown,
        }
    }

    /// UEFI 2.10, section 3.3: `SecureBoot` 1 and `SetupMode` 0 is a firmware that checks.
    fn parse(secure_boot: &[u8], setup_mode: &[u8]) -> Self {
        match (
            secure_boot.get(ATTRIBUTES_BYTES..),
            setup_mode.get(ATTRIBUTES_BYTES..),
        ) {
            (Some([1]), Some([0])) => Self::On,
            (Some([0 | 1]), Some([0 | 1])) => Self::Off,
            _ => Self::Unknown,
        }
    }

    /// For people and programs: never changed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Unsupported => "unsupported",
            Self::Unknown => "unknown",
        }
    }
}

/// An empty directory is one on which nothing is mounted.
fn has_entries(directory: &Path) -> bool {
    fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some())
}

/// What the kernel keeps even root from (Linux, `man 7 kernel_lockdown`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lockdown {
    None,
    Integrity,
    Confidentiality,
    Unknown,
}

impl Lockdown {
    /// Asks the kernel.
    pub(crate) fn read() -> Self {
        fs::read_to_string(LOCKDOWN).map_or(Self::Unknown, |text| Self::parse(&text))
    }

    /// All levels in one line, the present one in brackets.
    fn parse(text: &str) -> Self {
        let present = text.split_whitespace().find_map(|word| {
            word.strip_prefix('[')
                .and_then(|word| word.strip_suffix(']'))
        });
        match present {
            Some("none") => Self::None,
            Some("integrity") => Self::Integrity,
            Some("confidentiality") => Self::Confidentiality,
            _ => Self::Unknown,
        }
    }

    /// For people and programs: never changed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Integrity => "integrity",
            Self::Confidentiality => "confidentiality",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the kernel shows them.
    fn variable(value: u8) -> [u8; 5] {
        [6, 0, 0, 0, value]
    }

    #[test]
    fn only_a_firmware_that_checks_counts_as_on() {
        for (secure_boot, setup_mode, expected) in [
            (1, 0, SecureBoot::On),
            (0, 0, SecureBoot::Off),
            (0, 1, SecureBoot::Off),
            (1, 1, SecureBoot::Off),
            (2, 0, SecureBoot::Unknown),
        ] {
            let found = SecureBoot::parse(&variable(secure_boot), &variable(setup_mode));
            assert_eq!(found, expected, "{secure_boot} {setup_mode}");
        }
        assert_eq!(SecureBoot::parse(&[1], &[0]), SecureBoot::Unknown);
    }

    #[test]
    fn firmware_without_the_variables_is_not_one_whose_variables_cannot_be_read() {
        let directory = tempfile::tempdir().unwrap();
        let variables = directory.path();
        let write = |name: &str, value| {
            std::fs::write(variables.join(format!("{name}-{GLOBAL}")), variable(value)).unwrap();
        };
        assert_eq!(
            SecureBoot::read_below(&variables.join("none")),
            SecureBoot::Unsupported
        );
        assert_eq!(
            SecureBoot::read_below(variables),
            SecureBoot::Unknown,
            "not mounted"
        );
        write("BootOrder", 0);
        assert_eq!(SecureBoot::read_below(variables), SecureBoot::Unsupported);
        write("SecureBoot", 1);
        assert_eq!(
            SecureBoot::read_below(variables),
            SecureBoot::Unknown,
            "half of it"
        );
        write("SetupMode", 0);
        assert_eq!(SecureBoot::read_below(variables), SecureBoot::On);
    }

    #[test]
    fn the_level_in_brackets_is_the_present_one() {
        for (text, expected) in [
            ("[none] integrity confidentiality\n", Lockdown::None),
            ("none [integrity] confidentiality\n", Lockdown::Integrity),
            (
                "none integrity [confidentiality]\n",
                Lockdown::Confidentiality,
            ),
            ("none integrity confidentiality\n", Lockdown::Unknown),
            ("", Lockdown::Unknown),
        ] {
            assert_eq!(Lockdown::parse(text), expected, "{text:?}");
        }
    }
}
