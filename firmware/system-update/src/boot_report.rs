//! `/run/twinkeel/boot.json`: what PID 1 knows about this boot, for every other
//! program. Written once per boot, and again when the slot is confirmed.

use crate::installer::Installer;
use crate::running::Running;
use core::fmt;
use image_format::{BootNumber, Digest, Epoch, Slot, Source, Version};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What runs, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootReport {
    /// What the loader started.
    pub source: Source,
    /// Its version.
    pub version: Version,
    /// SHA-256 of its manifest's frame.
    pub manifest: Digest,
    /// The boot that this is.
    pub boot: BootNumber,
    /// The whole-disk device that everything came from. Only a rescue system goes on
    /// without one.
    pub disk: Option<PathBuf>,
    /// The GPT's disk GUID, lower-case.
    pub disk_guid: String,
    /// The board that the image is for.
    pub board: String,
    /// The product line.
    pub product: String,
    /// The image's security epoch.
    pub epoch: Epoch,
    /// When the image was built, in seconds since 1970: the clock is never before that.
    pub build_time_secs: u64,
    /// Whether it still has to prove itself.
    pub status: ReportedStatus,
}

/// The running system's status as far as programs care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportedStatus {
    /// It has yet to be confirmed.
    Trial,
    /// It is confirmed.
    Confirmed,
    /// It is the rescue system, which is never confirmed and never on trial.
    Rescue,
}

impl fmt::Display for ReportedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Trial => "trial",
            Self::Confirmed => "confirmed",
            Self::Rescue => "rescue",
        })
    }
}

/// Why there is no report.
#[derive(Debug)]
pub enum ReportError {
    /// There is no such file.
    Unreadable(std::io::Error),
    /// It is not of the documented form.
    Malformed(serde_json::Error),
    /// A field holds a value that cannot be.
    Field(&'static str),
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot tell what runs here: {}", BootReport::PATH)?;
        match self {
            Self::Unreadable(error) => write!(f, ": {error}; is this a Twinkeel device?"),
            Self::Malformed(error) => write!(f, " is malformed: {error}; reboot to renew it"),
            Self::Field(field) => write!(f, " has a wrong field {field}; reboot to renew it"),
        }
    }
}

impl core::error::Error for ReportError {}

/// The file's form.
#[derive(Serialize, Deserialize)]
struct Json {
    slot: String,
    version: u64,
    manifest: String,
    boot: u64,
    disk: Option<PathBuf>,
    disk_guid: String,
    board: String,
    product: String,
    epoch: u32,
    build_time_secs: u64,
    status: ReportedStatus,
}

impl BootReport {
    /// Where PID 1 writes it.
    pub const PATH: &'static str = "/run/twinkeel/boot.json";

    /// Reads the report of this boot.
    ///
    /// # Errors
    /// See [`ReportError`].
    pub fn read() -> Result<Self, ReportError> {
        let json = std::fs::read_to_string(Self::PATH).map_err(ReportError::Unreadable)?;
        Self::parse(&json)
    }

    /// Writes the report whole, so that no reader sees a part of it.
    ///
    /// # Errors
    /// The file system's.
    pub fn write(&self) -> std::io::Result<()> {
        let path = Path::new(Self::PATH);
        let new = path.with_extension("new");
        std::fs::write(&new, self.to_json())?;
        std::fs::rename(new, path)
    }

    /// Parses the file's content.
    ///
    /// # Errors
    /// All but [`ReportError::Unreadable`].
    pub fn parse(json: &str) -> Result<Self, ReportError> {
        let json: Json = serde_json::from_str(json).map_err(ReportError::Malformed)?;
        let source = Source::parse(&json.slot).ok_or(ReportError::Field("slot"))?;
        let is_rescue = source == Source::Rescue;
        if is_rescue != (json.status == ReportedStatus::Rescue) {
            return Err(ReportError::Field("status"));
        }
        if json.disk.is_none() && !is_rescue {
            return Err(ReportError::Field("disk"));
        }
        Ok(Self {
            source,
            version: Version(json.version),
            manifest: Digest::parse_hex(&json.manifest).ok_or(ReportError::Field("manifest"))?,
            boot: BootNumber(json.boot),
            disk: json.disk,
            disk_guid: json.disk_guid,
            board: json.board,
            product: json.product,
            epoch: Epoch(json.epoch),
            build_time_secs: json.build_time_secs,
            status: json.status,
        })
    }

    /// The file's content.
    #[must_use]
    pub fn to_json(&self) -> String {
        let json = Json {
            slot: self.source.to_string(),
            version: self.version.0,
            manifest: self.manifest.to_string(),
            boot: self.boot.0,
            disk: self.disk.clone(),
            disk_guid: self.disk_guid.clone(),
            board: self.board.clone(),
            product: self.product.clone(),
            epoch: self.epoch.0,
            build_time_secs: self.build_time_secs,
            status: self.status,
        };
        // Strings and numbers: only a path that is no UTF-8 could fail, and device
        // nodes have none.
        serde_json::to_string(&json).unwrap_or_default() + "\n"
    }

    /// The slot that runs; the rescue system runs from none.
    #[must_use]
    pub fn slot(&self) -> Option<Slot> {
        match self.source {
            Source::Slot(slot) => Some(slot),
            Source::Rescue => None,
        }
    }

    /// Who installs a release here.
    #[must_use]
    pub fn installer(&self) -> Installer {
        match self.running() {
            Some(running) => Installer::System {
                running,
                version: self.version,
            },
            None => Installer::Rescue {
                boot_number: self.boot,
            },
        }
    }

    /// What to compare the boot state with, if a slot runs.
    #[must_use]
    pub fn running(&self) -> Option<Running> {
        Some(Running {
            slot: self.slot()?,
            manifest_hash: self.manifest,
            boot_number: self.boot,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> BootReport {
        BootReport {
            source: Source::Slot(Slot::B),
            version: Version(3),
            manifest: Digest([0xa5; 32]),
            boot: BootNumber(12),
            disk: Some("/dev/vda".into()),
            disk_guid: "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0".to_owned(),
            board: "x86_64-uefi".to_owned(),
            product: "a \"quoted\" name".to_owned(),
            epoch: Epoch(1),
            build_time_secs: 1_790_000_000,
            status: ReportedStatus::Trial,
        }
    }

    #[test]
    fn the_documented_form_round_trips() {
        let json = report().to_json();
        assert!(
            json.starts_with(r#"{"slot":"system-b","version":3,"manifest":"a5a5"#),
            "{json}"
        );
        assert!(
            json.ends_with("\"epoch\":1,\"build_time_secs\":1790000000,\"status\":\"trial\"}\n"),
            "{json}"
        );
        assert_eq!(BootReport::parse(&json).unwrap(), report());
    }

    #[test]
    fn wrong_fields_are_named() {
        let json = report().to_json();
        let slot = BootReport::parse(&json.replace("system-b", "system-c")).unwrap_err();
        assert!(matches!(slot, ReportError::Field("slot")));
        let hash = BootReport::parse(&json.replace("a5a5", "a5")).unwrap_err();
        assert!(matches!(hash, ReportError::Field("manifest")));
        let status = BootReport::parse(&json.replace("trial", "great")).unwrap_err();
        assert!(matches!(status, ReportError::Malformed(_)));
    }

    #[test]
    fn a_rescue_system_is_no_slot_and_may_have_no_disk() {
        let rescue = BootReport {
            source: Source::Rescue,
            disk: None,
            status: ReportedStatus::Rescue,
            ..report()
        };
        let json = rescue.to_json();
        assert!(json.starts_with(r#"{"slot":"rescue","#), "{json}");
        assert!(json.contains(r#""disk":null"#), "{json}");
        assert_eq!(BootReport::parse(&json).unwrap(), rescue);
        assert_eq!(rescue.running(), None);
        assert_eq!(report().running().map(|it| it.slot), Some(Slot::B));

        for (from, to, field) in [
            (r#""slot":"rescue""#, r#""slot":"system-a""#, "status"),
            (r#""status":"rescue""#, r#""status":"trial""#, "status"),
        ] {
            let error = BootReport::parse(&json.replace(from, to)).unwrap_err();
            assert!(matches!(error, ReportError::Field(name) if name == field));
        }
        let json = report().to_json().replace(r#""/dev/vda""#, "null");
        let error = BootReport::parse(&json).unwrap_err();
        assert!(matches!(error, ReportError::Field("disk")), "{error}");
    }
}
