//! A device's port and the other end of its cable, in namespaces that end with the test.
//!
//! A test calls itself in a network, a mount table and a host name of its own, where it is
//! root whoever started it. Where dnsmasq is not installed, or nobody may make namespaces,
//! it says so and has nothing to try.

use std::fs::{self, OpenOptions};
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use network::report::NetworkReport;

/// Set in the namespaces.
const INSIDE: &str = "TWINKEEL_TEST_INSIDE";
const NAMESPACES: &str =
    "unshare --user --map-root-user --net --mount --uts --pid --fork --mount-proc --kill-child";
/// Much longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(90);

/// Runs the test of that name in namespaces; `last` is what it sees last.
pub(crate) fn in_namespaces(name: &str, last: &str, inside: fn() -> Result<()>) -> Result<()> {
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    if !command("dnsmasq --version").output().is_ok_and(succeeded)
        || !command(NAMESPACES)
            .arg("true")
            .output()
            .is_ok_and(succeeded)
    {
        println!("there is no dnsmasq, or there are no namespaces: nothing is tried");
        return Ok(());
    }
    let output = command(NAMESPACES)
        .arg(std::env::current_exe()?)
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1")
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{text}\n{errors}");
    ensure!(text.contains(last), "it did not get to its end: {text}");
    Ok(())
}

/// Whether the port has a lease of that server.
pub(crate) fn from_server(server: &str) -> bool {
    let report = NetworkReport::read().unwrap_or_default();
    let lease = report.ports.first().and_then(|port| port.lease.as_ref());
    let of = lease.and_then(|lease| lease.server);
    of.is_some_and(|of| of.to_string() == server)
}

/// The other end of the cable, in a network of its own.
pub(crate) struct Wire(Running);

impl Wire {
    /// The cable, and both ends of it: `device0` here, `server0` there.
    pub(crate) fn new() -> Result<Self> {
        run("mount -t tmpfs tmpfs /run")?;
        run("mount -t sysfs sysfs /sys")?;
        fs::create_dir("/run/twinkeel")?;
        run("ip link set lo up")?;
        run("ip link add device0 type veth peer name server0")?;
        let holder = command("unshare --net sleep infinity").spawn()?;
        let wire = Self(Running(holder));
        let network = |process: &str| fs::read_link(format!("/proc/{process}/ns/net")).ok();
        let process = wire.process().to_string();
        until("there is another network", || {
            network("self") != network(&process)
        })?;
        run(&format!("ip link set server0 netns {process}"))?;
        wire.run("ip link set server0 up")?;
        Ok(wire)
    }

    fn process(&self) -> u32 {
        self.0.0.id()
    }

    fn there(&self, line: &str) -> String {
        format!("nsenter --net=/proc/{}/ns/net {line}", self.process())
    }

    pub(crate) fn run(&self, line: &str) -> Result<String> {
        run(&self.there(line))
    }

    /// A server with that address for itself and that range for others. It shortens the
    /// times until a lease is renewed; the lease itself cannot be shorter than two minutes.
    pub(crate) fn server(&self, address: &str, range: &str) -> Result<Running> {
        self.run("ip addr flush dev server0")?;
        self.run(&format!("ip addr add {address}/24 dev server0"))?;
        // Without a daemon it changes no user, which nobody may here, and logs to here.
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open("/run/dnsmasq.log")?;
        let server = command(&self.there("dnsmasq"))
            .args(["--no-daemon", "--conf-file=/dev/null", "--port=0"])
            .args(["--interface=server0", "--bind-interfaces"])
            .args(["--dhcp-leasefile=/run/leases",])
            .args(["--pid-file=/run/dnsmasq.pid", "--dhcp-authoritative", "--no-ping"])
            .arg(format!("--dhcp-range={range},255.255.255.0,120"))
            .args(["--dhcp-option=option:T1,3", "--dhcp-option=option:T2,6"])
            .args(["--dhcp-option=option:dns-server,10.9.0.3", "--domain=site.example"])
            .arg(format!(
                "--dhcp-option=option:classless-static-route,0.0.0.0/0,{address},172.16.0.0/16,10.9.0.7"
            ))
            .arg(format!("--dhcp-host={},gateway-9", hardware()?))
            .stderr(log)
            .spawn()?;
        Ok(Running(server))
    }
}

fn hardware() -> Result<String> {
    let address = fs::read_to_string("/sys/class/net/device0/address")?;
    Ok(address.trim().to_owned())
}

/// A process that ends with the test.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn command(line: &str) -> Command {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command
        .args(words)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C");
    command
}

fn succeeded(output: Output) -> bool {
    output.status.success()
}

pub(crate) fn run(line: &str) -> Result<String> {
    let output = command(line).output().context(line.to_owned())?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{line}: {errors}");
    Ok(String::from_utf8(output.stdout)?)
}

/// What is awaited is another program's act.
pub(crate) fn until(what: &str, holds: impl Fn() -> bool) -> Result<()> {
    let begun = Instant::now();
    while !holds() {
        if begun.elapsed() > PATIENCE {
            let read = |path| fs::read_to_string(path).unwrap_or_default();
            let (program, server) = (read("/run/network.log"), read("/run/dnsmasq.log"));
            bail!("not in time: {what}\n{program}\n{server}");
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
    println!("{what}");
    Ok(())
}
