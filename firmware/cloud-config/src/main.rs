//! `cloud-config`: honours a cloud-config at the first boot of an instance, and ends.
//!
//! PID 1 starts it as a service of the image at every boot. What to do is decided in the
//! library. It ends with success whatever became of the cloud-config: errors are on the
//! console and in `snappy why`, and a device with a typing error in it boots.

use anyhow::Context;
use cloud_config::apply::{
    Device, Policy, apply, document, forget_original, run_commands, show_time_zone, try_network,
};
use cloud_config::instance::{Bound, FIRST_BOOTS, Kind, Look, is_new, look};
use cloud_config::machine::Machine;
use cloud_config::network_config;
use cloud_config::report::{Report, complain};
use cloud_config::source::disk::Disks;
use cloud_config::source::{Found, METADATA, Surroundings};
use network::configuration::Configuration;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;
use system_update::{AS_MADE, BootReport, say_on_console};

const OWN: &str = "writable/system";
const BOUND: &str = "/writable/system/cloud/instance.json";
/// A cloud's network needs some seconds; a system on trial is judged after some minutes.
const PATIENCE: Duration = Duration::from_secs(40);

fn main() {
    let device = Device {
        root: PathBuf::from("/"),
    };
    show_time_zone(&device);
    if let Err(error) = run(&device) {
        say(&format!("{error:#}"));
    }
}

fn run(device: &Device) -> anyhow::Result<()> {
    let boot = BootReport::read()?;
    if is_in_memory(Path::new("/writable"))? {
        // Every boot would be the first one.
        anyhow::bail!("nothing is honoured while \"writable\" is in memory");
    }
    let machine = Machine::read(&device.root);
    let bound = Bound::read(Path::new(BOUND))?;
    let surroundings = Surroundings {
        root: device.root.clone(),
        disks: Disks {
            root: device.root.clone(),
            own: boot.disk.clone(),
        },
        metadata: METADATA.to_owned(),
        patience: PATIENCE,
    };
    // A factory reset makes the next boot a first one.
    let number = match device.root.join(OWN).join(AS_MADE).exists() {
        true => 1,
        false => boot.boot.0,
    };
    let found = match look(bound.as_ref(), machine.uuid(), number) {
        Look::Nowhere if bound.is_none() => {
            println!("nothing is honoured: this is not one of the first {FIRST_BOOTS} boots");
            return Ok(());
        }
        Look::Nowhere => return Ok(()),
        Look::At(kind) => surroundings.at(kind, &machine).map(|found| (kind, found)),
        Look::Everywhere => surroundings.first(&machine),
    };
    let first = Instance {
        device,
        bound: bound.as_ref(),
        machine: machine.uuid().map(str::to_owned),
        report: Report {
            boot: boot.boot.0,
            ..Report::default()
        },
    };
    match found {
        Some((kind, Ok(found))) => first.honour(kind, &found),
        Some((kind, Err(error))) => first.fail(kind, &error),
        None => first.close(),
    }
}

/// What this boot makes of the device.
struct Instance<'a> {
    device: &'a Device,
    bound: Option<&'a Bound>,
    machine: Option<String>,
    report: Report,
}

impl Instance<'_> {
    /// A source gave something.
    fn honour(mut self, kind: Kind, found: &Found) -> anyhow::Result<()> {
        let id = found.meta_data.instance_id.clone();
        let id = id.unwrap_or_else(|| "unnamed".to_owned());
        let bound = Bound {
            kind: Some(kind),
            instance_id: Some(id.clone()),
            machine: self.machine.clone(),
        };
        if !is_new(self.bound, &id) {
            return if self.bound == Some(&bound) {
                Ok(())
            } else {
                keep(&bound)
            };
        }
        println!("instance {id}, from {}", kind.name());
        self.report.source = kind.name().to_owned();
        self.report.instance_id = Some(id);
        let machine = self.machine.as_deref();
        if self
            .bound
            .is_some_and(|before| before.is_copied_to(machine))
        {
            forget_original(self.device, &mut self.report);
        }
        let config = document(found, &mut self.report);
        apply(self.device, found, &config, &mut self.report);
        set_host_name(self.device);
        let network = self.network_config(found);
        // Before the commands: they run once, whatever they bring about.
        keep(&bound)?;
        self.report.write(Path::new(Report::PATH))?;
        let policy = Policy::read(self.device).unwrap_or_else(|error| {
            self.report.failed(format!("{error:#}"));
            Policy::default()
        });
        run_commands(&config, policy, &mut self.report);
        self.tell()?;
        // Last: `network` adds what becomes of it to the report.
        match network {
            Some(configuration) => try_network(self.device, &configuration),
            None => Ok(()),
        }
    }

    fn network_config(&mut self, found: &Found) -> Option<Configuration> {
        let (configuration, complaints) = network_config::parse(found.network_config.as_ref()?);
        complain(&mut self.report, "network-config", &complaints);
        configuration
    }

    /// A source is there and gave nothing. Only a cloud is asked again: whoever comes with a
    /// disk later is not the one who came first.
    fn fail(mut self, kind: Kind, error: &anyhow::Error) -> anyhow::Result<()> {
        self.report.source = kind.name().to_owned();
        self.report
            .failed(format!("cannot use {}: {error:#}", kind.name()));
        let is_cloud = matches!(kind, Kind::Ec2 | Kind::OpenStack);
        if self.bound.is_none() {
            keep(&Bound {
                kind: is_cloud.then_some(kind),
                instance_id: None,
                machine: self.machine.clone(),
            })?;
        }
        self.tell()
    }

    /// Nobody has anything for this device: from now on, nobody will.
    fn close(self) -> anyhow::Result<()> {
        if self.bound.is_some() {
            return Ok(());
        }
        println!("there is no cloud-config");
        keep(&Bound {
            kind: None,
            instance_id: None,
            machine: self.machine,
        })
    }

    fn tell(&self) -> anyhow::Result<()> {
        for done in &self.report.done {
            println!("{done}");
        }
        for problem in &self.report.problems {
            say(&problem.text);
        }
        let path = Path::new(Report::PATH);
        self.report
            .write(path)
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

/// To the service's log, and to whoever stands before the device.
fn say(text: &str) {
    eprintln!("{text}");
    say_on_console("cloud-config", text);
}

fn keep(bound: &Bound) -> anyhow::Result<()> {
    bound
        .write(Path::new(BOUND))
        .with_context(|| format!("cannot write {BOUND}"))?;
    let as_made = Path::new("/").join(OWN).join(AS_MADE);
    match std::fs::remove_file(&as_made) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", as_made.display()))
        }
        _ => Ok(()),
    }
}

/// PID 1 does it at later boots.
fn set_host_name(device: &Device) {
    let own = std::fs::read_to_string(device.root.join("writable/system/hostname"));
    if let Ok(name) = own
        && let Err(error) = rustix::system::sethostname(name.trim().as_bytes())
    {
        eprintln!("cannot set the host name: {error}");
    }
}

/// PID 1 mounts memory where the partition cannot be used.
fn is_in_memory(writable: &Path) -> anyhow::Result<bool> {
    const TMPFS: i128 = 0x0102_1994;
    let kind = rustix::fs::statfs(writable).context("cannot look at writable")?;
    Ok(i128::from(kind.f_type) == TMPFS)
}
