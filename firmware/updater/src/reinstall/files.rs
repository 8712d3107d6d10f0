//! Update files on a disk that was attached.

use super::{AttachedDisk, NotInstalled, Surroundings};
use crate::engine::Engine;
use crate::machine::Machine;
use crate::slots::Slots;
use image_format::{ENVELOPE_BYTES, Keyring};
use image_trust::{ImageKind, Requirements, Verified, verify_envelope};
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use system_update::{
    Downgrade, FailedBefore, ReleaseSource, StageRequest, Staged, UpdateFile, check_release,
};

/// The end of an update file's name.
const EXTENSION: &str = "update";
/// More files than these are not looked at.
const MOST: usize = 16;

/// A file whose envelope verifies.
struct Candidate {
    name: String,
    path: PathBuf,
    version: u64,
}

impl<M: Machine> Engine<M> {
    /// Installs the newest release that lies on `disk` and that this device may take.
    pub(super) fn install_from(
        &self,
        disk: &AttachedDisk,
        around: &impl Surroundings,
    ) -> Option<Staged> {
        let tell = |from: &str, reason: String| {
            let from = from.to_owned();
            around.tell(&NotInstalled { from, reason });
        };
        let mounted = match around.mount(disk) {
            Ok(mounted) => mounted,
            Err(reason) => {
                tell(&disk.name, reason);
                return None;
            }
        };
        let (slots, keyring) = match (self.rescue_slots(), self.machine.keyring()) {
            (Ok(slots), Some(keyring)) => (slots, keyring),
            (Err(failure), _) => {
                tell(&disk.name, failure.message);
                return None;
            }
            (_, None) => {
                tell(&disk.name, "there is no usable keyring here".to_owned());
                return None;
            }
        };
        let names = update_files(mounted.as_ref());
        if names.is_empty() {
            tell(&disk.name, format!("it holds no file *.{EXTENSION}"));
        }
        let mut candidates = Vec::new();
        for file in names {
            let name = format!("{} on {}", file.to_string_lossy(), disk.name);
            let path = mounted.as_ref().join(&file);
            match version_of(&path, &slots, &keyring) {
                Ok(version) => candidates.push(Candidate {
                    name,
                    path,
                    version,
                }),
                Err(reason) => tell(&name, reason),
            }
        }
        candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.version));
        candidates.iter().find_map(|candidate| {
            self.install_file(candidate, &slots, &keyring, around)
                .map_err(|reason| tell(&candidate.name, reason))
                .ok()
        })
    }

    fn install_file(
        &self,
        candidate: &Candidate,
        slots: &Slots,
        keyring: &Verified<Keyring>,
        around: &impl Surroundings,
    ) -> Result<Staged, String> {
        let report = &slots.report;
        let request = StageRequest {
            installer: report.installer(),
            board: &report.board,
            keyring,
            downgrade: Downgrade::Refuse,
            failed_before: FailedBefore::Refuse,
        };
        let open = || open_file(&candidate.path).map_err(|error| error.to_string());
        let mut disk = self
            .machine
            .disk(report)
            .map_err(|error| error.to_string())?;
        check_release(&mut disk, &request, &mut open()?).map_err(|error| error.to_string())?;
        let mut source = open()?;
        let staged = self
            .machine
            .stage(report, &request, &mut source, &mut |now| around.show(now));
        staged.map_err(|error| error.to_string())
    }
}

/// Plain files, by name.
fn update_files(directory: &Path) -> Vec<std::ffi::OsString> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .map(|entry| entry.file_name())
        .filter(|name| {
            let extension = Path::new(name).extension().and_then(OsStr::to_str);
            extension.is_some_and(|extension| extension.eq_ignore_ascii_case(EXTENSION))
        })
        .collect();
    names.sort();
    names.truncate(MOST);
    names
}

fn open_file(path: &Path) -> io::Result<UpdateFile<File>> {
    UpdateFile::new(File::open(path)?)
}

/// The release's version, if its envelope verifies for this device and it is not here already.
fn version_of(path: &Path, slots: &Slots, keyring: &Verified<Keyring>) -> Result<u64, String> {
    let mut file = open_file(path).map_err(|error| error.to_string())?;
    let mut envelope = Box::new([0; ENVELOPE_BYTES]);
    file.read_envelope(&mut envelope)
        .map_err(|error| error.to_string())?;
    let requirements = Requirements {
        kind: ImageKind::System,
        board: &slots.report.board,
        floors: slots.state.floors,
        // Staging asks whether it fits.
        slot_length_bytes: u64::MAX,
    };
    let release = verify_envelope(keyring, envelope.as_slice(), &requirements);
    let release = release.map_err(|refusal| format!("it is refused: {refusal}"))?;
    let here = slots
        .did_not_come_up()
        .find(|(_, hash)| *hash == release.manifest_hash);
    match here {
        Some((slot, _)) => Err(format!(
            "it is in {slot} already, and did not come up there; take another release"
        )),
        None => Ok(release.manifest.version.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_files_of_that_name_are_looked_at_and_not_too_many() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        for name in ["b.update", "A.UPDATE", "c.update.part", "update"] {
            std::fs::write(path(name), "").unwrap();
        }
        std::fs::create_dir(path("d.update")).unwrap();
        std::os::unix::fs::symlink("/etc/shadow", path("e.update")).unwrap();
        assert_eq!(update_files(directory.path()), ["A.UPDATE", "b.update"]);
        for number in 10..40 {
            std::fs::write(path(&format!("{number}.update")), "").unwrap();
        }
        assert_eq!(update_files(directory.path()).len(), MOST);
        assert!(update_files(&path("nowhere")).is_empty());
    }
}
