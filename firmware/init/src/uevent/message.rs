//! What the kernel announces, as bytes and as types. Also compiled by the fuzz targets.

/// What this program cares about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Uevent {
    /// A block device appeared or changed.
    BlockDevice,
    /// dm-verity met a block that does not match.
    VerityError {
        /// The kernel's name of the mapped device, `dm-0`.
        device: String,
        /// The block that the kernel names.
        block: DamagedBlock,
    },
    /// Events were lost: whoever waits for something has to look for itself.
    Lost,
}

/// A block that does not match the hash tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DamagedBlock {
    /// Of the file system, counted from its start.
    Data(u64),
    /// Of the tree, counted from the start of the mapped data.
    Tree(u64),
}

impl DamagedBlock {
    /// Counted from the start of the root, behind which the tree lies.
    pub(crate) fn number(self) -> u64 {
        match self {
            Self::Data(block) | Self::Tree(block) => block,
        }
    }
}

/// `ACTION@DEVPATH\0KEY=VALUE\0...`; what this program does not care about is
/// `None`, and so is whatever is not of that form.
pub(crate) fn parse_uevent(message: &[u8]) -> Option<Uevent> {
    let text = core::str::from_utf8(message).ok()?;
    let mut fields = text.split('\0');
    let (action, path) = fields.next()?.split_once('@')?;
    let value = |key: &str| {
        fields
            .clone()
            .find_map(|field| field.strip_prefix(key)?.strip_prefix('='))
    };
    if value("SUBSYSTEM") != Some("block") {
        return None;
    }
    if let Some(block) = value("DM_VERITY_ERR_BLOCK_NR") {
        return Some(Uevent::VerityError {
            device: path.rsplit('/').next()?.to_owned(),
            block: parse_damaged_block(block)?,
        });
    }
    matches!(action, "add" | "change").then_some(Uevent::BlockDevice)
}

fn parse_damaged_block(value: &str) -> Option<DamagedBlock> {
    match value.split_once(',')? {
        ("0", block) => block.parse().ok().map(DamagedBlock::Data),
        ("1", block) => block.parse().ok().map(DamagedBlock::Tree),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verity(value: &str) -> Option<Uevent> {
        let message = format!(
            "change@/devices/virtual/block/dm-1\0ACTION=change\0\
             DEVPATH=/devices/virtual/block/dm-1\0SUBSYSTEM=block\0\
             DM_VERITY_ERR_BLOCK_NR={value}\0MAJOR=253\0MINOR=1\0DEVNAME=dm-1\0\
             DEVTYPE=disk\0DISKSEQ=7\0SEQNUM=1103\0"
        );
        parse_uevent(message.as_bytes())
    }

    #[test]
    fn a_verity_error_names_device_and_block() {
        let event = |block| {
            Some(Uevent::VerityError {
                device: "dm-1".to_owned(),
                block,
            })
        };
        assert_eq!(verity("0,4711"), event(DamagedBlock::Data(4711)));
        assert_eq!(verity("1,9000"), event(DamagedBlock::Tree(9000)));
        assert_eq!(verity("2,1"), None);
        assert_eq!(verity("0"), None);
        assert_eq!(verity("0,x"), None);
    }

    #[test]
    fn only_block_devices_that_come_or_change_count() {
        let message = |action, subsystem| {
            format!(
                "{action}@/devices/x/vda\0ACTION={action}\0SUBSYSTEM={subsystem}\0DEVNAME=vda\0"
            )
        };
        let parse = |action, subsystem| parse_uevent(message(action, subsystem).as_bytes());
        assert_eq!(parse("add", "block"), Some(Uevent::BlockDevice));
        assert_eq!(parse("change", "block"), Some(Uevent::BlockDevice));
        assert_eq!(parse("remove", "block"), None);
        assert_eq!(parse("add", "tty"), None);
    }

    #[test]
    fn other_bytes_are_ignored() {
        for message in [
            &b""[..],
            b"\0",
            b"add",
            b"\xff@\0SUBSYSTEM=block\0",
            b"libudev\0",
        ] {
            assert_eq!(parse_uevent(message), None);
        }
    }
}
