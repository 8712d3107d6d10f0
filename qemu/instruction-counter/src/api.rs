//! QEMU's plugin interface, as far as counting needs it: `qemu-plugin.h`, version 2.
//! Specification: <https://www.qemu.org/docs/master/devel/tcg-plugins.html>.

use std::ffi::{c_int, c_uint, c_void};

/// What QEMU calls this plugin.
pub(crate) type PluginId = u64;

/// What QEMU says of itself; not looked at.
pub(crate) type Info = c_void;
/// Code that QEMU translates at once.
pub(crate) enum TranslationBlock {}
/// One instruction of it.
pub(crate) enum Instruction {}
enum Scoreboard {}

/// `QEMU_PLUGIN_INLINE_ADD_U64`
const ADD: c_int = 0;

/// A place in a scoreboard.
#[repr(C)]
#[derive(Clone, Copy)]
struct Place {
    score: *mut Scoreboard,
    offset: usize,
}

unsafe extern "C" {
    pub(crate) fn qemu_plugin_register_vcpu_tb_trans_cb(
        id: PluginId,
        callback: unsafe extern "C" fn(PluginId, *mut TranslationBlock),
    );
    pub(crate) fn qemu_plugin_register_vcpu_tb_exec_cb(
        block: *mut TranslationBlock,
        callback: unsafe extern "C" fn(c_uint, *const c_void),
        registers: c_int,
        data: *const c_void,
    );
    pub(crate) fn qemu_plugin_tb_n_insns(block: *const TranslationBlock) -> usize;
    pub(crate) fn qemu_plugin_tb_get_insn(
        block: *const TranslationBlock,
        index: usize,
    ) -> *mut Instruction;
    pub(crate) fn qemu_plugin_insn_vaddr(instruction: *const Instruction) -> u64;
    pub(crate) fn qemu_plugin_insn_haddr(instruction: *const Instruction) -> *mut c_void;
    fn qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(
        block: *mut TranslationBlock,
        operation: c_int,
        place: Place,
        operand: u64,
    );
    fn qemu_plugin_scoreboard_new(element_bytes: usize) -> *mut Scoreboard;
    fn qemu_plugin_u64_get(place: Place, processor: c_uint) -> u64;
}

/// A number for each processor, which translated code adds to by itself.
pub(crate) struct Counter(Place);

// SAFETY: QEMU keeps scoreboards for all of its threads; this holds an address only.
unsafe impl Send for Counter {}
// SAFETY: the same.
unsafe impl Sync for Counter {}

impl Counter {
    /// Zeros.
    ///
    /// # Safety
    /// Called while the plugin is installed, or later.
    pub(crate) unsafe fn new() -> Self {
        // SAFETY: the caller's.
        let score = unsafe { qemu_plugin_scoreboard_new(size_of::<u64>()) };
        Self(Place { score, offset: 0 })
    }

    /// Adds `instructions` each time `block` runs.
    ///
    /// # Safety
    /// `block` is being translated.
    pub(crate) unsafe fn add_each_time(&self, block: *mut TranslationBlock, instructions: u64) {
        // SAFETY: the caller's; the scoreboard is never freed.
        unsafe {
            qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(block, ADD, self.0, instructions);
        }
    }

    /// What that processor has counted.
    ///
    /// # Safety
    /// The machine has that processor.
    pub(crate) unsafe fn read(&self, processor: c_uint) -> u64 {
        // SAFETY: the caller's; the scoreboard is never freed.
        unsafe { qemu_plugin_u64_get(self.0, processor) }
    }
}
