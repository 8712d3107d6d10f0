//! Every board of the repository is good, and bad ones get their own reason.

use std::error::Error;

use super::*;

const GOOD: &str = include_str!("../x86_64-uefi.toml");

fn refusal(id: &str, text: &str) -> String {
    match parse_board(id, text) {
        Ok(_) => panic!("accepted"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn every_board_of_the_repository_is_good() -> Result<(), Box<dyn Error>> {
    let boards = Path::new(env!("CARGO_MANIFEST_DIR"));
    let known = read_known_boards(boards)?;
    assert!(known.contains(&"x86_64-uefi".to_owned()));
    for id in known {
        assert_eq!(read_board(boards, &id)?.id, id);
    }
    Ok(())
}

#[test]
fn an_unknown_board_lists_those_there_are() {
    let boards = Path::new(env!("CARGO_MANIFEST_DIR"));
    for id in ["toaster", "Cargo", "../boards/x86_64-uefi"] {
        let error = read_board(boards, id).map_err(|error| error.to_string());
        let text = error.expect_err("refused");
        assert!(text.contains("unknown board"), "{text}");
        assert!(text.contains("x86_64-uefi"), "{text}");
    }
}

#[test]
fn an_unknown_key_is_named() {
    let text = refusal("b", &format!("{GOOD}\nturbo = true\n"));
    assert!(text.contains("turbo"), "{text}");
}

#[test]
fn a_missing_key_is_named() {
    let text = refusal("b", &GOOD.replace("machine = \"q35\"", ""));
    assert!(text.contains("machine"), "{text}");
}

#[test]
fn a_command_line_without_panic_is_refused() {
    let text = refusal("b", &GOOD.replace("\"panic=10\", ", ""));
    assert!(text.contains("no panic="), "{text}");
}

#[test]
fn a_word_that_only_contains_panic_does_not_count() {
    let text = refusal("b", &GOOD.replace("\"panic=10\"", "\"softlockup_panic=1\""));
    assert!(text.contains("no panic="), "{text}");
}

#[test]
fn floor_homes_that_no_loader_has_are_refused() {
    let with = |homes: &str| {
        let good = r#"["boot-state", "uefi-variable"]"#;
        assert!(GOOD.contains(good));
        GOOD.replace(good, homes)
    };
    for homes in [
        "[]",
        r#"["uefi-variable"]"#,
        r#"["uefi-variable", "boot-state"]"#,
        r#"["boot-state", "boot-state"]"#,
        r#"["boot-state", "uefi-variable", "uefi-variable"]"#,
    ] {
        let text = refusal("b", &with(homes));
        assert!(text.contains("loader.floor_homes must be"), "{text}");
    }
    let text = refusal("b", &with(r#"["boot-state", "cupboard"]"#));
    assert!(text.contains("cupboard"), "{text}");
    assert!(parse_board("b", &with(r#"["boot-state"]"#)).is_ok());
}

#[test]
fn every_floor_home_has_the_name_that_a_file_calls_it_by() -> Result<(), Box<dyn Error>> {
    let loader = parse_board("b", GOOD)?.loader;
    assert_eq!(loader.floor_homes_list(), "boot-state,uefi-variable");
    Ok(())
}

#[test]
fn loading_a_module_that_is_not_there_is_refused() {
    let text = refusal("b", &GOOD.replace("load = [", "load = [\"zram\", "));
    assert!(text.contains("zram"), "{text}");
}

#[test]
fn a_loader_partition_too_small_for_fat32_is_refused() {
    let text = refusal(
        "b",
        &GOOD.replace("system_boot_mib = 64", "system_boot_mib = 32"),
    );
    assert!(
        text.contains("system_boot_mib must be at least 64"),
        "{text}"
    );
}

#[test]
fn an_id_that_no_manifest_can_carry_is_refused() {
    for id in [
        "",
        "Board",
        "a b",
        "a-board-with-a-name-of-more-than-32-bytes",
    ] {
        assert!(refusal(id, GOOD).contains("board id"), "{id}");
    }
}

#[test]
fn the_last_console_comes_last() -> Result<(), Box<dyn Error>> {
    let board = parse_board("b", GOOD)?;
    assert!(
        board
            .kernel
            .command_line()
            .starts_with("console=tty0 console=ttyS0,115200 panic=10")
    );
    Ok(())
}

/// A board with a part of the firmware on its disk, and a file for its machine.
fn with_firmware(part: &str, file: &str) -> String {
    format!(
        "{GOOD}\n[[firmware_parts]]\nat_bytes = 8192\nfrom = {{ package = \"p\", file = \"{part}\" }}\n\
         [[qemu.firmware_files]]\nargument = \"-bios\"\nfrom = {{ package = \"p\", file = \"{file}\" }}\n"
    )
}

#[test]
fn parts_of_the_firmware_come_from_packages() -> Result<(), Box<dyn Error>> {
    let board = parse_board(
        "b",
        &with_firmware("usr/lib/spl.bin", "usr/lib/x-*/u-boot.bin"),
    )?;
    assert_eq!(board.firmware_parts[0].at_bytes, 8192);
    assert_eq!(board.firmware_parts[0].from.file, "usr/lib/spl.bin");
    assert_eq!(board.qemu.firmware_files[0].argument, "-bios");
    assert_eq!(board.qemu.firmware_files[0].from.package, "p");
    let text = with_firmware("a", "b").replace("argument =", "option =");
    assert!(refusal("b", &text).contains("option"));
    Ok(())
}

#[test]
fn a_file_that_may_lie_outside_of_its_package_is_refused() {
    for bad in [
        "/etc/passwd",
        "../a",
        "a/../b",
        "a//b",
        "./a",
        "",
        "a*b/c",
        "*a/b",
        "a/b*",
        "a/",
    ] {
        for text in [with_firmware(bad, "good"), with_firmware("good", bad)] {
            assert!(
                refusal("b", &text).contains("no path in a package"),
                "{bad}"
            );
        }
    }
}

#[test]
fn a_table_without_room_for_our_partitions_is_refused() {
    let with = |entries: u32| {
        let key = format!("[geometry]\ntable_entries = {entries}\n");
        GOOD.replace("[geometry]\n", &key)
    };
    for entries in [0, 5, 129] {
        assert!(refusal("b", &with(entries)).contains("geometry.table_entries"));
    }
    assert!(parse_board("b", &with(56)).is_ok_and(|board| board.geometry.table_entries == 56));
    assert!(parse_board("b", GOOD).is_ok_and(|board| board.geometry.table_entries == 128));
}
const OPEN_FIRMWARE: &str = include_str!("../power-pseries.toml");

#[test]
fn a_path_on_the_esp_goes_with_uefi_only() {
    let path = "esp_path = \"EFI/BOOT/BOOTX64.EFI\"\n";
    let without = refusal("b", &GOOD.replace(path, ""));
    assert!(without.contains("loader.esp_path goes with"), "{without}");
    let with = OPEN_FIRMWARE.replace("[loader]\n", &format!("[loader]\n{path}"));
    let with = refusal("b", &with);
    assert!(with.contains("loader.esp_path goes with"), "{with}");
}

#[test]
fn a_prep_partition_may_be_smaller_than_any_fat32() -> Result<(), Box<dyn Error>> {
    assert!(parse_board("b", OPEN_FIRMWARE)?.geometry.system_boot_mib < 64);
    Ok(())
}
