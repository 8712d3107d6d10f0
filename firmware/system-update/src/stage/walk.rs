//! One walk over the bytes of an image, for writing it and for reading it back: kernel,
//! initrd and root in pieces of bounded size, each held against what was signed.

use super::error::StageError;
use super::parts::Parts;
use image_format::manifest::BLOCK_BYTES;
use image_format::refusal::PartName;
use image_format::{Part, Root};
use image_trust::{Block, HashTree, Hasher};

/// What is read and written at once: all the memory that staging needs, but for the
/// envelope and a block of each level of the tree.
const PIECE_BYTES: usize = 1 << 20;
const BLOCK: usize = BLOCK_BYTES as usize;

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub step: Step,
    /// Bytes that it is done with.
    pub done_bytes: u64,
    /// Bytes that it has to do in all.
    pub total_bytes: u64,
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The image is written to the slot.
    Write,
    /// What was written is read back.
    ReadBack,
}

/// What one walk does with the bytes. Offsets are from the start of the slot.
pub(super) trait Pass {
    /// Which one it is.
    const STEP: Step;

    /// Gets the next bytes of a part, and tells how many: at least one.
    fn read(&mut self, part: PartName, offset: u64, buffer: &mut [u8])
    -> Result<usize, StageError>;

    /// Fills `rest` of a block, of which more comes later, with what has that place now.
    fn keep(&mut self, offset: u64, rest: &mut [u8]);

    /// Takes whole blocks: the bytes, and zeros behind the end of a part. A block that was
    /// taken before all of it came is taken again.
    fn take(&mut self, part: PartName, offset: u64, blocks: &[u8]) -> Result<(), StageError>;

    /// Takes a block of the hash tree.
    fn take_tree(&mut self, offset: u64, block: &Block) -> Result<(), StageError>;

    /// The part is not the one that was signed.
    fn differs(&self, part: PartName) -> StageError;
}

/// Walks over `parts`.
pub(super) fn walk<P: Pass>(
    parts: &Parts,
    pass: &mut P,
    progress: &mut impl FnMut(Progress),
) -> Result<(), StageError> {
    let Parts {
        kernel,
        initrd,
        root,
    } = parts;
    let mut walk = Walk {
        pass,
        progress,
        piece: vec![0; PIECE_BYTES],
        done_bytes: 0,
        total_bytes: kernel.length_bytes + initrd.length_bytes + parts.root_bytes(),
    };
    walk.over_loaded(PartName::Kernel, kernel)?;
    walk.over_loaded(PartName::Initrd, initrd)?;
    walk.over_root(root)
}

struct Walk<'a, P, F> {
    pass: &'a mut P,
    progress: &'a mut F,
    piece: Vec<u8>,
    done_bytes: u64,
    total_bytes: u64,
}

impl<P: Pass, F: FnMut(Progress)> Walk<'_, P, F> {
    fn over_loaded(&mut self, name: PartName, part: &Part) -> Result<(), StageError> {
        let mut hasher = Hasher::new();
        let mut done = 0;
        while done < part.length_bytes {
            let piece = self.next(name, part.offset_bytes + done, part.length_bytes - done)?;
            hasher.update(&self.piece[..piece]);
            done += piece as u64;
        }
        if hasher.finish() != part.sha256 {
            return Err(self.pass.differs(name));
        }
        Ok(())
    }

    fn over_root(&mut self, root: &Root) -> Result<(), StageError> {
        let length_bytes = root.data_blocks * BLOCK_BYTES;
        let mut tree = HashTree::new(root.data_blocks, root.salt);
        let mut root_hash = None;
        let mut done = 0;
        while done < length_bytes {
            let offset = root.offset_bytes + done;
            let piece = self.next(PartName::Root, offset, length_bytes - done)?;
            let (blocks, _) = self.piece[..piece].as_chunks();
            for block in blocks {
                root_hash = tree.push(block, |number, block| {
                    let offset = root.tree_offset_bytes + number * BLOCK_BYTES;
                    self.pass.take_tree(offset, block)
                })?;
            }
            done += piece as u64;
        }
        if root_hash != Some(root.root_hash) {
            return Err(self.pass.differs(PartName::Root));
        }
        Ok(())
    }

    /// Moves the next piece of a part of which `left_bytes` are left; returns its length.
    fn next(&mut self, part: PartName, offset: u64, left_bytes: u64) -> Result<usize, StageError> {
        let length = usize::try_from(left_bytes).map_or(PIECE_BYTES, |left| left.min(PIECE_BYTES));
        let mut done = 0;
        while done < length {
            let start = done - done % BLOCK;
            let next = &mut self.piece[done..length];
            done += match self.pass.read(part, offset + done as u64, next)? {
                0 => return Err(self.pass.differs(part)),
                read => read,
            };
            let end = done.next_multiple_of(BLOCK);
            let rest = &mut self.piece[done..end];
            match done < length {
                true => self.pass.keep(offset + done as u64, rest),
                false => rest.fill(0),
            }
            let blocks = &self.piece[start..end];
            self.pass.take(part, offset + start as u64, blocks)?;
        }
        self.done_bytes += length as u64;
        (self.progress)(Progress {
            step: P::STEP,
            done_bytes: self.done_bytes,
            total_bytes: self.total_bytes,
        });
        Ok(length)
    }
}
