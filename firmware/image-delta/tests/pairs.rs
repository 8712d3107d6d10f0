//! Patches made from update files and applied to them, as a device does it.

use image_builder::signing::KeyDirectory;
use image_builder::{ReadyParts, pack_system_image};
use image_delta::make::{MakeError, make_patch, verify_patch};
use image_delta::{Header, PatchError, PatchSource, SlotFile};
use image_format::{Digest, ENVELOPE_BYTES, Manifest, Version, parse_envelope};
use std::fs::{self, File};
use std::io::Cursor;
use std::path::{Path, PathBuf};
use system_update::{Parts, ReleaseSource, SourceError};
use tempfile::TempDir;

/// A directory with update files.
struct Bench {
    directory: TempDir,
    keys: KeyDirectory,
}

/// Bytes that do not get shorter, the same for the same seed.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// A program of which every so many bytes are an address.
fn program(moved_by: u8) -> Vec<u8> {
    let mut program = noise(1, 900_000);
    for address in program.iter_mut().step_by(40) {
        *address = address.wrapping_add(moved_by);
    }
    program
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let keys = KeyDirectory::create_test(&directory.path().join("keys")).expect("keys");
        Self { directory, keys }
    }

    /// An update file of these files.
    fn release(&self, version: u64, kernel: &[u8], files: &[(String, Vec<u8>)]) -> PathBuf {
        let work = self.directory.path().join(format!("work-{version}"));
        let root = work.join("tree");
        for (path, content) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(path, content).expect("a file");
        }
        let at = |name: &str, content: &[u8]| {
            let path = work.join(name);
            fs::write(&path, content).expect("a file");
            path
        };
        let (kernel, initrd) = (at("kernel", kernel), at("initrd", b"initrd"));
        let parts = ReadyParts {
            board: "test",
            product: "test",
            version: Version(version),
            build_time_secs: 0,
            kernel: &kernel,
            initrd: &initrd,
            root: &root,
        };
        let image = pack_system_image(&parts, &work).expect("an image");
        let envelope = self.keys.seal(&image.manifest()).expect("an envelope");
        let out = self.directory.path().join(format!("{version}.update"));
        image.write_update(&envelope, &out).expect("an update file");
        out
    }

    /// Two releases: most files stay, two change, a kernel's version stands in paths.
    fn pair(&self) -> (PathBuf, PathBuf) {
        let kernel = noise(2, 70_001);
        let mut changed = kernel.clone();
        changed[30_000..30_004].copy_from_slice(b"new!");
        let files = |release: &str, moved_by| {
            let modules = (0..20).map(|number| {
                let path = format!("lib/modules/{release}/module-{number}.ko");
                (path, noise(100 + number, 20_000))
            });
            let mut files: Vec<_> = modules.collect();
            files.push(("bin/program".to_owned(), program(moved_by)));
            files.push(("etc/notes".to_owned(), release.repeat(3000).into_bytes()));
            files
        };
        (
            self.release(1, &kernel, &files("6.1.0-50", 0)),
            self.release(2, &changed, &files("6.1.0-56", 4)),
        )
    }
}

fn patch(old: &Path, new: &Path) -> Vec<u8> {
    let mut patch = Vec::new();
    make_patch(old, new, &mut patch).expect("a patch");
    patch
}

fn old_slot(old: &Path) -> SlotFile {
    let file = File::open(old).expect("the old release");
    SlotFile::whole(file).expect("its length")
}

/// The envelope's area of an update file, and what it says of the parts.
fn parts_of(update: &[u8]) -> (&[u8], Parts) {
    let envelope = &update[..ENVELOPE_BYTES];
    let parsed = parse_envelope(envelope).expect("an envelope");
    let manifest: Manifest<'_> = parsed.manifest.decode().expect("a manifest");
    let parts = Parts {
        kernel: manifest.kernel,
        initrd: manifest.initrd,
        root: manifest.root,
    };
    (envelope, parts)
}

#[test]
fn a_device_gets_the_new_release_from_its_slot_and_a_small_patch() {
    let bench = Bench::new();
    let (old, new) = bench.pair();
    let bytes = patch(&old, &new);
    verify_patch(Cursor::new(&bytes), &old, &new).expect("the same bytes");
    // 22500 addresses move by the same amount; 22 inodes name other blocks at most.
    assert!(bytes.len() < 8_000, "{} bytes", bytes.len());

    let wanted = fs::read(&new).expect("the new release");
    let (envelope, parts) = parts_of(&wanted);
    let from = Header::read(&mut bytes.as_slice()).expect("a header").from;
    let mut source = PatchSource::open(Cursor::new(&bytes), old_slot(&old), from).expect("opened");
    let mut area = [1; ENVELOPE_BYTES];
    source.read_envelope(&mut area).expect("the envelope");
    assert!(area == *envelope, "the envelope differs");
    source.begin(&parts).expect("all parts");
    for (offset, length) in [
        (parts.kernel.offset_bytes, parts.kernel.length_bytes),
        (parts.initrd.offset_bytes, parts.initrd.length_bytes),
        (parts.root.offset_bytes, parts.root_bytes()),
    ] {
        let mut read = vec![0; length as usize];
        source.read(offset, &mut read).expect("a part");
        assert!(read == wanted[offset as usize..][..read.len()]);
    }
}

#[test]
fn a_patch_for_another_release_is_refused() {
    let bench = Bench::new();
    let (old, new) = bench.pair();
    let bytes = patch(&old, &new);
    let other = Digest([7; 32]);
    let opened = PatchSource::open(Cursor::new(&bytes), old_slot(&old), other);
    let error = opened.err().expect("refused");
    assert!(matches!(error, PatchError::WrongBase { have, .. } if have == other));
}

#[test]
fn a_patch_whose_release_ends_elsewhere_is_refused_before_anything_is_written() {
    let bench = Bench::new();
    let (old, new) = bench.pair();
    let bytes = patch(&old, &new);
    let from = Header::read(&mut bytes.as_slice()).expect("a header").from;
    let wanted = fs::read(&new).expect("the new release");
    for more in [1_i64, -1] {
        let (_, mut parts) = parts_of(&wanted);
        parts.root.data_blocks = parts.root.data_blocks.saturating_add_signed(more);
        let mut source =
            PatchSource::open(Cursor::new(&bytes), old_slot(&old), from).expect("opened");
        let refused = source.begin(&parts).expect_err("refused");
        let short = matches!(refused, SourceError::EndsEarly { .. });
        let long = matches!(refused, SourceError::TooLong { .. });
        assert_eq!((short, long), (more > 0, more < 0));
    }
}

#[test]
fn a_patch_is_compared_with_the_release_before_anybody_gets_it() {
    let bench = Bench::new();
    let (old, new) = bench.pair();
    let bytes = patch(&old, &new);
    // The release that the device would have, but for one byte.
    let mut other = fs::read(&new).expect("the new release");
    let place = other.len() - 5000;
    other[place] ^= 1;
    fs::write(&new, other).expect("written");
    let refused = verify_patch(Cursor::new(&bytes), &old, &new).expect_err("refused");
    assert!(matches!(refused, MakeError::Differs(from) if from <= place as u64));
}

#[test]
fn what_is_new_and_long_is_cut_into_segments_that_are_read_alone() {
    let bench = Bench::new();
    let fresh = noise(9, 9 << 20);
    let kept = ("a".to_owned(), noise(3, 5000));
    let old = bench.release(1, b"kernel", std::slice::from_ref(&kept));
    let new = bench.release(2, b"kernel", &[kept, ("b".to_owned(), fresh)]);
    let bytes = patch(&old, &new);
    verify_patch(Cursor::new(&bytes), &old, &new).expect("the same bytes");
    let header = Header::read(&mut bytes.as_slice()).expect("a header");
    assert!(
        header.segments.len() > 4,
        "{} segments",
        header.segments.len()
    );
    let wanted = fs::read(&new).expect("the new release");
    for segment in header.segments.iter().rev() {
        let old = old_slot(&old);
        let mut source = PatchSource::open(Cursor::new(&bytes), old, header.from).expect("opened");
        let mut read = vec![0; segment.length_bytes as usize];
        source.read(segment.offset_bytes, &mut read).expect("read");
        assert!(read == wanted[segment.offset_bytes as usize..][..read.len()]);
    }
}
