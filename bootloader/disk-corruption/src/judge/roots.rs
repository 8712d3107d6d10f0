//! The root of what was started: no changed block may pass for the signed one.

use super::{Case, Violation};
use crate::laboratory::Reference;
use crate::overlay::Overlay;
use crate::root::MountedRoot;
use image_format::Source;
use image_format::manifest::BLOCK_BYTES;
use std::collections::BTreeSet;

impl Case<'_> {
    /// Walks the tree over each block that may have changed. Returns how many blocks of
    /// root and tree the kernel will refuse when it reads them.
    pub(super) fn judge_root(
        &self,
        source: Source,
        image: &Reference,
        after: &Overlay,
    ) -> Result<usize, Violation> {
        let laboratory = self.laboratory;
        let untouched = laboratory.map.image(image.source).and_then(|map| map.root);
        let layout = self.layout.as_ref();
        let partition = layout.and_then(|layout| layout.partition(source.into()));
        let (Some(untouched), Some(partition)) = (untouched, partition) else {
            return Ok(0);
        };
        let mounted = MountedRoot {
            slot_bytes: partition.offset_bytes,
            root: untouched.root,
        };
        let mut refused = 0;
        for block in suspects(&mounted, &untouched, after, &laboratory.disk) {
            let content = after.bytes(&mounted.block(block));
            let changed = content != laboratory.disk.bytes(&untouched.block(block));
            let vouched = mounted.vouches(after, block);
            if changed && vouched {
                return Err(Violation::RootBlock(block));
            }
            refused += usize::from(!vouched);
        }
        let tree = after.differences(&laboratory.disk, &mounted.tree());
        Ok(refused + tree.len())
    }
}

/// Blocks of the data that something was put into; all when it is not where it was.
fn suspects(
    mounted: &MountedRoot,
    untouched: &MountedRoot,
    after: &Overlay,
    before: &Overlay,
) -> BTreeSet<u64> {
    if mounted != untouched {
        return (0..mounted.root.data_blocks).collect();
    }
    let data = mounted.data();
    let differences = after.differences(before, &data);
    differences
        .iter()
        .map(|piece| (piece.start - data.start) / BLOCK_BYTES)
        .collect()
}
