//! `cargo xtask qemu`.

mod bad_update;
mod corrupt;
mod developer;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use boards::Board;
use clap::Args;
use image_builder::secure_boot::SecureBootKeys;
use image_builder::signing::KeyDirectory;
use image_builder::{ImageRequest, Locking, Printed, Workspace, fetch_firmware_files};
use qemu::command_line::{
    Boot, Drive, Firmware, Forward, MachineDescription, Network, installed_firmware,
};
use qemu::developer_device::DeveloperDevice;
use qemu::disk::TestDisk;
use qemu::local_store::LocalStore;
use qemu::sparse_copy::copy_sparse;
use qemu::{interactive, variable_store};
use tuf_client::UtcTime;

use crate::{setup, workspace};
use bad_update::BadUpdate;
use corrupt::{Part, corrupt};

/// Start the device in a virtual machine, its console on this terminal
///
/// Builds what is missing, then runs real firmware, our loader and a verified system.
/// Ctrl-A X leaves. The disk is kept between runs.
///
/// `ssh -p 2222 ubuntu@localhost` logs in: with your own key, or with the password "ubuntu".
/// A new disk has both, and only this machine reaches the port. A store with a second release
/// and the example snaps is served while the device runs; docs/walk.md walks through it.
///
/// In the device, try `snappy info`, `snappy versions -a`, `snappy why`. To see it fall
/// back: leave, and start it again with `--corrupt kernel`. One bit of the kernel that
/// boots next is changed on the disk; the device comes up from the other slot, and
/// `snappy why` names the check.
///
/// With `--bad-update hook-fails` a properly signed release that does not work is put into
/// the slot that is not in use, and tried: the device goes back by itself.
#[derive(Debug, Args)]
pub(crate) struct QemuCommand {
    /// The board, a file of `boards/`
    #[arg(long, default_value = workspace::DEFAULT_BOARD)]
    board: String,
    /// Memory in MiB, instead of the board's
    #[arg(long, value_name = "MIB")]
    memory: Option<u32>,
    /// Run this disk image in place, instead of one that is built
    #[arg(long, value_name = "FILE", conflicts_with = "fresh")]
    image: Option<PathBuf>,
    /// Start over with a newly built disk
    #[arg(long)]
    fresh: bool,
    /// First change one bit of what boots next
    #[arg(long, value_name = "PART")]
    corrupt: Option<Part>,
    /// First install a release that does not work, as an update would
    #[arg(long, value_name = "FAULT", conflicts_with_all = ["corrupt", "image"])]
    bad_update: Option<BadUpdate>,
    /// Turn UEFI Secure Boot on: the firmware knows the keys in DIR, and the loader is signed
    /// with them [default: test keys in target/keys/secure-boot-test, made on first use]. With
    /// other keys than in the last run, start over with `--fresh`
    #[arg(long, value_name = "DIR")]
    secure_boot: Option<Option<PathBuf>>,
    /// The port of this machine that leads to the device's SSH server
    #[arg(long, value_name = "PORT", default_value_t = 2222)]
    ssh_port: u16,
    /// The port of this machine that leads to the device's port 80
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    web_port: u16,
    /// The port of this machine that the store is served at. With another one than the disk
    /// was made with, start over with `--fresh`
    #[arg(long, value_name = "PORT", default_value_t = 8081)]
    store_port: u16,
    /// Use KVM: faster, where it works
    #[arg(long)]
    kvm: bool,
}

impl QemuCommand {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        let workspace = Workspace::at(workspace::root());
        let board = workspace.read_board(&self.board)?;
        setup::prepare(
            workspace.root(),
            &[
                setup::IMAGE,
                &setup::compilers(&board),
                setup::SECURE_BOOT,
                &setup::virtual_machine(&board),
                setup::CORRUPTION,
            ],
        )?;
        let secure_boot = self.open_secure_boot_keys(&workspace)?;
        let firmware = match secure_boot {
            Some(_) => Firmware::SecureBoot,
            None => Firmware::Open,
        };
        let directory = workspace.target().join("qemu");
        fs::create_dir_all(&directory)
            .with_context(|| format!("cannot make {}", directory.display()))?;
        let image = match &self.image {
            Some(image) => {
                ensure!(image.exists(), "cannot find {}", image.display());
                image.clone()
            }
            None => self.own_disk(&workspace, &board, &directory, secure_boot.as_ref())?,
        };
        if let Some(part) = self.corrupt {
            corrupt(&TestDisk::at(&image), part)?;
        }
        if let Some(fault) = self.bad_update {
            fault.install(&workspace, &board, &TestDisk::at(&image))?;
        }
        let variables = directory.join(format!("{}.variables", self.stem(&board)));
        match (installed_firmware(&board, firmware)?, &secure_boot) {
            // Written anew, as other keys may have been asked for.
            (Some((_, empty)), Some(keys)) => {
                variable_store::write_with_keys(empty, &variables, &keys.enrolled())?;
            }
            (Some((_, empty)), None) if !variables.exists() => copy_sparse(empty, &variables)?,
            _ => {}
        }
        let locking = Locking::default();
        let files = fetch_firmware_files(&workspace, &board, locking, &mut Printed::new())?;
        greet(&board, &image, self.secure_boot_words());
        self.tell_ssh(&board);
        self.serve_store(&workspace, &self.store(&board, &directory))?;
        interactive::run(&MachineDescription {
            board: &board,
            memory_mib: self.memory.unwrap_or(board.qemu.memory_mib),
            accelerator: workspace::accelerator(self.kvm, &board),
            processor: &board.qemu.processor,
            drives: vec![Drive::of_board(&board, &image, Boot::Unordered)],
            network: self.network(&board),
            smbios: None,
            firmware,
            firmware_files: &files,
            variables,
        })
    }

    /// With the ports of SSH and of the web forwarded, if the machine has room for a network card.
    fn network(&self, board: &Board) -> Network {
        match board.qemu.network_device {
            None => Network::None,
            Some(_) => {
                let pairs = [
                    (self.ssh_port, developer::SSH_PORT),
                    (self.web_port, developer::WEB_PORT),
                ];
                let forwards = pairs.map(|(host_port, guest_port)| Forward {
                    host_port,
                    guest_port,
                });
                Network::Forwarded(forwards.into())
            }
        }
    }

    fn tell_ssh(&self, board: &Board) {
        if board.qemu.network_device.is_some() && self.image.is_none() {
            let port = self.ssh_port;
            println!(
                "  to log in: ssh -p {port} ubuntu@localhost, with your key or the password ubuntu"
            );
            println!(
                "  after --fresh: ssh-keygen -R '[localhost]:{port}' forgets the old host key"
            );
            println!();
        }
    }

    /// If the disk of this program has one: until this program ends, and the device with it.
    fn serve_store(&self, workspace: &Workspace, store: &Path) -> Result<()> {
        if self.image.is_some() || !store.exists() {
            return Ok(());
        }
        let (port, web) = (self.store_port, self.web_port);
        LocalStore::open(
            store,
            &workspace.store_test_keys(),
            UtcTime::of_this_machine(),
        )?
        .serve(port)
        .with_context(|| format!("cannot serve a store at port {port}: give --store-port"))?;
        println!("  a store with version 2 and the example snaps: http://localhost:{port}/");
        println!("  once logged in, type (docs/walk.md tells more):");
        println!("    sudo snappy install xkcd-webserver");
        println!("      and look at http://localhost:{web}/ on this machine");
        println!("    sudo snappy update      and then: sudo reboot");
        println!("    sudo snappy rollback    and then: sudo reboot");
        println!();
        Ok(())
    }

    fn store(&self, board: &Board, directory: &Path) -> PathBuf {
        directory.join(format!("{}.store", self.stem(board)))
    }

    /// Of the names of the files that are kept: with Secure Boot it is another device.
    fn stem(&self, board: &Board) -> String {
        match self.secure_boot {
            Some(_) => format!("{}.secure-boot", board.id),
            None => board.id.clone(),
        }
    }

    /// What to add to a command line for the same device.
    fn secure_boot_words(&self) -> &'static str {
        match self.secure_boot {
            None => "",
            Some(None) => " --secure-boot",
            Some(Some(_)) => " --secure-boot DIR",
        }
    }

    fn open_secure_boot_keys(&self, workspace: &Workspace) -> Result<Option<SecureBootKeys>> {
        match &self.secure_boot {
            None => Ok(None),
            Some(Some(directory)) => SecureBootKeys::open(directory).map(Some),
            Some(None) => {
                let directory = workspace.secure_boot_test_keys();
                SecureBootKeys::open_or_create_test(&directory).map(Some)
            }
        }
    }

    /// The disk of the last run, or a new one.
    fn own_disk(
        &self,
        workspace: &Workspace,
        board: &Board,
        directory: &Path,
        secure_boot: Option<&SecureBootKeys>,
    ) -> Result<PathBuf> {
        let image = directory.join(format!("{}.img", self.stem(board)));
        if image.exists() && !self.fresh {
            println!("going on with the disk of the last run; --fresh starts over");
            return Ok(image);
        }
        let keys = KeyDirectory::open_or_create_test(&workspace.test_keys())?;
        let mut request = ImageRequest::new(board.clone());
        request.secure_boot = secure_boot.cloned();
        let device = DeveloperDevice {
            workspace,
            keys: &keys,
            request,
            login: developer::login()?,
            store_port: self.store_port,
            now: UtcTime::of_this_machine(),
        };
        // Elsewhere until both are whole: an interrupted build leaves no disk.
        let unfinished = directory.join(format!("{}.unfinished", self.stem(board)));
        empty(&unfinished)?;
        let (new_image, new_store) = (unfinished.join("disk.img"), unfinished.join("store"));
        device.make(&new_image, &new_store, &mut Printed::new())?;
        if new_store.exists() {
            let store = self.store(board, directory);
            empty(&store)?;
            fs::rename(&new_store, &store).context("cannot put the new store into its place")?;
        }
        fs::rename(&new_image, &image).context("cannot put the new disk into its place")?;
        fs::remove_dir_all(&unfinished)?;
        Ok(image)
    }
}

/// Leaves an empty directory there.
fn empty(directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory)
            .with_context(|| format!("cannot remove {}", directory.display()))?;
    }
    fs::create_dir(directory).with_context(|| format!("cannot make {}", directory.display()))
}

fn greet(board: &Board, image: &Path, secure_boot: &str) {
    println!("{}: starting from {}", board.id, image.display());
    println!("  Ctrl-A X leaves; the disk is kept, --fresh starts over");
    println!("  on the device: snappy info, snappy versions -a, snappy why, reboot, poweroff");
    let named = match board.id.as_str() {
        workspace::DEFAULT_BOARD => String::new(),
        id => format!(" --board {id}"),
    };
    println!(
        "  to see it fall back: leave, then cargo xtask qemu{named}{secure_boot} --corrupt kernel"
    );
    println!("  or with a release that does not work: --bad-update hook-fails");
    println!();
}
