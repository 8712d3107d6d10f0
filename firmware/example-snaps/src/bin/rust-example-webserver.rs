//! Counts its visitors, at port 8080. The number is in `$SNAP_DATA`, so that it goes with the
//! snap's data: an update copies it, a rollback brings back what it was.

use example_snaps::web::{Page, listen, plain, serve};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::{env, fs};

const PORT: u16 = 8080;

fn main() -> io::Result<()> {
    let data = env::var_os("SNAP_DATA").ok_or_else(|| {
        io::Error::other("cannot keep a number: $SNAP_DATA is not set; run it as a snap's service")
    })?;
    let file = Mutex::new(PathBuf::from(data).join("visitors"));
    let listener = listen(PORT)?;
    println!("visitors are counted at port {PORT}");
    serve(&listener, || {
        greet(&file.lock().unwrap_or_else(PoisonError::into_inner))
    });
    Ok(())
}

fn greet(file: &Path) -> io::Result<Page> {
    let visitors = count(file)?;
    Ok(plain(format!("Hello from a snap, visitor {visitors}!\n")))
}

/// One more than the file says. It is replaced whole; its last numbers may be lost with the
/// power, and only its last numbers.
fn count(file: &Path) -> io::Result<u64> {
    let before = match fs::read_to_string(file) {
        Ok(text) => text.trim().parse().map_err(io::Error::other)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(error),
    };
    let number = before + 1u64;
    let new = file.with_extension("new");
    fs::write(&new, format!("{number}\n"))?;
    fs::rename(&new, file)?;
    Ok(number)
}
