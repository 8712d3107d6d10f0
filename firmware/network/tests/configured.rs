//! The owner's addresses: tried, refused where the network before works, kept where they do.

mod wire;

use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use network::configuration::{Addressing, Configuration, FixedRoute, PortConfiguration, Prefixed};
use system_update::CloudConfigReport;
use wire::{Running, Wire, command, from_server, in_namespaces, run, until};

const NAME: &str = "wrong_addresses_give_way_to_what_worked_and_right_ones_stay";
/// What is seen last.
const LAST: &str = "after a start it has them at once";
/// A root with a `/writable` of its own: the program is the test's only guest in it.
const ROOT: &str = "/mnt";

#[test]
fn wrong_addresses_give_way_to_what_worked_and_right_ones_stay() -> Result<()> {
    in_namespaces(NAME, LAST, inside)
}

fn inside() -> Result<()> {
    let wire = Wire::new()?;
    make_root()?;
    let _server = wire.server("10.9.0.1", "10.9.0.10,10.9.0.19")?;
    let program = start()?;
    until("a lease is taken", || from_server("10.9.0.1"))?;

    // Nobody is there, so the device would be out of reach.
    try_addresses([10, 8, 0, 9], [10, 8, 0, 1])?;
    until("wrong addresses are tried", || has("inet 10.8.0.9/24"))?;
    ensure!(!has("inet 10.9.0.1"), "the old address is still there");
    until("and refused", || exists(Configuration::REFUSED))?;
    until("the lease is back", || {
        from_server("10.9.0.1") && !has("inet 10.8")
    })?;
    ensure!(!exists(Configuration::ON_TRIAL) && !exists(Configuration::IN_FORCE));
    let report = CloudConfigReport::read(&in_root(CloudConfigReport::PATH))?;
    let problems = report.context("nothing is reported")?.problems;
    ensure!(problems[0].text.contains("nobody answered"), "{problems:?}");

    try_addresses([10, 9, 0, 77], [10, 9, 0, 1])?;
    until("right addresses are kept", || {
        exists(Configuration::IN_FORCE)
    })?;
    ensure!(has("inet 10.9.0.77/24") && !has("inet 10.9.0.1"));
    let route = run("ip -4 route")?;
    ensure!(
        route.contains("default via 10.9.0.1 dev device0"),
        "{route}"
    );
    until("with their name server", || {
        let resolver = fs::read_to_string("/run/resolv.conf").unwrap_or_default();
        resolver == "nameserver 10.9.0.5\n"
    })?;
    ensure!(run("ip link show device0")?.contains("mtu 1400"));

    drop(program);
    run("ip addr flush dev device0")?;
    let _program = start()?;
    until(LAST, || has("inet 10.9.0.77/24"))
}

fn in_root(path: &str) -> std::path::PathBuf {
    Path::new(ROOT).join(path.trim_start_matches('/'))
}

fn exists(path: &str) -> bool {
    in_root(path).exists()
}

fn has(words: &str) -> bool {
    run("ip -4 -o addr show dev device0").is_ok_and(|addresses| addresses.contains(words))
}

fn make_root() -> Result<()> {
    run(&format!("mount -t tmpfs tmpfs {ROOT}"))?;
    let program = Path::new(env!("CARGO_BIN_EXE_network"));
    let directory = program.parent().context("it lies in a directory")?;
    fs::create_dir_all(in_root("/writable/system"))?;
    fs::create_dir_all(in_root("/program"))?;
    run(&format!(
        "mount --bind {} {ROOT}/program",
        directory.display()
    ))?;
    for shared in ["bin", "lib", "lib64", "usr", "proc", "run", "sys"] {
        let here = Path::new("/").join(shared);
        if here.exists() {
            fs::create_dir(in_root(shared))?;
            run(&format!("mount --rbind {} {ROOT}/{shared}", here.display()))?;
        }
    }
    Ok(())
}

fn start() -> Result<Running> {
    let log = File::options()
        .create(true)
        .append(true)
        .open("/run/network.log")?;
    let program: &mut Command = &mut command(&format!("chroot {ROOT} /program/network device0"));
    let program = program.stdout(log.try_clone()?).stderr(log).spawn()?;
    Ok(Running(program))
}

/// As `cloud-config` puts it there.
fn try_addresses(address: [u8; 4], router: [u8; 4]) -> Result<()> {
    let prefixed = |address: [u8; 4], prefix_length| Prefixed {
        address: Ipv4Addr::from(address),
        prefix_length,
    };
    let port = PortConfiguration {
        name: Some("device*".to_owned()),
        hardware: None,
        addressing: Addressing::Fixed {
            addresses: vec![prefixed(address, 24)],
            routes: vec![FixedRoute {
                to: prefixed([0; 4], 0),
                router: Ipv4Addr::from(router),
            }],
        },
        name_servers: vec![Ipv4Addr::new(10, 9, 0, 5)],
        domain: None,
        mtu: Some(1400),
    };
    let configuration = Configuration { ports: vec![port] };
    let path = in_root(Configuration::ON_TRIAL);
    let new = path.with_extension("new");
    fs::write(&new, serde_json::to_string(&configuration)?)?;
    Ok(fs::rename(new, path)?)
}
