//! The rescue system: kernel and initrd, no root.
//!
//! It has what the root has for a person, the modules of the ordinary initrd, and those that
//! lead to a stick and into a network. A
//! maker's overlay is left out: nothing that can be wrong with it may reach the last
//! system that is left.

use std::fs::File;
use std::path::Path;

use anyhow::Result;

use crate::cache::component;
use crate::initrd::write_initrd;
use crate::report::Component;
use crate::root::Tools;
use crate::system_image::{Description, PartFiles, SystemImage};
use crate::tree::Tree;
use crate::workspace::Workspace;

/// Says where one is, at every prompt.
const PROFILE: &str = "export PATH=/usr/sbin:/usr/bin:/sbin:/bin\nPS1='rescue \\h:\\w\\$ '\n";

/// The content of its initrd: `ordinary` is that of the system's, but for the modules.
///
/// # Errors
/// What the tools are made of cannot be read.
pub(crate) fn rescue_tree(ordinary: &Tree, tools: &Tools<'_>) -> Result<Tree> {
    let mut tree = ordinary.clone();
    tools.add_to(&mut tree)?;
    tree.text("etc/profile", PROFILE);
    for mount_point in ["mnt", "tmp"] {
        tree.directory(mount_point);
    }
    Ok(tree)
}

/// Makes the rescue system with the `kernel` of the system image, for a partition of
/// `partition_bytes`.
///
/// # Errors
/// It does not fit, or a part cannot be made.
pub(crate) fn build_rescue(
    workspace: &Workspace,
    kernel: &Path,
    tree: &Tree,
    description: Description,
    partition_bytes: u64,
) -> Result<SystemImage> {
    let key = tree.digest()?.to_string();
    let initrd = component(workspace, "rescue-initrd", &key, |path| {
        write_initrd(tree, File::create(path)?)
    })?;
    let files = PartFiles {
        kernel: kernel.to_owned(),
        initrd,
        root: None,
    };
    SystemImage::place(Vec::new(), files, description, partition_bytes)
}

/// What a report tells of it: the kernel is the system's.
pub(crate) fn components(rescue: &SystemImage, envelope: &[u8]) -> Result<Vec<Component>> {
    let mut components = rescue.components()?;
    components.retain(|component| component.name == "initrd");
    components.push(Component::of("envelope", envelope));
    for component in &mut components {
        component.name.insert_str(0, "rescue ");
    }
    Ok(components)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::busybox::Busybox;
    use crate::request::{ImageRequest, RescueSources};
    use crate::tree::Content;

    fn board() -> Result<boards::Board> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        Ok(Workspace::at(&root).read_board("x86_64-uefi")?)
    }

    #[test]
    fn it_has_pid_1_and_the_tools_and_no_overlay() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let authorities = directory.path().join(crate::authorities::DIRECTORY);
        std::fs::create_dir_all(&authorities)?;
        std::fs::write(authorities.join("a.crt"), "A")?;
        let busybox = Busybox {
            program: directory.path().join("busybox"),
            names: Vec::new(),
        };
        let mut request = ImageRequest::new(board()?);
        request.rescue = RescueSources::Usb;
        request.overlay = Some(directory.path().join("overlay"));
        let tools = Tools {
            request: &request,
            snappy: b"snappy",
            signed_keyring: b"keyring",
            busybox: &busybox,
            e2fsck: directory.path(),
            network: b"network",
            authorities: directory.path(),
        };
        let mut ordinary = Tree::default();
        ordinary.program("init", Content::Bytes(b"init".to_vec()));
        let tree = rescue_tree(&ordinary, &tools)?;
        for path in [
            "init",
            "bin/busybox",
            "sbin/e2fsck",
            "usr/bin/snappy",
            "usr/lib/twinkeel/channel",
            "usr/lib/twinkeel/root.keyring",
            "usr/lib/twinkeel/network",
            "etc/ssl/certs/ca-certificates.crt",
            "usr/lib/twinkeel/updates.toml",
            "root",
            "tmp",
        ] {
            assert!(tree.contains(path), "{path}");
        }
        Ok(())
    }
}
