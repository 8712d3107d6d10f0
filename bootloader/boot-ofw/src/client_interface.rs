//! Calls into Open Firmware: the client interface (IEEE 1275-1994, chapter 6), as far as
//! the loader needs it.
//!
//! Every service is a function here that takes and gives Rust's types. A handle exists
//! only when the firmware said so: SLOF dies of a handle that is none.
#![expect(unsafe_code, reason = "calls the firmware")]

use core::ffi::CStr;
use core::num::NonZeroU32;
use core::sync::atomic::{AtomicUsize, Ordering};

/// The firmware's entry: takes an array of cells, answers with 0 when it knew the service.
pub(crate) type ClientEntry = unsafe extern "C" fn(*mut u32) -> u32;

static ENTRY: AtomicUsize = AtomicUsize::new(0);

/// Of a service's array: its name, the number of arguments and that of results.
const HEAD_CELLS: usize = 3;
/// No service that is called here has more arguments and results together.
const MOST_CELLS: usize = 6;
const FAILED: u32 = u32::MAX;

/// A node of the device tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node(NonZeroU32);

/// An open device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instance(NonZeroU32);

/// Remembers the firmware's entry.
///
/// # Safety
/// It is the one that the firmware entered the loader with.
pub(crate) unsafe fn set_entry(entry: ClientEntry) {
    ENTRY.store(entry as usize, Ordering::Relaxed);
}

/// The entry, for the kernel that comes next.
pub(crate) fn entry() -> usize {
    ENTRY.load(Ordering::Relaxed)
}

/// The node of that path.
pub(crate) fn find_node(path: &CStr) -> Option<Node> {
    // SAFETY: the service reads the path.
    let [handle] = unsafe { call(c"finddevice", [address(path.as_ptr())]) }?;
    valid(handle).map(Node)
}

/// What the node's property holds, as far as it fits into `room`.
pub(crate) fn read_property<'a>(node: Node, name: &CStr, room: &'a mut [u8]) -> Option<&'a [u8]> {
    let arguments = [
        node.0.get(),
        address(name.as_ptr()),
        address(room.as_mut_ptr()),
        length(room)?,
    ];
    // SAFETY: the service reads the name and writes no more than the room's length.
    let [length] = unsafe { call(c"getprop", arguments) }?;
    let length = (length != FAILED).then_some(length)?;
    let whole = room.len();
    room.get(..whole.min(usize::try_from(length).ok()?))
}

/// Sets the node's property. `None` if the firmware does not.
pub(crate) fn write_property(node: Node, name: &CStr, value: &[u8]) -> Option<()> {
    let arguments = [
        node.0.get(),
        address(name.as_ptr()),
        address(value.as_ptr()),
        length(value)?,
    ];
    // SAFETY: the service copies name and value.
    let [written] = unsafe { call(c"setprop", arguments) }?;
    (written != FAILED).then_some(())
}

/// The device that the property of `/chosen` says is open, as `stdout`.
pub(crate) fn chosen_instance(name: &CStr) -> Option<Instance> {
    let mut handle = [0; 4];
    read_property(find_node(c"/chosen")?, name, &mut handle)?;
    valid(u32::from_be_bytes(handle)).map(Instance)
}

/// Opens a device.
pub(crate) fn open(path: &CStr) -> Option<Instance> {
    // SAFETY: the service reads the path.
    let [handle] = unsafe { call(c"open", [address(path.as_ptr())]) }?;
    valid(handle).map(Instance)
}

/// Moves a device to a position. `None` if it does not.
pub(crate) fn seek(device: Instance, position: u64) -> Option<()> {
    let [high, low] = halves(position);
    // SAFETY: the service touches no memory of ours.
    let [status] = unsafe { call(c"seek", [device.0.get(), high, low]) }?;
    (status != FAILED).then_some(())
}

/// Reads from a device's position on; returns how much it says it has read.
pub(crate) fn read(device: Instance, room: &mut [u8]) -> Option<usize> {
    let arguments = [device.0.get(), address(room.as_mut_ptr()), length(room)?];
    // SAFETY: the service writes no more than the room's length.
    let [done] = unsafe { call(c"read", arguments) }?;
    (done != FAILED).then(|| usize::try_from(done).ok())?
}

/// Writes at a device's position; returns how much it says it has written.
pub(crate) fn write(device: Instance, bytes: &[u8]) -> Option<usize> {
    let arguments = [device.0.get(), address(bytes.as_ptr()), length(bytes)?];
    // SAFETY: the service reads the bytes.
    let [done] = unsafe { call(c"write", arguments) }?;
    (done != FAILED).then(|| usize::try_from(done).ok())?
}

/// Whether these bytes of memory were free and are the caller's from now on.
pub(crate) fn claim(start: usize, length_bytes: usize) -> bool {
    let (Ok(start), Ok(length)) = (u32::try_from(start), u32::try_from(length_bytes)) else {
        return false;
    };
    // SAFETY: without an alignment the service takes exactly this memory, if it is free.
    let claimed = unsafe { call(c"claim", [start, length, 0]) };
    claimed == Some([start])
}

/// Gives memory back.
///
/// # Safety
/// It was claimed, in one piece, and nobody uses it any more.
pub(crate) unsafe fn release(start: usize, length_bytes: usize) {
    if let (Ok(start), Ok(length)) = (u32::try_from(start), u32::try_from(length_bytes)) {
        // SAFETY: promised by the caller.
        let _ = unsafe { call::<2, 0>(c"release", [start, length]) };
    }
}

/// Milliseconds since some time in the past.
pub(crate) fn milliseconds() -> u32 {
    // SAFETY: the service touches no memory of ours.
    let answer = unsafe { call(c"milliseconds", []) };
    answer.map_or(0, |[now]| now)
}

/// Starts the machine anew. Returns only if the firmware does not.
pub(crate) fn reset_all() {
    // SAFETY: the word ends everything that runs.
    let _ = unsafe { call::<1, 1>(c"interpret", [address(c"reset-all".as_ptr())]) };
}

/// Calls a service. `None` when the firmware does not know it.
///
/// # Safety
/// As the service defines it: what addresses among the arguments stand for is there and
/// may be read or written.
unsafe fn call<const ARGUMENTS: usize, const RESULTS: usize>(
    service: &CStr,
    arguments: [u32; ARGUMENTS],
) -> Option<[u32; RESULTS]> {
    const {
        assert!(ARGUMENTS + RESULTS <= MOST_CELLS);
    }
    let entry = entry();
    if entry == 0 {
        return None;
    }
    let mut cells = [FAILED; HEAD_CELLS + MOST_CELLS];
    let (head, rest) = cells.split_first_chunk_mut::<HEAD_CELLS>()?;
    *head = [
        address(service.as_ptr()),
        u32::try_from(ARGUMENTS).ok()?,
        u32::try_from(RESULTS).ok()?,
    ];
    let (given, _) = rest.split_first_chunk_mut::<ARGUMENTS>()?;
    *given = arguments;
    // SAFETY: `set_entry` was given the firmware's own entry.
    let entry = unsafe { core::mem::transmute::<usize, ClientEntry>(entry) };
    // SAFETY: the array is as long as it says; for its content the caller answers.
    let status = unsafe { entry(cells.as_mut_ptr()) };
    if status != 0 {
        return None;
    }
    let results = cells.get(HEAD_CELLS..)?.get(ARGUMENTS..)?;
    results.first_chunk().copied()
}

fn valid(handle: u32) -> Option<NonZeroU32> {
    NonZeroU32::new(handle).filter(|handle| handle.get() != FAILED)
}

/// The firmware reads and writes there, so the pointer's provenance goes with it.
fn address<T>(pointer: *const T) -> u32 {
    // Pointers have 32 bits here.
    u32::try_from(pointer.expose_provenance()).unwrap_or(0)
}

fn length(bytes: &[u8]) -> Option<u32> {
    u32::try_from(bytes.len()).ok()
}

/// The high and the low cell of a number.
fn halves(number: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
    [
        u32::from_be_bytes([a, b, c, d]),
        u32::from_be_bytes([e, f, g, h]),
    ]
}
