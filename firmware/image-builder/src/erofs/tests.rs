//! What we write, another implementation reads: `fsck.erofs` unpacks it where installed.

use super::*;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use anyhow::bail;

use crate::host_tool::{failure, host_tool, output_of, run};
use crate::identity::derived_guid;
use crate::tree::Entry;

/// A directory of several blocks, an empty file, a file with a tail, names around `.`,
/// links and directories too long to stand behind their inodes.
fn sample() -> Tree {
    let mut tree = Tree::default();
    for number in 0..300 {
        tree.text(
            &format!("etc/file-with-a-long-name-{number}"),
            &"text".repeat(number),
        );
    }
    tree.text("etc/empty", "");
    tree.program(
        "bin/program",
        Content::Bytes((0..100_001_u32).map(|n| n as u8).collect()),
    );
    tree.link("bin/link", "program");
    tree.link("bin/long", &"x/".repeat(700));
    tree.directory_with_mode("root", 0o700);
    for name in ["!before-dot", "+plus", "-dash", ".hidden", "..."] {
        tree.text(&format!("names/{name}"), name);
    }
    for number in 0..40 {
        tree.directory(&format!("deep/{number}/a/b"));
    }
    tree
}

fn image_of(tree: &Tree) -> Result<Vec<u8>> {
    let directory = tempfile::tempdir()?;
    let image = directory.path().join("image");
    write_erofs(tree, derived_guid("test"), &image)?;
    Ok(fs::read(image)?)
}

#[test]
fn a_tree_has_one_image_in_whole_blocks() -> Result<()> {
    let image = image_of(&sample())?;
    assert!(
        image == image_of(&sample())?,
        "two images of the same tree differ"
    );
    assert_eq!(image.len() % BLOCK, 0);
    Ok(())
}

#[test]
fn a_file_that_stays_keeps_its_content_in_blocks_of_its_own() -> Result<()> {
    let mut tree = sample();
    let blocks = |image: Vec<u8>| -> std::collections::HashSet<Vec<u8>> {
        image.chunks(BLOCK).map(<[u8]>::to_vec).collect()
    };
    let before = blocks(image_of(&tree)?);
    tree.text("etc/file-with-a-long-name-0", &"new".repeat(3000));
    let after = blocks(image_of(&tree)?);
    let new = after.difference(&before).count();
    // Three of the file, and what names addresses: super block and inodes.
    let inodes = Plan::of(&tree)?.inode_bytes / BLOCK;
    assert!(new <= 3 + 1 + inodes, "{new} blocks are new");
    Ok(())
}

#[test]
fn a_library_that_grows_by_a_block_leaves_the_inodes_of_smaller_files_as_they_are() -> Result<()> {
    let mut tree = sample();
    let library = |blocks: usize| "code".repeat(blocks * BLOCK / 4);
    tree.text("a/library", &library(20));
    let before = image_of(&tree)?;
    tree.text("a/library", &library(21));
    let after = image_of(&tree)?;
    let end = BLOCK + Plan::of(&tree)?.inode_bytes;
    let inodes = |image: &[u8]| image[BLOCK..end].as_chunks::<INODE_BYTES>().0.to_vec();
    let (before, after) = (inodes(&before), inodes(&after));
    let changed = before.iter().zip(&after).filter(|(old, new)| old != new);
    // Its own, and that of the program behind it.
    assert_eq!(changed.count(), 2);
    Ok(())
}

/// The kernel refuses it otherwise; `fsck.erofs` does not mind.
#[test]
fn what_stands_behind_an_inode_stays_in_its_block() -> Result<()> {
    let tree = sample();
    let plan = Plan::of(&tree)?;
    let mut end = BLOCK;
    for node in &plan.nodes {
        let start = usize::try_from(node.nid)? * INODE_BYTES;
        assert!(start >= end, "{} overlaps", node.path);
        let behind = match node.body {
            Body::Inline { length } => usize::try_from(length)?,
            Body::Blocks { .. } => 0,
        };
        end = start + INODE_BYTES + behind;
        assert!(
            start % BLOCK + INODE_BYTES + behind <= BLOCK,
            "{} crosses",
            node.path
        );
    }
    assert!(end <= BLOCK + plan.inode_bytes);
    Ok(())
}

#[test]
fn another_implementation_reads_back_the_same_tree() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let (image, out) = (directory.path().join("image"), directory.path().join("out"));
    write_erofs(&sample(), derived_guid("test"), &image)?;
    let mut extract = host_tool("fsck.erofs");
    extract
        .arg(format!("--extract={}", out.display()))
        .args(["--preserve-perms", "--no-preserve-owner"])
        .arg(&image);
    let Ok(extracted) = output_of(&mut extract) else {
        // Not installed here; every scenario in a virtual machine reads such a root, too.
        return Ok(());
    };
    assert!(
        extracted.status.success(),
        "{}",
        failure(&extract, &extracted)
    );
    let listed = run(host_tool("find")
        .current_dir(&out)
        .args([".", "-mindepth", "1"]))?;
    let mut listed: Vec<&str> = listed
        .lines()
        .filter_map(|path| path.strip_prefix("./"))
        .collect();
    listed.sort_unstable();
    let tree = sample();
    assert_eq!(
        listed,
        tree.entries().map(|(path, _)| path).collect::<Vec<_>>()
    );
    for (path, entry) in tree.entries() {
        let at = out.join(path);
        let metadata = fs::symlink_metadata(&at)?;
        match entry {
            Entry::File { content, mode } => {
                assert!(fs::read(&at)? == content.read()?, "{path}");
                assert_eq!(metadata.permissions().mode() & 0o7777, *mode, "{path}");
                assert_eq!(metadata.mtime(), i64::from(FILE_TIME_SECS), "{path}");
            }
            Entry::Link { target } => assert_eq!(fs::read_link(&at)?, Path::new(target)),
            Entry::Directory { mode } => {
                assert!(metadata.is_dir(), "{path}");
                assert_eq!(metadata.permissions().mode() & 0o7777, *mode, "{path}");
            }
            Entry::Device { .. } => bail!("no device is in it"),
        }
    }
    Ok(())
}

#[test]
fn a_name_too_long_and_a_device_are_refused() {
    let mut tree = Tree::default();
    tree.text(&"n".repeat(256), "");
    assert!(image_of(&tree).is_err());
    let mut tree = Tree::default();
    tree.insert(
        "dev/console",
        Entry::Device {
            major: 5,
            minor: 1,
            mode: 0o600,
        },
    );
    let error = image_of(&tree).expect_err("refused");
    assert!(error.to_string().contains("dev/console"), "{error}");
}
