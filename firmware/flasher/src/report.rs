//! What came of a flash, for a person and for programs.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

/// A disk that was flashed and read back.
#[derive(Debug, Clone, Serialize)]
pub struct FlashReport {
    /// Where the disk was.
    pub device: PathBuf,
    /// What it calls itself.
    pub model: Option<String>,
    /// Its length.
    pub disk_bytes: u64,
    /// Of its sectors.
    pub sector_bytes: u64,
    /// Its identity, which no other disk has.
    pub disk_guid: String,
    /// The board of the image.
    pub board: String,
    /// The product line.
    pub product: String,
    /// The release in system-a.
    pub version: u64,
    /// The name of that release in `snappy versions`.
    pub manifest_hash: String,
    /// Length of `writable`, to the end of the disk.
    pub writable_bytes: u64,
    /// What was written, zeros apart.
    pub written_bytes: u64,
    /// What was made zero.
    pub zeroed_bytes: u64,
    /// How long writing took, with the flush.
    pub write_secs: f64,
    /// How long reading back took.
    pub read_back_secs: f64,
    /// The device's host name, if it got one.
    pub host_name: Option<String>,
    /// Its machine id, if it got one.
    pub machine_id: Option<String>,
    /// Its serial number, if it got one.
    pub serial: Option<String>,
    /// The device's own files on `writable`.
    pub files: Vec<String>,
    /// The row of the line's table.
    pub row: Option<String>,
}

impl fmt::Display for FlashReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let mut line = |name: &str, value: &str| writeln!(f, "{name:<10} {value}");
        let model = self.model.as_deref().unwrap_or("a file");
        line("device", &format!("{}, {model}", self.device.display()))?;
        line("disk", &self.disk_guid)?;
        line(
            "release",
            &format!("{} {} for {}", self.product, self.version, self.board),
        )?;
        line("manifest", &self.manifest_hash)?;
        for (name, value) in [
            ("row", &self.row),
            ("host name", &self.host_name),
            ("machine id", &self.machine_id),
            ("serial", &self.serial),
        ] {
            if let Some(value) = value {
                line(name, value)?;
            }
        }
        for file in &self.files {
            line("file", &format!("/writable/{file}"))?;
        }
        line(
            "writable",
            &format!(
                "{:.0} MiB, to the end of the disk",
                mebibytes(self.writable_bytes)
            ),
        )?;
        let rate = mebibytes(self.written_bytes) / self.write_secs.max(0.001);
        write!(
            f,
            "written    {:.0} MiB in {:.1} s ({rate:.0} MiB/s), all read back in {:.1} s",
            mebibytes(self.written_bytes),
            self.write_secs,
            self.read_back_secs
        )
    }
}
