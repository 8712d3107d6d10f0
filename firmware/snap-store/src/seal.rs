//! The hash tree of a snap file, made in one pass with the file's own hash: the root hash is
//! that of the bytes whose hash was held against what is signed.

use crate::BLOCK_BYTES;
use image_format::Digest;
use image_trust::{Block, HashTree, Hasher, sha256};
use std::fs::File;
use std::io::{self, Read};

/// What names a file: all of it at once, and block by block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootHash {
    /// Of the file.
    pub sha256: Digest,
    /// Of its hash tree.
    pub root_hash: Digest,
    /// Of the file.
    pub length_bytes: u64,
}

/// Why a file has no root hash.
#[derive(Debug)]
pub(crate) enum SealFailure {
    /// It does not end with a whole block.
    Ragged(u64),
    /// It cannot be read, or the tree cannot be written.
    Io(io::Error),
}

impl From<io::Error> for SealFailure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// One for all snaps: equal files have equal trees.
pub(crate) fn salt() -> Digest {
    sha256(b"twinkeel hash tree of snaps")
}

/// The root hash of a snap, for whoever signs it. `None`: it does not end with a whole block.
///
/// # Errors
/// The file cannot be read.
pub fn root_hash_of(file: &File) -> io::Result<Option<RootHash>> {
    match seal(file, |_, _| Ok(())) {
        Ok(hash) => Ok(Some(hash)),
        Err(SealFailure::Ragged(_)) => Ok(None),
        Err(SealFailure::Io(error)) => Err(error),
    }
}

/// Reads the file once, from its beginning. Each block of the tree goes to `put` with its
/// number.
pub(crate) fn seal(
    file: &File,
    mut put: impl FnMut(u64, &Block) -> io::Result<()>,
) -> Result<RootHash, SealFailure> {
    let length_bytes = file.metadata()?.len();
    if length_bytes == 0 || !length_bytes.is_multiple_of(BLOCK_BYTES) {
        return Err(SealFailure::Ragged(length_bytes));
    }
    let mut tree = HashTree::new(length_bytes / BLOCK_BYTES, salt());
    let mut hasher = Hasher::new();
    let mut root_hash = None;
    let mut reader = io::BufReader::with_capacity(1 << 20, file);
    let mut block: Block = [0; BLOCK_BYTES as usize];
    for _ in 0..length_bytes / BLOCK_BYTES {
        reader.read_exact(&mut block)?;
        hasher.update(&block);
        root_hash = tree.push(&block, &mut put)?;
    }
    let root_hash = root_hash.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
    Ok(RootHash {
        sha256: hasher.finish(),
        root_hash,
        length_bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_file_without_whole_blocks_has_no_tree() {
        let mut file = tempfile::tempfile().unwrap();
        assert_eq!(root_hash_of(&file).unwrap(), None);
        file.write_all(&[1; 4097]).unwrap();
        assert_eq!(root_hash_of(&file).unwrap(), None);
    }

    #[test]
    fn both_hashes_are_of_the_same_bytes() {
        use std::io::Seek;
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[1; 8192]).unwrap();
        file.rewind().unwrap();
        let mut blocks = 0;
        let one = seal(&file, |number, _| {
            blocks += 1;
            assert_eq!(number, 0);
            Ok(())
        });
        let one = one.map_err(|_| ()).unwrap();
        assert_eq!((blocks, one.length_bytes), (1, 8192));
        assert_eq!(one.sha256, sha256(&[1; 8192]));
        // By `veritysetup format --no-superblock`: stores sign it, and the salt stays.
        let known = "2855b677b5d3e6ce314f31075ca581bb37c41b18cd4098c20cfa7caac5c37636";
        assert_eq!(one.root_hash.to_string(), known);
        file.rewind().unwrap();
        file.write_all(&[2]).unwrap();
        file.rewind().unwrap();
        let other = root_hash_of(&file).unwrap().unwrap();
        assert!(other.sha256 != one.sha256 && other.root_hash != one.root_hash);
    }
}
