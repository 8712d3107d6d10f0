//! The states of hand-made epochs, and the disk that they are.

use anyhow::Result;
use embedded_io::{ErrorKind, Read, Seek, SeekFrom, Write};
use image_format::disk::Role;

use super::*;
use crate::replay::small_device::SmallDevice;

fn write(sector: u64, bytes: &[u8]) -> Request<'_> {
    Request::Write { sector, bytes }
}

fn read(disk: &mut ReplayedDisk, sector: u64) -> [u8; SECTOR_BYTES] {
    let mut bytes = [0; SECTOR_BYTES];
    disk.seek(SeekFrom::Start(sector * SECTOR_BYTES as u64))
        .unwrap();
    disk.read_exact(&mut bytes).unwrap();
    bytes
}

#[test]
fn epochs_lie_between_flushes_and_keep_their_numbers() {
    let one = write(1, &[1; SECTOR_BYTES]);
    let flush = Request::Flush;
    let log = [flush, one, one, flush, flush, one];
    let lengths: Vec<_> = epochs(&log)
        .iter()
        .map(|epoch| (epoch.first, epoch.requests.len()))
        .collect();
    assert_eq!(lengths, [(1, 2), (5, 1)]);
}

#[test]
fn a_write_of_two_sectors_stops_at_each_of_them() -> Result<()> {
    let device = SmallDevice::new()?;
    let before = device.disk()?;
    let sector = device.state_sector(0) + 1;
    let bytes = [[1; SECTOR_BYTES], [2; SECTOR_BYTES]].concat();
    let log = [write(sector, &bytes)];
    let found: Vec<_> = epochs(&log)[0]
        .states(&before)?
        .into_iter()
        .map(|State { cut, mut disk, .. }| {
            let [first, second] = [0, 1].map(|at| read(&mut disk, sector + at)[0]);
            (cut, first, second)
        })
        .collect();
    let inside = |sectors, next| Cut::Inside { sectors, next };
    assert_eq!(
        found,
        [
            (inside(0, Edge::Garbled), 0xa5, 0),
            (inside(1, Edge::Old), 1, 0),
            (inside(1, Edge::Garbled), 1, 0xa5),
            (Cut::After, 1, 2)
        ]
    );
    Ok(())
}

#[test]
fn of_several_writes_each_is_missing_and_alone_once() -> Result<()> {
    let device = SmallDevice::new()?;
    let before = device.disk()?;
    let sector = device.state_sector(0) + 1;
    let bytes = [1, 2, 3].map(|byte| [byte; SECTOR_BYTES]);
    let writable = write(device.sector(Role::Writable), &bytes[0]);
    let log = [
        write(sector, &bytes[0]),
        writable,
        write(sector + 1, &bytes[1]),
        write(sector + 2, &bytes[2]),
    ];
    let content = |cut| -> Result<Vec<_>> {
        let states = epochs(&log)[0].states(&before)?;
        let of_cut = states.into_iter().filter(|state| state.cut == cut);
        Ok(of_cut
            .map(|mut state| {
                let content = [0, 1, 2].map(|at| read(&mut state.disk, sector + at)[0]);
                (state.request, content)
            })
            .collect())
    };
    assert_eq!(
        content(Cut::Missing)?,
        [(0, [0, 2, 3]), (2, [1, 0, 3]), (3, [1, 2, 0])]
    );
    assert_eq!(
        content(Cut::Alone)?,
        [(0, [1, 0, 0]), (2, [0, 2, 0]), (3, [0, 0, 3])]
    );
    assert_eq!(content(Cut::After)?.len(), 4);
    Ok(())
}

#[test]
fn the_disk_reads_what_was_written_and_its_name_tells_of_it() -> Result<()> {
    let device = SmallDevice::new()?;
    let mut disk = device.disk()?;
    let empty = disk.digest();
    let start = device.state_sector(0) * SECTOR_BYTES as u64 + SECTOR_BYTES as u64;
    disk.seek(SeekFrom::Start(start + 500)).unwrap();
    disk.write_all(&[7; 600]).unwrap();
    assert_ne!(disk.digest(), empty);
    let mut bytes = [9; 602];
    disk.seek(SeekFrom::Start(start + 499)).unwrap();
    disk.read_exact(&mut bytes).unwrap();
    assert_eq!((bytes[0], bytes[601]), (0, 0));
    assert!(bytes[1..601].iter().all(|byte| *byte == 7));
    // As before: the same disk again.
    disk.seek(SeekFrom::Start(start + 500)).unwrap();
    disk.write_all(&[0; 600]).unwrap();
    assert_eq!(disk.digest(), empty);
    Ok(())
}

#[test]
fn there_is_no_writable_and_who_reads_there_is_noticed() -> Result<()> {
    let device = SmallDevice::new()?;
    let mut disk = device.disk()?;
    let sector = device.sector(Role::Writable);
    let empty = disk.digest();
    disk.apply(&write(sector, &[1; SECTOR_BYTES]))?;
    assert_eq!(disk.digest(), empty);
    assert!(!disk.strayed());
    disk.seek(SeekFrom::Start((sector - 1) * SECTOR_BYTES as u64))
        .unwrap();
    let error = disk.read(&mut [0; SECTOR_BYTES + 1]).unwrap_err();
    assert_eq!(error, ErrorKind::PermissionDenied);
    assert!(disk.strayed());
    Ok(())
}
