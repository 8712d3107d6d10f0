//! Which file of an old release a file of the new one was.

use std::collections::HashMap;
use std::hash::Hash;

/// The files of an old release, by their paths and by what stays of a path when a version in
/// it changes: in the directories above, or in the name as well.
#[derive(Clone, Debug)]
pub struct Predecessors<'a, T> {
    exact: HashMap<&'a [u8], &'a T>,
    same_name: HashMap<Vec<u8>, &'a T>,
    alike: HashMap<Vec<u8>, &'a T>,
}

impl<'a, T> Predecessors<'a, T> {
    /// Of `files`, whose paths `path` tells.
    #[must_use]
    pub fn of(files: &'a [T], path: impl Fn(&'a T) -> &'a [u8]) -> Self {
        fn by<'a, T, K: Eq + Hash>(files: &'a [T], key: impl Fn(&'a T) -> K) -> HashMap<K, &'a T> {
            files.iter().map(|file| (key(file), file)).collect()
        }
        Self {
            exact: by(files, &path),
            same_name: by(files, |file| in_any_version(path(file))),
            alike: by(files, |file| without_numbers(path(file))),
        }
    }

    /// What the file at `path` was.
    #[must_use]
    pub fn find(&self, path: &[u8]) -> Option<&'a T> {
        let same_name = || self.same_name.get(&in_any_version(path));
        let alike = || self.alike.get(&without_numbers(path));
        let exact = self.exact.get(path);
        exact.or_else(same_name).or_else(alike).copied()
    }
}

/// The path with the numbers of its directories left out.
fn in_any_version(path: &[u8]) -> Vec<u8> {
    let slash = path.iter().rposition(|byte| *byte == b'/');
    let (directory, name) = path.split_at(slash.unwrap_or(0));
    [&without_numbers(directory), name].concat()
}

/// `lib/modules/6.1.0-50-amd64/a.ko` and `lib/modules/6.1.0-56-amd64/a.ko` are the same module.
fn without_numbers(path: &[u8]) -> Vec<u8> {
    let digit_or_not = |byte: &u8| if byte.is_ascii_digit() { b'#' } else { *byte };
    let mut kept: Vec<u8> = path.iter().map(digit_or_not).collect();
    kept.dedup_by(|a, b| *a == b'#' && *b == b'#');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_in_a_path_does_not_hide_a_file() {
        let old = ["/lib/6.1.9/a.ko", "/lib/6.1.9/b2.ko", "/lib/6.1.9/b3.ko"];
        let files = Predecessors::of(&old, |path| path.as_bytes());
        let found = |path: &str| files.find(path.as_bytes()).copied();
        assert_eq!(found("/lib/6.1.9/b2.ko"), Some(old[1]));
        assert_eq!(found("/lib/6.1.10/a.ko"), Some(old[0]));
        assert_eq!(found("/lib/6.1.10/b2.ko"), Some(old[1]));
        assert_eq!(found("/lib/6.1.10/b3.ko"), Some(old[2]));
        assert!(found("/lib/6.1.9/b4.ko").is_some());
        assert_eq!(found("/lib/6.1.10/c.ko"), None);
    }
}
