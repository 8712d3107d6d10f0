//! The sequence of a build: from a request to a system image, and on to a disk image.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use image_format::disk::Role;
use image_format::{Digest, Floors};
use image_trust::sha256;

use crate::authorities;
use crate::busybox::Busybox;
use crate::cache::{component, component_of_bytes};
use crate::debian::DebianPackages;
use crate::device_build::{Userland, build_loader, build_userland};
use crate::disk_image::{DiskParts, initial_state, write_disk};
use crate::erofs::{LAYOUT_VERSION, write_erofs};
use crate::error::Mebibytes;
use crate::firmware::fetch_disk_parts;
use crate::identity::derived_guid;
use crate::initrd::{InitrdModules, initrd_tree, write_initrd};
use crate::modules::{LoadOrder, ModuleIndex};
use crate::partitions::DiskLayout;
use crate::progress::Progress;
use crate::report::{Component, ImageReport};
use crate::request::ImageRequest;
use crate::rescue::{build_rescue, components as rescue_components, rescue_tree};
use crate::root::{RootParts, Tools, root_tree};
use crate::secure_boot::SecureBootKeys;
use crate::signing::KeyDirectory;
use crate::sizes::Contents;
use crate::system_boot::make_system_boot;
use crate::system_image::{Description, PartFiles, RootFiles, SystemImage};
use crate::tree::Tree;
use crate::verity::{HashTree, salt_of_product};
use crate::workspace::Workspace;
use crate::writable::make_writable;

/// A slot should hold this many of its image, for ten years of growth.
const WANTED_SLACK: u64 = 3;

/// Makes the whole disk image `out`: both slots hold the same system image, system-a is on
/// trial and system-b stands ready. `rescue` holds the rescue system of the same release.
///
/// # Errors
/// [`ImageError`](crate::ImageError) for what the request or the board can change;
/// otherwise what went wrong, with context.
pub fn build_image(
    workspace: &Workspace,
    keys: &KeyDirectory,
    request: &ImageRequest,
    out: &Path,
    progress: &mut dyn Progress,
) -> Result<ImageReport> {
    let ingredients = Ingredients::gather(workspace, request, progress)?;
    let trees = ingredients.trees(request, keys.signed_keyring())?;
    let system = ingredients.system(workspace, request, &trees, progress)?;
    let layout = DiskLayout::new(&request.board.geometry);
    progress.step("making the rescue system");
    let rescue = build_rescue(
        workspace,
        &ingredients.kernel,
        &trees.rescue,
        describe(request),
        layout.place(Role::Rescue).length_bytes,
    )?;
    progress.step("building the loader");
    let loader = build_loader(workspace, &request.board, &keys.keyring_path())?;
    let loader = match &request.secure_boot {
        Some(keys) => keys.sign_loader(&loader)?,
        None => loader,
    };
    let system_boot = make_system_boot(
        &request.board,
        layout.place(Role::SystemBoot).length_bytes,
        &loader,
    )?;

    let firmware_parts = fetch_disk_parts(workspace, &request.board, request.locking, progress)?;

    progress.step("signing the manifests");
    let envelope = keys
        .seal(&system.manifest())
        .context("cannot sign the system image")?;
    let rescue_envelope = keys
        .seal(&rescue.manifest())
        .context("cannot sign the rescue system")?;
    let manifest_hash = manifest_hash(&envelope)?;
    let disk_guid = request
        .disk_guid
        .unwrap_or_else(|| derived_guid(&format!("disk of {manifest_hash}")));
    let floors = Floors {
        epoch: request.epoch,
        serial: keys.delegation_serial(),
    };

    progress.step("writing the disk image");
    let writable = writable_component(workspace, &layout)?;
    let state = initial_state(manifest_hash, request.attempts, floors);
    let parts = DiskParts {
        layout: &layout,
        disk_guid,
        firmware: request.board.loader.firmware,
        firmware_parts: &firmware_parts,
        system_boot: &system_boot,
        state: &state,
        system: &system,
        envelope: &envelope,
        rescue: &rescue,
        rescue_envelope: &rescue_envelope,
        writable: &writable,
    };
    let sha256 = write_disk(&parts, out)?;
    let mut components: Vec<_> = firmware_parts
        .iter()
        .map(|part| Component::of("firmware", &part.content))
        .collect();
    components.extend([
        Component::of("loader", &loader),
        Component::of("system-boot", &system_boot),
    ]);
    components.extend(system.components()?);
    components.push(Component::of("envelope", &envelope));
    components.extend(rescue_components(&rescue, &rescue_envelope)?);
    components.push(Component::of("writable", &fs::read(&writable)?));
    Ok(ImageReport {
        image: out.to_owned(),
        length_bytes: layout.length_bytes,
        sha256,
        components,
        disk_guid,
        manifest_hash,
        loader_signer: request.secure_boot.as_ref().map(SecureBootKeys::signer),
        system,
        envelope,
        contents: Contents {
            loader,
            initrd: trees.initrd,
            root: trees.root,
            rescue: trees.rescue,
            rescue_initrd: rescue.initrd().to_owned(),
        },
    })
}

/// Makes the parts of the system image that are not there yet. Of `keys` it takes the
/// public keyring only.
///
/// # Errors
/// As [`build_image`].
pub fn build_system_image(
    workspace: &Workspace,
    keys: &KeyDirectory,
    request: &ImageRequest,
    progress: &mut dyn Progress,
) -> Result<SystemImage> {
    let ingredients = Ingredients::gather(workspace, request, progress)?;
    let trees = ingredients.trees(request, keys.signed_keyring())?;
    ingredients.system(workspace, request, &trees, progress)
}

/// What system image and rescue system are made of.
struct Ingredients {
    packages: Packages,
    userland: Userland,
    index: ModuleIndex,
    kernel: PathBuf,
}

/// What goes into them.
struct Trees {
    initrd: Tree,
    root: Tree,
    rescue: Tree,
}

impl Ingredients {
    fn gather(
        workspace: &Workspace,
        request: &ImageRequest,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        request.check()?;
        let packages = Packages::fetch(workspace, request, progress)?;
        progress.step("building the userland");
        let userland = build_userland(workspace, &request.board)?;
        progress.step("choosing kernel modules");
        let index = ModuleIndex::read(&packages.kernel)?;
        let file = request.board.loader.firmware.kernel_file();
        let kernel = packages
            .kernel
            .join("boot")
            .join(format!("{file}-{}", index.release()));
        let kernel =
            fs::read(&kernel).with_context(|| format!("cannot read {}", kernel.display()))?;
        Ok(Self {
            packages,
            userland,
            index,
            kernel: component_of_bytes(workspace, "kernel", &kernel)?,
        })
    }

    fn trees(&self, request: &ImageRequest, signed_keyring: &[u8]) -> Result<Trees> {
        let board = &request.board;
        let index = &self.index;
        let early = LoadOrder::resolve(index, &board.id, &board.modules.early)?;
        let initrd = LoadOrder::resolve(index, &board.id, &board.modules.initrd)?.without(&early);
        let modules = LoadOrder::resolve(index, &board.id, &board.modules.root)?;
        let load = LoadOrder::resolve(index, &board.id, &board.modules.load)?
            .without(&early)
            .without(&initrd);
        let tools = Tools {
            request,
            snappy: &self.userland.snappy,
            signed_keyring,
            busybox: &self.packages.busybox,
            e2fsck: &self.packages.e2fsck,
            network: &self.userland.network,
            authorities: &self.packages.authorities,
        };
        let root = root_tree(&RootParts {
            tools: &tools,
            userland: &self.userland,
            index,
            modules: &modules,
            load: &load,
        })?;
        let tree_with = |order: &LoadOrder| {
            let modules = InitrdModules {
                early: &early,
                order,
                index,
            };
            initrd_tree(self.userland.init.clone(), &request.patience, &modules)
        };
        let names = [&*board.modules.initrd, &*board.modules.rescue].concat();
        let rescue = LoadOrder::resolve(index, &board.id, &names)?.without(&early);
        let rescue = rescue_tree(&tree_with(&rescue), &tools)?;
        let initrd = tree_with(&initrd);
        Ok(Trees {
            initrd,
            root,
            rescue,
        })
    }

    fn system(
        &self,
        workspace: &Workspace,
        request: &ImageRequest,
        trees: &Trees,
        progress: &mut dyn Progress,
    ) -> Result<SystemImage> {
        progress.step("making the initrd");
        let key = trees.initrd.digest()?.to_string();
        let initrd = component(workspace, "initrd", &key, |path| {
            write_initrd(&trees.initrd, File::create(path)?)
        })?;
        progress.step("making the root and its hash tree");
        let root = root_files(workspace, request, &trees.root)?;
        let slot_bytes = DiskLayout::new(&request.board.geometry)
            .place(Role::SystemA)
            .length_bytes;
        let files = PartFiles {
            kernel: self.kernel.clone(),
            initrd,
            root: Some(root),
        };
        let programs = vec![
            Component::of("init", &self.userland.init),
            Component::of("cloud-config", &self.userland.cloud_config),
            Component::of("network", &self.userland.network),
            Component::of("snap-run", &self.userland.snap_run),
            Component::of("snap-services", &self.userland.snap_services),
            Component::of("snappy", &self.userland.snappy),
            Component::of("snappyd", &self.userland.snappyd),
            Component::of("sshd", &self.userland.sshd),
            Component::of("sudo", &self.userland.sudo),
            Component::of("sudod", &self.userland.sudod),
        ];
        let system = SystemImage::place(programs, files, describe(request), slot_bytes)?;
        if let Some(warning) = slack_warning(system.used_bytes(), slot_bytes, &request.board.id) {
            progress.warn(&warning);
        }
        Ok(system)
    }
}

/// The unpacked packages of an image.
struct Packages {
    kernel: PathBuf,
    busybox: Busybox,
    e2fsck: PathBuf,
    authorities: PathBuf,
}

impl Packages {
    fn fetch(
        workspace: &Workspace,
        request: &ImageRequest,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let (architecture, locking) = (request.board.architecture, request.locking);
        let busybox = Busybox::fetch(workspace, architecture, locking, progress)?;
        let mut packages = DebianPackages::open(workspace, architecture, locking)?;
        Ok(Self {
            kernel: packages.fetch(&request.board.kernel.package, progress)?,
            busybox,
            e2fsck: packages.fetch("e2fsck-static", progress)?,
            authorities: packages.fetch(authorities::PACKAGE, progress)?,
        })
    }
}

fn root_files(workspace: &Workspace, request: &ImageRequest, tree: &Tree) -> Result<RootFiles> {
    let uuid = derived_guid(&format!("root of {}", request.product));
    let key = format!("{} {uuid} {LAYOUT_VERSION}", tree.digest()?);
    let root = component(workspace, "root", &key, |path| {
        write_erofs(tree, uuid, path)
    })?;
    let salt = salt_of_product(&request.product);
    let hash_tree = HashTree::over(&fs::read(&root)?, &salt)?;
    Ok(RootFiles {
        root,
        tree: component_of_bytes(workspace, "hash-tree", &hash_tree.bytes)?,
        root_hash: hash_tree.root_hash,
        salt,
    })
}

fn describe(request: &ImageRequest) -> Description {
    Description {
        board: request.board.id.clone(),
        product: request.product.clone(),
        version: request.version,
        epoch: request.epoch,
        build_time_secs: request.build_time_secs,
        command_line: request.command_line(),
    }
}

/// The empty file system of `writable`: the same for all products and versions.
fn writable_component(workspace: &Workspace, layout: &DiskLayout) -> Result<PathBuf> {
    let length_bytes = layout.place(Role::Writable).length_bytes;
    component(
        workspace,
        "writable",
        &format!("1 {length_bytes}"),
        |path| make_writable(path, length_bytes, derived_guid("writable")),
    )
}

fn manifest_hash(envelope: &[u8]) -> Result<Digest> {
    let parsed = image_format::parse_envelope(envelope)
        .context("cannot read back the envelope just made")?;
    Ok(sha256(parsed.manifest.bytes))
}

/// Says when the slot has less room to grow than ten years of releases want.
fn slack_warning(used_bytes: u64, slot_bytes: u64, board: &str) -> Option<String> {
    if used_bytes.saturating_mul(WANTED_SLACK) <= slot_bytes {
        return None;
    }
    Some(format!(
        "the system image takes {} of a slot of {}, which leaves little room to grow: geometry.system_slot_mib in \
         boards/{board}.toml should be at least {}",
        Mebibytes(used_bytes),
        Mebibytes(slot_bytes),
        used_bytes.saturating_mul(WANTED_SLACK).div_ceil(1 << 20),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_under_three_times_the_image_is_worth_a_warning() {
        assert_eq!(slack_warning(30 << 20, 90 << 20, "b"), None);
        let warning = slack_warning((30 << 20) + 1, 90 << 20, "b").expect("little slack");
        assert!(
            warning.contains("at least 91") && warning.contains("boards/b.toml"),
            "{warning}"
        );
    }
}
