//! Names the linker's arguments, and has the board's constants made.

use std::env;

/// For a loader that is built alone.
const WATCHDOG_SECS: u16 = 120;

fn main() {
    loader_constants::tell_cargo("UEFI", &["boot-state", "boot-state,uefi-variable"]);
    if env::var_os("TWINKEEL_WATCHDOG_SECS").is_none() {
        println!("cargo::rustc-env=TWINKEEL_WATCHDOG_SECS={WATCHDOG_SECS}");
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
