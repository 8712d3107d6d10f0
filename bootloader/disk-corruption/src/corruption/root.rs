//! A root that somebody changed who also changes the hash tree, level by level.

use super::{Damage, Patch, Subject};
use crate::map::SOURCES;
use crate::random::Random;
use crate::root::MountedRoot;
use image_format::manifest::BLOCK_BYTES;

pub(super) fn damage(subject: &Subject<'_>, random: &mut Random) -> Damage {
    let source = *random.pick(&SOURCES[..2]);
    let Some(root) = subject.map.image(source).and_then(|image| image.root) else {
        return Damage::new("nothing", format!("{source} has no root"), Vec::new());
    };
    let number = random.below(root.root.data_blocks);
    match random.below(3) {
        0 => {
            let other = random.below(root.root.data_blocks);
            let patches = swapped(subject, root.block(number).start, root.block(other).start);
            let story = format!("blocks {number} and {other} of the root of {source}, swapped");
            Damage::new("root, swapped", story, patches)
        }
        1 => {
            let start = root.tree().start;
            let [one, other] = [0, 1].map(|_| {
                let block = random.below(root.root.tree_blocks);
                start + block * BLOCK_BYTES
            });
            let story = format!("blocks at {one} and {other} of the hash tree, swapped");
            Damage::new("hash tree, swapped", story, swapped(subject, one, other))
        }
        _ => {
            let levels = random.below(root.path(number).len() as u64 + 1) as usize;
            let story = format!(
                "a byte of block {number} of the root of {source}, and {levels} digests above it"
            );
            let at = random.below(BLOCK_BYTES) as usize;
            let patches = forged(subject, &root, number, at, levels);
            Damage::new("root, forged", story, patches)
        }
    }
}

fn swapped(subject: &Subject<'_>, one: u64, other: u64) -> Vec<Patch> {
    let read = |start: u64| subject.disk.bytes(&(start..start + BLOCK_BYTES));
    vec![(one, read(other)), (other, read(one))]
}

/// The block with another byte, and that many digests on its path put right.
fn forged(
    subject: &Subject<'_>,
    root: &MountedRoot,
    number: u64,
    at: usize,
    levels: usize,
) -> Vec<Patch> {
    let block = root.block(number);
    let mut content = subject.disk.bytes(&block);
    content[at] ^= 0x55;
    let mut digest = root.digest(&content);
    let mut patches = vec![(block.start, content)];
    for (span, place) in root.path(number).into_iter().take(levels) {
        let mut level = subject.disk.bytes(&span);
        level[place..place + digest.0.len()].copy_from_slice(&digest.0);
        digest = root.digest(&level);
        patches.push((span.start, level));
    }
    patches
}
