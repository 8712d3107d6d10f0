//! `cargo xtask replay`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use boards::Board;
use clap::Args;
use image_builder::signing::KeyDirectory;
use image_builder::{Printed, Workspace};
use qemu::bench::Bench;
use qemu::disk::TestDisk;
use qemu::replay::account::Account;
use qemu::replay::recording::{Recorded, Recording, STORY, record};
use qemu::replay::{replay, sample};
use qemu::world::World;

use crate::{setup, workspace};

/// Record a real device's writes, and boot whatever a loss of power would leave of them
///
/// A virtual machine boots for the first time, confirms its trial, is rolled back, and
/// confirms the other slot, with every write to its disk recorded. The real loader then
/// boots, on the host, the disk after each of these writes, with the writes to the boot state
/// cut at each sector, dropped and reordered between two flushes. Some of those disks are
/// started in a virtual machine, too.
///
/// The last line is `writes=N states=N unbootable=0`. When no image starts from one of the
/// disks, or one that nothing explains, or the device wrote elsewhere, the command fails.
#[derive(Debug, Args)]
pub(crate) struct ReplayCommand {
    /// The board, a file of `boards/`
    #[arg(long, default_value = workspace::DEFAULT_BOARD)]
    board: String,
    /// Start so many of the disks in a virtual machine, first those in the midst of a write
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    boot_sample: usize,
    /// Judge this log of writes again, and start no machine
    #[arg(long, value_name = "FILE", requires = "image", conflicts_with_all = ["boot_sample", "kvm"])]
    log: Option<PathBuf>,
    /// The disk that it was written to, as it was before
    #[arg(long, value_name = "FILE", requires = "log")]
    image: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Use KVM: faster, where it works
    #[arg(long)]
    kvm: bool,
}

impl ReplayCommand {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        let checkout = Workspace::at(workspace::root());
        let board = checkout.read_board(&self.board)?;
        match (&self.log, &self.image) {
            (Some(log), Some(image)) => self.judge_again(&checkout, &board, log, image),
            _ => self.record_and_judge(&checkout, board),
        }
    }

    fn judge_again(
        &self,
        checkout: &Workspace,
        board: &Board,
        log: &Path,
        image: &Path,
    ) -> Result<()> {
        let keys = KeyDirectory::open_or_create_test(&checkout.test_keys())?;
        let recording = Recording {
            before: TestDisk::at(image),
            log: log.to_owned(),
        };
        let account = replay(&recording, board, keys.signed_keyring())?;
        self.show(&account);
        self.conclude(&account)
    }

    fn record_and_judge(&self, checkout: &Workspace, board: Board) -> Result<()> {
        let machine = setup::virtual_machine(&board);
        let compilers = setup::compilers(&board);
        setup::prepare(checkout.root(), &[setup::IMAGE, &compilers, &machine])?;
        let accelerator = workspace::accelerator(self.kvm, &board);
        let directory = checkout.target().join("replay");
        let world = World::prepare(checkout, board, &directory, &mut Printed::new())?;
        let bench = Bench::new(&world, "recording", accelerator)?;
        eprintln!("recording a device's first day");
        let Recorded { recording, .. } = record(&bench)?;
        let mut account = replay(&recording, world.board(), world.keys().signed_keyring())?;
        account.expect_story(&STORY);
        self.show(&account);
        eprintln!(
            "to judge it again: cargo xtask replay {}",
            self.again(&recording)
        );
        if account.problems == 0 {
            for chosen in sample::choose(&account, self.boot_sample) {
                eprintln!("{}: starting {} in a machine", chosen.state, chosen.source);
                sample::boot(&bench, &recording, &chosen)?;
            }
        }
        self.conclude(&account)
    }

    fn show(&self, account: &Account) {
        if self.json {
            println!("{}", account.to_json());
        } else {
            println!("\n{account}");
        }
    }

    /// The last line, and whether the command fails.
    fn conclude(&self, account: &Account) -> Result<()> {
        if !self.json {
            println!("\n{}", account.line());
        }
        if account.problems > 0 {
            // They were told; the last line is the account.
            std::process::exit(1);
        }
        Ok(())
    }

    fn again(&self, recording: &Recording) -> String {
        format!(
            "--board {} --log {} --image {}",
            self.board,
            recording.log.display(),
            recording.before.image().display()
        )
    }
}
