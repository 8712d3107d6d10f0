use super::*;
use crate::fixtures::Fixture;
use anyhow::{Context, Result, ensure};
use boot_core::read_layout;
use embedded_io_adapters::std::FromStd;
use gpt::GptConfig;
use gpt::disk::LogicalBlockSize;

/// Of a card that says 64 GB.
const CARD_BYTES: u64 = 63_864_569_856;

fn table_of(fixture: &Fixture) -> Result<Table> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("image");
    fixture.write(&path)?;
    Ok(Table::read(&File::open(path)?)?)
}

fn disk_with(table: &Table, size: DiskSize, guid: Guid) -> Result<File> {
    let disk = tempfile::tempfile()?;
    disk.set_len(size.length_bytes)?;
    let edges = table.edges(size, guid);
    disk.write_all_at(&edges.tail, size.tail_offset())?;
    disk.write_all_at(&edges.front, 0)?;
    Ok(disk)
}

#[test]
fn the_table_spans_the_disk_whatever_its_sectors() -> Result<()> {
    let mut short = Fixture::default();
    short.geometry.table_entries = 56;
    for fixture in [Fixture::default(), short] {
        let table = table_of(&fixture)?;
        for (sector_bytes, block) in [
            (512, LogicalBlockSize::Lb512),
            (4096, LogicalBlockSize::Lb4096),
        ] {
            let size = DiskSize {
                length_bytes: CARD_BYTES,
                sector_bytes,
            };
            let guid = Guid::from_random_bytes([3; 16]);
            let disk = disk_with(&table, size, guid)?;

            // As the loader reads it.
            let layout = read_layout(&mut FromStd::new(disk.try_clone()?))?;
            assert_eq!(layout.disk_guid, guid);
            let writable = layout.partition(Role::Writable).context("no writable")?;
            assert_eq!(
                writable.offset_bytes + writable.length_bytes,
                size.tail_offset()
            );

            // As others do: both tables, one at each end.
            let read = GptConfig::new()
                .logical_block_size(block)
                .only_valid_headers(true)
                .open_from_device(disk)?;
            let backup = read.backup_header();
            let backup = backup.as_ref().ok().context("no backup")?;
            assert_eq!((backup.current_lba + 1) * sector_bytes, CARD_BYTES);
            assert_eq!(backup.num_parts, fixture.geometry.table_entries);
            for (role, partition) in Role::ALL.iter().zip(read.partitions().values()) {
                assert_eq!(partition.name, role.name());
                assert_eq!(
                    partition.part_guid.to_string(),
                    partition_guid(*role, guid).to_string()
                );
                ensure!(partition.last_lba <= backup.last_usable);
            }
        }
    }
    Ok(())
}

#[test]
fn each_of_the_two_tables_is_enough() -> Result<()> {
    let table = table_of(&Fixture::default())?;
    for sector_bytes in [512, 4096] {
        let size = DiskSize {
            length_bytes: CARD_BYTES,
            sector_bytes,
        };
        let guid = Guid::from_random_bytes([4; 16]);
        for lost in [sector_bytes, CARD_BYTES - sector_bytes] {
            let disk = disk_with(&table, size, guid)?;
            disk.write_all_at(&[0xff; 92], lost)?;
            let layout = read_layout(&mut FromStd::new(disk))?;
            assert_eq!(layout.disk_guid, guid);
            assert!(layout.partition(Role::SystemBoot).is_some());
        }
    }
    Ok(())
}

#[test]
fn partitions_of_two_disks_have_different_guids() {
    let guids = [1, 2].map(|byte| Guid::from_random_bytes([byte; 16]));
    for role in Role::ALL {
        let [one, other] = guids.map(|guid| partition_guid(role, guid));
        assert_ne!(one, other);
    }
}
