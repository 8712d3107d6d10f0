//! `cargo xtask image`: makes a disk image.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use image_builder::secure_boot::SecureBootKeys;
use image_builder::signing::KeyDirectory;
use image_builder::{
    BuildTime, ImageRequest, Locking, Patience, Printed, Progress, RescueSources, StoreTrust,
    Workspace, build_image, find_build_time,
};
use image_format::disk::Guid;
use image_format::{Epoch, Version};

use crate::image_files::ImageFiles;
use crate::{publish, setup, workspace};

/// Make a disk image: flash it once, update it in the field
///
/// Prints every part with its size and SHA-256. The same sources, keys and options give
/// the same image, bit for bit. See docs/building-images.md.
#[derive(Debug, Args)]
pub(crate) struct ImageCommand {
    /// The board, a file of `boards/`
    #[arg(long, default_value = workspace::DEFAULT_BOARD)]
    board: String,
    /// The image file; it is there complete or not at all
    #[arg(long)]
    out: PathBuf,
    /// Also write the file that updates devices in the field to this release
    #[arg(long, value_name = "FILE")]
    update_out: Option<PathBuf>,
    /// The release: counts up
    #[arg(long, default_value_t = 1)]
    version: u64,
    /// The security epoch: devices flashed with this image refuse lower ones, others do once
    /// both their slots have it and one was confirmed
    #[arg(long, default_value_t = 1)]
    epoch: u32,
    /// The product line, at most 32 characters without spaces
    #[arg(long, default_value = "twinkeel")]
    product: String,
    /// Where devices look for updates
    #[arg(long, default_value = "edge")]
    channel: String,
    /// The keys to sign with [default: test keys in target/keys/test, made on first use]
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// For devices in the field: refuse test keys of either kind, packages other than boards/debian.lock
    /// names, and an unknown build time
    #[arg(long, requires = "keys")]
    release: bool,
    /// Sign the loader for UEFI Secure Boot, with the keys that `cargo xtask keys
    /// secure-boot` made there
    #[arg(long, value_name = "DIR")]
    secure_boot: Option<PathBuf>,
    /// Where devices look for the store's metadata and files, an address that begins with
    /// http:// or https://; several are mirrors
    #[arg(long, value_name = "URL")]
    store: Vec<String>,
    /// The store's root, its `trusted/root.json` [default: the one in target/store, if it is
    /// there and no --keys are given]
    #[arg(long, value_name = "FILE")]
    store_root: Option<PathBuf>,
    /// Where the rescue system looks for a release by itself when no slot boots, unless the
    /// owner says something else
    #[arg(long, default_value = "off", value_name = "off|usb|network|both", value_parser = parse_sources)]
    rescue: RescueSources,
    /// A tree to lay over the root
    #[arg(long, value_name = "DIR")]
    overlay: Option<PathBuf>,
    /// How often system-a is tried before the device falls back to system-b
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..))]
    attempts: u8,
    /// Seconds that a new system has, once it is up, to pass all health checks
    #[arg(long, value_name = "SECS", default_value_t = Patience::default().health_secs)]
    health_window: u32,
    /// Words behind the board's kernel command line
    #[arg(long, value_name = "WORDS", default_value = "")]
    command_line_extra: String,
    /// The disk's GUID [default: derived from the system image]
    #[arg(long, value_name = "GUID", value_parser = parse_guid)]
    disk_guid: Option<Guid>,
    /// Also write name, length and SHA-256 of every part to this file, one part a line
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    files: ImageFiles,
    /// Take the newest Debian packages and write boards/debian.lock anew
    #[arg(long, conflicts_with = "release")]
    update_lock: bool,
    /// Build from the checkout there: how `cargo xtask check` builds twice
    #[arg(long, value_name = "DIR", hide = true)]
    workspace: Option<PathBuf>,
}

impl ImageCommand {
    /// Makes the image and prints what it is made of.
    pub(crate) fn run(self) -> Result<()> {
        let root = self
            .workspace
            .clone()
            .unwrap_or_else(|| workspace::root().to_owned());
        let workspace = Workspace::at(&root);
        // Refuse what can be refused before anything is installed or built.
        let board = workspace.read_board(&self.board)?;
        let keys = self.open_keys(&workspace)?;
        let secure_boot = self.open_secure_boot_keys()?;
        let store = self.read_store()?;
        let compilers = setup::compilers(&board);
        setup::prepare(
            &root,
            &[
                setup::IMAGE,
                &compilers,
                setup::SECURE_BOOT,
                &self.files.needs(),
            ],
        )?;
        let mut progress = Printed::new();
        let build_time = self.find_build_time(&workspace, &mut progress)?;
        let request = ImageRequest {
            product: self.product,
            channel: self.channel,
            version: Version(self.version),
            epoch: Epoch(self.epoch),
            attempts: self.attempts,
            extra_words: self.command_line_extra,
            overlay: self.overlay,
            disk_guid: self.disk_guid,
            build_time_secs: build_time.secs(),
            patience: Patience {
                health_secs: self.health_window,
                ..Patience::default()
            },
            secure_boot,
            store,
            rescue: self.rescue,
            locking: match (self.update_lock, self.release) {
                (true, _) => Locking::Update,
                (false, true) => Locking::Require,
                (false, false) => Locking::Prefer,
            },
            ..ImageRequest::new(board)
        };
        let mut report = build_image(&workspace, &keys, &request, &self.out, &mut progress)?;
        progress.step(&format!("made {}", report.image.display()));
        if let Some(path) = &self.update_out {
            let update = report.write_update(path)?;
            report.components.push(update);
            progress.step(&format!("made {}", path.display()));
            report.components.push(report.write_chunk_file(path)?);
        }
        if let Some(path) = &self.report {
            fs::write(path, report.lines())
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        self.files.finish(&report, &keys, &mut progress)
    }

    fn open_keys(&self, workspace: &Workspace) -> Result<KeyDirectory> {
        let keys = match &self.keys {
            Some(directory) => KeyDirectory::open(directory)?,
            None => KeyDirectory::open_or_create_test(&workspace.test_keys())?,
        };
        if self.release {
            keys.require_production()?;
        }
        Ok(keys)
    }

    fn open_secure_boot_keys(&self) -> Result<Option<SecureBootKeys>> {
        let Some(directory) = &self.secure_boot else {
            return Ok(None);
        };
        let keys = SecureBootKeys::open(directory)?;
        if self.release {
            keys.require_production()?;
        }
        Ok(Some(keys))
    }

    fn read_store(&self) -> Result<Option<StoreTrust>> {
        // Two builds of one image must not depend on what lies beside one of them.
        let may_guess = self.keys.is_none() && self.workspace.is_none();
        let guessed = publish::default_store().join("trusted/root.json");
        let root = match &self.store_root {
            Some(root) => root,
            None if may_guess && guessed.exists() => &guessed,
            None if self.store.is_empty() => return Ok(None),
            None => bail!(
                "cannot have devices ask a store that they do not trust: give its \
                 trusted/root.json with --store-root"
            ),
        };
        let store = StoreTrust::read(root, self.store.clone())?;
        if self.release {
            store.require_production()?;
        }
        Ok(Some(store))
    }

    fn find_build_time(&self, workspace: &Workspace, progress: &mut Printed) -> Result<BuildTime> {
        let time = find_build_time(workspace.root())?;
        if self.release {
            return Ok(time.require_known()?);
        }
        if time == BuildTime::Unknown {
            progress.warn("nothing says when this image was made: its build time is 1970 (set SOURCE_DATE_EPOCH)");
        }
        Ok(time)
    }
}

fn parse_sources(text: &str) -> Result<RescueSources, String> {
    let sources = RescueSources::parse(text);
    sources.ok_or_else(|| "write off, usb, network or both".to_owned())
}

pub(crate) fn parse_guid(text: &str) -> Result<Guid, String> {
    Guid::try_parse(text).map_err(|error| format!("cannot use it as a GUID: {error}"))
}
