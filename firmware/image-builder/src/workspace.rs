//! Where the checkout and what is built from it are.

use std::env;
use std::path::{Path, PathBuf};

use boards::{Board, BoardError};

/// A checkout of the repository, and its target directory.
///
/// Everything that the image builder makes or fetches stands under the target directory.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// The checkout at `root`. Its target directory is `$CARGO_TARGET_DIR`, as for cargo,
    /// otherwise `target` within.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(directory) => root.join(directory),
            None => root.join("target"),
        };
        Self {
            root: root.to_owned(),
            target,
        }
    }

    /// The same checkout, built elsewhere.
    #[must_use]
    pub fn with_target(mut self, target: &Path) -> Self {
        target.clone_into(&mut self.target);
        self
    }

    /// The directory of the root manifest.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The target directory.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Where the boards' files are.
    #[must_use]
    pub fn boards(&self) -> PathBuf {
        self.root.join("boards")
    }

    /// Where the generated test keys are, once something asked for them.
    #[must_use]
    pub fn test_keys(&self) -> PathBuf {
        self.target.join("keys/test")
    }

    /// Where the generated test keys for Secure Boot are, once something asked for them.
    #[must_use]
    pub fn secure_boot_test_keys(&self) -> PathBuf {
        self.target.join("keys/secure-boot-test")
    }

    /// Where the generated test keys of stores are, once something asked for them.
    #[must_use]
    pub fn store_test_keys(&self) -> PathBuf {
        self.target.join("keys/store-test")
    }

    /// Components by content: what is there need not be made again.
    pub(crate) fn component_cache(&self) -> PathBuf {
        self.target.join("image")
    }

    /// The board `id`.
    ///
    /// # Errors
    /// It is unknown (those that are known are listed), or its file is wrong.
    pub fn read_board(&self, id: &str) -> Result<Board, BoardError> {
        boards::read_board(&self.boards(), id)
    }

    /// All boards, sorted by their ids.
    ///
    /// # Errors
    /// One of their files is wrong.
    pub fn read_boards(&self) -> Result<Vec<Board>, BoardError> {
        let known = boards::read_known_boards(&self.boards())?;
        known.iter().map(|id| self.read_board(id)).collect()
    }
}
