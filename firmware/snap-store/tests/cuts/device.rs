//! A device: real files, and mounts and programs that are only remembered.

use crate::faulty::{Cut, Fault, Faulty};
use crate::snap_files::SnapFiles;
use crate::stories::hello;
use image_trust::sha256;
use serde_json::{Map, Value};
use snap_format::{Hook, Revision, SnapFile, SnapYaml};
use snap_store::{
    Installed, Outcome, Parts, Places, RuntimeError, Silent, Snaps, Started, StoreError,
    VerifiedImage, Written, root_hash_of,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tempfile::TempDir;

pub(crate) struct Device {
    directory: TempDir,
    mounted: Mutex<BTreeSet<PathBuf>>,
    running: Mutex<BTreeSet<(String, Revision)>>,
    pub(crate) hooks: Mutex<Vec<(Revision, Hook)>>,
    /// The version whose health hook fails.
    pub(crate) unhealthy: Mutex<Option<String>>,
    /// What the hook `configure` found last.
    pub(crate) found: Mutex<Map<String, Value>>,
    /// Whether no configuration suits.
    pub(crate) refuses: Mutex<bool>,
    /// No snap that needs a framework starts with this revision of one.
    pub(crate) disliked: Mutex<Option<Revision>>,
    /// Who was started and stopped, in order.
    pub(crate) order: Mutex<Vec<String>>,
    /// Room that is left for snaps, where it is not the machine's.
    pub(crate) free_bytes: Mutex<Option<u64>>,
    /// Bytes that were fetched from the store.
    pub(crate) fetched_bytes: Mutex<u64>,
    /// Whether the store leads to wrong blocks of what is here.
    pub(crate) misled: Mutex<bool>,
}

/// What is on a device, as far as anybody can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    /// Path and content of all files and links, but for the state.
    pub(crate) tree: BTreeMap<PathBuf, String>,
    pub(crate) mounted: BTreeSet<PathBuf>,
    pub(crate) running: BTreeSet<(String, Revision)>,
    pub(crate) state: String,
}

/// What is asked.
pub(crate) type Ask<'a> = &'a dyn Fn(&Device, &mut Snaps<'_>) -> Result<Outcome, StoreError>;

/// What became of it.
pub(crate) enum Ended {
    Cut,
    Told(Box<Result<Outcome, StoreError>>),
}

impl Device {
    pub(crate) fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let directory = match memory.is_dir() {
            true => tempfile::tempdir_in(memory),
            false => tempfile::tempdir(),
        };
        let device = Self {
            directory: directory.unwrap(),
            mounted: Mutex::default(),
            running: Mutex::default(),
            hooks: Mutex::default(),
            unhealthy: Mutex::default(),
            found: Mutex::default(),
            refuses: Mutex::default(),
            disliked: Mutex::default(),
            order: Mutex::default(),
            free_bytes: Mutex::default(),
            fetched_bytes: Mutex::default(),
            misled: Mutex::default(),
        };
        let places = device.places();
        for place in [&places.snaps, &places.mounts, &places.data] {
            fs::create_dir_all(place).unwrap();
        }
        device
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    pub(crate) fn places(&self) -> Places {
        Places {
            snaps: self.path("writable/snaps"),
            mounts: self.path("snap"),
            data: self.path("var/snap"),
            grants: self.path("writable/system/snaps/grants"),
            launcher: "/usr/bin/snappy".into(),
        }
    }

    /// Starts the daemon on it, without faults.
    pub(crate) fn start(&self) -> Started {
        self.with(&Faulty::new(self, None), |_, started| started)
            .unwrap()
    }

    /// Starts the daemon, and asks for something that has to be done.
    pub(crate) fn must(&self, ask: Ask<'_>) -> Outcome {
        self.try_(ask).unwrap()
    }

    /// Starts the daemon, and asks for something.
    pub(crate) fn try_(&self, ask: Ask<'_>) -> Result<Outcome, StoreError> {
        self.with(&Faulty::new(self, None), |snaps, _| ask(self, snaps))?
    }

    /// Starts the daemon, and grants something.
    pub(crate) fn granted(
        &self,
        grant: impl FnOnce(&mut Snaps<'_>) -> Result<Written, StoreError>,
    ) -> Result<Written, StoreError> {
        self.with(&Faulty::new(self, None), |snaps, _| grant(snaps))?
    }

    /// The same, with something going wrong.
    pub(crate) fn ask(&self, ask: Ask<'_>, fault: (usize, Fault)) -> Ended {
        let parts = Faulty::new(self, Some(fault));
        let asked = catch_unwind(AssertUnwindSafe(|| {
            self.with(&parts, |snaps, _| ask(self, snaps))
        }));
        match asked {
            Ok(Ok(told)) => Ended::Told(Box::new(told)),
            // The daemon cannot read the state, and ends.
            Ok(Err(_)) => Ended::Cut,
            Err(payload) if payload.is::<Cut>() => Ended::Cut,
            Err(payload) => resume_unwind(payload),
        }
    }

    /// Starts the daemon with something going wrong; it may end by that.
    pub(crate) fn start_badly(&self, fault: (usize, Fault)) {
        let nothing: Ask<'_> = &|_, _| Err(StoreError::Unfinished(String::new()));
        self.ask(nothing, fault);
    }

    /// How many calls the start makes, and how many together with `ask`.
    pub(crate) fn count(&self, ask: Ask<'_>) -> (usize, usize) {
        let parts = Faulty::new(self, None);
        let start = self.with(&parts, |snaps, _| {
            let start = parts.calls();
            let _ = ask(self, snaps);
            start
        });
        (start.unwrap(), parts.calls())
    }

    fn with<R>(
        &self,
        parts: &Faulty<'_>,
        act: impl FnOnce(&mut Snaps<'_>, Started) -> R,
    ) -> Result<R, StoreError> {
        let all = Parts {
            files: parts,
            mounts: parts,
            runtime: parts,
            sources: parts,
        };
        let mut snaps = Snaps::open(self.places(), "amd64", all)?;
        let started = snaps.start(&mut Silent);
        Ok(act(&mut snaps, started))
    }

    /// Everything that does not survive a reboot goes.
    pub(crate) fn reboot(&self) {
        let mounted: Vec<_> = self.mounted.lock().unwrap().iter().cloned().collect();
        for at in mounted {
            self.unmount(&at).unwrap();
        }
        self.running.lock().unwrap().clear();
    }

    pub(crate) fn content(&self) -> Content {
        let mut tree = BTreeMap::new();
        walk(self.directory.path(), self.directory.path(), &mut tree);
        let mounted = self.mounted.lock().unwrap();
        let (root, mounted) = (self.directory.path(), mounted.iter());
        let state = tree
            .remove(Path::new("writable/snaps/state.json"))
            .unwrap_or_default();
        // Left by a cut, and replaced by whoever writes next; and what is on its way.
        tree.retain(|path, _| {
            let path = path.to_str().unwrap();
            !path.ends_with(".new") && !path.starts_with("writable/snaps/.incoming")
        });
        Content {
            tree,
            mounted: mounted.map(|at| relative(root, at)).collect(),
            running: self.running.lock().unwrap().clone(),
            state,
        }
    }

    /// A file that somebody brought, where the daemon puts it.
    pub(crate) fn bring(&self, version: &str) -> PathBuf {
        let path = self.places().incoming().join("upload-1");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, SnapFiles::get().bytes(version)).unwrap();
        path
    }
}

fn relative(root: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(root).unwrap().to_owned()
}

fn walk(root: &Path, at: &Path, tree: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(at).unwrap() {
        let path = entry.unwrap().path();
        let name = relative(root, &path);
        if path.is_symlink() {
            let target = fs::read_link(&path).unwrap();
            tree.insert(name, format!("-> {}", target.display()));
        } else if path.is_dir() {
            tree.insert(name, "directory".to_owned());
            walk(root, &path, tree);
        } else {
            let bytes = fs::read(&path).unwrap();
            let text = match bytes.len() < 4096 {
                true => String::from_utf8(bytes).unwrap(),
                // A snap or a tree.
                false => sha256(&bytes).to_string(),
            };
            tree.insert(name, text);
        }
    }
}

impl Device {
    /// As the kernel would: the blocks have to be those that the root hash names.
    pub(crate) fn mount(&self, image: &VerifiedImage<'_>, at: &Path) -> io::Result<()> {
        if self.mounted.lock().unwrap().contains(at) {
            return Ok(());
        }
        let file = File::open(image.file)?;
        let hash = root_hash_of(&file)?.ok_or(io::ErrorKind::InvalidData)?;
        let tree = fs::metadata(image.tree)?.len();
        assert!(
            tree > 0 && tree.is_multiple_of(4096),
            "a tree of {tree} bytes"
        );
        if hash.root_hash != image.root_hash || hash.length_bytes != image.length_bytes {
            return Err(io::Error::from_raw_os_error(5));
        }
        let snap = SnapFile::open(File::open(image.file)?).map_err(io::Error::other)?;
        let yaml = snap.files().read("meta/snap.yaml", 4096);
        fs::create_dir_all(at.join("meta"))?;
        fs::write(at.join("meta/snap.yaml"), yaml.map_err(io::Error::other)?)?;
        self.mounted.lock().unwrap().insert(at.to_owned());
        Ok(())
    }

    /// Of `snap-hello-1`, as the kernel would that was asked for every block.
    pub(crate) fn met_damage(&self, name: &str) -> bool {
        let name = name.strip_prefix("snap-hello-").unwrap();
        let path = |suffix: &str| {
            self.places()
                .files_of(&hello())
                .join(format!("{name}.{suffix}"))
        };
        let state = fs::read_to_string(self.places().state()).unwrap();
        let hash = root_hash_of(&File::open(path("snap")).unwrap()).unwrap();
        let is_whole = hash.is_some_and(|hash| state.contains(&hash.root_hash.to_string()));
        // Of these snaps a tree is one block, which begins with the hash of a block.
        !is_whole || fs::read(path("tree")).unwrap()[..32] == [0; 32]
    }

    pub(crate) fn unmount(&self, at: &Path) -> io::Result<()> {
        if self.mounted.lock().unwrap().remove(at) {
            fs::remove_dir_all(at.join("meta"))?;
        }
        Ok(())
    }
}

impl Device {
    pub(crate) fn start_services(&self, snap: &Installed) -> Result<(), RuntimeError> {
        assert!(snap.data.is_dir(), "started without its data");
        let mut running = self.running.lock().unwrap();
        let disliked = *self.disliked.lock().unwrap();
        let needs = |name: &str| snap.yaml.frameworks.iter().any(|one| one.as_str() == name);
        let mut others = running.iter();
        if others.any(|(name, revision)| needs(name) && Some(*revision) == disliked) {
            return Err(RuntimeError(format!("{} does not like it", snap.name)));
        }
        self.order.lock().unwrap().push(format!("+{}", snap.name));
        running.insert((snap.name.to_string(), snap.revision));
        let of_snap = running
            .iter()
            .filter(|(name, _)| *name == snap.name.as_str());
        assert_eq!(of_snap.count(), 1, "two revisions run: {running:?}");
        Ok(())
    }

    pub(crate) fn stop_services(&self, snap: &Installed) -> Result<(), RuntimeError> {
        let mut running = self.running.lock().unwrap();
        for (name, revision) in &*running {
            let yaml = self.places().mount(&name.parse().unwrap(), *revision);
            let yaml = fs::read(yaml.join("meta/snap.yaml")).unwrap();
            let needs = SnapYaml::parse(&yaml).unwrap().frameworks;
            assert!(!needs.contains(&snap.name), "{name} loses {}", snap.name);
        }
        self.order.lock().unwrap().push(format!("-{}", snap.name));
        running.remove(&(snap.name.to_string(), snap.revision));
        Ok(())
    }

    pub(crate) fn hook(&self, snap: &Installed, hook: Hook) -> Result<(), RuntimeError> {
        self.hooks.lock().unwrap().push((snap.revision, hook));
        let version = snap.yaml.version.to_string();
        if hook == Hook::Configure {
            *self.found.lock().unwrap() = snap.configuration.document().clone();
        }
        match hook {
            // What a snap does to its data cannot be undone by anybody but who copied it.
            Hook::Install | Hook::PostRefresh => {
                let data = snap.data.join("data");
                let before = fs::read_to_string(&data).unwrap_or_default();
                let after = match before.ends_with(&version) {
                    true => before,
                    false => format!("{before}{version}"),
                };
                fs::write(data, after).unwrap();
                Ok(())
            }
            Hook::Configure if *self.refuses.lock().unwrap() => {
                Err(RuntimeError("that cannot be configured".into()))
            }
            Hook::CheckHealth if self.unhealthy.lock().unwrap().as_ref() == Some(&version) => {
                Err(RuntimeError(format!("version {version} is not well")))
            }
            _ => Ok(()),
        }
    }
}
