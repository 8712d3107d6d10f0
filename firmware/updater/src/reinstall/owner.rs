//! What the rescue system takes over from `writable`, if that can be read: the owner's word
//! on where a release may come from, what the store said last, and the machine's id.
//!
//! The rescue system is never updated, so settings may be there that it does not know: it
//! takes those that concern it, and leaves the others.

use crate::keep::replace;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// The settings that count here.
const SETTINGS: [&str; 4] = ["channel", "rate-limit-bytes-per-sec", "rescue", "store"];
/// Longer than any of these files.
const MOST_BYTES: u64 = 4 << 20;
/// More than a store has roles.
const MOST_FILES: usize = 64;

/// Copies from `kept`, the system's directory on `writable`, to `own`. What cannot be read
/// is left out: the image's word counts then.
///
/// # Errors
/// `own` cannot be written.
pub fn take_over(kept: &Path, own: &Path) -> io::Result<()> {
    fs::create_dir_all(own)?;
    if let Some(settings) = read(&kept.join("updates.toml")) {
        replace(&own.join("updates.toml"), concerning(&settings).as_bytes())?;
    }
    for name in ["updates.json", "machine-id"] {
        if let Some(bytes) = read(&kept.join(name)) {
            replace(&own.join(name), &bytes)?;
        }
    }
    let files = fs::read_dir(kept.join("store")).into_iter().flatten();
    for entry in files.flatten().take(MOST_FILES) {
        if let Some(bytes) = read(&entry.path()) {
            replace(&own.join("store").join(entry.file_name()), &bytes)?;
        }
    }
    Ok(())
}

fn concerning(settings: &[u8]) -> String {
    let text = String::from_utf8_lossy(settings);
    let mut table: toml::Table = text.parse().unwrap_or_default();
    table.retain(|key, _| SETTINGS.contains(&key));
    table.to_string()
}

/// A plain file, whole.
fn read(path: &Path) -> Option<Vec<u8>> {
    let plain = fs::symlink_metadata(path).ok()?;
    if !plain.is_file() || plain.len() > MOST_BYTES {
        return None;
    }
    let mut bytes = Vec::new();
    let file = File::open(path).ok()?;
    file.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{RescueSources, SettingsFile};

    #[test]
    fn the_owners_word_counts_beside_settings_that_nobody_knows_here() {
        let directory = tempfile::tempdir().unwrap();
        let [image, kept, own] = ["image", "kept", "own"].map(|name| directory.path().join(name));
        fs::create_dir_all(kept.join("store")).unwrap();
        fs::create_dir(&image).unwrap();
        fs::write(image.join("updates.toml"), "rescue = \"both\"\n").unwrap();
        let settings = "rescue = \"usb\"\nhold = \"forever\"\nof-the-future = 3\n";
        fs::write(kept.join("updates.toml"), settings).unwrap();
        fs::write(kept.join("store/root.json"), "{}").unwrap();
        fs::write(kept.join("machine-id"), "0123\n").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", kept.join("updates.json")).unwrap();

        take_over(&kept, &own).unwrap();
        let read = SettingsFile::new(&image, &own).read();
        assert_eq!(read.warnings, Vec::<String>::new());
        assert_eq!(read.settings.rescue, RescueSources::Usb);
        assert_eq!(fs::read(own.join("store/root.json")).unwrap(), b"{}");
        assert_eq!(fs::read(own.join("machine-id")).unwrap(), b"0123\n");
        assert!(!own.join("updates.json").exists());
    }

    #[test]
    fn a_writable_that_cannot_be_read_leaves_the_word_to_the_image() {
        let directory = tempfile::tempdir().unwrap();
        let [image, own] = ["image", "own"].map(|name| directory.path().join(name));
        fs::create_dir(&image).unwrap();
        fs::write(image.join("updates.toml"), "rescue = \"network\"\n").unwrap();
        take_over(Path::new("/nowhere"), &own).unwrap();
        let read = SettingsFile::new(&image, &own).read();
        assert_eq!(read.settings.rescue, RescueSources::Network);
    }
}
