//! Each board's loader meets the images of all boards.

mod device;

use boot_core::{Board, Halt};
use device::{Device, Image, Outcome};
use image_format::{Refusal, Slot, Source};
use std::path::Path;

/// The names of all boards of the repository.
fn boards() -> Vec<&'static str> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../boards");
    let files = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<&str> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "Cargo.toml")
        .filter_map(|name| Some(name.strip_suffix(".toml")?.to_owned().leak() as &str))
        .collect();
    names.sort_unstable();
    names
}

/// A device of the board `loader` with two signed images of the board `image`.
fn boot(loader: &'static str, image: &'static str) -> Outcome {
    let [a, b] = [2, 1].map(|version| Image {
        board: image,
        ..Image::new(version)
    });
    let mut device = Device::new(&a, &b);
    device.board = Board { id: loader };
    device.boot()
}

#[test]
fn a_loader_starts_the_images_of_its_own_board_and_of_no_other() {
    let boards = boards();
    assert!(boards.contains(&"x86_64-uefi") && boards.contains(&"power-pseries"));
    for loader in &boards {
        for image in &boards {
            let outcome = boot(loader, image);
            if loader == image {
                assert_eq!(outcome.started().slot(), "system-a", "{loader}");
                continue;
            }
            let Halt::NothingBoots(refused) = outcome.halted() else {
                panic!("{loader} did not read the images for {image}");
            };
            let refusal = Refusal::WrongBoard {
                image: (*image).try_into().unwrap(),
            };
            for slot in [Slot::A, Slot::B] {
                let expected = (Source::Slot(slot), refusal.clone());
                assert!(refused.contains(&expected), "{loader}: {refused:?}");
            }
        }
    }
}
