//! Our system: the board's image, flashed as `cargo xtask flash --cloud-config` does it.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use boards::Board;
use flasher::{CloudConfig, Identity, Image, Silent, Target, flash, new_disk_guid};
use image_builder::signing::KeyDirectory;
use image_builder::{ImageRequest, Progress, Workspace, build_image};

use super::debian::LATE_TIMER;
use super::{DISK_BYTES, System, seed};
use crate::disk::TestDisk;

/// The image that is flashed.
pub(super) struct Ours {
    board: String,
    image: PathBuf,
}

impl Ours {
    /// Builds the image, as it is without options.
    pub(super) fn build(
        workspace: &Workspace,
        board: &Board,
        directory: &Path,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let keys = KeyDirectory::open_or_create_test(&workspace.test_keys())
            .context("cannot make test keys")?;
        let image = directory.join("twinkeel.img");
        let mut request = ImageRequest::new(board.clone());
        request.extra_words = LATE_TIMER.to_owned();
        build_image(workspace, &keys, &request, &image, progress)?;
        let board = board.id.clone();
        Ok(Self { board, image })
    }
}

impl System for Ours {
    fn name(&self) -> &'static str {
        "Twinkeel"
    }

    fn make_disk(&self, image: &Path, key: &str) -> Result<TestDisk> {
        File::create(image)
            .and_then(|file| file.set_len(DISK_BYTES))
            .with_context(|| format!("cannot make {}", image.display()))?;
        let target = Target::inspect(image)?;
        let name = target.names().first().cloned();
        let identity = Identity {
            host_name: Some(seed::HOST_NAME.to_owned()),
            cloud_config: Some(CloudConfig::parse(&seed::user_data_that_opens_ssh(key))?),
            ..Identity::default()
        };
        flash(
            &target.agree(name.as_deref())?,
            &Image::open(&self.image, &self.board)?,
            &identity,
            new_disk_guid()?,
            &mut Silent,
        )?;
        Ok(TestDisk::at(image))
    }

    fn question(&self) -> Option<&'static str> {
        None
    }
}
