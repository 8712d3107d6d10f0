//! The arguments that QEMU is started with.
//!
//! Used for machines of scenarios and for the one a person sits at. No default devices:
//! a machine has exactly what the board's file and the caller name.

use std::ffi::OsString;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use boards::{Board, QemuMachine, SecureBootMachine};
use image_builder::FirmwareFile;

/// How guest code is executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accelerator {
    /// By translation: works everywhere, and always the same way.
    Emulation,
    /// By the host's processor. Not every `/dev/kvm` works, so this is never chosen by itself.
    Kvm,
}

/// A disk of the machine.
#[derive(Debug, Clone)]
pub struct Drive {
    /// The raw image.
    pub image: PathBuf,
    /// How it is connected: QEMU's device, without `drive=`.
    pub device: Vec<String>,
    /// Whether the firmware is told to start from it, or left to find something itself.
    pub boot: Boot,
    /// An empty file that takes every write and flush of the machine, in their order.
    pub write_log: Option<PathBuf>,
}

/// Whether the firmware is told to start from a drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boot {
    /// It is first in the firmware's order.
    First,
    /// The firmware is told nothing about it.
    Unordered,
}

/// QEMU's name of the network card.
pub const NETWORK: &str = "net0";

/// What the machine's network card is connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Network {
    /// There is no card.
    None,
    /// QEMU's own network, which leads nowhere and announces a router.
    Closed,
    /// The same with a way out: [`HOST_ADDRESS`] is this machine.
    Open,
    /// And ways in.
    Forwarded(Vec<Forward>),
}

/// Who connects to `host_port` of this machine's loopback is connected to the guest's
/// `guest_port`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forward {
    /// A free port of this machine.
    pub host_port: u16,
    /// The guest's.
    pub guest_port: u16,
}

impl Forward {
    /// From a port of this machine that nobody has now.
    ///
    /// # Errors
    /// There is none.
    pub fn to(guest_port: u16) -> Result<Self> {
        Ok(Self {
            host_port: free_port()?,
            guest_port,
        })
    }
}

/// A port of this machine that nobody has now.
///
/// # Errors
/// There is none.
pub fn free_port() -> Result<u16> {
    // Given back at once, for whoever takes it.
    let taken = TcpListener::bind(("127.0.0.1", 0)).context("cannot find a free port")?;
    Ok(taken.local_addr()?.port())
}

/// This machine's loopback, for a guest whose network is open.
pub const HOST_ADDRESS: &str = "10.0.2.2";

/// A machine to start.
#[derive(Debug, Clone)]
pub struct MachineDescription<'a> {
    /// The board that it stands for.
    pub board: &'a Board,
    /// Its memory, in MiB.
    pub memory_mib: u32,
    /// How guest code is executed.
    pub accelerator: Accelerator,
    /// The processor that is emulated.
    pub processor: &'a str,
    /// Its disks, in the order of the bus.
    pub drives: Vec<Drive>,
    /// Its network.
    pub network: Network,
    /// What the firmware says of it: fields of QEMU's `-smbios type=1`, if any are set.
    pub smbios: Option<&'a str>,
    /// The firmware that starts it.
    pub firmware: Firmware,
    /// What of the firmware is in no flash: the board's `firmware_files`.
    pub firmware_files: &'a [FirmwareFile],
    /// The firmware's variables, which the machine changes; not there without flash.
    pub variables: PathBuf,
}

/// Which of a board's firmwares starts the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Firmware {
    /// It starts whatever lies on the disk.
    Open,
    /// It has UEFI Secure Boot, and with keys in its variables starts only what they signed.
    SecureBoot,
}

/// Code of the firmware, and the variable store that a machine starts with; `None` where
/// the machine has no flash for them.
///
/// # Errors
/// The firmware is not installed, or the board's machine has no Secure Boot.
pub fn installed_firmware(board: &Board, firmware: Firmware) -> Result<Option<(&Path, &Path)>> {
    let installed = match firmware {
        Firmware::Open if !board.qemu.has_flash() => return Ok(None),
        Firmware::Open => board.qemu.installed_firmware(),
        Firmware::SecureBoot => secure_boot_machine(board)?.installed_firmware(),
    };
    installed.map(Some).with_context(|| {
        format!(
            "cannot find firmware for {}; `cargo xtask setup` installs it",
            board.id
        )
    })
}

fn secure_boot_machine(board: &Board) -> Result<&SecureBootMachine> {
    board.qemu.secure_boot.as_ref().with_context(|| {
        format!(
            "cannot start {0} with Secure Boot: boards/{0}.toml has no [qemu.secure_boot]",
            board.id
        )
    })
}

impl MachineDescription<'_> {
    /// Everything but console and monitor.
    ///
    /// # Errors
    /// The firmware is not installed.
    pub fn arguments(&self) -> Result<Vec<OsString>> {
        let flash = installed_firmware(self.board, self.firmware)?;
        let machine = &self.board.qemu;
        let secure = match self.firmware {
            Firmware::Open => None,
            Firmware::SecureBoot => Some(secure_boot_machine(self.board)?),
        };
        let mut arguments = Arguments::default();
        arguments.words(["-nodefaults", "-no-user-config", "-display", "none"]);
        let kind = secure.map_or(&machine.machine, |secure| &secure.machine);
        arguments.words(["-machine", kind]);
        match self.accelerator {
            Accelerator::Emulation => {
                arguments.words(["-accel", "tcg", "-cpu", self.processor]);
            }
            Accelerator::Kvm => arguments.words(["-accel", "kvm", "-cpu", "host"]),
        }
        arguments.words(["-m", &format!("{}M", self.memory_mib)]);
        arguments.words(&machine.arguments);
        if let Some(secure) = secure {
            arguments.words(&secure.arguments);
        }
        if let Some((code, _)) = flash {
            arguments.drive("if=pflash,format=raw,unit=0,readonly=on", code);
            arguments.drive("if=pflash,format=raw,unit=1", &self.variables);
        }
        if let Some(fields) = self.smbios {
            arguments.words(["-smbios", &format!("type=1,{fields}")]);
        }
        for file in self.firmware_files {
            arguments.file(&file.argument, &file.path);
        }
        let restriction = match &self.network {
            Network::None => None,
            Network::Closed => Some("on".to_owned()),
            Network::Open => Some("off".to_owned()),
            Network::Forwarded(forwards) => {
                let words = forwards.iter().map(|forward| {
                    let Forward {
                        host_port,
                        guest_port,
                    } = forward;
                    format!(",hostfwd=tcp:127.0.0.1:{host_port}-:{guest_port}")
                });
                Some(format!("off{}", words.collect::<String>()))
            }
        };
        if let Some(restriction) = restriction {
            let device = machine.network_device.as_deref().with_context(|| {
                format!(
                    "cannot give {} a network card: its machine has no room for one",
                    self.board.id
                )
            })?;
            arguments.words([
                "-netdev",
                &format!("user,id={NETWORK},restrict={restriction}"),
            ]);
            arguments.words(["-device", &format!("{device},netdev={NETWORK}")]);
        }
        for (index, drive) in self.drives.iter().enumerate() {
            if drive.is_card() {
                arguments.drive("if=sd,format=raw,cache=unsafe", &drive.image);
                continue;
            }
            arguments.disk(&format!("disk{index}"), drive);
            for device in drive.controllers() {
                arguments.words(["-device", device]);
            }
            let mut device = format!("{},drive=disk{index}", drive.disk_device());
            if drive.boot == Boot::First {
                device.push_str(",bootindex=0");
            }
            arguments.words(["-device", &device]);
        }
        Ok(arguments.0)
    }
}

impl Drive {
    /// A drive on the board's own device.
    #[must_use]
    pub fn of_board(board: &Board, image: &Path, boot: Boot) -> Self {
        Self {
            image: image.to_owned(),
            device: vec![board.qemu.disk_device.clone()],
            boot,
            write_log: None,
        }
    }

    /// The same drive, whose writes are noted in `log`.
    #[must_use]
    pub fn logged_to(self, log: &Path) -> Self {
        Self {
            write_log: Some(log.to_owned()),
            ..self
        }
    }

    fn disk_device(&self) -> &str {
        self.device.last().map_or("", String::as_str)
    }

    fn is_card(&self) -> bool {
        self.disk_device() == QemuMachine::CARD_SLOT
    }

    fn controllers(&self) -> &[String] {
        self.device.split_last().map_or(&[], |(_, before)| before)
    }
}

#[derive(Default)]
struct Arguments(Vec<OsString>);

impl Arguments {
    fn words<'a>(&mut self, words: impl IntoIterator<Item = impl AsRef<str> + 'a>) {
        let words = words.into_iter().map(|word| word.as_ref().into());
        self.0.extend(words);
    }

    fn file(&mut self, argument: &str, file: &Path) {
        self.0
            .extend([argument.into(), file.as_os_str().to_owned()]);
    }

    fn drive(&mut self, options: &str, file: &Path) {
        let drive = format!("{options},file={}", quoted(file));
        self.0.extend(["-drive".into(), drive.into()]);
    }

    /// Nothing is forced to the host's disk: no scenario outlives the host's power.
    fn disk(&mut self, id: &str, drive: &Drive) {
        let Some(log) = &drive.write_log else {
            let options = format!("if=none,id={id},format=raw,cache=unsafe,discard=unmap");
            self.drive(&options, &drive.image);
            return;
        };
        // Flushes have to reach the log, so only the files may leave them out.
        let (image, log) = (quoted(&drive.image), quoted(log));
        self.words([
            "-blockdev",
            &format!(
                "driver=blklogwrites,node-name={id},discard=unmap,log-sector-size=512,\
                 file.driver=file,file.filename={image},file.discard=unmap,\
                 file.cache.no-flush=on,\
                 log.driver=file,log.filename={log},log.cache.no-flush=on"
            ),
        ]);
    }
}

/// A comma in a path has to be doubled: QEMU's own quoting.
fn quoted(path: &Path) -> String {
    path.to_string_lossy().replace(',', ",,")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PI: &str = include_str!("../../boards/raspberry-pi-3.toml");

    fn arguments(network: Network, device: &str) -> Result<String> {
        let mut board = boards::parse_board("b", PI)?;
        device.clone_into(&mut board.qemu.disk_device);
        let files = [FirmwareFile {
            argument: "-kernel".to_owned(),
            path: "/u-boot.bin".into(),
        }];
        let description = MachineDescription {
            board: &board,
            memory_mib: 1024,
            accelerator: Accelerator::Emulation,
            processor: &board.qemu.processor,
            drives: vec![Drive::of_board(
                &board,
                Path::new("/disk.img"),
                Boot::Unordered,
            )],
            network,
            smbios: None,
            firmware: Firmware::Open,
            firmware_files: &files,
            variables: "/variables".into(),
        };
        let words = description.arguments()?;
        let words = words.iter().map(|word| word.to_string_lossy());
        Ok(words.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn a_machine_without_flash_gets_its_firmware_as_files() -> Result<()> {
        let words = arguments(Network::None, "sd")?;
        assert!(words.contains("-kernel /u-boot.bin"), "{words}");
        assert!(
            !words.contains("pflash") && !words.contains("/variables"),
            "{words}"
        );
        Ok(())
    }

    #[test]
    fn a_card_is_in_the_machines_own_slot_and_other_disks_hang_on_a_device() -> Result<()> {
        let card = arguments(Network::None, "sd")?;
        assert!(
            card.contains("if=sd,format=raw,cache=unsafe,file=/disk.img"),
            "{card}"
        );
        assert!(!card.contains("drive=disk0"), "{card}");
        let disk = arguments(Network::None, "usb-storage")?;
        assert!(disk.contains("-device usb-storage,drive=disk0"), "{disk}");
        Ok(())
    }

    #[test]
    fn a_machine_without_room_for_a_network_card_gets_none() {
        let error = arguments(Network::Closed, "sd").expect_err("no room");
        assert!(error.to_string().contains("b a network card"), "{error}");
    }
}
