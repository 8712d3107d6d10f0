//! The chunks that a device lacks, fetched from a web server on this machine: nothing is
//! prepared for the pair.

use crate::apply::{self, Applied};
use crate::pairs::Pair;
use crate::report::Row;
use anyhow::{Context, Result};
use image_builder::{chunk_file_of, write_chunk_file};
use std::fs;
use std::path::Path;
use std::thread;
use store_builder::DevelopmentServer;

/// What our device does where there is no patch.
pub(crate) fn measure(pair: &Pair<'_>, program: &Path) -> Result<Row> {
    let update = &pair.new.update;
    let chunks = chunk_file_of(update);
    write_chunk_file(update, &chunks)?;
    let (directory, name) = update.parent().zip(update.file_name()).context("no file")?;
    let server = DevelopmentServer::bind(directory, 0)?;
    let address = format!("http://{}/{}", server.address(), name.display());
    let out = update.with_extension("out");
    let applied = thread::scope(|scope| {
        scope.spawn(|| server.run(|_| ()));
        let words = [Path::new("chunks"), Path::new(&address), &pair.old.update];
        let applied = apply::run(program, &words, &out);
        server.stop();
        applied
    })?;
    fs::remove_file(&out)?;
    fs::remove_file(&chunks)?;
    let Applied { fetched_bytes, .. } = applied;
    let fetched = fetched_bytes.context("nobody says what was fetched")?;
    Ok(Row::other("adaptive", fetched, applied))
}
