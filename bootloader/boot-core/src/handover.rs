//! What Linux is told: the command line, and the verified manifest as a file.
//!
//! The manifest travels as a second archive behind the image's initrd, so that
//! PID 1 finds in `/manifest` the very bytes that the loader verified and never
//! reads them from the disk again. The archive is a cpio in the "newc" form
//! (Linux, `Documentation/driver-api/early-userspace/buffer-format.rst`).

use core::fmt::{self, Write};
use image_format::disk::Guid;
use image_format::manifest::MAX_COMMAND_LINE_BYTES;
use image_format::{BootNumber, Manifest, Refusal, Source};

/// The manifest's words, ` twinkeel.slot=` and the like.
pub type CommandLine = heapless::String<{ MAX_COMMAND_LINE_BYTES + 128 }>;

/// The manifest's words and exactly three of the loader's own. Whatever the
/// firmware was told to pass on is not in it.
///
/// # Errors
/// [`Refusal::CommandLine`] when the manifest's part is not printable ASCII or
/// is too long.
pub fn command_line(
    manifest: &Manifest<'_>,
    source: Source,
    disk_guid: Guid,
    boot_number: BootNumber,
) -> Result<CommandLine, Refusal> {
    let words = manifest.command_line;
    let printable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    if words.len() > MAX_COMMAND_LINE_BYTES || !words.bytes().all(printable) {
        return Err(Refusal::CommandLine);
    }
    let disk = GuidText(disk_guid);
    let mut line = CommandLine::new();
    // As strings of any length, so that what writes to them is in the loader once.
    write!(
        line.as_mut_view(),
        "{words} twinkeel.slot={source} twinkeel.disk={disk} twinkeel.boot={boot_number}"
    )
    .map_err(|_| Refusal::CommandLine)?;
    Ok(line)
}

/// A GUID as text (UEFI 2.10, appendix A). Its own `Display` can panic, and has the loader
/// carry what it would say; and its array of digits is a kilobyte of code.
struct GuidText(Guid);

impl fmt::Display for GuidText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [l0, l1, l2, l3, m0, m1, h0, h1, rest @ ..] = self.0.to_bytes();
        let low = u32::from_le_bytes([l0, l1, l2, l3]);
        let mid = u16::from_le_bytes([m0, m1]);
        let high = u16::from_le_bytes([h0, h1]);
        let rest = u64::from_be_bytes(rest);
        let (clock, node) = (rest >> 48, rest & 0xffff_ffff_ffff);
        write!(f, "{low:08x}-{mid:04x}-{high:04x}-{clock:04x}-{node:012x}")
    }
}

/// The name of the manifest's file in the initial root.
const NAME: &str = "manifest";
const TRAILER: &str = "TRAILER!!!";
const HEADER_BYTES: usize = 110;

/// Where the parts of the initrd that Linux gets lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InitrdPlan {
    /// The image's own initrd: from the start to here.
    pub image_end: usize,
    /// The manifest's archive: from here, after zeros, to the end.
    pub archive_start: usize,
    /// The whole length.
    pub end: usize,
}

/// Lays out an initrd of `image_bytes` and a manifest of `manifest_bytes`.
/// `None` when the sum is more than memory can hold.
#[must_use]
pub fn plan_initrd(image_bytes: usize, manifest_bytes: usize) -> Option<InitrdPlan> {
    let archive_start = image_bytes.checked_next_multiple_of(4)?;
    let file = entry_bytes(NAME, manifest_bytes)?;
    let end = archive_start
        .checked_add(file)?
        .checked_add(entry_bytes(TRAILER, 0)?)?;
    Some(InitrdPlan {
        image_end: image_bytes,
        archive_start,
        end,
    })
}

/// Writes the zeros and the archive behind the image's initrd. `None`, with
/// nothing useful written, when `initrd` is not of the planned length.
pub fn append_manifest(initrd: &mut [u8], plan: &InitrdPlan, manifest: &[u8]) -> Option<()> {
    let mut rest = initrd.get_mut(plan.image_end..plan.end)?;
    rest.fill(0);
    let gap = plan.archive_start.checked_sub(plan.image_end)?;
    rest = rest.get_mut(gap..)?;
    rest = put_entry(rest, NAME, 0o100_444, manifest)?;
    rest = put_entry(rest, TRAILER, 0, &[])?;
    rest.is_empty().then_some(())
}

/// Header and name, then content, each padded to four bytes.
fn entry_bytes(name: &str, content_bytes: usize) -> Option<usize> {
    let head = HEADER_BYTES.checked_add(name.len())?.checked_add(1)?;
    head.checked_next_multiple_of(4)?
        .checked_add(content_bytes.checked_next_multiple_of(4)?)
}

fn put_entry<'a>(out: &'a mut [u8], name: &str, mode: u32, content: &[u8]) -> Option<&'a mut [u8]> {
    let (entry, rest) = out.split_at_mut_checked(entry_bytes(name, content.len())?)?;
    let mut header = heapless::String::<HEADER_BYTES>::new();
    let content_bytes = u32::try_from(content.len()).ok()?;
    let name_bytes = u32::try_from(name.len()).ok()?.checked_add(1)?;
    // inode, mode, uid, gid, links, time, size, four device numbers, name, check
    let fields = [
        1,
        mode,
        0,
        0,
        1,
        0,
        content_bytes,
        0,
        0,
        0,
        0,
        name_bytes,
        0,
    ];
    header.push_str("070701").ok()?;
    fields
        .iter()
        .try_for_each(|field| write!(header.as_mut_view(), "{field:08x}"))
        .ok()?;
    let (head, body) = entry.split_at_mut_checked(entry_bytes(name, 0)?)?;
    head.get_mut(..HEADER_BYTES)?
        .copy_from_slice(header.as_bytes());
    head.get_mut(HEADER_BYTES..)?
        .get_mut(..name.len())?
        .copy_from_slice(name.as_bytes());
    body.get_mut(..content.len())?.copy_from_slice(content);
    Some(rest)
}
