//! One connection to a server, byte for byte.

use anyhow::{Context, Result, bail};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;

/// What went over a connection.
pub struct Traffic {
    /// To the server.
    pub sent: Vec<u8>,
    /// From the server.
    pub received: Vec<u8>,
}

/// Takes one connection, and passes everything on.
pub struct Wire {
    address: SocketAddr,
    connection: JoinHandle<Result<Traffic>>,
}

impl Wire {
    /// A way to `server`.
    ///
    /// # Errors
    /// No port is free.
    pub fn to(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("cannot find a free port")?;
        let address = listener.local_addr()?;
        let connection = std::thread::spawn(move || pass(&listener, server));
        Ok(Wire {
            address,
            connection,
        })
    }

    /// Where to connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What went over it, once the client has hung up.
    ///
    /// # Errors
    /// The server was not there.
    pub fn traffic(self) -> Result<Traffic> {
        match self.connection.join() {
            Ok(traffic) => traffic,
            Err(_) => bail!("the connection's thread ended badly"),
        }
    }
}

fn pass(listener: &TcpListener, server: SocketAddr) -> Result<Traffic> {
    let (mut client, _) = listener.accept()?;
    let mut server = TcpStream::connect(server)?;
    let (mut from_server, mut to_client) = (server.try_clone()?, client.try_clone()?);
    let answers = std::thread::spawn(move || copy(&mut from_server, &mut to_client));
    let sent = copy(&mut client, &mut server);
    // Whoever is gone already has nothing to shut.
    let _ = server.shutdown(Shutdown::Both);
    match answers.join() {
        Ok(received) => Ok(Traffic { sent, received }),
        Err(_) => bail!("the answers' thread ended badly"),
    }
}

fn copy(from: &mut TcpStream, to: &mut TcpStream) -> Vec<u8> {
    let (mut all, mut piece) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = from.read(&mut piece) {
        let piece = piece.get(..count).unwrap_or_default();
        all.extend(piece);
        if to.write_all(piece).is_err() {
            break;
        }
    }
    all
}
