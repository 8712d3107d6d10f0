//! Names the linker script, and has the board's constants made.

use std::path::Path;

fn main() {
    loader_constants::tell_cargo("Open Firmware", &["boot-state"]);
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
}
