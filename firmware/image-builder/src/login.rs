//! What the root has for people who log in: the first user, what they read, and where the
//! tables of users are.
//!
//! The device makes `/etc/passwd` and its like in memory, of the image's tables and the
//! owner's users (crate `accounts`). So these are links, and the image's tables lie elsewhere.

use crate::tree::Tree;

/// Made on the device.
const TABLES: [&str; 3] = ["passwd", "group", "shadow"];
/// Where the device puts them.
const MADE: &str = "/run/twinkeel/accounts";

/// The user of the image. Without a key and without a password nobody is let in as them.
const UBUNTU: &str = "uid = 1000\nsudo = \"allowed\"\nfull_name = \"Ubuntu\"\n";

/// For people who know other systems.
const WORDS_OF_THE_DAY: &str = "\
It's a brave new world here in snappy Twinkeel! This machine
does not use apt-get or deb packages. Please see 'snappy --help'
for app installation and transactional updates.

";

/// Commands of Debian that `snappy` answers; busybox's `dpkg` could do nothing here.
const COMMANDS_OF_DEBIAN: [&str; 3] = ["apt-get", "apt", "dpkg"];

/// Puts them into `tree`; a maker's overlay may replace each.
pub(crate) fn add_to(tree: &mut Tree) {
    tree.text("usr/lib/twinkeel/accounts/ubuntu.toml", UBUNTU);
    tree.text("etc/motd", WORDS_OF_THE_DAY);
    for command in COMMANDS_OF_DEBIAN {
        tree.link(&format!("usr/bin/{command}"), "/usr/bin/snappy");
    }
}

/// Moves the tables, the overlay's if it has some, to where the device reads them.
pub(crate) fn move_tables(tree: &mut Tree) {
    for name in TABLES {
        let path = format!("etc/{name}");
        if let Some(table) = tree.take(&path) {
            tree.insert(&format!("usr/lib/twinkeel/{path}"), table);
            tree.link(&path, &format!("{MADE}/{name}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Entry;
    use accounts::{Account, Places, UserName};
    use std::path::Path;

    #[test]
    fn the_user_of_the_image_is_one_and_nobody_knows_a_way_in() -> anyhow::Result<()> {
        let account = Account::parse(UserName::parse("ubuntu")?, UBUNTU)?;
        assert!(account.authorized_keys.is_empty() && account.password_hash.is_none());
        Ok(())
    }

    #[test]
    fn tables_lie_where_the_device_looks_for_them() {
        let mut tree = Tree::default();
        for name in TABLES {
            tree.text(&format!("etc/{name}"), "root");
        }
        move_tables(&mut tree);
        let places = Places::below(Path::new("/"));
        assert_eq!(places.tables, Path::new(MADE));
        let image = places.image.join("etc").join("shadow");
        let image = image.strip_prefix("/").unwrap_or(&image);
        assert!(tree.contains(&image.to_string_lossy()));
        let links = tree.entries().filter_map(|(path, entry)| match entry {
            Entry::Link { target } => Some((path, target.as_str())),
            _ => None,
        });
        assert_eq!(
            links.collect::<Vec<_>>(),
            [
                ("etc/group", "/run/twinkeel/accounts/group"),
                ("etc/passwd", "/run/twinkeel/accounts/passwd"),
                ("etc/shadow", "/run/twinkeel/accounts/shadow"),
            ]
        );
    }
}
