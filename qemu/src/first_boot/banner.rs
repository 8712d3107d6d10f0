//! Waits until an SSH server answers at a forwarded port.

use std::io::Read;
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// What a server begins with (RFC 4253, 4.2).
const BANNER: &[u8] = b"SSH-2.0-";

/// How often another connection is tried: so exact is the time that is measured. QEMU accepts
/// each at once, and knocks at the guest then, and again only seconds later: one that was begun
/// before the guest had a network tells nothing of it for so long.
const PACE: Duration = Duration::from_secs(1);

/// How long a connection may say nothing: a server that is emulated takes seconds for each.
const SILENCE: Duration = Duration::from_secs(8);

/// How many connections may be silent at a time: one for each second, and fewer than either
/// server turns away.
const MOST_SILENT: usize = 8;

/// Connects to `port` of this machine until somebody there speaks SSH.
///
/// # Errors
/// Nobody did before `deadline`.
pub(super) fn wait_for_banner(port: u16, deadline: Instant) -> Result<()> {
    let (heard, banner) = mpsc::channel();
    // Each connection that is open holds one.
    let open = Arc::new(());
    while Instant::now() < deadline {
        if Arc::strong_count(&open) <= MOST_SILENT {
            let (heard, open) = (heard.clone(), Arc::clone(&open));
            thread::spawn(move || {
                listen(port, &heard);
                drop(open);
            });
        }
        match banner.recv_timeout(PACE) {
            Ok(()) => return Ok(()),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
    }
    bail!("no banner of SSH came through port {port}")
}

/// A connection that is refused or silent says nothing: there will be others.
fn listen(port: u16, heard: &Sender<()>) {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
        return;
    };
    let mut begin = [0; BANNER.len()];
    let read = stream
        .set_read_timeout(Some(SILENCE))
        .and_then(|()| stream.read_exact(&mut begin));
    if read.is_ok() && begin == *BANNER {
        // Nobody listens any more once one was heard.
        let _ = heard.send(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::TcpListener;

    #[test]
    fn a_server_that_speaks_is_heard_and_others_are_not() -> Result<()> {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = server.local_addr()?.port();
        let serve = thread::spawn(move || -> std::io::Result<()> {
            let (mut first, _) = server.accept()?;
            first.write_all(b"HTTP/1.1 400 Bad Request\r\n")?;
            let (_silent, _) = server.accept()?;
            let (mut third, _) = server.accept()?;
            third.write_all(b"SSH-2.0-it\r\n")
        });
        wait_for_banner(port, Instant::now() + Duration::from_secs(60))?;
        serve.join().expect("the server")?;
        Ok(())
    }

    #[test]
    fn the_deadline_names_what_did_not_come() -> Result<()> {
        let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = closed.local_addr()?.port();
        drop(closed);
        let error = wait_for_banner(port, Instant::now() + PACE).expect_err("nobody");
        assert!(error.to_string().contains("no banner of SSH"), "{error}");
        Ok(())
    }
}
