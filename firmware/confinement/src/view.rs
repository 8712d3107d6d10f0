//! The files that a snap sees: a root of its own, put together from mounts, in which the
//! device's files are not hidden but absent.
//!
//! Runs in a mount namespace of its own. Afterwards nothing of the old root can be reached.

use crate::devices::{Access, Node};
use crate::error::{Layer, LayerError, OfLayer};
use crate::layout;
use crate::plug::Plug;
use crate::sandbox::{CONTROL_DIRECTORY, Mode, Sandbox, Side};
use rustix::fs::{Gid, Mode as FileMode, Uid};
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_change, mount_remount,
};
use std::ffi::CString;
use std::fs::{self, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Where the new root is put together. Nobody outside sees it.
const SCRATCH: &str = "/run/snap-root";
/// Inside, where `NOTIFY_SOCKET` leads.
pub(crate) const NOTIFY: &str = "/run/notify";
/// Name servers, as the network service wrote them.
const RESOLVER: &str = "/run/resolv.conf";

/// What is seen of a base.
const OF_THE_BASE: [&str; 9] = [
    "bin", "etc", "lib", "lib32", "lib64", "libx32", "sbin", "usr", "opt",
];

/// Files of `/proc` that tell of the device, or change it, and that no snap needs.
const HIDDEN_FILES: [&str; 11] = [
    "cmdline",
    "config.gz",
    "kallsyms",
    "kcore",
    "keys",
    "key-users",
    "kmsg",
    "sched_debug",
    "sysrq-trigger",
    "timer_list",
    "vmallocinfo",
];
const HIDDEN_DIRECTORIES: [&str; 7] = ["acpi", "bus", "driver", "fs", "irq", "scsi", "tty"];

pub(crate) const QUIET: MountFlags = MountFlags::NOSUID.union(MountFlags::NODEV);
pub(crate) const READ_ONLY: MountFlags = QUIET.union(MountFlags::RDONLY);

/// A root that is being made.
struct View<'a> {
    sandbox: &'a Sandbox,
    root: PathBuf,
}

/// Makes the view of `sandbox` and moves this process into it. Returns what the snap's layout
/// has it write, open.
pub(crate) fn enter(sandbox: &Sandbox, nodes: &[Node]) -> Result<Vec<OwnedFd>, LayerError> {
    let view = View {
        sandbox,
        root: PathBuf::from(SCRATCH),
    };
    view.make_root()?;
    view.show_base()?;
    view.show_snap()?;
    view.make_temporary()?;
    view.show_shared()?;
    view.make_proc()?;
    view.make_devices(nodes)?;
    view.show_plugs()?;
    turn(&view.root)?;
    let writable = layout::apply(sandbox)?;
    mount_remount("/", MountFlags::BIND | READ_ONLY, c"")
        .layer(Layer::View, || "close the root".to_owned())?;
    Ok(writable)
}

/// Makes the root that was put together the only one.
fn turn(root: &Path) -> Result<(), LayerError> {
    let turn = || -> io::Result<()> {
        std::env::set_current_dir(root)?;
        // The old root comes to lie upon the new one, and goes.
        rustix::process::pivot_root(".", ".")?;
        rustix::mount::unmount(".", UnmountFlags::DETACH)?;
        std::env::set_current_dir("/")
    };
    turn().layer(Layer::View, || "change the root".to_owned())
}

impl View<'_> {
    fn make_root(&self) -> Result<(), LayerError> {
        // Else every mount would show in the namespace that this one was copied from.
        mount_change(
            "/",
            MountPropagationFlags::PRIVATE | MountPropagationFlags::REC,
        )
        .layer(Layer::View, || "part the mounts".to_owned())?;
        fs::create_dir_all(&self.root).layer(Layer::View, || format!("make {SCRATCH}"))?;
        self.memory("", "mode=0755,size=1m", MountFlags::NODEV)
    }

    fn show_base(&self) -> Result<(), LayerError> {
        let base = &self.sandbox.sources.base;
        for name in OF_THE_BASE {
            let source = base.join(name);
            let Ok(metadata) = fs::symlink_metadata(&source) else {
                continue;
            };
            if metadata.is_symlink() {
                let target = fs::read_link(&source);
                target
                    .and_then(|target| symlink(target, self.root.join(name)))
                    .layer(Layer::View, || {
                        format!("copy the link {}", source.display())
                    })?;
            } else if metadata.is_dir() {
                self.show(&source, Path::new(name), READ_ONLY)?;
            }
        }
        Ok(())
    }

    fn show_snap(&self) -> Result<(), LayerError> {
        let sandbox = self.sandbox;
        let directory = sandbox.snap_directory();
        self.show(&sandbox.sources.snap, &directory, READ_ONLY)?;
        let data = sandbox.data_directory();
        self.show(&sandbox.sources.data, &data, QUIET)?;
        for revision in [directory, data] {
            let current = self.inside(&revision.with_file_name("current"));
            symlink(&sandbox.revision, current)
                .layer(Layer::View, || "link the current revision".to_owned())?;
        }
        self.show(&sandbox.sources.common, &sandbox.common_directory(), QUIET)?;
        if let Some(control) = &sandbox.sources.control {
            let directory = Path::new(CONTROL_DIRECTORY);
            self.directory(directory)?;
            self.show_file(control, &directory.join("snapctl"))?;
        }
        Ok(())
    }

    fn make_temporary(&self) -> Result<(), LayerError> {
        let size = self.sandbox.limits.temporary_bytes;
        let shared = format!("mode=1777,size={size},nr_inodes=16384");
        self.memory("tmp", &shared, QUIET)?;
        let user = self.sandbox.user.get();
        let own = format!("mode=0755,uid={user},gid={user},size={size},nr_inodes=4096");
        self.memory("run", &own, QUIET | MountFlags::NOEXEC)?;
        // Programs find what they expect, and nothing in it.
        for name in [
            "home",
            "root",
            "mnt",
            "media",
            "sys",
            "var/lib",
            "var/log",
            "var/cache",
        ] {
            self.directory(Path::new(name))?;
        }
        self.directory(Path::new("var/tmp"))?;
        self.memory("var/tmp", &shared, QUIET)?;
        symlink("/run", self.root.join("var/run")).layer(Layer::View, || "link /var/run".to_owned())
    }

    /// What is made by another snap is neither executed nor changed here.
    fn show_shared(&self) -> Result<(), LayerError> {
        for shared in &self.sandbox.shared {
            let flags = match shared.side {
                Side::Offers => QUIET,
                Side::Plugs => READ_ONLY,
            };
            self.show(&shared.source, &shared.at, flags | MountFlags::NOEXEC)?;
        }
        Ok(())
    }

    fn make_proc(&self) -> Result<(), LayerError> {
        let flags = QUIET | MountFlags::NOEXEC;
        let proc = self.directory(Path::new("proc"))?;
        mount("proc", &proc, "proc", flags, c"").layer(Layer::View, || "mount proc".to_owned())?;
        if self.sandbox.mode == Mode::Devmode {
            return Ok(());
        }
        let sys = proc.join("sys");
        self.bind(&sys, &sys, READ_ONLY | MountFlags::NOEXEC)?;
        self.hide_files(&proc)?;
        for name in HIDDEN_DIRECTORIES {
            if proc.join(name).is_dir() {
                let options = "mode=0555,size=0,nr_inodes=1";
                self.memory(&format!("proc/{name}"), options, READ_ONLY)?;
            }
        }
        Ok(())
    }

    /// Puts an empty file in the place of each, which nobody can open to write.
    fn hide_files(&self, proc: &Path) -> Result<(), LayerError> {
        let nothing = self.root.join("nothing");
        let cannot = || "hide files of /proc".to_owned();
        fs::write(&nothing, "").layer(Layer::View, cannot)?;
        fs::set_permissions(&nothing, Permissions::from_mode(0o444)).layer(Layer::View, cannot)?;
        for name in HIDDEN_FILES {
            let file = proc.join(name);
            if file.exists() {
                self.bind(&nothing, &file, READ_ONLY)?;
            }
        }
        // The mounts keep what the name no longer leads to.
        fs::remove_file(&nothing).layer(Layer::View, cannot)
    }

    fn make_devices(&self, nodes: &[Node]) -> Result<(), LayerError> {
        let flags = MountFlags::NOSUID | MountFlags::NOEXEC;
        self.memory("dev", "mode=0755,size=64k", flags)?;
        let dev = self.root.join("dev");
        for node in nodes {
            self.make_node(node).layer(Layer::Devices, || {
                format!("make /dev/{}", node.name.display())
            })?;
        }
        for (target, name) in [
            ("/proc/self/fd", "fd"),
            ("/proc/self/fd/0", "stdin"),
            ("/proc/self/fd/1", "stdout"),
            ("/proc/self/fd/2", "stderr"),
            ("pts/ptmx", "ptmx"),
        ] {
            symlink(target, dev.join(name)).layer(Layer::View, || format!("link /dev/{name}"))?;
        }
        let terminals = self.directory(Path::new("dev/pts"))?;
        let options = c"newinstance,mode=0620,ptmxmode=0666,max=64";
        mount("devpts", &terminals, "devpts", flags, options)
            .layer(Layer::View, || "mount devpts".to_owned())?;
        let size = self.sandbox.limits.temporary_bytes;
        let options = format!("mode=1777,size={size},nr_inodes=4096");
        self.memory("dev/shm", &options, QUIET | MountFlags::NOEXEC)
    }

    fn make_node(&self, node: &Node) -> io::Result<()> {
        let path = self.root.join("dev").join(&node.name);
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        let mode = match node.access {
            Access::Everybody => 0o666,
            Access::TheSnap => 0o600,
        };
        let here = rustix::fs::CWD;
        let bits = FileMode::from_raw_mode(mode);
        rustix::fs::mknodat(here, &path, node.file_type(), bits, node.number)?;
        // The umask took bits away.
        fs::set_permissions(&path, Permissions::from_mode(mode))?;
        if node.access == Access::TheSnap {
            let user = self.sandbox.user.get();
            rustix::fs::chown(&path, Some(Uid::from_raw(user)), Some(Gid::from_raw(user)))?;
        }
        Ok(())
    }

    fn show_plugs(&self) -> Result<(), LayerError> {
        let plugs = &self.sandbox.plugs;
        if plugs.iter().any(|plug| plug.is_network()) && Path::new(RESOLVER).exists() {
            self.show_file(Path::new(RESOLVER), Path::new(RESOLVER))?;
        }
        if plugs.contains(&Plug::HardwareObserve) {
            self.show(Path::new("/sys"), Path::new("sys"), READ_ONLY)?;
        }
        if let Some(socket) = &self.sandbox.notify {
            self.show_file(socket, Path::new(NOTIFY))?;
        }
        Ok(())
    }

    /// Shows the directory `source`, without what is mounted in it.
    fn show(&self, source: &Path, at: &Path, flags: MountFlags) -> Result<(), LayerError> {
        let target = self.directory(at)?;
        self.bind(source, &target, flags)
    }

    fn show_file(&self, source: &Path, at: &Path) -> Result<(), LayerError> {
        let target = self.inside(at);
        fs::write(&target, "").layer(Layer::View, || format!("make {}", target.display()))?;
        self.bind(source, &target, READ_ONLY)
    }

    fn bind(&self, source: &Path, target: &Path, flags: MountFlags) -> Result<(), LayerError> {
        let cannot = || format!("show {}", source.display());
        mount_bind(source, target).layer(Layer::View, cannot)?;
        mount_remount(target, MountFlags::BIND | flags, c"").layer(Layer::View, cannot)
    }

    /// Mounts memory at a place in the root.
    fn memory(&self, at: &str, options: &str, flags: MountFlags) -> Result<(), LayerError> {
        let target = self.directory(Path::new(at))?;
        CString::new(options)
            .map_err(io::Error::from)
            .and_then(|options| Ok(mount("tmpfs", &target, "tmpfs", flags, options.as_c_str())?))
            .layer(Layer::View, || format!("mount memory at /{at}"))
    }

    fn directory(&self, at: &Path) -> Result<PathBuf, LayerError> {
        let path = self.inside(at);
        fs::create_dir_all(&path).layer(Layer::View, || {
            format!("make the directory {}", path.display())
        })?;
        Ok(path)
    }

    fn inside(&self, at: &Path) -> PathBuf {
        self.root.join(at.strip_prefix("/").unwrap_or(at))
    }
}
