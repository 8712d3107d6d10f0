//! One connection, in a process of its own: standard input is the socket, standard output a
//! pipe that is closed once somebody has logged in, standard error the log.

use crate::host_key;
use crate::login::Login;
use accounts::{Accounts, Logins, Places, SshSettings};
use anyhow::{Context, Result, anyhow};
use russh::server::{Config, run_stream};
use russh::{MethodKind, MethodSet, SshId};
use std::borrow::Cow;
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

/// A client that says nothing for so long is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);
/// What a wrong password or key costs, whoever's it is and whoever is asked for.
const REJECTION: Duration = Duration::from_secs(1);

/// Serves the connection to its end.
///
/// # Errors
/// What goes wrong before the first word, or ends the connection.
pub(crate) fn serve(places: &Places) -> Result<()> {
    let socket = rustix::stdio::stdin().as_fd().try_clone_to_owned()?;
    let socket = TcpStream::from(socket);
    let from = socket.peer_addr().context("cannot tell who calls")?;
    let to = socket.local_addr().context("cannot tell who is called")?;
    socket.set_nonblocking(true)?;
    let settings = SshSettings::read(places).map_err(|problem| anyhow!(problem))?;
    let accounts = Accounts::read(places);
    for broken in accounts.broken() {
        eprintln!("{broken}");
    }
    let config = Arc::new(Config {
        server_id: SshId::Standard(Cow::Borrowed("SSH-2.0-twinkeel")),
        methods: methods(settings.logins),
        auth_rejection_time: REJECTION,
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: vec![host_key::read_made(places)?],
        inactivity_timeout: None,
        keepalive_interval: Some(KEEPALIVE),
        nodelay: true,
        ..Config::default()
    });
    let login = Login::new(accounts, settings.logins, places.clone(), (from, to));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot wait for several things at a time")?;
    let served = runtime.block_on(async {
        let socket = tokio::net::TcpStream::from_std(socket)?;
        let running = run_stream(config, socket, login).await?;
        running.await
    });
    // Somebody who hangs up is no error.
    match served {
        Err(russh::Error::Disconnect | russh::Error::HUP) | Ok(()) => Ok(()),
        Err(error) => Err(anyhow!(error).context(format!("the connection from {from} ended"))),
    }
}

fn methods(logins: Logins) -> MethodSet {
    let mut methods = MethodSet::empty();
    match logins {
        Logins::Off => {}
        Logins::Keys => methods.push(MethodKind::PublicKey),
        Logins::KeysAndPasswords => {
            methods.push(MethodKind::PublicKey);
            methods.push(MethodKind::Password);
        }
    }
    methods
}
