//! `cargo xtask flash`: writes an image to the disk of a device.

use std::fs;
use std::io::{IsTerminal, stdin};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use flasher::{
    Choice, Claim, CloudConfig, End, FlashError, FlashReport, Identity, Image, Line, Printed,
    Taken, Target, Unpacked, flash, new_disk_guid,
};
use image_builder::signing::KeyDirectory;
use image_builder::{ImageRequest, Workspace, build_image};
use image_format::disk::Guid;

use crate::{setup, workspace};

/// Write an image to the disk of a device
///
/// Everything on the disk is lost. The partition table is laid out for the disk, which gets
/// a GUID that no other disk has; all is read back before the disk can boot. Disks that are
/// in use are refused; built-in and large ones are flashed by their name only. For a line,
/// each disk gets a row of a CSV file, once. See docs/flashing.md.
#[derive(Debug, Args)]
pub(crate) struct FlashCommand {
    /// The board, a file of `boards/`
    #[arg(long, default_value = workspace::DEFAULT_BOARD)]
    board: String,
    /// The disk, or a file in place of one that is as long as the disk shall be
    #[arg(long)]
    device: PathBuf,
    /// The image, as it is or as FILE.zst [default: made now, with test keys]
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
    /// Flash a built-in or large disk: its model, or its name in /dev
    #[arg(long, value_name = "NAME")]
    yes_erase: Option<String>,
    /// The device's host name
    #[arg(long, value_name = "NAME", conflicts_with = "csv")]
    hostname: Option<String>,
    /// The device's machine id [default: made at its first boot]
    #[arg(long, value_name = "ID", conflicts_with = "csv")]
    machine_id: Option<String>,
    /// The device's serial number
    #[arg(long, value_name = "TEXT", conflicts_with = "csv")]
    serial: Option<String>,
    /// The device's cloud-config; `@{NAME}` in it stands for a column of the CSV file
    #[arg(long, value_name = "FILE")]
    cloud_config: Option<PathBuf>,
    /// The disk's GUID [default: a new one]
    #[arg(long, value_name = "GUID", value_parser = crate::image::parse_guid)]
    disk_guid: Option<Guid>,
    /// A row for each disk; the columns `hostname`, `machine_id` and `serial` name the device
    #[arg(long, value_name = "FILE", requires = "which")]
    csv: Option<PathBuf>,
    /// The row whose first column says so
    #[arg(long, value_name = "KEY", group = "which", requires = "csv")]
    row: Option<String>,
    /// The first row that no disk has
    #[arg(long, group = "which", requires = "csv")]
    next: bool,
    /// Flash the row though a disk has it, or may have it
    #[arg(long, requires = "row")]
    again: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl FlashCommand {
    /// Flashes and prints what came of it.
    pub(crate) fn run(self) -> Result<()> {
        let workspace = Workspace::at(workspace::root());
        workspace.read_board(&self.board)?;
        // Refuse what can be refused before anything is built.
        let target = Target::inspect(&self.device)?;
        let line = self.csv.as_deref().map(Line::open).transpose()?;
        let cloud_config = self.read_cloud_config()?;
        let name = self.name_of(&target)?;
        let target = target.agree(name.as_deref())?;
        setup::prepare(workspace.root(), &[setup::FLASH])?;
        let image = self.find_image(&workspace)?;
        let image = Unpacked::of(&image)?;
        let image = Image::open(image.path(), &self.board)?;
        let guid = match self.disk_guid {
            Some(guid) => guid,
            None => new_disk_guid().context("cannot make a GUID")?,
        };
        let write = |identity: &Identity| {
            let progress = &mut Printed::default();
            flash(&target, &image, identity, guid, progress)
        };
        let report = match &line {
            None => write(&Identity {
                host_name: self.hostname.clone(),
                machine_id: self.machine_id.clone(),
                serial: self.serial.clone(),
                cloud_config,
                ..Identity::default()
            })?,
            Some(line) => {
                let (choice, taken) = self.choice();
                let claim = line.claim(&choice, taken, guid, target.device())?;
                let identity = Identity::of_columns(claim.columns().clone(), cloud_config);
                end(claim, write(&identity))?
            }
        };
        if self.json {
            println!("{}", serde_json::to_string(&report)?);
        } else {
            println!("{report}");
        }
        Ok(())
    }

    fn choice(&self) -> (Choice, Taken) {
        let choice = match &self.row {
            Some(key) => Choice::Row(key.clone()),
            None => Choice::Next,
        };
        let taken = if self.again {
            Taken::FlashAgain
        } else {
            Taken::Refuse
        };
        (choice, taken)
    }

    fn read_cloud_config(&self) -> Result<Option<CloudConfig>> {
        let Some(path) = &self.cloud_config else {
            return Ok(None);
        };
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Some(CloudConfig::parse(&text)?))
    }

    /// What the person calls the disk: asked for, where there is somebody to ask.
    fn name_of(&self, target: &Target) -> Result<Option<String>> {
        let Some(why) = target.why() else {
            return Ok(self.yes_erase.clone());
        };
        if self.yes_erase.is_some() || !stdin().is_terminal() {
            return Ok(self.yes_erase.clone());
        }
        let name = target.names().first().map_or("", String::as_str);
        eprintln!("{target}: {why}. Everything on it will be lost.");
        eprint!("Type {name:?} to flash it: ");
        let mut typed = String::new();
        stdin()
            .read_line(&mut typed)
            .context("cannot read a name")?;
        Ok(Some(typed))
    }

    fn find_image(&self, workspace: &Workspace) -> Result<PathBuf> {
        if let Some(image) = &self.image {
            return Ok(image.clone());
        }
        let out = workspace.target().join(format!("{}.img", self.board));
        make_image(workspace, &self.board, &out)?;
        Ok(out)
    }
}

/// As `cargo xtask image` does without options.
fn make_image(workspace: &Workspace, board: &str, out: &Path) -> Result<()> {
    let board = workspace.read_board(board)?;
    let compilers = setup::compilers(&board);
    setup::prepare(workspace.root(), &[setup::IMAGE, &compilers])?;
    let keys = KeyDirectory::open_or_create_test(&workspace.test_keys())?;
    let mut progress = image_builder::Printed::new();
    build_image(
        workspace,
        &keys,
        &ImageRequest::new(board),
        out,
        &mut progress,
    )?;
    Ok(())
}

/// Gives the row to the disk, or back where the disk boots nothing.
fn end(claim: Claim<'_>, flashed: Result<FlashReport, FlashError>) -> Result<FlashReport> {
    let row = Some(claim.key().to_owned());
    match flashed {
        Ok(report) => {
            claim.end(End::Done)?;
            Ok(FlashReport { row, ..report })
        }
        // The row stays begun: the disk may boot.
        Err(error @ FlashError::TableUnsure(_)) => Err(error.into()),
        Err(error) => {
            claim.end(End::Failed)?;
            Err(error.into())
        }
    }
}
