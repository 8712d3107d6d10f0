//! Paths in a snap.yaml: with `$SNAP` and its like in front, and nothing that leads astray.

/// The variables that layouts may name.
const VARIABLES: [&str; 3] = ["SNAP", "SNAP_DATA", "SNAP_COMMON"];

/// No `.`, no `..`, no empty part, no `/` at the end.
pub(crate) fn is_clean(path: &str) -> bool {
    if path == "/" {
        return true;
    }
    let parts = path.strip_prefix('/').unwrap_or(path);
    parts
        .split('/')
        .all(|part| !matches!(part, "" | "." | ".."))
}

/// Whether it begins with one of `variables` and has something below it.
pub(crate) fn begins_with_variable(path: &str, variables: &[&str]) -> bool {
    let (first, below) = path.split_once('/').unwrap_or((path, ""));
    let name = first.strip_prefix('$');
    name.is_some_and(|name| variables.contains(&name)) && !below.is_empty()
}

/// The first `$NAME` in it that is no variable of a layout.
pub(crate) fn unknown_variable(path: &str) -> Option<&str> {
    let names = path.split('$').skip(1).map(|text| {
        let is_name = |c: char| c.is_ascii_alphabetic() || c == '_';
        let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
        text.get(..end).unwrap_or_default()
    });
    let mut unknown = names.filter(|name| !VARIABLES.contains(name));
    unknown.next()
}

/// The path as a running app of the snap `name` sees it, whatever its revision is.
pub(crate) fn expand(path: &str, name: &str) -> String {
    expand_for_revision(path, name, "current")
}

/// A path of a layout as a running app of that revision of the snap `name` sees it.
#[must_use]
pub fn expand_for_revision(path: &str, name: &str, revision: &str) -> String {
    path.replace("$SNAP_DATA", &format!("/var/snap/{name}/{revision}"))
        .replace("$SNAP_COMMON", &format!("/var/snap/{name}/common"))
        .replace("$SNAP", &format!("/snap/{name}/{revision}"))
}

/// Whether `path` is `above`, or below it.
pub(crate) fn is_within(path: &str, above: &str) -> bool {
    path.strip_prefix(above)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_path_has_one_way_to_write_it() {
        for good in ["/", "/a", "a/b", "$SNAP/a"] {
            assert!(is_clean(good), "{good}");
        }
        for bad in ["", "/a/", "//a", "/a/../b", "a/.", ".."] {
            assert!(!is_clean(bad), "{bad}");
        }
    }

    #[test]
    fn what_is_beside_is_not_within() {
        assert!(is_within("/a/b", "/a") && is_within("/a", "/a"));
        assert!(!is_within("/ab", "/a"));
    }

    #[test]
    fn a_variable_ends_with_its_name() {
        assert_eq!(unknown_variable("$SNAP/a$SNAP_DATA/b"), None);
        assert_eq!(unknown_variable("$SNAP_DATABASE/b"), Some("SNAP_DATABASE"));
        assert_eq!(unknown_variable("a$"), Some(""));
    }
}
