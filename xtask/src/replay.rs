//! `cargo xtask replay`.

use std::path::PathBuf;

use anyhow::Result;
use boards::Board;
use clap::{Args, ValueEnum};
use image_builder::signing::KeyDirectory;
use image_builder::{Printed, Workspace};
use qemu::bench::Bench;
use qemu::disk::TestDisk;
use qemu::replay::account::Account;
use qemu::replay::recording::{Recording, Story, record};
use qemu::replay::{replay, sample};
use qemu::world::World;

use crate::{setup, workspace};

/// Record a real device's writes, and boot whatever a loss of power would leave of them
///
/// A virtual machine boots for the first time, confirms its trial, is rolled back (or gets
/// an update), and confirms the other slot, with every write to its disk recorded. The real loader then
/// boots, on the host, the disk after each of these writes, with the writes to the boot state
/// cut at each sector, dropped and reordered between two flushes. Some of those disks are
/// started in a virtual machine, too.
///
/// The last line is `writes=N states=N unbootable=0`. When no image starts from one of the
/// disks, or one that nothing explains, or the device wrote elsewhere, the command fails.
#[derive(Debug, Args)]
pub(crate) struct ReplayCommand {
    /// What the device lives through
    #[arg(value_enum, default_value_t = Recorded::FirstDay)]
    story: Recorded,
    /// The board, a file of `boards/`
    #[arg(long, default_value = workspace::DEFAULT_BOARD)]
    board: String,
    /// Start so many of the disks in a virtual machine, first those in the midst of a write:
    /// 3 of the first day, none of an update, which has another system in the same slot
    #[arg(long, value_name = "NUMBER")]
    boot_sample: Option<usize>,
    /// Judge this log of writes again, and start no machine
    #[arg(long, value_name = "FILE", requires = "image", conflicts_with_all = ["boot_sample", "kvm"])]
    log: Option<PathBuf>,
    /// The disk that it was written to, as it was before
    #[arg(long, value_name = "FILE", requires = "after")]
    image: Option<PathBuf>,
    /// The same disk, as it was after
    #[arg(long, value_name = "FILE", requires = "log")]
    after: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Use KVM: faster, where it works
    #[arg(long)]
    kvm: bool,
}

/// What the device lives through.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Recorded {
    /// A first day, with a rollback at its end
    FirstDay,
    /// An update, its trial and its confirm
    Update,
}

impl Recorded {
    fn story(self) -> Story {
        match self {
            Self::FirstDay => Story::FirstDay,
            Self::Update => Story::Update,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::FirstDay => "first-day",
            Self::Update => "update",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::FirstDay => "a device's first day",
            Self::Update => "a device's update",
        }
    }
}

impl ReplayCommand {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        let checkout = Workspace::at(workspace::root());
        let board = checkout.read_board(&self.board)?;
        let on_disk = |path: &Option<PathBuf>| path.as_deref().map(TestDisk::at);
        match (&self.log, on_disk(&self.image), on_disk(&self.after)) {
            (Some(log), Some(before), Some(after)) => {
                let log = log.clone();
                self.judge_again(&checkout, &board, &Recording { before, after, log })
            }
            _ => self.record_and_judge(&checkout, board),
        }
    }

    fn judge_again(
        &self,
        checkout: &Workspace,
        board: &Board,
        recording: &Recording,
    ) -> Result<()> {
        let keys = KeyDirectory::open_or_create_test(&checkout.test_keys())?;
        let account = replay(recording, self.story.story(), board, keys.signed_keyring())?;
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
        let (story, keyring) = (self.story.story(), world.keys().signed_keyring());
        eprintln!("recording {}", self.story.about());
        let recording = record(&bench, story)?.recording;
        let account = replay(&recording, story, world.board(), keyring)?;
        self.show(&account);
        eprintln!(
            "to judge it again: cargo xtask replay {}",
            self.again(&recording)
        );
        if account.problems == 0 {
            for chosen in sample::choose(&account, self.boot_sample()) {
                eprintln!("{}: starting {} in a machine", chosen.state, chosen.source);
                sample::boot(&bench, &recording, &chosen)?;
            }
        }
        self.conclude(&account)
    }

    fn boot_sample(&self) -> usize {
        self.boot_sample.unwrap_or(match self.story {
            Recorded::FirstDay => 3,
            Recorded::Update => 0,
        })
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
            "{} --board {} --log {} --image {} --after {}",
            self.story.word(),
            self.board,
            recording.log.display(),
            recording.before.image().display(),
            recording.after.image().display()
        )
    }
}
