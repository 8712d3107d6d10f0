//! `network`: gives every wired port its address, routes and name servers, and the device
//! the time. PID 1 starts it as a service of the image and starts it again when it ends.
//!
//! One loop for all ports: it sleeps until the kernel tells of a link, a server answers, or
//! a lease needs something. What to do is decided in the library; the clock has a thread of
//! its own, since names of time servers take their time. Ports named on the command line
//! are looked after in place of all wired ones.

mod clock;
mod configured;
mod host_name;
mod kernel;
mod lease_hint;
mod neighbours;
mod port;
mod ports;
mod resolver;
mod system_call;

use anyhow::Context;
use configured::Configured;
use core::convert::Infallible;
use kernel::Kernel;
use ports::{Ports, Watched};
use resolver::Resolver;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// It looks around that often, whatever the kernel says.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let watched = if names.is_empty() {
        Watched::Wired
    } else {
        Watched::Named(names)
    };
    match run(watched) {
        Ok(never) => match never {},
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(watched: Watched) -> anyhow::Result<Infallible> {
    let kernel = Kernel::open()?;
    let mut time_servers = clock::start()?;
    let mut resolver = Resolver::default();
    let mut ports = Ports::new(watched);
    let mut configured = Configured::open();
    loop {
        let now = Instant::now();
        configured.look(&mut ports, &kernel, now);
        ports.look(&kernel, now);
        ports.do_what_is_due(&kernel, now);
        if ports.report() {
            let leases = ports.leases();
            resolver.write(&leases);
            host_name::set(&leases);
            time_servers.tell(&leases);
        }
        wait(&kernel, &ports, &configured)?;
        kernel.drain_events();
        ports.hear(&kernel, Instant::now());
    }
}

fn wait(kernel: &Kernel, ports: &Ports, configured: &Configured) -> anyhow::Result<()> {
    let left = |due: Instant| due.saturating_duration_since(Instant::now());
    let due = ports.due().into_iter().chain(configured.due()).min();
    let sleep = due.map_or(LONGEST_SLEEP, left).min(LONGEST_SLEEP);
    let timeout = Timespec::try_from(sleep).context("a minute is too long")?;
    let mut sources = vec![PollFd::new(kernel, PollFlags::IN)];
    sources.extend(
        configured
            .events()
            .map(|events| PollFd::new(events, PollFlags::IN)),
    );
    sources.extend(
        ports
            .sockets()
            .map(|socket| PollFd::new(socket, PollFlags::IN)),
    );
    match poll(&mut sources, Some(&timeout)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error).context("cannot wait for the kernel and the servers"),
    }
}
