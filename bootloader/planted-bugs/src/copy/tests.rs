//! The copy follows the checkout, and only what changed is written.

use super::*;

#[test]
fn the_small_workspace_keeps_all_but_the_members() {
    let manifest = "[workspace]\nmembers = [\"a\"]\ndefault-members = [\"a\"]\nresolver = \"3\"\n";
    let small = small_workspace(manifest).unwrap();
    assert!(small.contains("bootloader/boot-sim") && small.contains("resolver = \"3\""));
    assert!(!small.contains("default-members"));
    assert_eq!(small_workspace("[package]"), None);
}

#[test]
fn a_directory_is_made_the_same() {
    let root = tempfile::tempdir().unwrap();
    let (from, to) = (root.path().join("from"), root.path().join("to"));
    for (path, content) in [
        ("from/src/kept.rs", "kept"),
        ("from/src/changed.rs", "new"),
        ("to/src/kept.rs", "kept"),
        ("to/src/changed.rs", "old"),
        ("to/src/gone.rs", "gone"),
        ("to/gone/too.rs", "gone"),
    ] {
        put(&root.path().join(path), content).unwrap();
    }
    let written = |path: &str| fs::metadata(to.join(path)).unwrap().modified().unwrap();
    let before = written("src/kept.rs");
    copy_directory(&from, &to).unwrap();
    assert_eq!(written("src/kept.rs"), before, "cargo would build it again");
    assert_eq!(fs::read(to.join("src/changed.rs")).unwrap(), b"new");
    assert!(!to.join("src/gone.rs").exists() && !to.join("gone").exists());
}
