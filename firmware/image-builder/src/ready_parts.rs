//! A system image of parts that somebody else put together: for measurements over real
//! distributions, which no board is made from.

use std::fs;
use std::path::Path;

use anyhow::Result;
use image_format::{Epoch, Version};

use crate::erofs::write_erofs;
use crate::identity::derived_guid;
use crate::system_image::{Description, PartFiles, RootFiles, SystemImage};
use crate::tree::Tree;
use crate::verity::{HashTree, salt_of_product};

/// Parts that are ready, and what the manifest is to say of them.
#[derive(Debug, Clone, Copy)]
pub struct ReadyParts<'a> {
    /// The board.
    pub board: &'a str,
    /// The product line.
    pub product: &'a str,
    /// The version.
    pub version: Version,
    /// When it was built, in seconds since 1970.
    pub build_time_secs: u64,
    /// The kernel.
    pub kernel: &'a Path,
    /// The initrd.
    pub initrd: &'a Path,
    /// A directory with what the root is to hold.
    pub root: &'a Path,
}

/// Makes the root of `parts` and its hash tree in the directory `work`, as for any image.
///
/// # Errors
/// A file cannot be read or written, or may not be in a root.
pub fn pack_system_image(parts: &ReadyParts<'_>, work: &Path) -> Result<SystemImage> {
    let mut tree = Tree::default();
    tree.add_overlay(parts.root)?;
    let (root, hash_tree) = (work.join("root"), work.join("hash-tree"));
    write_erofs(&tree, derived_guid(parts.product), &root)?;
    let salt = salt_of_product(parts.product);
    let hashes = HashTree::over(&fs::read(&root)?, &salt)?;
    fs::write(&hash_tree, &hashes.bytes)?;
    let files = PartFiles {
        kernel: parts.kernel.to_owned(),
        initrd: parts.initrd.to_owned(),
        root: Some(RootFiles {
            root,
            tree: hash_tree,
            root_hash: hashes.root_hash,
            salt,
        }),
    };
    let description = Description {
        board: parts.board.to_owned(),
        product: parts.product.to_owned(),
        version: parts.version,
        epoch: Epoch(1),
        build_time_secs: parts.build_time_secs,
        command_line: "panic=10".to_owned(),
    };
    SystemImage::place(Vec::new(), files, description, u64::MAX)
}
