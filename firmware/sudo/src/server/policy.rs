//! Who may run commands as root, and as whom: pure functions of the accounts.

use accounts::{Account, Accounts, Sudo};
use std::fmt;

/// Whoever types `sudo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoker {
    /// The user's name.
    pub name: String,
    /// As the kernel says.
    pub uid: u32,
    /// As the kernel says.
    pub gid: u32,
}

/// Whom a command runs as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user's name.
    pub name: String,
    /// The user's id, which is that of the group, too.
    pub uid: u32,
    /// The absolute path of the home.
    pub home: String,
    /// The absolute path of the shell.
    pub shell: String,
}

/// Why nothing is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The kernel does not say who asks.
    Unknown,
    /// No account has that user id.
    NoAccount(u32),
    /// The account does not allow it.
    NotAllowed(String),
    /// There is no such user to run it as.
    NoSuchUser(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("cannot tell who asks: the kernel does not say"),
            Self::NoAccount(uid) => write!(
                f,
                "cannot run anything for user id {uid}: it has no account on this device"
            ),
            Self::NotAllowed(name) => write!(
                f,
                "{name} may not use sudo on this device: the account does not say sudo = \"allowed\""
            ),
            Self::NoSuchUser(name) => {
                write!(f, "cannot run anything as {name:?}: there is no such user")
            }
        }
    }
}

impl std::error::Error for Refusal {}

/// Whether the process with these ids may have commands run.
pub(super) fn invoker(uid: u32, gid: u32, accounts: &Accounts) -> Result<Invoker, Refusal> {
    let name = match (uid, accounts.by_uid(uid)) {
        (0, _) => "root".to_owned(),
        (_, None) => return Err(Refusal::NoAccount(uid)),
        (_, Some(account)) => match account.sudo {
            Sudo::Allowed => account.name.to_string(),
            Sudo::Refused => return Err(Refusal::NotAllowed(account.name.to_string())),
        },
    };
    Ok(Invoker { name, uid, gid })
}

/// The user of that name.
///
/// # Errors
/// [`Refusal::NoSuchUser`].
pub fn target(name: &str, accounts: &Accounts) -> Result<Identity, Refusal> {
    if name == "root" {
        return Ok(Identity {
            name: name.to_owned(),
            uid: 0,
            home: "/root".to_owned(),
            shell: "/bin/sh".to_owned(),
        });
    }
    let found = accounts.by_name(name);
    let identity = |account: &Account| Identity {
        name: account.name.to_string(),
        uid: account.uid,
        home: format!("/home/{}", account.name),
        shell: account.shell.clone(),
    };
    found
        .map(identity)
        .ok_or_else(|| Refusal::NoSuchUser(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use accounts::Places;
    use std::fs;

    fn some() -> Accounts {
        let root = tempfile::tempdir().unwrap();
        let places = Places::below(root.path());
        fs::create_dir_all(places.owner_accounts()).unwrap();
        let write = |name, text| fs::write(places.owner_accounts().join(name), text).unwrap();
        write("ubuntu.toml", "uid = 1000\nsudo = 'allowed'");
        write("guest.toml", "uid = 1001\nshell = '/bin/ash'");
        Accounts::read(&places)
    }

    #[test]
    fn only_root_and_those_whose_account_says_so() {
        let accounts = some();
        assert_eq!(invoker(0, 0, &accounts).unwrap().name, "root");
        assert_eq!(invoker(1000, 1000, &accounts).unwrap().name, "ubuntu");
        assert_eq!(
            invoker(1001, 1001, &accounts),
            Err(Refusal::NotAllowed("guest".to_owned()))
        );
        assert_eq!(invoker(65534, 0, &accounts), Err(Refusal::NoAccount(65534)));
    }

    #[test]
    fn a_command_runs_as_root_or_a_user() {
        let accounts = some();
        assert_eq!(target("root", &accounts).unwrap().uid, 0);
        let guest = target("guest", &accounts).unwrap();
        assert_eq!(
            (guest.uid, &*guest.home, &*guest.shell),
            (1001, "/home/guest", "/bin/ash")
        );
        for name in ["", "nobody", "#0", "0"] {
            assert_eq!(
                target(name, &accounts),
                Err(Refusal::NoSuchUser(name.to_owned()))
            );
        }
    }
}
