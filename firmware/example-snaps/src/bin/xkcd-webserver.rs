//! Serves a comic at port 80.

use example_snaps::web::{Page, listen, serve};
use std::io;

/// Drawn for this snap.
const COMIC: &str = include_str!("../comic.html");
const PORT: u16 = 80;

fn main() -> io::Result<()> {
    let listener = listen(PORT)?;
    println!("a comic is served at port {PORT}");
    serve(&listener, || {
        Ok(Page {
            media_type: "text/html; charset=utf-8",
            body: COMIC.to_owned(),
        })
    });
    Ok(())
}
