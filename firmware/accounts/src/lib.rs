//! Who may log in to a device: users, their keys, and what the SSH server lets in.
//!
//! Everything is a small file of TOML. The image has its own below `/usr/lib/twinkeel`, the
//! owner's lie below `/writable/system`; where both have a file of a name, the owner's
//! counts, whole.
//!
//! | image | owner | what |
//! |---|---|---|
//! | `accounts/NAME.toml` | `accounts/NAME.toml` | one user: [`Account`] |
//! | `ssh.toml` | `ssh.toml` | whether anybody may come in by SSH, and how: [`SshSettings`] |
//!
//! A program that changes them, such as the one that reads cloud-config, does this:
//!
//! ```no_run
//! use accounts::{Account, Accounts, AuthorizedKey, Logins, Places, Sudo, UserName};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let places = Places::of_device();
//! let name = UserName::parse("ubuntu")?;
//! let known = Accounts::read(&places);
//! let mut account = known.get_or_new(&name)?;
//! account.sudo = Sudo::Allowed;
//! account.authorized_keys.push(AuthorizedKey::parse("ssh-ed25519 AAAA... me@laptop")?);
//! places.write_account(&account)?;
//! places.write_ssh_settings(&accounts::SshSettings { logins: Logins::Keys, ..Default::default() })?;
//! accounts::publish(&places, &Accounts::read(&places))?;
//! # Ok(()) }
//! ```
//!
//! Files are written whole, flushed and renamed. The SSH server notices a new `ssh.toml` by
//! itself, and reads accounts at each connection; `sudo` reads them at each command.
//! [`publish`] makes `/etc/passwd` and its like anew, and home directories; PID 1 calls it at
//! every boot.

mod account;
mod accounts;
mod authorized_key;
mod keep;
mod password;
mod places;
mod publish;
mod ssh_settings;
mod tables;
mod user_name;

pub use account::{Account, AccountError, Sudo};
pub use accounts::{Accounts, BrokenAccount, NoFreeUid};
pub use authorized_key::{AuthorizedKey, KeyError};
pub use keep::write_whole;
pub use password::{PasswordError, PasswordHash};
pub use places::Places;
pub use publish::publish;
pub use ssh_settings::{Logins, SshSettings};
pub use tables::Tables;
pub use user_name::{NameError, UserName};
