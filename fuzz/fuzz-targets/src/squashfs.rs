//! A squashfs: any bytes.
//!
//! Whatever stands in it, reading ends, no path leads out of it, what is listed is found, and
//! no file is longer than was asked for.

use crate::{Answer, Seed, Target};
use snap_format::squashfs::{Kind, MAX_DEPTH, Squashfs};

pub(crate) const TARGET: Target = Target {
    name: "squashfs",
    about: "the files in a snap",
    max_bytes: 4096,
    run,
    seeds,
};

/// Every file of the seeds is shorter.
const MAX_FILE_BYTES: usize = 64 << 10;

fn run(input: &[u8]) -> Answer {
    let Ok(files) = Squashfs::open(input) else {
        return Answer::Refused;
    };
    let Ok(entries) = files.walk() else {
        return Answer::Refused;
    };
    let mut answer = Answer::Accepted;
    for entry in entries.iter().take(16) {
        let parts: Vec<_> = entry.path.split('/').collect();
        assert!(parts.len() <= MAX_DEPTH);
        assert!(parts.iter().all(|part| !matches!(*part, "" | "." | "..")));
        let found = files.find(&entry.path).expect("it was listed");
        assert!(found.is_some(), "{}", entry.path);
        if let Kind::File(_) = entry.inode.kind {
            match files.read(&entry.path, MAX_FILE_BYTES) {
                Ok(content) => assert!(content.len() <= MAX_FILE_BYTES),
                Err(_) => answer = Answer::Refused,
            }
        }
    }
    answer
}

/// Written by mksquashfs: with fragments and without, packed and not. A snap of our own is
/// read by the tests of snap-format.
fn seeds() -> Vec<Seed> {
    SEEDS
        .iter()
        .map(|(name, bytes)| (*name, bytes.to_vec()))
        .collect()
}

macro_rules! seeds {
    ($($name:literal)*) => {
        const SEEDS: &[(&str, &[u8])] =
            &[$(($name, include_bytes!(concat!("../../corpus/squashfs/", $name)))),*];
    };
}

seeds! { "gzip" "lzo" "xz" "zstd" "plain" "refused-cut" }
