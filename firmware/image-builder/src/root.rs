//! The read-only root: what is in it.
//!
//! Small on purpose: static programs, busybox for a shell, the modules, a few files in
//! `/etc`. It says nothing of the release's version, which is the manifest's to say: so
//! two releases with the same programs have the same root.

use std::path::Path;

use anyhow::Result;

use crate::authorities;
use crate::busybox::Busybox;
use crate::device_build::Userland;
use crate::login;
use crate::modules::{LoadOrder, ModuleIndex};
use crate::request::{ImageRequest, RescueSources};
use crate::store_trust::StoreTrust;
use crate::tree::{Content, Entry, Tree};

/// Where the system stage looks for the modules to load, one path a line.
const MODULE_LIST: &str = "usr/lib/twinkeel/modules";

/// Where `snappy` finds the keyring that the loader was built with.
const KEYRING: &str = "usr/lib/twinkeel/root.keyring";

/// Where `snappyd` and the rescue system look for what the image sets in place of the usual
/// settings.
const SETTINGS: &str = "usr/lib/twinkeel/updates.toml";

/// What init and snaps mount on, and what stays empty.
const MOUNT_POINTS: [&str; 11] = [
    "dev", "home", "media", "mnt", "proc", "run", "snap", "sys", "tmp", "var", "writable",
];

/// What the root and the rescue system have in common: a person's tools and what they read.
pub(crate) struct Tools<'a> {
    /// The request: board, channel, overlay.
    pub(crate) request: &'a ImageRequest,
    /// The program `snappy`.
    pub(crate) snappy: &'a [u8],
    /// The root keyring and its signatures.
    pub(crate) signed_keyring: &'a [u8],
    /// The program busybox.
    pub(crate) busybox: &'a Busybox,
    /// The unpacked package `e2fsck-static`.
    pub(crate) e2fsck: &'a Path,
    /// The program `network`.
    pub(crate) network: &'a [u8],
    /// The unpacked package with the authorities that TLS believes.
    pub(crate) authorities: &'a Path,
}

/// What the root is put together from.
pub(crate) struct RootParts<'a> {
    /// What a person works with.
    pub(crate) tools: &'a Tools<'a>,
    /// The programs.
    pub(crate) userland: &'a Userland,
    /// The kernel's modules.
    pub(crate) index: &'a ModuleIndex,
    /// All modules of the root.
    pub(crate) modules: &'a LoadOrder,
    /// Those of them that the system stage loads.
    pub(crate) load: &'a LoadOrder,
}

/// The content of the root, the maker's overlay included.
pub(crate) fn root_tree(parts: &RootParts<'_>) -> Result<Tree> {
    let mut tree = Tree::default();
    for mount_point in MOUNT_POINTS {
        tree.directory(mount_point);
    }
    parts.tools.add_to(&mut tree)?;
    parts.modules.add_to(&mut tree, parts.index);
    parts.modules.add_modprobe_tables(&mut tree, parts.index);
    add_service(&mut tree, "network", "");
    let userland = parts.userland;
    let once = "kind = \"oneshot\"\nrestart = \"never\"\n";
    for (name, bytes, settings) in [
        ("snap-services", &userland.snap_services, ""),
        ("snappyd", &userland.snappyd, ""),
        ("sshd", &userland.sshd, ""),
        ("sudod", &userland.sudod, ""),
        ("cloud-config", &userland.cloud_config, once),
    ] {
        tree.program(&program(name), Content::Bytes(bytes.clone()));
        add_service(&mut tree, name, settings);
    }
    tree.program(
        "usr/bin/snap-run",
        Content::Bytes(userland.snap_run.clone()),
    );
    tree.program("usr/bin/sudo", Content::Bytes(userland.sudo.clone()));
    login::add_to(&mut tree);
    tree.text(MODULE_LIST, &parts.load.list(parts.index));
    if let Some(overlay) = &parts.tools.request.overlay {
        tree.add_overlay(overlay)?;
    }
    login::move_tables(&mut tree);
    Ok(tree)
}

/// Where a program of the image lies that nobody types.
fn program(name: &str) -> String {
    format!("usr/lib/twinkeel/{name}")
}

/// A service that every image has; `settings` are lines of its file.
fn add_service(tree: &mut Tree, name: &str, settings: &str) {
    tree.text(
        &format!("usr/lib/twinkeel/services/{name}.toml"),
        &format!("command = [\"/{}\"]\n{settings}", program(name)),
    );
}

impl Tools<'_> {
    /// Puts them into `tree`.
    ///
    /// # Errors
    /// The authorities cannot be read.
    pub(crate) fn add_to(&self, tree: &mut Tree) -> Result<()> {
        tree.directory_with_mode("root", 0o700);
        self.busybox.add_to(tree);
        tree.program(
            "sbin/e2fsck",
            Content::File(self.e2fsck.join("sbin/e2fsck.static")),
        );
        tree.program("usr/bin/snappy", Content::Bytes(self.snappy.to_vec()));
        tree.text(
            "usr/lib/twinkeel/channel",
            &format!("{}\n", self.request.channel),
        );
        tree.file(KEYRING, Content::Bytes(self.signed_keyring.to_vec()));
        tree.program(&program("network"), Content::Bytes(self.network.to_vec()));
        authorities::add_to(tree, self.authorities)?;
        if let Some(store) = &self.request.store {
            store.add_to(tree);
        }
        let settings = update_settings(self.request);
        if !settings.is_empty() {
            tree.text(SETTINGS, &settings);
        }
        add_configuration(tree, self.request);
        Ok(())
    }
}

/// What the image sets in place of the usual settings.
fn update_settings(request: &ImageRequest) -> String {
    let addresses = request.store.iter().flat_map(StoreTrust::addresses);
    let quoted: Vec<_> = addresses.map(|one| format!("\"{one}\"")).collect();
    let mut settings = String::new();
    if !quoted.is_empty() {
        settings += &format!("store = [{}]\n", quoted.join(", "));
    }
    if request.rescue != RescueSources::Off {
        settings += &format!("rescue = \"{}\"\n", request.rescue.name());
    }
    settings
}

fn add_configuration(tree: &mut Tree, request: &ImageRequest) {
    tree.text("etc/hostname", "twinkeel\n");
    tree.text(
        "etc/hosts",
        "127.0.0.1 localhost twinkeel\n::1 localhost twinkeel\n",
    );
    tree.text(
        "etc/passwd",
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
    );
    tree.text("etc/group", "root:x:0:\nnogroup:x:65534:\n");
    // Nobody has a password: the console is a matter of physical access.
    tree.insert(
        "etc/shadow",
        Entry::File {
            content: Content::Bytes(b"root:!::0:::::\nnobody:!::0:::::\n".to_vec()),
            mode: 0o600,
        },
    );
    tree.text("etc/shells", "/bin/sh\n");
    tree.text(
        "etc/profile",
        "export PATH=/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin\nPS1='\\h:\\w\\$ '\n",
    );
    tree.text(
        "etc/os-release",
        &format!(
            "NAME=Twinkeel\nPRETTY_NAME=Twinkeel\nID=twinkeel\nVARIANT_ID={}\n",
            request.board.id
        ),
    );
    // What a device makes for itself lies in /run, where init puts it.
    tree.link("etc/machine-id", "/run/machine-id");
    tree.link("etc/localtime", "/run/localtime");
    tree.link("etc/mtab", "/proc/self/mounts");
    tree.link("etc/resolv.conf", "/run/resolv.conf");
}
