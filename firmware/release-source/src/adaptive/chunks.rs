//! An image put together of chunks.

use crate::chunk::Cutter;
use crate::chunk_file::{ADDRESSES_PREFIX_BYTES, PREFIX_BYTES};
use crate::frame::{Prefix, Unpacker};
use crate::plan::{Place, Plan, Planned};
use crate::remote::{NoPiece, Remote, unreadable};
use boot_core::Disk;
use boot_core::platform::read_at;
use http_file::{HttpFile, Wait};
use image_format::ENVELOPE_BYTES;
use std::collections::VecDeque;
use std::ops::Range;
use system_update::SourceError;

/// An image in the making.
pub(super) struct Chunks<W> {
    /// For chunks that come from nowhere else.
    update: HttpFile<W>,
    frames: Remote<W>,
    unpacker: Unpacker,
    cutter: Cutter,
    plan: Plan,
    /// The one that comes next in the plan,
    next: usize,
    /// and where the image goes on with it.
    next_offset: u64,
    /// The one before that.
    chunk: Vec<u8>,
    /// The plain bytes of the image up to there,
    plain_prefix: Prefix,
    /// and its addresses.
    addresses_prefix: Prefix,
    group: Group,
    reused_bytes: u64,
}

/// The group of the chunk.
#[derive(Default)]
struct Group {
    number: Option<u32>,
    /// The frames of addresses of its next chunks that need them, as far as they were had.
    addresses: VecDeque<Vec<u8>>,
}

impl<W: Wait> Chunks<W> {
    pub(super) fn new(update: HttpFile<W>, frames: Remote<W>, plan: Plan) -> Self {
        Self {
            update,
            frames,
            unpacker: Unpacker::new(),
            cutter: Cutter::new(plan.code),
            plan,
            next: 0,
            next_offset: ENVELOPE_BYTES as u64,
            chunk: Vec::new(),
            plain_prefix: Prefix::new(PREFIX_BYTES),
            addresses_prefix: Prefix::new(ADDRESSES_PREFIX_BYTES),
            group: Group::default(),
            reused_bytes: 0,
        }
    }

    pub(super) fn received_bytes(&self) -> u64 {
        self.update.received_bytes() + self.frames.received_bytes()
    }

    pub(super) fn reused_bytes(&self) -> u64 {
        self.reused_bytes
    }

    /// Fills the front of `buffer` with the bytes from `offset` of the image on: with all that
    /// is here before more has to be waited for. Offsets only rise.
    pub(super) fn read<D: Disk>(
        &mut self,
        disk: &mut D,
        mut offset: u64,
        buffer: &mut [u8],
    ) -> Result<usize, SourceError> {
        let mut filled = 0;
        loop {
            let start = self.next_offset - self.chunk.len() as u64;
            let skip = usize::try_from(offset.saturating_sub(start)).unwrap_or(usize::MAX);
            let have = self.chunk.get(skip..).unwrap_or_default();
            let count = have.len().min(buffer.len() - filled);
            buffer[filled..filled + count].copy_from_slice(&have[..count]);
            filled += count;
            offset += count as u64;
            if filled == buffer.len() || filled > 0 && self.next_is_to_come() {
                return Ok(filled);
            }
            self.advance(disk)?;
        }
    }

    /// Whether anything of the next chunk has yet to come over the line.
    fn next_is_to_come(&self) -> bool {
        let Some(next) = self.plan.chunks.get(self.next) else {
            return false;
        };
        let group = self.plan.groups.get(next.group as usize);
        let group = group.filter(|_| self.group.number != Some(next.group));
        let addresses = group.into_iter().flat_map(|group| &group.addresses);
        let mut pieces = addresses.cloned().chain(next.frame());
        pieces.any(|piece| !self.frames.has(&piece))
    }

    /// Goes on to the next chunk. None is left out: each is in the prefix of the next one.
    fn advance<D: Disk>(&mut self, disk: &mut D) -> Result<(), SourceError> {
        let Some(planned) = self.plan.chunks.get(self.next).copied() else {
            return Err(unreadable(&"its chunks end before the image"));
        };
        let offset = self.next_offset;
        self.chunk.clear();
        if self.group.number != Some(planned.group) {
            self.begin_group(planned.group)?;
        }
        let is_there = self.load(disk, &planned, offset)?;
        let found = self.cutter.split(&self.chunk, offset);
        if !is_there || found != Some(planned.chunk) {
            self.chunk.resize(planned.chunk.length_bytes as usize, 0);
            let read = self.update.read_exact_at(offset, &mut self.chunk);
            read.map_err(|error| unreadable(&error))?;
            self.cutter.split(&self.chunk, offset);
        } else if planned.frame().is_none() {
            self.reused_bytes += self.chunk.len() as u64;
        }
        self.addresses_prefix.extend(self.cutter.addresses());
        self.plain_prefix.extend(self.cutter.plain());
        self.next_offset += self.chunk.len() as u64;
        self.next += 1;
        Ok(())
    }

    /// Fetches the addresses that a group needs. If they are not to be had, its chunks do
    /// without.
    fn begin_group(&mut self, number: u32) -> Result<(), SourceError> {
        self.group = Group {
            number: Some(number),
            ..Group::default()
        };
        let Some(group) = self.plan.groups.get(number as usize) else {
            return Ok(());
        };
        for number in 0..group.addresses.len() {
            let addresses = group.addresses.iter().skip(number).cloned();
            let pieces = addresses.chain(self.plan.frames_from(self.next));
            match self.frames.first_of(pieces) {
                Ok(frame) => self.group.addresses.push_back(frame.to_vec()),
                Err(NoPiece::Line(error)) => return Err(error),
                Err(NoPiece::File) => break,
            }
        }
        Ok(())
    }

    /// Makes the chunk; tells whether it could be.
    fn load<D: Disk>(
        &mut self,
        disk: &mut D,
        planned: &Planned,
        offset: u64,
    ) -> Result<bool, SourceError> {
        let length = planned.chunk.length_bytes as usize;
        let Some(addresses) = self.addresses(planned) else {
            return Ok(false);
        };
        let plain = match planned.place {
            Place::Held(at) => {
                self.chunk.resize(length, 0);
                return Ok(read_at(disk, at, &mut self.chunk).is_ok());
            }
            Place::HeldPlain(at) => {
                self.chunk.resize(length, 0);
                if read_at(disk, at, &mut self.chunk).is_err() {
                    return Ok(false);
                }
                self.cutter.split(&self.chunk, offset);
                self.cutter.plain()
            }
            Place::Frame { .. } => {
                let frame = match self.frames.first_of(self.plan.frames_from(self.next)) {
                    Ok(frame) => frame,
                    Err(NoPiece::Line(error)) => return Err(error),
                    Err(NoPiece::File) => return Ok(false),
                };
                match self
                    .unpacker
                    .chunk(frame, self.plain_prefix.bytes(), length)
                {
                    Some(plain) => plain,
                    None => return Ok(false),
                }
            }
        };
        self.chunk.clear();
        let joined = self.cutter.join(plain, offset, &addresses, &mut self.chunk);
        Ok(joined.is_some())
    }

    /// Those that a chunk needs; `None` when they are damaged or were not had.
    fn addresses(&mut self, planned: &Planned) -> Option<Vec<u8>> {
        if !planned.needs_addresses() {
            return Some(Vec::new());
        }
        let frame = self.group.addresses.pop_front()?;
        let prefix = self.addresses_prefix.bytes();
        self.unpacker.addresses(&frame, prefix).map(<[u8]>::to_vec)
    }
}

impl Plan {
    /// The pieces of the chunk file that are needed from chunk `number` on, in their order.
    fn frames_from(&self, number: usize) -> impl Iterator<Item = Range<u64>> {
        let chunks = self.chunks.get(number..).unwrap_or_default();
        let mut group = chunks.first().map(|first| first.group);
        chunks.iter().flat_map(move |planned| {
            let begins = group != Some(planned.group);
            group = Some(planned.group);
            let group = self.groups.get(planned.group as usize).filter(|_| begins);
            let addresses = group.into_iter().flat_map(|group| &group.addresses);
            addresses.cloned().chain(planned.frame())
        })
    }
}
