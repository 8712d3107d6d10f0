//! A bug that cannot be planted is an error which tells what to do.

use super::*;

const FILE: &str = "bootloader/boot-core/src/choice.rs";

/// A checkout with one file, and a directory of one bug, `planted`.
fn checkout(code: &str, bug: &str) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join(FILE);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, code).unwrap();
    fs::create_dir(root.path().join("bugs")).unwrap();
    fs::write(root.path().join("bugs/planted.toml"), bug).unwrap();
    root
}

fn bug(file: &str, from: &str, to: &str) -> String {
    format!(
        "about = \"?\"\nfile = \"{file}\"\ncaught-by = [\"a-promise\"]\nfrom = \"{from}\"\nto = \"{to}\"\n"
    )
}

fn planted(code: &str, bug: &str) -> Result<String, BugError> {
    let root = checkout(code, bug);
    let bugs = read_bugs(&root.path().join("bugs"))?;
    assert_eq!(bugs[0].name, "planted");
    bugs[0].planted(root.path())
}

#[test]
fn the_text_that_is_there_once_is_changed() {
    let code = planted("one two three", &bug(FILE, "two", "2")).unwrap();
    assert_eq!(code, "one 2 three");
}

#[test]
fn a_text_that_is_gone_or_there_twice_is_an_error() {
    for (code, occurs) in [("one three", "0 times"), ("two two", "2 times")] {
        let error = planted(code, &bug(FILE, "two", "2")).unwrap_err();
        let words = error.to_string();
        assert!(words.contains(occurs) && words.contains("take the text as it is now"));
    }
}

#[test]
fn a_bug_that_changes_nothing_is_an_error() {
    let error = planted("two", &bug(FILE, "two", "two")).unwrap_err();
    assert!(matches!(error, BugError::Pointless { .. }), "{error}");
}

#[test]
fn only_code_that_is_shipped_is_changed() {
    let file = "bootloader/boot-sim/src/invariant.rs";
    let error = planted("two", &bug(file, "two", "2")).unwrap_err();
    assert!(matches!(error, BugError::NotShipped { .. }), "{error}");
}

#[test]
fn an_unknown_word_is_an_error() {
    let misspelt = bug(FILE, "two", "2").replace("caught-by", "caught_by");
    let error = planted("two", &misspelt).unwrap_err();
    assert!(matches!(error, BugError::Malformed { .. }), "{error}");
}
