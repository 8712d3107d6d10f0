//! What every snap can do.

use super::{Attempt, Kind, data};
use std::fs;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

const fn control(name: &'static str, what: &'static str, act: fn() -> io::Result<()>) -> Attempt {
    Attempt {
        name,
        what,
        kind: Kind::Control,
        act,
    }
}

pub(super) const ALL: &[Attempt] = &[
    control("own-data", "its data is its own to write", || {
        let path = data("kept")?;
        fs::write(&path, "data")?;
        fs::rename(&path, data("moved")?)?;
        fs::remove_file(data("moved")?)
    }),
    control(
        "own-tmp",
        "/tmp takes a file and runs no one else's",
        || {
            fs::write("/tmp/escape-suite-control", "x")?;
            fs::remove_file("/tmp/escape-suite-control")
        },
    ),
    control("usual-devices", "null swallows, urandom gives", || {
        fs::write("/dev/null", "x")?;
        let mut bytes = [0; 16];
        fs::File::open("/dev/urandom")?.read_exact(&mut bytes)
    }),
    control(
        "threads-and-children",
        "it has threads and children",
        || {
            let thread = std::thread::spawn(|| 7);
            let child = Command::new(std::env::current_exe()?)
                .arg("list")
                .output()?;
            let fine = thread.join().is_ok() && child.status.success();
            fine.then_some(())
                .ok_or_else(|| io::Error::other("a child failed"))
        },
    ),
    control("own-loopback", "it may talk to itself over TCP", || {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mut stream = TcpStream::connect(listener.local_addr()?)?;
        stream.write_all(b"x")
    }),
    control("own-processes", "it sees itself in /proc", || {
        fs::read_to_string("/proc/self/status").map(drop)
    }),
];
