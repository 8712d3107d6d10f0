//! Turns what the image builder hands over, in the environment, into compile-time constants
//! of a loader: the signed keyring, the board's name and what its file says.
//!
//! Called by the build scripts of the loaders. It reads no image and makes no key.

use std::env;
use std::path::Path;

const REMEDY: &str = "`cargo xtask image` sets it; set it by hand only to build the loader alone";

/// Tells cargo the constants of a loader for `firmware`, which can keep the floors in
/// `floor_homes`, each a list as in a board's file. What is missing or wrong ends the build
/// with an error that names it.
pub fn tell_cargo(firmware: &str, floor_homes: &[&str]) {
    for name in [
        "TWINKEEL_BOARD",
        "TWINKEEL_KEYRING",
        "TWINKEEL_FLOOR_HOMES",
        "TWINKEEL_WATCHDOG_SECS",
        "TWINKEEL_RESET_MARKER",
    ] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    let given = |name| env::var(name).ok();
    for checked in [
        board(given("TWINKEEL_BOARD")),
        homes(given("TWINKEEL_FLOOR_HOMES"), firmware, floor_homes),
        keyring(given("TWINKEEL_KEYRING")),
    ] {
        match checked {
            Ok((name, value)) => println!("cargo::rustc-env={name}={value}"),
            Err(reason) => println!("cargo::error={reason}"),
        }
    }
    if let Some(keyring) = given("TWINKEEL_KEYRING") {
        println!("cargo::rerun-if-changed={keyring}");
    }
}

/// A constant, or why there is none.
type Checked = Result<(&'static str, String), String>;

fn board(given: Option<String>) -> Checked {
    let name = "TWINKEEL_BOARD";
    match given {
        Some(board) if !board.is_empty() => Ok((name, board)),
        _ => Err(format!(
            "{name} is not set: the loader starts images of one board only; {REMEDY}"
        )),
    }
}

/// The homes as the board's file lists them. A word that is misspelt, or a home that this
/// firmware has not, must not make a loader with one home less.
fn homes(given: Option<String>, firmware: &str, known: &[&str]) -> Checked {
    let name = "TWINKEEL_FLOOR_HOMES";
    match given {
        Some(homes) if known.contains(&homes.as_str()) => Ok((name, homes)),
        Some(homes) => Err(format!(
            "{name}: no loader for {firmware} keeps floors in `{homes}`; {REMEDY}"
        )),
        None => Err(format!(
            "{name} is not set: it says where the floors are kept; {REMEDY}"
        )),
    }
}

/// The keyring's absolute path, for `include_bytes!` resolves a relative one against the
/// source file.
fn keyring(given: Option<String>) -> Checked {
    let name = "TWINKEEL_KEYRING";
    let given = given.ok_or_else(|| {
        format!("{name} is not set: it names the signed keyring to bake in; {REMEDY}")
    })?;
    if !Path::new(&given).is_absolute() {
        return Err(format!(
            "{name} must be an absolute path, not `{given}`; {REMEDY}"
        ));
    }
    match Path::new(&given).metadata() {
        Ok(file) if file.is_file() => Ok((name, given)),
        Ok(_) => Err(format!("{name}: `{given}` is not a file; {REMEDY}")),
        Err(error) => Err(format!("{name}: cannot read `{given}`: {error}; {REMEDY}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn a_loader_has_a_board() {
        assert_eq!(board(some("b")), Ok(("TWINKEEL_BOARD", "b".to_owned())));
        for nothing in [None, some("")] {
            assert!(board(nothing).is_err_and(|why| why.contains("TWINKEEL_BOARD is not set")));
        }
    }

    #[test]
    fn a_home_that_the_firmware_has_not_is_refused() {
        let known = ["boot-state", "boot-state,uefi-variable"];
        for good in known {
            assert!(homes(some(good), "UEFI", &known).is_ok());
        }
        for bad in ["", "boot-state,", "uefi-variable", "boot-state,tpm"] {
            let refused = homes(some(bad), "UEFI", &known);
            assert!(refused.is_err_and(|why| why.contains("no loader for UEFI")));
        }
        assert!(homes(None, "UEFI", &known).is_err());
    }

    #[test]
    fn a_keyring_is_a_file_with_an_absolute_path() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let path = file.path().display().to_string();
        assert_eq!(keyring(Some(path.clone())), Ok(("TWINKEEL_KEYRING", path)));
        for (bad, told) in [
            ("root.keyring", "absolute path"),
            ("/", "is not a file"),
            ("/nowhere/root.keyring", "cannot read"),
        ] {
            assert!(keyring(some(bad)).is_err_and(|why| why.contains(told)));
        }
        assert!(keyring(None).is_err_and(|why| why.contains("is not set")));
    }
}
