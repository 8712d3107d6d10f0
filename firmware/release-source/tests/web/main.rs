//! Releases over real HTTP, into a device with two slots that is a file.

mod cut;
mod device;
mod image;
mod pieces;
mod server;

use device::{Device, Outcome, SLOT_BYTES};
use image::{Release, noise, root};
use image_builder::chunk_file_of;
use image_builder::signing::KeyDirectory;
use image_format::ENVELOPE_BYTES;
use release_source::Detour;
use release_source::chunk_file::ChunkFileError;
use server::{served, served_without_ranges};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::TempDir;

/// What is asked of the server in any case: the envelope and the first of the index.
const LEAST_BYTES: u64 = 4096 + 4096;
/// The longest chunk, and what HTTP reads of gaps and lists.
const CHUNK_BYTES: u64 = 40 << 10;

static KEYS: LazyLock<KeyDirectory> = LazyLock::new(|| {
    let directory = TempDir::new().unwrap().keep();
    KeyDirectory::create_test(&directory.join("keys")).unwrap()
});

const FILES: u64 = 12;

fn files() -> Vec<Vec<u8>> {
    (0..FILES).map(|file| noise(file, 150_001)).collect()
}

fn old() -> Release {
    release(&files())
}

fn release(files: &[Vec<u8>]) -> Release {
    Release::new(
        &KEYS,
        &noise(100, 400_000),
        &noise(101, 300_000),
        &root(files),
    )
}

/// One file is longer in its middle, so that all behind it moves.
fn with_one_file_changed() -> Release {
    let mut files = files();
    let tail = files[9].split_off(70_000);
    files[9].extend(noise(102, 5000));
    files[9].extend(tail);
    release(&files)
}

/// Nothing of it is in [`old`].
fn foreign() -> Release {
    let files: Vec<_> = (0..8).map(|file| noise(200 + file, 150_001)).collect();
    Release::new(
        &KEYS,
        &noise(300, 400_000),
        &noise(301, 300_000),
        &root(&files),
    )
}

/// A directory with `release` in it, as a publisher leaves it.
fn publish(release: &Release) -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("x.update");
    release.publish(&path);
    (directory, path)
}

/// Updates a device that runs `old`.
fn update(device: &mut Device, release: &Release, path: &Path) -> Outcome {
    served(path.parent().unwrap(), |address| {
        device.update(&format!("{address}/x.update"), release)
    })
}

#[test]
fn the_release_that_runs_costs_an_envelope_and_an_index() {
    let (_directory, path) = publish(&old());
    let mut device = Device::running(&old().bytes);
    let outcome = update(&mut device, &old(), &path);
    assert_eq!(outcome.error, None);
    assert!(outcome.tally.fetched_bytes < LEAST_BYTES, "{outcome:?}");
    assert!(outcome.tally.reused_bytes > 2_500_000, "{outcome:?}");
    assert_eq!(outcome.detour, None);
}

#[test]
fn a_changed_file_costs_its_chunks() {
    let release = with_one_file_changed();
    let (_directory, path) = publish(&release);
    let mut device = Device::running(&old().bytes);
    let outcome = update(&mut device, &release, &path);
    assert_eq!(outcome.error, None);
    let most = LEAST_BYTES + 5000 + 3 * CHUNK_BYTES;
    assert!(outcome.tally.fetched_bytes < most, "{outcome:?}");
}

/// The function that everything calls moved: each call is another one, and yet nothing is
/// fetched but where the calls lead.
#[test]
fn a_program_whose_calls_moved_costs_their_addresses() {
    let release = |callee| {
        let mut files = files();
        files[3] = program(400, callee);
        release(&files)
    };
    let (old, new) = (release(0x10_0000), release(0x20_0010));
    let (_directory, path) = publish(&new);
    let outcome = update(&mut Device::running(&old.bytes), &new, &path);
    assert_eq!((outcome.error, outcome.detour), (None, None));
    // Lists of some groups; all addresses are the same.
    let most = LEAST_BYTES + 16 * 1024;
    assert!(outcome.tally.fetched_bytes < most, "{:?}", outcome.tally);
}

/// With the header of a program for x86-64, and a call in every 40 bytes.
fn program(seed: u64, callee: u32) -> Vec<u8> {
    let mut header = [0; 64];
    header[..4].copy_from_slice(b"\x7fELF");
    header[18] = 62;
    let mut program = header.to_vec();
    // Without bytes that look like an opcode.
    let text: Vec<u8> = noise(seed, 150_000)
        .iter()
        .map(|byte| byte & 0x1f | 0x60)
        .collect();
    for text in text.chunks(35) {
        program.extend(text);
        let behind = program.len() as u32 + 5;
        program.push(0xe8);
        program.extend(callee.wrapping_sub(behind).to_le_bytes());
    }
    program
}

#[test]
fn what_the_device_lacks_comes_compressed() {
    let files: Vec<_> = (0..8).map(|file: u8| [file; 150_001].to_vec()).collect();
    let text: Vec<u8> = (0..60_000_u32)
        .flat_map(|n| n.to_string().into_bytes())
        .collect();
    let release = Release::new(&KEYS, &text, b"initrd", &root(&files));
    let (_directory, path) = publish(&release);
    let mut device = Device::running(&old().bytes);
    let outcome = update(&mut device, &release, &path);
    assert_eq!(outcome.error, None);
    assert!(outcome.tally.fetched_bytes < 160_000, "{outcome:?}");
}

#[test]
fn an_attempt_that_was_cut_is_gone_on_with() {
    let release = foreign();
    let (_directory, path) = publish(&release);
    let whole = update(&mut Device::running(&old().bytes), &release, &path);
    let mut device = Device::running(&old().bytes);
    let cuts = [1_300_000, 2_500_000, 3_300_000];
    let mut fetched = 0;
    for cut in cuts {
        device.power_goes_after(cut);
        let outcome = update(&mut device, &release, &path);
        assert_eq!(
            outcome.error.as_deref(),
            Some("it cannot be read: the power went")
        );
        fetched += outcome.tally.fetched_bytes;
    }
    device.power_stays();
    let last = update(&mut device, &release, &path);
    assert_eq!(last.error, None);
    fetched += last.tally.fetched_bytes;
    // What had been read from the line and not been taken, and the beginning of each attempt.
    let again = CHUNK_BYTES + LEAST_BYTES;
    let most = whole.tally.fetched_bytes + cuts.len() as u64 * again;
    assert!(fetched <= most, "{fetched} of {most}");
    assert!(last.tally.reused_bytes > 900_000, "{last:?}");
}

#[test]
fn a_release_that_the_other_slot_holds_is_not_fetched() {
    let release = foreign();
    let (_directory, path) = publish(&release);
    let mut device = Device::running(&old().bytes);
    assert_eq!(update(&mut device, &release, &path).error, None);
    let again = update(&mut device, &release, &path);
    assert!(again.tally.fetched_bytes < LEAST_BYTES, "{again:?}");
}

#[test]
fn without_a_chunk_file_the_whole_file_comes() {
    let release = with_one_file_changed();
    let (_directory, path) = publish(&release);
    fs::remove_file(chunk_file_of(&path)).unwrap();
    let outcome = update(&mut Device::running(&old().bytes), &release, &path);
    assert_eq!(outcome.error, None);
    assert!(
        matches!(outcome.detour, Some(Detour::NotThere(_))),
        "{outcome:?}"
    );
    assert!(outcome.tally.fetched_bytes >= release.bytes.len() as u64);
}

#[test]
fn a_chunk_file_of_another_release_is_not_used() {
    let release = with_one_file_changed();
    let (_directory, path) = publish(&release);
    let (_other, other) = publish(&old());
    fs::copy(chunk_file_of(&other), chunk_file_of(&path)).unwrap();
    let outcome = update(&mut Device::running(&old().bytes), &release, &path);
    assert_eq!(outcome.error, None);
    let expected = Detour::Unusable(ChunkFileError::OtherRelease);
    assert_eq!(outcome.detour, Some(expected));
}

/// Wherever a chunk file is damaged, the release arrives.
#[test]
fn a_damaged_chunk_file_never_makes_a_bad_slot() {
    let release = with_one_file_changed();
    let (_directory, path) = publish(&release);
    let chunks = chunk_file_of(&path);
    let good = fs::read(&chunks).unwrap();
    let steps = (0..good.len()).step_by(good.len() / 16);
    for at in (0..200).step_by(19).chain(steps) {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        fs::write(&chunks, bad).unwrap();
        // Every frame is needed.
        let outcome = update(&mut Device::running(&foreign().bytes), &release, &path);
        assert_eq!(outcome.error, None, "byte {at}");
    }
    for length in [0, 1, 119, 120, 500, good.len() - 1] {
        fs::write(&chunks, &good[..length]).unwrap();
        let outcome = update(&mut Device::running(&old().bytes), &release, &path);
        assert_eq!(outcome.error, None, "cut to {length}");
        assert!(outcome.detour.is_some(), "cut to {length}");
    }
    let mut endless = good.clone();
    endless.resize(good.len() + 1, 0);
    fs::write(&chunks, endless).unwrap();
    let outcome = update(&mut Device::running(&old().bytes), &release, &path);
    assert_eq!(
        outcome.detour,
        Some(Detour::Unusable(ChunkFileError::Length))
    );
}

/// All frames are wrong, and the update file is not.
#[test]
fn a_frame_that_is_wrong_is_replaced_by_the_bytes_themselves() {
    let release = with_one_file_changed();
    let (_directory, path) = publish(&release);
    let chunks = chunk_file_of(&path);
    let mut bad = fs::read(&chunks).unwrap();
    let half = bad.len() / 2;
    bad[half..].fill(0xa5);
    fs::write(&chunks, bad).unwrap();
    let outcome = update(&mut Device::running(&foreign().bytes), &release, &path);
    assert_eq!((outcome.error, outcome.detour), (None, None));
}

#[test]
fn a_server_without_ranges_gives_the_whole_file() {
    let release = with_one_file_changed();
    let mut device = Device::running(&old().bytes);
    let outcome = served_without_ranges(&release.bytes, |address| {
        device.update(&format!("{address}/x.update"), &release)
    });
    assert_eq!(
        (outcome.error, outcome.detour),
        (None, Some(Detour::NoPieces))
    );
}

/// The running slot rots between two looks at it.
#[test]
fn a_chunk_that_changed_on_the_disk_is_fetched() {
    let (_directory, path) = publish(&old());
    let mut device = Device::running(&old().bytes);
    device.running_rots_after_the_scan_at(1_200_000);
    let outcome = update(&mut device, &old(), &path);
    assert_eq!(outcome.error, None);
    // A KiB of index at most; the rest is the chunk.
    let fetched = outcome.tally.fetched_bytes;
    assert!(
        (4096 + 1024 + 512..4096 + CHUNK_BYTES).contains(&fetched),
        "{outcome:?}"
    );
}

#[test]
fn the_same_update_file_gives_the_same_chunk_file() {
    let (_one, one) = publish(&old());
    let (_two, two) = publish(&old());
    let read = |path| fs::read(chunk_file_of(path)).unwrap();
    assert!(read(&one) == read(&two));
}

#[test]
fn what_is_no_update_file_gets_no_chunk_file() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("x");
    for bytes in [
        vec![],
        vec![0; ENVELOPE_BYTES],
        noise(1, 2 * ENVELOPE_BYTES),
    ] {
        fs::write(&path, bytes).unwrap();
        assert!(image_builder::write_chunk_file(&path, &chunk_file_of(&path)).is_err());
    }
    assert!(old().bytes.len() < SLOT_BYTES);
}
