//! A message of the kernel's event socket.
//!
//! An event that is about a damaged block names a device without a path, and a block whose
//! number stands in the message.

use crate::init::message::{DamagedBlock, Uevent, parse_uevent};
use crate::{Answer, Seed, Target};

pub(crate) const TARGET: Target = Target {
    name: "uevent",
    about: "the kernel's announcements, in PID 1",
    max_bytes: 8 << 10,
    run,
    seeds,
};

fn run(message: &[u8]) -> Answer {
    let Some(event) = parse_uevent(message) else {
        return Answer::Refused;
    };
    let text = core::str::from_utf8(message).expect("an event is text");
    assert!(text.split('\0').any(|field| field == "SUBSYSTEM=block"));
    match event {
        Uevent::BlockDevice => assert!(text.starts_with("add@") || text.starts_with("change@")),
        Uevent::VerityError { device, block } => {
            assert!(!device.contains(['/', '\0']));
            let (_, path) = text.split_once('@').expect("an event has a path");
            assert!(path.contains(&device));
            let prefix = match block {
                DamagedBlock::Data(_) => "DM_VERITY_ERR_BLOCK_NR=0,",
                DamagedBlock::Tree(_) => "DM_VERITY_ERR_BLOCK_NR=1,",
            };
            // The first field is the action and the path, whatever it looks like.
            let number = text
                .split('\0')
                .skip(1)
                .find_map(|field| field.strip_prefix(prefix));
            assert_eq!(
                number.and_then(|number| number.parse().ok()),
                Some(block.number())
            );
        }
        Uevent::Lost => panic!("the socket says so, never a message"),
    }
    Answer::Accepted
}

fn seeds() -> Vec<Seed> {
    let message = |rest: &str| {
        let head = "change@/devices/virtual/block/dm-1\0ACTION=change\0SUBSYSTEM=block\0";
        format!("{head}{rest}SEQNUM=7\0").into_bytes()
    };
    vec![
        ("changed", message("")),
        ("data", message("DM_VERITY_ERR_BLOCK_NR=0,4711\0")),
        ("tree", message("DM_VERITY_ERR_BLOCK_NR=1,9\0")),
        (
            "number-in-the-path",
            b"DM_VERITY_ERR_BLOCK_NR=0,@/dm-1\0SUBSYSTEM=block\0DM_VERITY_ERR_BLOCK_NR=0,7\0"
                .to_vec(),
        ),
    ]
}
