//! The clock: set by a time server once, then kept right every few hours.
//!
//! It never goes below the time at which the running system was built, and what a server
//! says raises nothing that signatures have to answer for.

use crate::port::uptime;
use crate::system_call;
use anyhow::{Context, ensure};
use network::dhcp::Lease;
use network::report::ClockReport;
use network::sntp::{MESSAGE_BYTES, PORT, Question};
use rustix::rand::{GetRandomFlags, getrandom};
use rustix::time::{ClockId, Timespec, clock_settime};
use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};
use system_update::BootReport;

/// The owner's time servers in place of the network's, one a line: a name, an address, or
/// an address with a port.
const OWN: &str = "/writable/system/time-servers";
const ANSWER: Duration = Duration::from_secs(5);
/// Between two looks at a server that is believed.
const PAUSE: Duration = Duration::from_secs(4 * 3600);
const FIRST_RETRY: Duration = Duration::from_secs(16);
const LONGEST_RETRY: Duration = Duration::from_secs(3600);
/// The clock makes up for less while it runs on; for more it jumps.
const LONGEST_SLEW: Duration = Duration::from_millis(500);

/// To the thread that keeps the clock.
pub(crate) struct TimeServers {
    thread: Sender<Vec<String>>,
    told: Vec<String>,
}

impl TimeServers {
    /// Tells which there are now.
    pub(crate) fn tell(&mut self, leases: &[&Lease]) {
        let own = std::fs::read_to_string(OWN).unwrap_or_default();
        let mut servers: Vec<_> = own.split_whitespace().map(str::to_owned).collect();
        if servers.is_empty() {
            let given = leases.iter().flat_map(|lease| &lease.time_servers);
            servers = given.map(ToString::to_string).collect();
        }
        // Without an address nobody can be asked, and with a new one the answer may differ.
        if leases.is_empty() {
            servers.clear();
        }
        if servers != self.told {
            self.told.clone_from(&servers);
            let _ = self.thread.send(servers);
        }
    }
}

/// Starts the thread.
///
/// # Errors
/// The kernel has no thread left.
pub(crate) fn start() -> anyhow::Result<TimeServers> {
    let built = built();
    if SystemTime::now() < built {
        match set(built) {
            Ok(()) => println!("the clock was before this system's time and is set to it"),
            Err(error) => eprintln!("cannot set the clock: {error:#}"),
        }
    }
    let (thread, servers) = channel();
    thread::Builder::new()
        .name("clock".to_owned())
        .spawn(move || keep(&servers, built))
        .context("cannot start a thread for the clock")?;
    Ok(TimeServers {
        thread,
        told: Vec::new(),
    })
}

/// When the running system was built, as its manifest says.
fn built() -> SystemTime {
    match BootReport::read() {
        Ok(report) => SystemTime::UNIX_EPOCH + Duration::from_secs(report.build_time_secs),
        Err(error) => {
            eprintln!("{error}");
            SystemTime::UNIX_EPOCH
        }
    }
}

fn keep(told: &Receiver<Vec<String>>, built: SystemTime) {
    let mut servers = Vec::new();
    let mut pause = PAUSE;
    let mut retry = FIRST_RETRY;
    loop {
        match told.recv_timeout(pause) {
            Ok(now) => {
                servers = now;
                retry = FIRST_RETRY;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if servers.iter().any(|server| follow(server, built)) {
            (pause, retry) = (PAUSE, FIRST_RETRY);
        } else {
            (pause, retry) = (retry, (retry * 2).min(LONGEST_RETRY));
        }
    }
}

/// Asks one server and sets the clock; says whether that worked.
fn follow(server: &str, built: SystemTime) -> bool {
    match ask(server, built).and_then(|now| adjust(server, now)) {
        Ok(()) => true,
        Err(error) => {
            eprintln!("cannot use the time server {server}: {error:#}");
            false
        }
    }
}

fn ask(server: &str, built: SystemTime) -> anyhow::Result<SystemTime> {
    let address = match server.parse::<SocketAddr>() {
        Ok(address) => address,
        Err(_) => (server, PORT)
            .to_socket_addrs()
            .context("its name leads nowhere")?
            .next()
            .context("its name has no address")?,
    };
    let any: SocketAddr = match address {
        SocketAddr::V4(_) => ([0; 4], 0).into(),
        SocketAddr::V6(_) => ([0; 16], 0).into(),
    };
    let socket = UdpSocket::bind(any)?;
    socket.connect(address)?;
    socket.set_read_timeout(Some(ANSWER))?;
    let mut number = [0; 8];
    let length = getrandom(&mut number[..], GetRandomFlags::empty())?;
    ensure!(length == number.len(), "there are no random numbers");
    let question = Question(u64::from_ne_bytes(number));
    let begun = Instant::now();
    socket.send(&question.encode())?;
    let mut message = [0; MESSAGE_BYTES];
    let length = socket.recv(&mut message).context("it does not answer")?;
    let message = message.get(..length).unwrap_or_default();
    Ok(question.judge(message, begun.elapsed(), built)?)
}

/// `now` is right: the clock follows.
fn adjust(server: &str, now: SystemTime) -> anyhow::Result<()> {
    let clock = SystemTime::now();
    let (late, off) = match now.duration_since(clock) {
        Ok(late) => (1, late),
        Err(early) => (-1, early.duration()),
    };
    if off > LONGEST_SLEW {
        set(now)?;
    } else {
        let micros = i32::try_from(off.as_micros())?;
        system_call::slew_clock(late * micros).context("cannot change the clock's pace")?;
    }
    let late_millis = i64::from(late) * i64::try_from(off.as_millis())?;
    println!("{server}: the clock was late by {late_millis} ms");
    let report = ClockReport {
        server: server.to_owned(),
        late_millis,
        uptime_secs: uptime().as_secs(),
    };
    report
        .write()
        .with_context(|| format!("cannot write {}", ClockReport::PATH))
}

fn set(time: SystemTime) -> anyhow::Result<()> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH)?;
    let time = Timespec::try_from(since)?;
    clock_settime(ClockId::Realtime, time).context("cannot set the clock")
}
