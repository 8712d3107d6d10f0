//! Debian with systemd, cloud-init and openssh-server, built from packages by mmdebstrap.
//!
//! What slows a first boot down without being asked for is left out: packages that are only
//! recommended, time to wait in the boot menu, and what the kernel and systemd tell the
//! console of. The kernel is the one of our image.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use boards::Board;
use image_builder::{Progress, Suites, Workspace, fetch_package, sources_list};

use super::debian_disk::{ESP, ROOT_MIB, ROOT_OFFSET};
use super::{System, debian_disk, seed};
use crate::disk::TestDisk;
use crate::esp::Esp;
use crate::ext4::{Ext4, search_path};

/// On a busy machine the timer of an emulated PC may be late, which kernels take for a defect.
pub(super) const LATE_TIMER: &str = "no_timer_check";

const PACKAGES: &str = "systemd-sysv,dbus,udev,cloud-init,openssh-server,linux-image-amd64,\
    iproute2,ca-certificates,sudo";
const SYSTEMD_BOOT: &str = "usr/lib/systemd/boot/efi/systemd-bootx64.efi";
const SEED: &str = "/var/lib/cloud/seed/nocloud";

/// What makes an installed system one that has never run; `$1` is its root.
const NEVER_RAN: &str = r#"set -e
chroot "$1" systemctl --quiet enable systemd-networkd
rm -f "$1"/etc/ssh/ssh_host_*
: > "$1"/etc/machine-id
echo 'LABEL=root / ext4 errors=remount-ro 0 1' > "$1"/etc/fstab
mkdir -p "$1"/var/lib/cloud/seed/nocloud
rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/* "$1"/etc/resolv.conf"#;

/// Runs systemd's own account once the boot is over.
const ACCOUNT: &str = "timeout 300 sh -c 'until systemd-analyze > /dev/null 2>&1; do sleep 1; \
    done; systemd-analyze | head -n 1'";

/// The disk that never ran.
pub(super) struct Debian {
    base: TestDisk,
}

impl Debian {
    /// Builds it, or finds it where it was built before.
    pub(super) fn build(
        workspace: &Workspace,
        board: &Board,
        directory: &Path,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let (image, recipe) = (
            directory.join("debian.img"),
            directory.join("debian.recipe"),
        );
        let wanted = format!("{PACKAGES}\n{NEVER_RAN}\n{}\n", words(board));
        let base = TestDisk::at(&image);
        if image.exists() && fs::read_to_string(&recipe).is_ok_and(|made| made == wanted) {
            return Ok(Self { base });
        }
        progress.step("building Debian with mmdebstrap");
        let parts = tempfile::Builder::new()
            .prefix("debian")
            .tempdir_in(directory)?;
        let root = parts.path().join("root.img");
        bootstrap(parts.path(), &root)?;
        debian_disk::make(&image, &root)?;
        fs::remove_file(&root)?;
        let package = fetch_package(workspace, board.architecture, "systemd-boot-efi", progress)?;
        fill_esp(&image, board, &package.join(SYSTEMD_BOOT), parts.path())?;
        fs::write(&recipe, wanted)?;
        Ok(Self { base })
    }
}

impl System for Debian {
    fn name(&self) -> &'static str {
        "Debian"
    }

    fn make_disk(&self, image: &Path, key: &str) -> Result<TestDisk> {
        let disk = self.base.copy_to(image)?;
        let root = Ext4::within(disk.image(), ROOT_OFFSET);
        for (name, text) in [
            ("user-data", seed::user_data(key)),
            ("meta-data", seed::meta_data()),
        ] {
            let file = tempfile::NamedTempFile::new()?;
            fs::write(file.path(), text)?;
            root.write(file.path(), &format!("{SEED}/{name}"))?;
        }
        Ok(disk)
    }

    fn question(&self) -> Option<&'static str> {
        Some(ACCOUNT)
    }
}

/// Of the kernel: the same consoles as ours, the last one for /dev/console.
fn words(board: &Board) -> String {
    let consoles = board.kernel.consoles.iter();
    let consoles: String = consoles.map(|name| format!("console={name} ")).collect();
    format!("root=LABEL=root ro quiet {consoles}{LATE_TIMER}")
}

/// Leaves the root's file system at `root`, kernel and initrd beside it in `parts`.
fn bootstrap(parts: &Path, root: &Path) -> Result<()> {
    let sources = parts.join("sources.list");
    fs::write(&sources, sources_list(Suites::WithUpdates)?)?;
    let hook = |script: &str| format!("--customize-hook={script}");
    let boot = |name: &str| format!("cp \"$1\"/{name} {}", quoted(&parts.join(name)));
    // A second view of the root, without /proc and the rest that is mounted on it meanwhile.
    let file_system = format!(
        "set -e; at=$(mktemp -d); mount --bind \"$1\" \"$at\"; \
         mkfs.ext4 -q -L root -d \"$at\" {} {ROOT_MIB}M; umount \"$at\"; rmdir \"$at\"",
        quoted(root)
    );
    let output = Command::new("mmdebstrap")
        .args(["--quiet", "--variant=minbase", "--format=null"])
        .args(["--architectures=amd64", "--dpkgopt=force-unsafe-io"])
        .arg(format!("--include={PACKAGES}"))
        .args([
            hook(NEVER_RAN),
            hook(&boot("vmlinuz")),
            hook(&boot("initrd.img")),
        ])
        .arg(hook(&file_system))
        .args(["bookworm", "/dev/null"])
        .arg(&sources)
        .env("PATH", search_path())
        .env("LC_ALL", "C")
        .output()
        .context("cannot start mmdebstrap; try `cargo xtask setup`")?;
    ensure!(
        output.status.success(),
        "mmdebstrap ended with {}:\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// For a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

fn fill_esp(image: &Path, board: &Board, loader: &Path, parts: &Path) -> Result<()> {
    let read =
        |file: &Path| fs::read(file).with_context(|| format!("cannot read {}", file.display()));
    let entry = format!(
        "title Debian\nlinux /vmlinuz\ninitrd /initrd.img\noptions {}\n",
        words(board)
    );
    let (start, length) = ESP;
    let esp = Esp::within(image, start, length);
    esp.format_like_a_distribution()?;
    esp.write(Esp::loader_path(board)?, read(loader)?)?;
    esp.write("loader/loader.conf", "default debian.conf\ntimeout 0\n")?;
    esp.write("loader/entries/debian.conf", entry)?;
    for name in ["vmlinuz", "initrd.img"] {
        esp.write(name, read(&parts.join(name))?)?;
    }
    Ok(())
}
