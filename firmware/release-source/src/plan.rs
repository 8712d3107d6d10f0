//! Where each chunk of a release is to come from.

use crate::chunk::{Chunk, DistancesDigest};
use crate::chunk_file::{
    CHUNK_ENTRY_BYTES, ChunkFileError, Group, HEADER_BYTES, Header, Index, ListedChunk, parse_list,
};
use crate::code::Code;
use crate::held::{Held, HeldAs, Seed};
use crate::remote::{NoPiece, Remote};
use crate::seeds::Seeds;
use boot_core::Disk;
use http_file::Wait;
use image_format::ENVELOPE_BYTES;
use std::iter;
use std::ops::Range;
use system_update::Parts;

/// How an image is put together.
pub(crate) struct Plan {
    pub(crate) code: Code,
    pub(crate) chunks: Vec<Planned>,
    pub(crate) groups: Vec<PlannedGroup>,
}

/// A chunk of the release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Planned {
    pub(crate) chunk: Chunk,
    pub(crate) place: Place,
    /// The number of its group.
    pub(crate) group: u32,
}

/// Where a chunk comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// From this byte of the disk on.
    Held(u64),
    /// From there, but for its distances.
    HeldPlain(u64),
    /// From a frame of the chunk file.
    Frame { at: u64, bytes: u32 },
}

impl Planned {
    /// Whether its addresses are fetched.
    pub(crate) fn needs_addresses(&self) -> bool {
        match self.place {
            Place::Held(_) => false,
            Place::HeldPlain(_) | Place::Frame { .. } => {
                self.chunk.distances != DistancesDigest::NONE
            }
        }
    }

    /// Where its frame is, if it comes from one.
    pub(crate) fn frame(&self) -> Option<Range<u64>> {
        match self.place {
            Place::Held(_) | Place::HeldPlain(_) => None,
            Place::Frame { at, bytes } => Some(at..at + u64::from(bytes)),
        }
    }
}

/// A group of chunks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PlannedGroup {
    /// Where the frames of addresses are, of its chunks that need them.
    pub(crate) addresses: Vec<Range<u64>>,
}

/// Why there is no plan.
pub(crate) enum NoPlan {
    /// The chunk file is of no use.
    File(ChunkFileError),
    /// A piece of it was not had.
    Piece(NoPiece),
}

impl From<ChunkFileError> for NoPlan {
    fn from(error: ChunkFileError) -> Self {
        Self::File(error)
    }
}

impl From<NoPiece> for NoPlan {
    fn from(no_piece: NoPiece) -> Self {
        Self::Piece(no_piece)
    }
}

/// Makes the plan: reads the index as far as it is needed, and the slots.
pub(crate) fn plan<W: Wait, D: Disk>(
    remote: &mut Remote<W>,
    disk: &mut D,
    seeds: Seeds,
    parts: &Parts,
) -> Result<Plan, NoPlan> {
    let (code, index) = read_index(remote, parts)?;
    let mut held = Held::new(code);
    // The slot that runs is usually enough.
    for seed in [seeds.running, seeds.target].into_iter().flatten() {
        let misses = |group: &Group| held.group(group.digest).is_none();
        if index.groups.iter().any(misses) {
            held.scan(disk, seed);
        }
    }
    Planning {
        remote,
        index: &index,
        held: &held,
        target: seeds.target,
        plan: Plan {
            code,
            chunks: Vec::new(),
            groups: Vec::new(),
        },
        image_at: ENVELOPE_BYTES as u64,
    }
    .of_all_groups()
}

fn read_index<W: Wait>(remote: &mut Remote<W>, parts: &Parts) -> Result<(Code, Index), NoPlan> {
    let header = remote.first_of(iter::once(0..HEADER_BYTES as u64))?;
    let header = header.first_chunk().ok_or(ChunkFileError::Length)?;
    let header = Header::parse(header)?;
    header.compare(parts)?;
    let start = HEADER_BYTES as u64;
    let end = start + header.groups_bytes() as u64;
    let file_bytes = remote.length_bytes();
    if end > file_bytes {
        return Err(ChunkFileError::Length.into());
    }
    let groups = remote.first_of(iter::once(start..end))?;
    Ok((header.code(), Index::parse(&header, groups, file_bytes)?))
}

struct Planning<'a, W> {
    remote: &'a mut Remote<W>,
    index: &'a Index,
    held: &'a Held,
    target: Option<Seed>,
    plan: Plan,
    /// Where the next chunk lies in the image.
    image_at: u64,
}

impl<W: Wait> Planning<'_, W> {
    fn of_all_groups(mut self) -> Result<Plan, NoPlan> {
        let (index, held) = (self.index, self.held);
        let mut list_at = index.chunks_offset_bytes();
        let mut frames_at = index.frames_offset_bytes();
        for (number, group) in index.groups.iter().enumerate() {
            match held.group(group.digest) {
                Some(chunks) if self.survives(chunks.first().map(|held| held.at)) => {
                    for held in chunks {
                        self.push(held.chunk, Place::Held(held.at));
                    }
                    self.plan.groups.push(PlannedGroup::default());
                }
                _ => {
                    let planned = self.of_one_group(number, list_at, frames_at)?;
                    self.plan.groups.push(planned);
                }
            }
            list_at += list_bytes(group);
            frames_at += u64::from(group.frames_bytes);
        }
        Ok(self.plan)
    }

    /// Fetches the chunks of a group, and of those behind it that will be fetched as well.
    fn of_one_group(
        &mut self,
        number: usize,
        list_at: u64,
        frames_at: u64,
    ) -> Result<PlannedGroup, NoPlan> {
        let mut planned = PlannedGroup::default();
        let Some(group) = self.index.groups.get(number) else {
            return Ok(planned);
        };
        let lists = missing_lists(self.index, self.held, number, list_at);
        let listed = parse_list(group, self.remote.first_of(lists)?)?;
        let bytes = |listed: &ListedChunk| u64::from(listed.addresses_bytes);
        let mut addresses_at = frames_at;
        let mut frame_at = frames_at + listed.iter().map(bytes).sum::<u64>();
        for listed in listed {
            let place = match self.held.find(&listed.chunk) {
                Some(HeldAs::Same(at)) if self.survives(Some(at)) => Place::Held(at),
                Some(HeldAs::Plain(at)) if self.survives(Some(at)) => Place::HeldPlain(at),
                _ => Place::Frame {
                    at: frame_at,
                    bytes: listed.frame_bytes,
                },
            };
            let addresses = addresses_at..addresses_at + bytes(&listed);
            (addresses_at, frame_at) = (addresses.end, frame_at + u64::from(listed.frame_bytes));
            if self.push(listed.chunk, place).needs_addresses() {
                planned.addresses.push(addresses);
            }
        }
        Ok(planned)
    }

    fn push(&mut self, chunk: Chunk, place: Place) -> Planned {
        let group = u32::try_from(self.plan.groups.len()).unwrap_or(u32::MAX);
        let planned = Planned {
            chunk,
            place,
            group,
        };
        self.plan.chunks.push(planned);
        self.image_at += u64::from(chunk.length_bytes);
        planned
    }

    /// Whether what lies there on the disk will still lie there when it is needed: in the
    /// slot that is being written, what is before the next chunk is overwritten by then.
    fn survives(&self, at: Option<u64>) -> bool {
        let (Some(at), Some(target)) = (at, self.target) else {
            return true;
        };
        let is_in_target = at
            .checked_sub(target.offset_bytes)
            .is_some_and(|within| within < target.length_bytes);
        !is_in_target || at - target.offset_bytes >= self.image_at
    }
}

/// Where the chunks of group `number` stand, which begin at `list_at`, and those of each
/// group behind it that the device does not hold as a whole.
fn missing_lists<'a>(
    index: &'a Index,
    held: &'a Held,
    number: usize,
    list_at: u64,
) -> impl Iterator<Item = Range<u64>> + 'a {
    let groups = index.groups.get(number..).unwrap_or_default();
    let mut next = list_at;
    groups.iter().enumerate().filter_map(move |(ahead, group)| {
        let list = next..next + list_bytes(group);
        next = list.end;
        let is_wanted = ahead == 0 || held.group(group.digest).is_none();
        is_wanted.then_some(list)
    })
}

fn list_bytes(group: &Group) -> u64 {
    u64::from(group.chunks) * CHUNK_ENTRY_BYTES as u64
}
