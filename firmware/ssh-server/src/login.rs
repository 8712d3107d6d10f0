//! Who may come in, and what they ask for then: the calls that the protocol makes.

use crate::session::{Opened, Program, Surroundings};
use crate::sftp;
use crate::system_call::become_user;
use crate::terminal::{Size, Terminal};
use accounts::{Account, Accounts, Logins, Places};
use russh::keys::{Algorithm, PublicKey};
use russh::server::{
    Auth, ChannelOpenHandle, Handler, Msg, PublicKeyOffer, Session, VerifiedPublicKey,
};
use russh::{Channel, ChannelId, Error, Pty};
use std::collections::HashMap;
use std::net::SocketAddr;

/// One connection, from its first word to its end.
pub(crate) struct Login {
    accounts: Accounts,
    logins: Logins,
    places: Places,
    addresses: (SocketAddr, SocketAddr),
    /// Who has logged in; from then on the process is theirs.
    user: Option<Account>,
    /// Sessions that wait for their program.
    opened: HashMap<ChannelId, Opened>,
}

impl Login {
    pub(crate) fn new(
        accounts: Accounts,
        logins: Logins,
        places: Places,
        addresses: (SocketAddr, SocketAddr),
    ) -> Self {
        Self {
            accounts,
            logins,
            places,
            addresses,
            user: None,
            opened: HashMap::new(),
        }
    }

    /// The account, if that key opens it.
    fn opened_by(&self, user: &str, key: &PublicKey) -> Option<&Account> {
        let account = self.accounts.by_name(user)?;
        let opens = |line: &str| {
            PublicKey::from_openssh(line).is_ok_and(|known| known.key_data() == key.key_data())
        };
        let mut keys = account.authorized_keys.iter();
        keys.any(|known| opens(known.as_str())).then_some(account)
    }

    /// From here on nothing is root's. An error ends the connection.
    fn enter(&mut self, account: Account, by: &str) -> Result<Auth, Error> {
        let from = self.addresses.0;
        if rustix::process::getuid().is_root() {
            self.make_home(&account);
            become_user(account.uid)?;
        }
        eprintln!("{} logs in from {from} by {by}", account.name);
        // The service sees that its pipe is closed.
        rustix::stdio::dup2_stdout(rustix::stdio::stderr()).map_err(std::io::Error::from)?;
        self.user = Some(account);
        Ok(Auth::Accept)
    }

    /// An account may be younger than the boot.
    fn make_home(&self, account: &Account) {
        if self.places.homes.join(account.name.as_str()).exists() {
            return;
        }
        if let Err(error) = accounts::publish(&self.places, &self.accounts) {
            eprintln!("cannot make a home for {}: {error}", account.name);
        }
    }

    fn start(
        &mut self,
        channel: ChannelId,
        session: &mut Session,
        program: Program,
    ) -> Result<(), Error> {
        let (Some(opened), Some(user)) = (self.opened.remove(&channel), &self.user) else {
            return session.channel_failure(channel);
        };
        let surroundings = Surroundings {
            user,
            home: self.places.homes.join(user.name.as_str()),
            addresses: self.addresses,
        };
        match opened.start(&program, &surroundings, session.handle()) {
            Ok(()) => session.channel_success(channel),
            Err(error) => {
                eprintln!("cannot start a program for {}: {error}", user.name);
                session.channel_failure(channel)
            }
        }
    }
}

/// What `ssh-rsa` means as the name of a signature.
fn is_by_sha_1(algorithm: &Algorithm) -> bool {
    matches!(algorithm, Algorithm::Rsa { hash: None })
}

impl Handler for Login {
    type Error = Error;

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, Error> {
        // Before any arithmetic is done with it: nobody else's key gets that far.
        let is_known = self.opened_by(user, offer.public_key).is_some();
        Ok(match is_known && !is_by_sha_1(offer.algorithm) {
            true => Auth::Accept,
            false => Auth::reject(),
        })
    }

    async fn auth_publickey(
        &mut self,
        user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, Error> {
        let account = self.opened_by(user, key.public_key).cloned();
        match account.filter(|_| !is_by_sha_1(key.algorithm)) {
            Some(account) => self.enter(account, "a key"),
            None => Ok(Auth::reject()),
        }
    }

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Error> {
        let account = self.accounts.by_name(user).filter(|account| {
            let hash = account.password_hash.as_ref();
            self.logins == Logins::KeysAndPasswords && hash.is_some_and(|hash| hash.is_of(password))
        });
        match account.cloned() {
            Some(account) => self.enter(account, "a password"),
            None => Ok(Auth::reject()),
        }
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Error> {
        self.opened.insert(channel.id(), Opened::new(channel));
        reply.accept().await;
        Ok(())
    }

    async fn channel_close(
        &mut self,
        channel: ChannelId,
        _session: &mut Session,
    ) -> Result<(), Error> {
        self.opened.remove(&channel);
        Ok(())
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        term: &str,
        columns: u32,
        rows: u32,
        _pix_width: u32,
        _pix_height: u32,
        _modes: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), Error> {
        let made = Terminal::make(Size { columns, rows });
        match (self.opened.get_mut(&channel), made) {
            (Some(opened), Ok(terminal)) => {
                opened.give_terminal(terminal, term);
                session.channel_success(channel)
            }
            _ => session.channel_failure(channel),
        }
    }

    async fn env_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        value: &str,
        session: &mut Session,
    ) -> Result<(), Error> {
        let passed = |opened: &mut Opened| opened.give_variable(name, value);
        match self.opened.get_mut(&channel).is_some_and(passed) {
            true => session.channel_success(channel),
            false => session.channel_failure(channel),
        }
    }

    async fn shell_request(
        &mut self,
        channel: ChannelId,
        session: &mut Session,
    ) -> Result<(), Error> {
        self.start(channel, session, Program::Shell)
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), Error> {
        self.start(channel, session, Program::Command(command.to_vec()))
    }

    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), Error> {
        match name {
            sftp::WORD => self.start(channel, session, Program::Files),
            _ => session.channel_failure(channel),
        }
    }
}
