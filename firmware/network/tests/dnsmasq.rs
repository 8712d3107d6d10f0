//! The program against a DHCP server that we had no part in: dnsmasq at the other end of a
//! virtual cable, in namespaces that end with the test.
//!
//! The test calls itself in a network, a mount table and a host name of its own, where it
//! is root whoever started it. Where dnsmasq is not installed, or nobody may make
//! namespaces, it says so and has nothing to try.

use std::fs::{self, File, OpenOptions};
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use network::report::{NetworkReport, PortState};

const NAME: &str = "a_lease_is_taken_renewed_rebound_and_given_up";
/// Set in the namespaces.
const INSIDE: &str = "TWINKEEL_TEST_INSIDE";
const NAMESPACES: &str =
    "unshare --user --map-root-user --net --mount --uts --pid --fork --mount-proc --kill-child";
/// What is seen last.
const LAST: &str = "with the cable it comes back";
/// Much longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_lease_is_taken_renewed_rebound_and_given_up() -> Result<()> {
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
        .args(["--exact", NAME, "--nocapture"])
        .env(INSIDE, "1")
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{text}\n{errors}");
    ensure!(text.contains(LAST), "it did not get to its end: {text}");
    Ok(())
}

fn inside() -> Result<()> {
    run("mount -t tmpfs tmpfs /run")?;
    run("mount -t sysfs sysfs /sys")?;
    fs::create_dir("/run/twinkeel")?;
    run("ip link set lo up")?;
    run("ip link add device0 type veth peer name server0")?;
    let wire = Wire::new()?;
    wire.run("ip link set server0 up")?;

    let server = wire.server("10.9.0.1", "10.9.0.10,10.9.0.20")?;
    let log = File::create("/run/network.log")?;
    let program = Command::new(env!("CARGO_BIN_EXE_network"))
        .arg("device0")
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    let _program = Running(program);
    until("a lease is taken", || from_server("10.9.0.1"))?;
    let address = run("ip -4 -o addr show dev device0")?;
    ensure!(address.contains("inet 10.9.0.1"), "{address}");
    // The kernel ends it by itself after the lease's two minutes.
    ensure!(address.contains("brd 10.9.0.255"), "{address}");
    ensure!(address.contains("valid_lft 1"), "{address}");
    let routes = run("ip -4 route")?;
    ensure!(
        routes.contains("default via 10.9.0.1 dev device0 proto dhcp"),
        "{routes}"
    );
    ensure!(
        routes.contains("172.16.0.0/16 via 10.9.0.7 dev device0"),
        "{routes}"
    );
    let resolver = fs::read_to_string("/run/resolv.conf")?;
    ensure!(
        resolver == "search site.example\nnameserver 10.9.0.3\n",
        "{resolver}"
    );
    ensure!(run("uname -n")?.trim() == "gateway-9");

    let requests = || {
        let log = fs::read_to_string("/run/dnsmasq.log").unwrap_or_default();
        log.matches("DHCPACK(server0)").count()
    };
    until("it is renewed", || requests() >= 2)?;

    drop(server);
    let server = wire.server("10.9.0.2", "10.9.0.10,10.9.0.20")?;
    until("another server renews it", || from_server("10.9.0.2"))?;
    ensure!(run("ip -4 -o addr show dev device0")?.lines().count() == 1);

    drop(server);
    let _server = wire.server("10.9.0.2", "10.9.0.50,10.9.0.60")?;
    until("it is refused and another one taken", || {
        let addresses = run("ip -4 -o addr show dev device0").unwrap_or_default();
        addresses.contains("inet 10.9.0.5") && addresses.lines().count() == 1
    })?;

    wire.run("ip link set server0 down")?;
    until("it is given up with the cable", || {
        state() == Some(PortState::Unplugged)
    })?;
    ensure!(run("ip -4 -o addr show dev device0")?.is_empty());
    ensure!(run("ip -4 route")?.is_empty());
    ensure!(fs::read_to_string("/run/resolv.conf")?.is_empty());
    wire.run("ip link set server0 up")?;
    until(LAST, || state() == Some(PortState::Configured))
}

fn state() -> Option<PortState> {
    let report = NetworkReport::read().ok()?;
    Some(report.ports.first()?.state)
}

fn from_server(server: &str) -> bool {
    let report = NetworkReport::read().unwrap_or_default();
    let lease = report.ports.first().and_then(|port| port.lease.as_ref());
    let of = lease.and_then(|lease| lease.server);
    of.is_some_and(|of| of.to_string() == server)
}

/// The other end of the cable, in a network of its own.
struct Wire(Running);

impl Wire {
    fn new() -> Result<Self> {
        let holder = command("unshare --net sleep infinity").spawn()?;
        let wire = Self(Running(holder));
        let network = |process: &str| fs::read_link(format!("/proc/{process}/ns/net")).ok();
        let process = wire.process().to_string();
        until("there is another network", || {
            network("self") != network(&process)
        })?;
        run(&format!("ip link set server0 netns {process}"))?;
        Ok(wire)
    }

    fn process(&self) -> u32 {
        self.0.0.id()
    }

    fn there(&self, line: &str) -> String {
        format!("nsenter --net=/proc/{}/ns/net {line}", self.process())
    }

    fn run(&self, line: &str) -> Result<String> {
        run(&self.there(line))
    }

    /// A server with that address for itself and that range for others. It shortens the
    /// times until a lease is renewed; the lease itself cannot be shorter than two minutes.
    fn server(&self, address: &str, range: &str) -> Result<Running> {
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
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command(line: &str) -> Command {
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

fn run(line: &str) -> Result<String> {
    let output = command(line).output().context(line.to_owned())?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{line}: {errors}");
    Ok(String::from_utf8(output.stdout)?)
}

/// What is awaited is another program's act.
fn until(what: &str, holds: impl Fn() -> bool) -> Result<()> {
    let begun = Instant::now();
    while !holds() {
        if begun.elapsed() > PATIENCE {
            let read = |path| fs::read_to_string(path).unwrap_or_default();
            let (program, server) = (read("/run/network.log"), read("/run/dnsmasq.log"));
            bail!("not within a minute: {what}\n{program}\n{server}");
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
    println!("{what}");
    Ok(())
}
