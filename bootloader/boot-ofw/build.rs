//! Turns what the image builder hands over into compile-time constants, and names the
//! linker script. Called by cargo; it reads no image and makes no key.

use std::env;
use std::path::Path;

const REMEDY: &str = "`cargo xtask image` sets it; set it by hand only to build the loader alone";

fn main() {
    for name in [
        "TWINKEEL_BOARD",
        "TWINKEEL_KEYRING",
        "TWINKEEL_FLOOR_HOMES",
        "TWINKEEL_WATCHDOG_SECS",
        "TWINKEEL_RESET_MARKER",
    ] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("link.ld");
    println!("cargo::rerun-if-changed={}", script.display());
    // The headers and the code share a page in the file: the loader is small, and read whole.
    for argument in [
        format!("-T{}", script.display()),
        "-nostdlib".to_owned(),
        "--build-id=none".to_owned(),
        "-zmax-page-size=4096".to_owned(),
    ] {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
    if let Err(reason) = check_floor_homes() {
        println!("cargo::error={reason}");
    }
    match board() {
        Ok(board) => println!("cargo::rustc-env=TWINKEEL_BOARD={board}"),
        Err(reason) => println!("cargo::error={reason}"),
    }
    match keyring() {
        Ok(keyring) => {
            println!("cargo::rerun-if-changed={keyring}");
            println!("cargo::rustc-env=TWINKEEL_KEYRING={keyring}");
        }
        Err(reason) => println!("cargo::error={reason}"),
    }
}

fn board() -> Result<String, String> {
    match env::var("TWINKEEL_BOARD") {
        Ok(board) if !board.is_empty() => Ok(board),
        _ => Err(format!(
            "TWINKEEL_BOARD is not set: the loader starts images of one board only; {REMEDY}"
        )),
    }
}

/// A board that asks for a second home must not get a loader without one.
fn check_floor_homes() -> Result<(), String> {
    let homes = env::var("TWINKEEL_FLOOR_HOMES").map_err(|_| {
        format!("TWINKEEL_FLOOR_HOMES is not set: it says where the floors are kept; {REMEDY}")
    })?;
    match homes.as_str() {
        "boot-state" => Ok(()),
        _ => Err(format!(
            "TWINKEEL_FLOOR_HOMES: no loader for Open Firmware keeps floors in `{homes}`; {REMEDY}"
        )),
    }
}

/// The keyring's absolute path, for `include_bytes!` resolves a relative one
/// against the source file.
fn keyring() -> Result<String, String> {
    let given = env::var("TWINKEEL_KEYRING").map_err(|_| {
        format!("TWINKEEL_KEYRING is not set: it names the signed keyring to bake in; {REMEDY}")
    })?;
    if !Path::new(&given).is_absolute() {
        return Err(format!(
            "TWINKEEL_KEYRING must be an absolute path, not `{given}`; {REMEDY}"
        ));
    }
    match Path::new(&given).metadata() {
        Ok(file) if file.is_file() => Ok(given),
        Ok(_) => Err(format!(
            "TWINKEEL_KEYRING: `{given}` is not a file; {REMEDY}"
        )),
        Err(error) => Err(format!(
            "TWINKEEL_KEYRING: cannot read `{given}`: {error}; {REMEDY}"
        )),
    }
}
