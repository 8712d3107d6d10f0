//! Users, their keys, and whether SSH lets anybody in.

use super::{Device, note};
use crate::document::{CloudConfig, Login, LoginName, Password, User};
use crate::report::Report;
use crate::source::Found;
use accounts::{
    Account, Accounts, AuthorizedKey, Logins, PasswordHash, Places, SshSettings, Sudo, UserName,
};
use anyhow::Context;

/// Where the image has no user of its own.
const DEFAULT: &str = "ubuntu";

pub(super) fn apply(device: &Device, found: &Found, config: &CloudConfig, report: &mut Report) {
    let places = Places::below(&device.root);
    let users = with_common_keys(config, found);
    for user in &users {
        if let Err(error) = keep(&places, user, report) {
            report.failed(format!("users: {error:#}"));
        }
    }
    if !users.is_empty()
        && let Err(error) = accounts::publish(&places, &Accounts::read(&places))
    {
        report.failed(format!("users: cannot make /etc/passwd and homes: {error}"));
    }
    ssh(&places, config, report);
}

/// The document's users; keys that are nobody's own are the first one's, or the image's
/// own user's where there is none.
fn with_common_keys(config: &CloudConfig, found: &Found) -> Vec<User> {
    let mut users = config.users.clone();
    let common: Vec<AuthorizedKey> =
        [&*config.authorized_keys, &*found.meta_data.authorized_keys].concat();
    if common.is_empty() {
        return users;
    }
    if users.is_empty() {
        users.push(User {
            login: LoginName::Default,
            authorized_keys: Vec::new(),
            sudo: None,
            password: None,
        });
    }
    let of_default = users
        .iter()
        .position(|user| user.login == LoginName::Default);
    if let Some(user) = users.get_mut(of_default.unwrap_or(0)) {
        user.authorized_keys.extend(common);
    }
    users
}

fn keep(places: &Places, user: &User, report: &mut Report) -> anyhow::Result<()> {
    let known = Accounts::read(places);
    let mut account = match &user.login {
        LoginName::Named(name) => known.get_or_new(name)?,
        LoginName::Default => default_account(&known)?,
    };
    if let Some(sudo) = user.sudo {
        account.sudo = sudo;
    }
    for key in &user.authorized_keys {
        if !account.authorized_keys.contains(key) {
            account.authorized_keys.push(key.clone());
        }
    }
    match &user.password {
        Some(Password::Hash(hash)) => account.password_hash = Some(hash.clone()),
        Some(Password::Plain(text)) => account.password_hash = Some(PasswordHash::of(text)?),
        None => {}
    }
    let what = format!("user {}", account.name.as_str());
    let path = places.owner_accounts();
    note(report, what, &path, places.write_account(&account));
    Ok(())
}

/// The image's own user: the one with the lowest number. As in cloud-init, `sudo` obeys them.
fn default_account(known: &Accounts) -> anyhow::Result<Account> {
    if let Some(account) = known.iter().min_by_key(|account| account.uid) {
        return Ok(account.clone());
    }
    let name = UserName::parse(DEFAULT).context("the usual name is one")?;
    let mut account = known.get_or_new(&name)?;
    account.sudo = Sudo::Allowed;
    Ok(account)
}

/// What is not said stays as it is. A password opens nothing unless SSH is on.
fn ssh(places: &Places, config: &CloudConfig, report: &mut Report) {
    if config.ssh.is_none() && config.ssh_password.is_none() {
        return;
    }
    let mut settings = SshSettings::read(places).unwrap_or_else(|error| {
        report.failed(format!("ssh: {error}"));
        SshSettings::default()
    });
    settings.logins = logins(settings.logins, config);
    let what = match settings.logins {
        Logins::Off => "SSH off",
        Logins::Keys => "SSH with keys",
        Logins::KeysAndPasswords => "SSH with keys and passwords",
    };
    let written = places.write_ssh_settings(&settings);
    note(report, what.to_owned(), &places.owner_ssh(), written);
}

fn logins(now: Logins, config: &CloudConfig) -> Logins {
    let is_on = match config.ssh {
        Some(Login::Allowed) => true,
        Some(Login::Refused) => false,
        None => now != Logins::Off,
    };
    match (is_on, config.ssh_password, now) {
        (false, _, _) => Logins::Off,
        (true, Some(Login::Allowed), _) => Logins::KeysAndPasswords,
        (true, None, Logins::KeysAndPasswords) => Logins::KeysAndPasswords,
        (true, _, _) => Logins::Keys,
    }
}
