//! Turns what the image builder hands over into compile-time constants: the
//! signed keyring, the board's name and what its file says. Called by cargo; it reads no image and
//! makes no key.

use std::env;
use std::path::Path;

const REMEDY: &str = "`cargo xtask image` sets it; set it by hand only to build the loader alone";

/// For a loader that is built alone.
const WATCHDOG_SECS: u16 = 120;

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
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "uefi") {
        // The same inputs make the same bytes: no link time in the file, and no
        // debug information, whose mark depends on where it was built.
        println!("cargo::rustc-link-arg-bins=/Brepro");
        println!("cargo::rustc-link-arg-bins=/DEBUG:NONE");
        // Nothing unwinds: its 64 bytes are not worth a section of their own.
        println!("cargo::rustc-link-arg-bins=/MERGE:.eh_frame=.rdata");
    }
    if env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|architecture| architecture == "arm") {
        link_for_arm();
    }
    if env::var_os("TWINKEEL_WATCHDOG_SECS").is_none() {
        println!("cargo::rustc-env=TWINKEEL_WATCHDOG_SECS={WATCHDOG_SECS}");
    }
    match board() {
        Ok(board) => println!("cargo::rustc-env=TWINKEEL_BOARD={board}"),
        Err(reason) => println!("cargo::error={reason}"),
    }
    match floor_homes() {
        Ok(homes) => println!("cargo::rustc-env=TWINKEEL_FLOOR_HOMES={homes}"),
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

/// No UEFI target exists for 32-bit ARM, so its linker script makes what can be turned
/// into PE32: two parts in whole pages, and where they hold addresses.
fn link_for_arm() {
    let directory = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    println!("cargo::rerun-if-changed=arm.ld");
    for argument in [
        &format!("-T{directory}/arm.ld"),
        "--no-dynamic-linker",
        "-znorelro",
        "-zmax-page-size=4096",
        "--no-eh-frame-hdr",
        "--hash-style=sysv",
        "--build-id=none",
    ] {
        println!("cargo::rustc-link-arg-bins={argument}");
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

/// The homes as the board's file lists them. A word that is misspelt must not make a
/// loader with one home less.
fn floor_homes() -> Result<String, String> {
    let homes = env::var("TWINKEEL_FLOOR_HOMES").map_err(|_| {
        format!("TWINKEEL_FLOOR_HOMES is not set: it says where the floors are kept; {REMEDY}")
    })?;
    match homes.as_str() {
        "boot-state" | "boot-state,uefi-variable" => Ok(homes),
        _ => Err(format!(
            "TWINKEEL_FLOOR_HOMES: no loader for UEFI keeps floors in `{homes}`; {REMEDY}"
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
