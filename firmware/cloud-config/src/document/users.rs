//! People: `users`, `ssh_authorized_keys`, `ssh_pwauth`.

use super::MOST;
use crate::complaint::{Complaint, Complaints, Reason};
use crate::place::{Place, Truth};

/// One entry of `users`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The login, or [`User::DEFAULT`].
    pub name: String,
    /// Lines of `authorized_keys`.
    pub authorized_keys: Vec<String>,
    /// What the user may ask of root. Nothing said is nothing.
    pub sudo: Sudo,
    /// As crypt(3) has it, where `lock_passwd` is false.
    pub password_hash: Option<String>,
}

/// What a user may ask of root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sudo {
    /// Nothing.
    #[default]
    Nothing,
    /// Everything.
    Everything,
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
    /// The image's own user, by the name that cloud-init has for it.
    pub const DEFAULT: &'static str = "default";

    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            authorized_keys: Vec::new(),
            sudo: Sudo::Nothing,
            password_hash: None,
        }
    }
}

/// Longer ones are none.
const MAX_KEY_BYTES: usize = 16 << 10;
const KEY: &str = "one line of authorized_keys, as in ssh-ed25519 AAAA...";
const NAME: &str = "at most 32 lower-case letters, digits, - and _, a letter first";

pub(super) fn list(place: &Place<'_>, complaints: &mut Complaints) -> Vec<User> {
    let items = complaints.take(place.items()).unwrap_or_default();
    if items.len() > MOST {
        complaints.add(place.complain(Reason::TooMany { most: MOST }));
    }
    let users = items.into_iter().take(MOST);
    users.filter_map(|item| user(&item, complaints)).collect()
}

fn user(place: &Place<'_>, complaints: &mut Complaints) -> Option<User> {
    if let Ok(name) = place.text() {
        return complaints
            .take(login(place, name))
            .map(|name| User::named(&name));
    }
    let entries = complaints.take(place.entries())?;
    let find = |wanted: &str| entries.iter().find(|(key, _)| *key == wanted);
    let Some((_, named)) = find("name") else {
        complaints.add(place.complain(Reason::Missing("name")));
        return None;
    };
    let name = named.text().and_then(|name| login(named, name));
    let mut user = User::named(&complaints.take(name)?);
    let mut hash = None;
    // cloud-init locks a password unless it is told not to.
    let mut password = Login::Refused;
    for (key, place) in &entries {
        match *key {
            "name" => {}
            "ssh_authorized_keys" | "ssh-authorized-keys" => {
                user.authorized_keys = authorized_keys(place, complaints);
            }
            "sudo" => user.sudo = complaints.take(sudo(place)).unwrap_or_default(),
            "passwd" | "hashed_passwd" => hash = complaints.take(password_hash(place)),
            "lock_passwd" | "lock-passwd" => {
                if complaints.take(place.truth()) == Some(Truth::No) {
                    password = Login::Allowed;
                }
            }
            other => complaints.add(place.complain(not_honoured(other))),
        }
    }
    user.password_hash = hash.filter(|_| password == Login::Allowed);
    Some(user)
}

fn not_honoured(key: &str) -> Reason {
    Reason::NotHonoured(match key {
        "plain_text_passwd" => "a password in plain text is none; give hashed_passwd",
        "gecos" | "homedir" | "no_create_home" | "no_user_group" | "primary_group" | "groups"
        | "shell" | "uid" | "system" | "create_groups" => {
            "home, shell, number and group are the image's to choose"
        }
        "ssh_import_id" | "ssh_redirect_user" | "expiredate" | "inactive" | "selinux_user"
        | "snapuser" | "doas" => "name the user's keys in ssh_authorized_keys",
        _ => return Reason::Unknown,
    })
}

fn login(place: &Place<'_>, name: &str) -> Result<String, Complaint> {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    let good = name.len() <= 32
        && name.bytes().all(allowed)
        && name.starts_with(|first: char| first.is_ascii_lowercase());
    match name {
        "root" => Err(place.unusable(name, "another name: root does not log in")),
        _ if good => Ok(name.to_owned()),
        _ => Err(place.unusable(name, NAME)),
    }
}

/// Lines of authorized_keys, from a list or from the only one.
pub(super) fn authorized_keys(place: &Place<'_>, complaints: &mut Complaints) -> Vec<String> {
    let texts = place.texts(complaints);
    if texts.len() > MOST {
        complaints.add(place.complain(Reason::TooMany { most: MOST }));
    }
    let keys = texts.into_iter().take(MOST).filter_map(|(place, text)| {
        let key = text.trim();
        if is_key(key) {
            return Some(key.to_owned());
        }
        complaints.add(place.unusable(key, KEY));
        None
    });
    keys.collect()
}

/// One line that names a kind of key and has something like one behind it.
pub(crate) fn is_key(line: &str) -> bool {
    const KINDS: [&str; 6] = [
        "ssh-ed25519",
        "ssh-rsa",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com",
    ];
    let mut words = line.split(' ').skip_while(|word| !KINDS.contains(word));
    let is_base64 = |word: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
        word.len() > 8 && word.bytes().all(allowed)
    };
    line.len() <= MAX_KEY_BYTES
        && !line.chars().any(char::is_control)
        && words.next().is_some()
        && words.next().is_some_and(is_base64)
}

/// Of rules, those that say everything are understood, and those that say nothing.
fn sudo(place: &Place<'_>) -> Result<Sudo, Complaint> {
    if place.is_null() || place.truth() == Ok(Truth::No) {
        return Ok(Sudo::Nothing);
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
        [] => Sudo::Nothing,
        _ => Sudo::Everything,
    })
}

fn password_hash(place: &Place<'_>) -> Result<String, Complaint> {
    let hash = place.text()?;
    // Neither the file of passwords nor anybody's terminal is to be broken by it.
    let good = hash.len() <= 256
        && hash.starts_with('$')
        && hash
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b':');
    match good {
        true => Ok(hash.to_owned()),
        false => Err(place.unusable("***", "a hash as mkpasswd prints it, as in $6$...")),
    }
}

pub(super) fn password_login(place: &Place<'_>, complaints: &mut Complaints) -> Option<Login> {
    match complaints.take(place.truth())? {
        Truth::Yes => Some(Login::Allowed),
        Truth::No => Some(Login::Refused),
    }
}
