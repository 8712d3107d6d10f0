//! People: `users`, `ssh_authorized_keys`, `ssh_pwauth`.

use super::MOST;
use crate::complaint::{Complaint, Complaints, Reason};
use crate::place::{Place, Truth};
use accounts::{AuthorizedKey, PasswordHash, Sudo, UserName};

/// One entry of `users`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Who it is.
    pub login: LoginName,
    /// Whoever has the private half of one of these is let in.
    pub authorized_keys: Vec<AuthorizedKey>,
    /// Where nothing is said, nothing changes.
    pub sudo: Option<Sudo>,
    /// Where `lock_passwd` is false.
    pub password: Option<Password>,
}

/// Who a user is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginName {
    /// The image's own user, whom documents call `default`.
    Default,
    /// Somebody.
    Named(UserName),
}

/// A password, as a document has it.
#[derive(Clone, PartialEq, Eq)]
pub enum Password {
    /// As it is typed.
    Plain(String),
    /// As crypt(5) has it.
    Hash(PasswordHash),
}

/// Nobody is to read it in a log.
impl core::fmt::Debug for Password {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Password")
    }
}

/// Whether somebody is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// Yes.
    Allowed,
    /// No.
    Refused,
}

impl User {
    fn new(login: LoginName) -> Self {
        Self {
            login,
            authorized_keys: Vec::new(),
            sudo: None,
            password: None,
        }
    }
}

pub(super) fn list(place: &Place<'_>, complaints: &mut Complaints) -> Vec<User> {
    let items = complaints.take(place.items()).unwrap_or_default();
    if items.len() > MOST {
        complaints.add(place.complain(Reason::TooMany { most: MOST }));
    }
    let users = items.into_iter().take(MOST);
    users.filter_map(|item| user(&item, complaints)).collect()
}

fn user(place: &Place<'_>, complaints: &mut Complaints) -> Option<User> {
    if place.text().is_ok() {
        return complaints.take(login(place)).map(User::new);
    }
    let entries = complaints.take(place.entries())?;
    let Some((_, name)) = entries.iter().find(|(key, _)| *key == "name") else {
        complaints.add(place.complain(Reason::Missing("name")));
        return None;
    };
    let mut user = User::new(complaints.take(login(name))?);
    // cloud-init locks a password unless it is told not to.
    let mut password_login = Login::Refused;
    for (key, place) in &entries {
        match *key {
            "name" => {}
            "ssh_authorized_keys" | "ssh-authorized-keys" => {
                user.authorized_keys = authorized_keys(place, complaints);
            }
            "sudo" => user.sudo = complaints.take(sudo(place)),
            "passwd" | "hashed_passwd" => {
                let hash = place.text().and_then(|text| {
                    let refused = |error: accounts::PasswordError| place.refuse(&error);
                    PasswordHash::parse(text).map_err(refused)
                });
                user.password = complaints.take(hash).map(Password::Hash);
            }
            "plain_text_passwd" => {
                let text = complaints.take(place.text());
                user.password = text.map(|text| Password::Plain(text.to_owned()));
            }
            "lock_passwd" | "lock-passwd" => {
                if complaints.take(place.truth()) == Some(Truth::No) {
                    password_login = Login::Allowed;
                }
            }
            other => complaints.add(place.complain(not_honoured(other))),
        }
    }
    user.password = user.password.filter(|_| password_login == Login::Allowed);
    Some(user)
}

fn not_honoured(key: &str) -> Reason {
    Reason::NotHonoured(match key {
        "gecos" | "homedir" | "no_create_home" | "no_user_group" | "primary_group" | "groups"
        | "shell" | "uid" | "system" | "create_groups" => {
            "home, shell, number and group are the image's to choose"
        }
        "ssh_import_id" | "ssh_redirect_user" | "expiredate" | "inactive" | "selinux_user"
        | "snapuser" | "doas" => "name the user's keys in ssh_authorized_keys",
        _ => return Reason::Unknown,
    })
}

fn login(place: &Place<'_>) -> Result<LoginName, Complaint> {
    match place.text()? {
        "default" => Ok(LoginName::Default),
        name => UserName::parse(name)
            .map(LoginName::Named)
            .map_err(|error| place.refuse(&error)),
    }
}

/// Lines of authorized_keys, from a list or from the only one.
pub(super) fn authorized_keys(
    place: &Place<'_>,
    complaints: &mut Complaints,
) -> Vec<AuthorizedKey> {
    let texts = place.texts(complaints);
    if texts.len() > MOST {
        complaints.add(place.complain(Reason::TooMany { most: MOST }));
    }
    let keys = texts.into_iter().take(MOST).filter_map(|(place, text)| {
        let key = AuthorizedKey::parse(text);
        complaints.take(key.map_err(|error| place.refuse(&error)))
    });
    keys.collect()
}

/// Of rules, those that say everything are understood, and those that say nothing.
fn sudo(place: &Place<'_>) -> Result<Sudo, Complaint> {
    if place.is_null() || place.truth() == Ok(Truth::No) {
        return Ok(Sudo::Refused);
    }
    let everything = |rule: &str| {
        let rule: String = rule.split_whitespace().collect();
        matches!(
            &*rule,
            "ALL=(ALL)NOPASSWD:ALL"
                | "ALL=(ALL:ALL)NOPASSWD:ALL"
                | "ALL=(ALL)ALL"
                | "ALL=(ALL:ALL)ALL"
        )
    };
    let items = place.items_or_one()?;
    for item in &items {
        let rule = item.text()?;
        if !everything(rule) {
            return Err(item.unusable(rule, "ALL=(ALL) NOPASSWD:ALL, or false"));
        }
    }
    Ok(match *items {
        [] => Sudo::Refused,
        _ => Sudo::Allowed,
    })
}

pub(super) fn password_login(place: &Place<'_>, complaints: &mut Complaints) -> Option<Login> {
    match complaints.take(place.truth())? {
        Truth::Yes => Some(Login::Allowed),
        Truth::No => Some(Login::Refused),
    }
}
