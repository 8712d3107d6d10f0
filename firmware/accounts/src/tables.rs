//! `/etc/passwd`, `/etc/group` and `/etc/shadow`: the image's own lines, and one for each user.

use crate::accounts::Accounts;
use crate::password::PasswordHash;
use std::fmt::Write;

/// The three tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables {
    /// passwd(5).
    pub passwd: String,
    /// group(5).
    pub group: String,
    /// shadow(5): root's alone to read.
    pub shadow: String,
}

impl Tables {
    /// Adds a line for each user. A name that the image has already is left to the image.
    #[must_use]
    pub fn with_users(mut self, accounts: &Accounts) -> Self {
        for account in accounts.iter() {
            let (name, uid) = (&account.name, account.uid);
            let is_of_name = |line: &str| line.split(':').next() == Some(name.as_str());
            if self.passwd.lines().any(is_of_name) {
                continue;
            }
            let (full_name, shell) = (&account.full_name, &account.shell);
            let password = account
                .password_hash
                .as_ref()
                .map_or("!", PasswordHash::as_str);
            // A String takes all that is written to it.
            let _ = writeln!(
                self.passwd,
                "{name}:x:{uid}:{uid}:{full_name}:/home/{name}:{shell}"
            );
            let _ = writeln!(self.group, "{name}:x:{uid}:");
            let _ = writeln!(self.shadow, "{name}:{password}::0:::::");
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::places::Places;
    use std::fs;

    #[test]
    fn users_come_behind_the_images_lines() {
        let root = tempfile::tempdir().unwrap();
        let places = Places::below(root.path());
        fs::create_dir_all(places.owner_accounts()).unwrap();
        let write = |name: &str, text: &str| {
            fs::write(places.owner_accounts().join(name), text).unwrap();
        };
        write("ubuntu.toml", "uid = 1000\nfull_name = 'Ubuntu'");
        write("modem.toml", "uid = 1001");
        let image = Tables {
            passwd: "root:x:0:0:root:/root:/bin/sh\nmodem:x:20:20::/:/bin/false\n".to_owned(),
            group: "root:x:0:\n".to_owned(),
            shadow: "root:!::0:::::\n".to_owned(),
        };
        let tables = image.clone().with_users(&Accounts::read(&places));
        assert_eq!(
            tables.passwd,
            image.passwd + "ubuntu:x:1000:1000:Ubuntu:/home/ubuntu:/bin/sh\n"
        );
        assert_eq!(tables.group, image.group + "ubuntu:x:1000:\n");
        assert_eq!(tables.shadow, image.shadow + "ubuntu:!::0:::::\n");
    }
}
