//! The line to the store, which leads to blocks of what is here where it can.

use crate::device::Device;
use crate::snap_files::SnapFiles;
use snap_store::{Cost, Source, SourceError};
use std::fs::File;
use std::os::unix::fs::FileExt;

const BLOCK_BYTES: usize = snap_store::BLOCK_BYTES as usize;

impl Device {
    /// Where files are held, blocks of the snap are taken from there, at the same place.
    pub(crate) fn line<'a>(&'a self, address: &str, held: &[File]) -> Box<dyn Source + 'a> {
        let version = address.strip_prefix("store:").unwrap();
        let bytes = SnapFiles::get().bytes(version);
        let mut sent = bytes.clone();
        let mut is_here = vec![false; bytes.len() / BLOCK_BYTES];
        for file in held {
            for (number, block) in bytes.chunks(BLOCK_BYTES).enumerate() {
                let mut found = [0; BLOCK_BYTES];
                let at = number * BLOCK_BYTES;
                let read = file.read_exact_at(&mut found, at as u64);
                is_here[number] |= read.is_ok() && found == block;
                if is_here[number] && *self.misled.lock().unwrap() {
                    sent[at] ^= 1;
                }
            }
        }
        Box::new(Line {
            device: self,
            bytes: sent,
            is_here,
            cost: Cost::default(),
        })
    }
}

struct Line<'a> {
    device: &'a Device,
    bytes: Vec<u8>,
    is_here: Vec<bool>,
    cost: Cost,
}

impl Source for Line<'_> {
    fn read_exact_at(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        let at = usize::try_from(offset_bytes).unwrap();
        let bytes = self.bytes.get(at..at + buffer.len());
        let bytes = bytes.ok_or_else(|| SourceError("it ends early".into()))?;
        buffer.copy_from_slice(bytes);
        let is_here = |at: &usize| self.is_here[at / BLOCK_BYTES];
        let reused = (at..at + buffer.len()).filter(is_here).count() as u64;
        let fetched = buffer.len() as u64 - reused;
        self.cost.reused_bytes += reused;
        self.cost.fetched_bytes += fetched;
        *self.device.fetched_bytes.lock().unwrap() += fetched;
        Ok(())
    }

    fn cost(&self) -> Cost {
        self.cost.clone()
    }
}
