//! The random seed that is carried over from boot to boot on `writable`.
//!
//! A seed is used once: its successor is on the disk before it is credited, so that
//! a device that is cut off right afterwards never starts twice from the same one.
//! At shutdown it is renewed once more, from a generator that has seen more.

use crate::ioctls::{SEED_BYTES, add_entropy};
use anyhow::Context;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const RANDOM: &str = "/dev/urandom";

/// The file in a directory of `writable`.
pub(crate) struct SeedFile(PathBuf);

/// What became of the seed of the last boot.
#[derive(Clone, Debug, PartialEq, Eq)]
enum OldSeed {
    /// May be credited: it was never used before.
    Fresh(Box<[u8; SEED_BYTES]>),
    /// The first boot, or a file of another length.
    Missing,
}

impl SeedFile {
    /// The seed below that directory, which exists.
    pub(crate) fn new(directory: &Path) -> Self {
        Self(directory.join("random-seed"))
    }

    /// Seeds the kernel's random numbers.
    pub(crate) fn load(&self) -> anyhow::Result<()> {
        let cannot = "cannot seed the random numbers";
        let old = self.replace(|old| {
            // Mixed in without credit, so that the successor depends on it.
            let mut random = File::options().read(true).write(true).open(RANDOM)?;
            if let OldSeed::Fresh(seed) = old {
                random.write_all(&seed[..])?;
            }
            let mut new = [0; SEED_BYTES];
            random.read_exact(&mut new)?;
            Ok(new)
        });
        if let OldSeed::Fresh(seed) = old.context(cannot)? {
            let random = File::options().write(true).open(RANDOM).context(cannot)?;
            add_entropy(random, &seed).context(cannot)?;
        }
        Ok(())
    }

    /// Renews the seed.
    pub(crate) fn save(&self) -> anyhow::Result<()> {
        let renewed = self.replace(|_| {
            let mut new = [0; SEED_BYTES];
            File::open(RANDOM)?.read_exact(&mut new)?;
            Ok(new)
        });
        renewed.map(drop).context("cannot renew the random seed")
    }

    /// Puts a successor in the old seed's place, on the disk, and gives the old
    /// one. The old one is given only when the successor is there.
    fn replace(
        &self,
        successor: impl FnOnce(&OldSeed) -> std::io::Result<[u8; SEED_BYTES]>,
    ) -> std::io::Result<OldSeed> {
        let old = match std::fs::read(&self.0) {
            Ok(bytes) => bytes.try_into().map_or(OldSeed::Missing, OldSeed::Fresh),
            Err(_) => OldSeed::Missing,
        };
        let new = self.0.with_extension("new");
        let mut file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)?;
        file.write_all(&successor(&old)?)?;
        file.sync_all()?;
        std::fs::rename(&new, &self.0)?;
        if let Some(directory) = self.0.parent() {
            File::open(directory)?.sync_all()?;
        }
        Ok(old)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_given_once_and_its_successor_next() {
        let directory = tempfile::tempdir().unwrap();
        let file = SeedFile::new(directory.path());
        let mut given = Vec::new();
        for byte in 1..=3 {
            given.push(file.replace(|_| Ok([byte; SEED_BYTES])).unwrap());
        }
        let seed = |byte| OldSeed::Fresh(Box::new([byte; SEED_BYTES]));
        assert_eq!(given, [OldSeed::Missing, seed(1), seed(2)]);
    }

    #[test]
    fn without_a_successor_the_old_seed_is_not_given() {
        let directory = tempfile::tempdir().unwrap();
        let file = SeedFile::new(directory.path());
        file.replace(|_| Ok([1; SEED_BYTES])).unwrap();
        let failed = file.replace(|_| Err(std::io::ErrorKind::StorageFull.into()));
        assert!(failed.is_err());
        // It is still there for the next boot.
        let seed = OldSeed::Fresh(Box::new([1; SEED_BYTES]));
        assert_eq!(file.replace(|_| Ok([2; SEED_BYTES])).unwrap(), seed);
    }

    #[test]
    fn a_seed_of_another_length_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let file = SeedFile::new(directory.path());
        std::fs::write(&file.0, [7; SEED_BYTES - 1]).unwrap();
        assert_eq!(
            file.replace(|_| Ok([1; SEED_BYTES])).unwrap(),
            OldSeed::Missing
        );
    }
}
