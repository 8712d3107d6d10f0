//! A plugin of QEMU that counts the instructions of a guest, and says how many there were
//! when the guest came by certain code.
//!
//! Started by `cargo xtask bench boot` with `-plugin FILE,loader=HEX,kernel=HEX`: each
//! argument names a mark by the machine code that it begins with. Every time the guest
//! jumps there, a line `NAME COUNT` goes to QEMU's standard output. Nothing of the guest is
//! changed: firmware, loader and kernel are those that run elsewhere.
//!
//! It counts by translation blocks, whole: what a block does not get to, as an exception
//! ends it, is counted all the same. Of a machine with one processor.
#![expect(unsafe_code, reason = "QEMU's plugin interface is C")]

mod api;
mod mark;

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::io::Write;
use std::sync::OnceLock;

use api::{Counter, Info, Instruction, PluginId, TranslationBlock};
use mark::Mark;

/// The interface that this is written for: the oldest with counters in translated code.
#[unsafe(no_mangle)]
#[allow(
    non_upper_case_globals,
    reason = "QEMU looks the variable up by this name"
)]
pub static qemu_plugin_version: c_int = 2;

/// What was asked for when QEMU started.
struct Session {
    counter: Counter,
    marks: Vec<Mark>,
}

static SESSION: OnceLock<Session> = OnceLock::new();

/// Called by QEMU once, before the machine is made. Anything but 0 ends QEMU.
///
/// # Safety
/// As QEMU calls it: `arguments` has `count` strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qemu_plugin_install(
    id: PluginId,
    _info: *const Info,
    count: c_int,
    arguments: *const *const c_char,
) -> c_int {
    let mut marks = Vec::new();
    for index in 0..usize::try_from(count).unwrap_or(0) {
        // SAFETY: QEMU gives that many arguments, each a C string that lives during the call.
        let argument = unsafe { CStr::from_ptr(*arguments.add(index)) };
        match Mark::parse(&argument.to_string_lossy()) {
            Some(mark) => marks.push(mark),
            None => {
                eprintln!("cannot use {argument:?} as a mark: give NAME=HEX");
                return 1;
            }
        }
    }
    // SAFETY: a plugin may make scoreboards from here on.
    let counter = unsafe { Counter::new() };
    if SESSION.set(Session { counter, marks }).is_err() {
        return 1;
    }
    // SAFETY: `translated` is a function of the type that QEMU calls, and never goes away.
    unsafe { api::qemu_plugin_register_vcpu_tb_trans_cb(id, translated) };
    0
}

/// Called by QEMU for every block that it translates: has the block counted each time it
/// runs, and the marks that begin with it told.
unsafe extern "C" fn translated(_: PluginId, block: *mut TranslationBlock) {
    let Some(session) = SESSION.get() else { return };
    // SAFETY: the block lives during this call, and has at least one instruction.
    let (instructions, first) = unsafe {
        (
            api::qemu_plugin_tb_n_insns(block),
            api::qemu_plugin_tb_get_insn(block, 0),
        )
    };
    // Before the block itself is counted: a mark's count is of all that ran before it.
    for mark in &session.marks {
        // SAFETY: as for the block.
        if unsafe { begins_with(first, mark) } {
            let mark: *const Mark = mark;
            // SAFETY: the session, and with it the mark, lives as long as QEMU.
            unsafe { api::qemu_plugin_register_vcpu_tb_exec_cb(block, passed, 0, mark.cast()) };
        }
    }
    // SAFETY: the counter lives as long as QEMU.
    unsafe { session.counter.add_each_time(block, instructions as u64) };
}

/// Whether the guest's memory from `first` on holds the code of `mark`.
///
/// # Safety
/// `first` is the first instruction of a block that is being translated.
unsafe fn begins_with(first: *mut Instruction, mark: &Mark) -> bool {
    // SAFETY: the caller's.
    let (host, guest) = unsafe {
        (
            api::qemu_plugin_insn_haddr(first).cast::<u8>(),
            api::qemu_plugin_insn_vaddr(first),
        )
    };
    if host.is_null() || !mark.fits_in_page_at(guest) {
        return false;
    }
    // SAFETY: `host` is the guest's memory where QEMU keeps it, which is contiguous at least
    // up to the end of the guest's page, and the mark ends before that.
    let code = unsafe { std::slice::from_raw_parts(host, mark.code.len()) };
    code == mark.code
}

/// Called by QEMU each time a block with a mark runs.
unsafe extern "C" fn passed(processor: c_uint, mark: *const c_void) {
    let Some(session) = SESSION.get() else { return };
    // SAFETY: what was registered: a mark of the session.
    let mark = unsafe { &*mark.cast::<Mark>() };
    // SAFETY: QEMU calls this for a processor that runs.
    let count = unsafe { session.counter.read(processor) };
    // Nobody listens any more: QEMU is about to be ended.
    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "{} {count}", mark.name).and_then(|()| output.flush());
}
