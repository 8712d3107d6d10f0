//! The service: decides who may, runs what they want.

mod policy;
mod run;

use crate::answer::Answer;
use crate::descriptors;
use crate::request::Request;
use accounts::{Accounts, Places};
pub use policy::{Identity, Invoker, Refusal, target};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// For a client to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);

/// Listens at `path`, for everybody. A socket of a service that ended is replaced.
///
/// # Errors
/// The file system's.
pub fn bind(path: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o666))?;
    Ok(listener)
}

/// Serves until the socket fails.
///
/// # Errors
/// The socket's.
pub fn serve(listener: &UnixListener, places: &Places) -> io::Result<()> {
    loop {
        let (mut client, _) = listener.accept()?;
        let accounts = Accounts::read(places);
        // Whoever may not is told so unheard, and takes nobody's thread.
        let invoker = match invoker(&client, &accounts) {
            Ok(invoker) => invoker,
            Err(refusal) => {
                refuse(&mut client, &refusal.to_string());
                continue;
            }
        };
        let serve = move || {
            if let Err(error) = converse(&mut client, &invoker, &accounts) {
                refuse(&mut client, &error.to_string());
            }
        };
        // Without a thread the client sees that the connection ends.
        let _ = thread::Builder::new()
            .name("client".to_owned())
            .spawn(serve);
    }
}

fn invoker(client: &UnixStream, accounts: &Accounts) -> Result<Invoker, Refusal> {
    let credentials =
        rustix::net::sockopt::socket_peercred(client).map_err(|_| Refusal::Unknown)?;
    policy::invoker(credentials.uid.as_raw(), credentials.gid.as_raw(), accounts)
}

fn converse(client: &mut UnixStream, invoker: &Invoker, accounts: &Accounts) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    let (bytes, handed) = descriptors::receive(client)?;
    client.set_read_timeout(None)?;
    let request = Request::parse(&bytes).map_err(io::Error::other)?;
    let identity = target(&request.user, accounts).map_err(io::Error::other)?;
    println!(
        "{} runs {} as {}",
        invoker.name,
        request.program().to_string_lossy().escape_default(),
        identity.name
    );
    let answer = run::run(&request, handed, &identity, invoker, client)?;
    answer.write(client)
}

fn refuse(client: &mut UnixStream, why: &str) {
    // Nobody is left to be told that it was not heard; and nobody keeps the service waiting.
    let _ = client.set_write_timeout(Some(PATIENCE));
    let _ = Answer::Refused(why.to_owned()).write(client);
}
