//! Whether a genuine manifest makes sense: the loader reads nothing before this holds.

use image_format::manifest::{BLOCK_BYTES, MAX_COMMAND_LINE_BYTES, MAX_NAME_BYTES};
use image_format::refusal::PartName;
use image_format::{ENVELOPE_BYTES, FrameError, Kind, Manifest, Part, Refusal, Root};

/// The longest kernel and the longest initrd: both are loaded whole.
pub const MAX_LOADED_BYTES: u64 = 256 << 20;

/// Where the envelope's area ends.
const ENVELOPE_END: u64 = ENVELOPE_BYTES as u64;

/// Digests in a block of the hash tree.
pub(crate) const DIGESTS_PER_BLOCK: u64 = BLOCK_BYTES / 32;

/// Words that begin so are the loader's alone: PID 1 refuses a line with others of them.
const LOADER_PREFIX: &str = "twinkeel.";

/// Checks a manifest against itself and the length of its slot.
///
/// - Names are 1 to [`MAX_NAME_BYTES`] bytes of printable ASCII without spaces.
/// - The command line is at most [`MAX_COMMAND_LINE_BYTES`] bytes of printable ASCII
///   and has no word that begins like the loader's own.
/// - Parts start at multiples of [`BLOCK_BYTES`] behind the envelope, end within the
///   slot and do not overlap, where each counts in whole blocks.
/// - Kernel and initrd have 1 to [`MAX_LOADED_BYTES`] bytes.
/// - The hash tree has exactly the blocks that the root needs ([`tree_blocks`]). A rescue
///   system has no root: then all numbers of the root are zero.
///
/// # Errors
/// [`Refusal::Damaged`] for a name, [`Refusal::CommandLine`], or [`Refusal::Bounds`] with
/// the first part that is wrong; of two that overlap, the later in the order kernel,
/// initrd, root, hash tree.
pub fn check_manifest(manifest: &Manifest<'_>, slot_length_bytes: u64) -> Result<(), Refusal> {
    if !is_name(manifest.board) || !is_name(manifest.product) {
        return Err(Refusal::damaged(Kind::Manifest, FrameError::Payload));
    }
    if !is_command_line(manifest.command_line) {
        return Err(Refusal::CommandLine);
    }
    check_extents(&extents(manifest)?, slot_length_bytes)
}

/// Blocks of a dm-verity hash tree over that many data blocks: a level for every
/// factor of 128, up to the level of one block; none over a single data block.
#[must_use]
pub fn tree_blocks(data_blocks: u64) -> u64 {
    let mut level_blocks = data_blocks;
    let mut total = 0_u64;
    while level_blocks > 1 {
        level_blocks = level_blocks.div_ceil(DIGESTS_PER_BLOCK);
        // Cannot saturate: all levels together are shorter than the data.
        total = total.saturating_add(level_blocks);
    }
    total
}

fn is_name(name: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_command_line(line: &str) -> bool {
    line.len() <= MAX_COMMAND_LINE_BYTES
        && line.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && !line
            .split([' ', '"'])
            .any(|word| word.starts_with(LOADER_PREFIX))
}

/// Where a part lies: the bytes from `start` to before `end`, in whole blocks.
#[derive(Clone, Copy)]
struct Extent {
    part: PartName,
    start: u64,
    end: u64,
}

impl Extent {
    fn new(part: PartName, start: u64, length_bytes: u64) -> Result<Self, Refusal> {
        let end = length_bytes
            .checked_next_multiple_of(BLOCK_BYTES)
            .and_then(|whole| start.checked_add(whole));
        match end {
            Some(end) if start.is_multiple_of(BLOCK_BYTES) => Ok(Self { part, start, end }),
            _ => Err(Refusal::Bounds { part }),
        }
    }

    fn of_loaded(part: PartName, loaded: &Part) -> Result<Self, Refusal> {
        if (1..=MAX_LOADED_BYTES).contains(&loaded.length_bytes) {
            Self::new(part, loaded.offset_bytes, loaded.length_bytes)
        } else {
            Err(Refusal::Bounds { part })
        }
    }

    fn of_blocks(part: PartName, start: u64, blocks: u64) -> Result<Self, Refusal> {
        let length_bytes = blocks
            .checked_mul(BLOCK_BYTES)
            .ok_or(Refusal::Bounds { part })?;
        Self::new(part, start, length_bytes)
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// The extents of a manifest: at most four, in the order of [`PartName`].
fn extents(manifest: &Manifest<'_>) -> Result<heapless::Vec<Extent, 4>, Refusal> {
    let root = &manifest.root;
    let loaded = [
        Extent::of_loaded(PartName::Kernel, &manifest.kernel)?,
        Extent::of_loaded(PartName::Initrd, &manifest.initrd)?,
    ];
    let mut extents: heapless::Vec<_, 4> = loaded.into_iter().collect();
    if !is_absent(root) {
        extents.extend(root_extents(root)?);
    }
    Ok(extents)
}

/// Whether the image is a system image; a rescue system has no root.
pub(crate) fn has_root(manifest: &Manifest<'_>) -> bool {
    !is_absent(&manifest.root)
}

fn is_absent(root: &Root) -> bool {
    let Root {
        offset_bytes,
        data_blocks,
        tree_offset_bytes,
        tree_blocks,
        root_hash: _,
        salt: _,
    } = root;
    [
        *offset_bytes,
        *data_blocks,
        *tree_offset_bytes,
        *tree_blocks,
    ] == [0; 4]
}

fn root_extents(root: &Root) -> Result<[Extent; 2], Refusal> {
    let (data, tree) = (PartName::Root, PartName::HashTree);
    if root.data_blocks == 0 {
        return Err(Refusal::Bounds { part: data });
    }
    let data = Extent::of_blocks(data, root.offset_bytes, root.data_blocks)?;
    if root.tree_blocks != tree_blocks(root.data_blocks) {
        return Err(Refusal::Bounds { part: tree });
    }
    let tree = Extent::of_blocks(tree, root.tree_offset_bytes, root.tree_blocks)?;
    Ok([data, tree])
}

fn check_extents(extents: &[Extent], slot_length_bytes: u64) -> Result<(), Refusal> {
    for (index, extent) in extents.iter().enumerate() {
        let inside = extent.start >= ENVELOPE_END && extent.end <= slot_length_bytes;
        let mut before = extents.iter().take(index);
        if !inside || before.any(|earlier| earlier.overlaps(extent)) {
            return Err(Refusal::Bounds { part: extent.part });
        }
    }
    Ok(())
}
