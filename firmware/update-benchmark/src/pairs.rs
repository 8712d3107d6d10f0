//! Two pairs of systems from Debian's archive: the last point release and what is current, and
//! the current one with and without one library's fix.

use anyhow::{Context, Result};
use boards::Architecture;
use image_builder::signing::KeyDirectory;
use image_builder::{Distribution, ReadyParts, Suites, fetch_distribution, pack_system_image};
use image_format::Version;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A server's system with systemd and SSH: these and all that they depend on.
const PACKAGES: [&str; 15] = [
    "linux-image-cloud-amd64",
    "?priority(required)",
    "?priority(important)",
    "systemd-sysv",
    "openssh-server",
    "openssl",
    "ca-certificates",
    "curl",
    "perl",
    "python3-minimal",
    "wpasupplicant",
    "libsasl2-modules",
    "gnupg",
    "chrony",
    "parted",
];

/// The library that one fix changes, and its programs.
const LIBRARY: [&str; 2] = ["openssl", "libssl3"];

/// What an appliance leaves out.
const LEFT_OUT: [&str; 6] = [
    "usr/share/doc",
    "usr/share/doc-base",
    "usr/share/info",
    "usr/share/lintian",
    "usr/share/locale",
    "usr/share/man",
];

/// A system: its parts, and its update file.
pub(crate) struct System {
    pub(crate) root: PathBuf,
    pub(crate) kernel: PathBuf,
    pub(crate) update: PathBuf,
}

/// An old system and a new one.
pub(crate) struct Pair<'a> {
    pub(crate) name: &'static str,
    /// Which packages.
    pub(crate) about: String,
    pub(crate) old: &'a System,
    pub(crate) new: &'a System,
}

/// All pairs' systems, on the disk.
pub(crate) struct Systems {
    directory: PathBuf,
    old: System,
    library: System,
    new: System,
    kernel_about: String,
    library_about: String,
}

pub(crate) fn build(directory: &Path) -> Result<Systems> {
    eprintln!("bench: fetching two states of Debian");
    let fetch = |suites, name: &str| {
        let directory = directory.join(name);
        fetch_distribution(Architecture::X86_64, suites, &PACKAGES, &directory)
            .with_context(|| format!("cannot fetch the {name} packages"))
    };
    let old = fetch(Suites::PointRelease, "apt-old")?;
    let new = fetch(Suites::WithUpdates, "apt-new")?;
    let about = |names: &[&str]| -> String {
        let changes = names.iter().filter_map(|name| {
            let (old, new) = (old.version(name)?, new.version(name)?);
            (old != new).then(|| format!("{name} {old} to {new}"))
        });
        changes.collect::<Vec<_>>().join(", ")
    };
    let kernel_about = format!(
        "{} packages of Debian's last point release to the current ones: {}",
        old.len(),
        about(&["linux-image-cloud-amd64", "openssl"])
    );
    let library_about = format!("of the current ones only {}", about(&LIBRARY));
    eprintln!("bench: packing the systems");
    let system = |name: &str, version, unpack: &dyn Fn(&Path) -> Result<()>| {
        System::pack(directory, name, version, unpack)
            .with_context(|| format!("cannot make the system {name}"))
    };
    let with_old_library = |tree: &Path| {
        new.unpack(tree)?;
        let mut names = LIBRARY.iter();
        names.try_for_each(|name| old.unpack_over(name, tree))
    };
    Ok(Systems {
        directory: directory.to_owned(),
        old: system("old", 1, &|tree: &Path| unpack(&old, tree))?,
        library: system("library", 2, &with_old_library)?,
        new: system("new", 3, &|tree: &Path| unpack(&new, tree))?,
        kernel_about,
        library_about,
    })
}

fn unpack(distribution: &Distribution, tree: &Path) -> Result<()> {
    distribution.unpack(tree)
}

impl Systems {
    pub(crate) fn pairs(&self) -> [Pair<'_>; 2] {
        [
            Pair {
                name: "library",
                about: self.library_about.clone(),
                old: &self.library,
                new: &self.new,
            },
            Pair {
                name: "kernel",
                about: self.kernel_about.clone(),
                old: &self.old,
                new: &self.new,
            },
        ]
    }

    /// Two gigabytes that nobody needs any more.
    pub(crate) fn remove(self) -> Result<()> {
        Ok(fs::remove_dir_all(self.directory)?)
    }
}

impl System {
    fn pack(
        directory: &Path,
        name: &str,
        version: u64,
        unpack: &dyn Fn(&Path) -> Result<()>,
    ) -> Result<Self> {
        let work = directory.join(name);
        if work.exists() {
            fs::remove_dir_all(&work)?;
        }
        let root = work.join("tree");
        unpack(&root)?;
        for path in LEFT_OUT {
            let path = root.join(path);
            if path.exists() {
                fs::remove_dir_all(path)?;
            }
        }
        without_privileges(&root)?;
        let kernel = work.join("kernel");
        fs::rename(find_kernel(&root)?, &kernel)?;
        // The trees have none: it would change with each kernel, and is compressed.
        let initrd = work.join("initrd");
        fs::write(&initrd, "initrd")?;
        let parts = ReadyParts {
            board: "bench",
            product: "bench",
            version: Version(version),
            build_time_secs: 0,
            kernel: &kernel,
            initrd: &initrd,
            root: &root,
        };
        let image = pack_system_image(&parts, &work)?;
        let keys = KeyDirectory::open_or_create_test(&directory.join("keys"))?;
        let update = work.join("system.update");
        image.write_update(&keys.seal(&image.manifest())?, &update)?;
        Ok(Self {
            root,
            kernel,
            update,
        })
    }
}

fn find_kernel(root: &Path) -> Result<PathBuf> {
    for entry in fs::read_dir(root.join("boot"))? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("vmlinuz-") {
            return Ok(entry.path());
        }
    }
    anyhow::bail!("no package brought a kernel")
}

/// No image has setuid files.
fn without_privileges(directory: &Path) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        let mode = metadata.permissions().mode();
        if metadata.is_dir() {
            without_privileges(&entry.path())?;
        } else if metadata.is_file() && mode & 0o6000 != 0 {
            fs::set_permissions(entry.path(), Permissions::from_mode(mode & 0o1777))?;
        }
    }
    Ok(())
}
