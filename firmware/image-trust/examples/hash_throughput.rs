//! How fast this machine reads a file, and how fast it reads and hashes it: two numbers of
//! bytes a second, the best of several turns. Run by `cargo xtask bench boot`, which builds
//! it once for the processor's own SHA instructions and once without.

use std::fs::File;
use std::io::{self, Read};
use std::time::Instant;

use image_trust::Hasher;

const TURNS: usize = 7;

fn main() -> io::Result<()> {
    let path = std::env::args_os()
        .nth(1)
        .ok_or(io::ErrorKind::InvalidInput)?;
    // The first turn brings the file into memory: no disk is measured.
    read(&path, |_| ())?;
    let (mut plain, mut hashed) = (0.0_f64, 0.0_f64);
    for _ in 0..TURNS {
        plain = plain.max(read(&path, |_| ())?);
        let mut hasher = Hasher::new();
        hashed = hashed.max(read(&path, |bytes| hasher.update(bytes))?);
        std::hint::black_box(hasher.finish());
    }
    println!("{plain:.0} {hashed:.0}");
    Ok(())
}

/// Bytes a second.
fn read(path: &std::ffi::OsStr, mut take: impl FnMut(&[u8])) -> io::Result<f64> {
    let mut file = File::open(path)?;
    let mut chunk = vec![0; 1 << 20];
    let (start, mut total) = (Instant::now(), 0_u32);
    loop {
        let length = file.read(&mut chunk)?;
        if length == 0 {
            break;
        }
        take(&chunk[..length]);
        total = total.saturating_add(u32::try_from(length).unwrap_or(u32::MAX));
    }
    Ok(f64::from(total) / start.elapsed().as_secs_f64())
}
