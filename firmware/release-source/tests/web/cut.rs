//! The line and the power go away at many places of a chunk file: what comes once more then.

use crate::device::Device;
use crate::image::{Release, noise, root};
use crate::server::{Sent, served_up_to};
use crate::{KEYS, program, publish};
use image_builder::chunk_file_of;
use release_source::LONGEST_CHUNK_BYTES;
use release_source::chunk_file::{CHUNK_ENTRY_BYTES, HEADER_BYTES, Header, Index, parse_list};
use std::fs;
use std::ops::Range;
use std::path::Path;

/// Where the frames of a chunk file lie.
struct Frames {
    /// Of each group, those of its addresses.
    addresses: Vec<Range<usize>>,
    /// Of each chunk, that of its plain bytes.
    plain: Vec<Range<usize>>,
}

impl Frames {
    fn of(chunk_file: &[u8]) -> Self {
        let header = Header::parse(chunk_file.first_chunk().unwrap()).unwrap();
        let groups = &chunk_file[HEADER_BYTES..][..header.groups_bytes()];
        let index = Index::parse(&header, groups, chunk_file.len() as u64).unwrap();
        let mut list_at = index.chunks_offset_bytes() as usize;
        let mut at = index.frames_offset_bytes() as usize;
        let mut frames = Self {
            addresses: Vec::new(),
            plain: Vec::new(),
        };
        for group in &index.groups {
            let list = &chunk_file[list_at..][..group.chunks as usize * CHUNK_ENTRY_BYTES];
            let listed = parse_list(group, list).unwrap();
            list_at += list.len();
            let addresses: u32 = listed.iter().map(|listed| listed.addresses_bytes).sum();
            frames.addresses.push(at..at + addresses as usize);
            at += addresses as usize;
            for listed in listed {
                let frame = at..at + listed.frame_bytes as usize;
                at = frame.end;
                frames.plain.push(frame);
            }
        }
        frames
    }
}

/// Each stretch of the chunk file that was sent in both.
fn sent_twice(first: &[Sent], second: &[Sent]) -> Vec<Range<usize>> {
    let of_chunks = |sent: &&Sent| sent.name.ends_with(".chunks");
    let second = second.iter().filter(of_chunks);
    let pairs = second.flat_map(|second| {
        let first = first.iter().filter(of_chunks);
        first.map(|first| shared(&first.bytes, &second.bytes))
    });
    pairs.filter(|shared| !shared.is_empty()).collect()
}

fn shared(one: &Range<usize>, other: &Range<usize>) -> Range<usize> {
    one.start.max(other.start)..one.end.min(other.end)
}

/// How much of `frames` lies in `twice`.
fn bytes_in(frames: &[Range<usize>], twice: &[Range<usize>]) -> Vec<usize> {
    let bytes = |frame: &Range<usize>| twice.iter().map(|twice| shared(frame, twice).len()).sum();
    frames
        .iter()
        .map(bytes)
        .filter(|bytes| *bytes > 0)
        .collect()
}

/// A small release with these files.
fn release(seed: u64, files: &[Vec<u8>]) -> Release {
    let (kernel, initrd) = (noise(seed, 60_000), noise(seed + 1, 50_001));
    Release::new(&KEYS, &kernel, &initrd, &root(files))
}

const CUTS: usize = 24;

/// An update to `release`, at `path`, of a device that has nothing of it, cut behind many
/// numbers of bytes.
fn for_each_cut(release: &Release, path: &Path, check: impl Fn(&[Range<usize>])) {
    let directory = path.parent().unwrap();
    let update = |device: &mut Device, most| {
        served_up_to(directory, most, |address| {
            device.update(&format!("{address}/x.update"), release)
        })
    };
    let old = self::release(7, &[noise(9, 50_000)]);
    let (outcome, all) = update(&mut Device::running(&old.bytes), usize::MAX);
    assert_eq!(outcome.error, None);
    let bytes = all.iter().map(|sent| sent.bytes.len()).sum();
    let envelope_and_index = 9000;
    for cut in (envelope_and_index..bytes).step_by((bytes - envelope_and_index) / CUTS) {
        let mut device = Device::running(&old.bytes);
        let (outcome, first) = update(&mut device, cut);
        assert!(outcome.error.is_some(), "cut behind {cut} of {bytes}");
        let (outcome, second) = update(&mut device, usize::MAX);
        assert_eq!(outcome.error, None, "cut behind {cut} of {bytes}");
        check(&sent_twice(&first, &second));
    }
}

#[test]
fn of_all_chunks_at_most_the_one_that_was_on_its_way_comes_twice() {
    let release = release(1, &[noise(3, 70_001), noise(4, 90_000)]);
    let (_directory, path) = publish(&release);
    let frames = Frames::of(&fs::read(chunk_file_of(&path)).unwrap());
    for_each_cut(&release, &path, |twice| {
        let again = bytes_in(&frames.plain, twice);
        let most = again.iter().all(|bytes| *bytes < LONGEST_CHUNK_BYTES);
        assert!(again.len() <= 1 && most, "{again:?}");
    });
}

#[test]
fn of_the_addresses_of_programs_at_most_those_of_one_group_come_twice() {
    let release = release(1, &[program(3, 0x10_0000), program(4, 0x20_0000)]);
    let (_directory, path) = publish(&release);
    let frames = Frames::of(&fs::read(chunk_file_of(&path)).unwrap());
    for_each_cut(&release, &path, |twice| {
        let again = bytes_in(&frames.plain, twice);
        assert!(again.len() <= 1, "{again:?}");
        let again = bytes_in(&frames.addresses, twice);
        assert!(again.len() <= 1, "{again:?}");
    });
}
