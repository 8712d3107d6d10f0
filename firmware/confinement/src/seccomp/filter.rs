//! The filter as the kernel runs it: classic BPF over `struct seccomp_data`.
//!
//! The number of a call is looked up by halving. The kernel remembers which calls are always
//! allowed and does not ask again; but to know them it tries every number there is when the
//! filter is set, at each start of a program, and a list would be read through for each.

use super::allowed::ALLOWED;
use super::architecture::Architecture;
use super::judged::{Case, Condition, JUDGED, Test};
use super::refused::REFUSED;
use std::collections::BTreeMap;

/// One instruction: `struct sock_filter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Instruction {
    pub(crate) code: u16,
    pub(crate) if_true: u8,
    pub(crate) if_false: u8,
    pub(crate) value: u32,
}

/// Loads 32 bits of the data at `value`.
pub(crate) const LOAD: u16 = 0x20;
/// Ends with `value`.
pub(crate) const RETURN: u16 = 0x06;
/// Goes `value` instructions further.
pub(crate) const JUMP: u16 = 0x05;
/// Is it `value`?
pub(crate) const JUMP_IF_EQUAL: u16 = 0x15;
/// Is it `value`, or above?
pub(crate) const JUMP_IF_AT_LEAST: u16 = 0x35;
/// Has it a bit of `value`?
pub(crate) const JUMP_IF_BIT: u16 = 0x45;

/// The process is killed: it calls Linux in another way than its architecture does.
pub(crate) const KILL: u32 = 0x8000_0000;
/// The call is made.
pub(crate) const ALLOW: u32 = 0x7fff_0000;
const ERROR: u32 = 0x0005_0000;
/// On all four architectures.
pub(crate) const NOT_PERMITTED: u32 = ERROR | 1;
/// Likewise.
pub(crate) const NOT_KNOWN: u32 = ERROR | 38;

const NUMBER_OFFSET: u32 = 0;
const ARCHITECTURE_OFFSET: u32 = 4;
const ARGUMENTS_OFFSET: u32 = 16;
/// Calls of x32 on x86_64: the same audit name, other numbers.
const X32_BIT: u32 = 0x4000_0000;

/// The filter for `architecture`.
pub(crate) fn filter_for(architecture: Architecture) -> Vec<Instruction> {
    let mut filter = vec![
        load(ARCHITECTURE_OFFSET),
        jump(JUMP_IF_EQUAL, architecture.audit(), 1, 0),
        end(KILL),
        load(NUMBER_OFFSET),
    ];
    if architecture == Architecture::X86_64 {
        filter.extend([jump(JUMP_IF_AT_LEAST, X32_BIT, 0, 1), end(KILL)]);
    }
    filter.extend(search(&runs_of(architecture)));
    filter
}

/// Calls with one verdict whose numbers follow each other.
struct Run {
    first: u32,
    /// Ends with the verdict.
    code: Vec<Instruction>,
}

/// From 0 on, without gaps; the last one has no end.
fn runs_of(architecture: Architecture) -> Vec<Run> {
    let mut verdicts = BTreeMap::new();
    let mut insert = |row, code: Vec<Instruction>| {
        if let Some(number) = architecture.number(row) {
            verdicts.insert(number, code);
        }
    };
    for row in &ALLOWED {
        insert(row, vec![end(ALLOW)]);
    }
    for judged in &JUDGED {
        insert(&judged.call, judge(judged.refused_if));
    }
    for row in &REFUSED {
        insert(row, vec![end(NOT_PERMITTED)]);
    }
    let not_known = vec![end(NOT_KNOWN)];
    let mut runs = Vec::new();
    let mut next = 0;
    for (number, code) in verdicts {
        if number > next {
            push(&mut runs, next, not_known.clone());
        }
        push(&mut runs, number, code);
        next = number + 1;
    }
    push(&mut runs, next, not_known);
    runs
}

fn push(runs: &mut Vec<Run>, first: u32, code: Vec<Instruction>) {
    if runs.last().is_none_or(|last| last.code != code) {
        runs.push(Run { first, code });
    }
}

/// Finds the run that a number is in, and ends as that does.
fn search(runs: &[Run]) -> Vec<Instruction> {
    if let [run] = runs {
        return run.code.clone();
    }
    let (lower, upper) = runs.split_at(runs.len() / 2);
    let below = search(lower);
    let over = u32::try_from(below.len()).expect("a filter has 4096 instructions at most");
    // A condition leads over 255 instructions at most.
    let mut code = vec![
        jump(JUMP_IF_AT_LEAST, upper[0].first, 0, 1),
        jump(JUMP, over, 0, 0),
    ];
    code.extend(below);
    code.extend(search(upper));
    code
}

/// Ends with a verdict in any case.
fn judge(cases: &[Case]) -> Vec<Instruction> {
    let mut block = Vec::new();
    for case in cases {
        // From behind: a condition that does not hold leads to the end of its case.
        let mut met = vec![end(NOT_PERMITTED)];
        for condition in case.iter().rev() {
            let skip = length(&met);
            let mut test = test(*condition, skip);
            test.append(&mut met);
            met = test;
        }
        block.append(&mut met);
    }
    block.push(end(ALLOW));
    block
}

/// Goes on if the condition holds, and over `skip` instructions if not.
fn test(Condition { argument, test }: Condition, skip: u8) -> Vec<Instruction> {
    // All four are little-endian: the lower half comes first.
    let mut code = vec![load(ARGUMENTS_OFFSET + 8 * u32::from(argument))];
    match test {
        Test::Is(value) => code.push(jump(JUMP_IF_EQUAL, value, 0, skip)),
        Test::HasBit(bits) => code.push(jump(JUMP_IF_BIT, bits, 0, skip)),
        Test::IsNone(values) => {
            for (index, value) in values.iter().enumerate() {
                let rest = values.len() - index - 1;
                let rest = u8::try_from(rest).unwrap_or(u8::MAX);
                code.push(jump(JUMP_IF_EQUAL, *value, rest + skip, 0));
            }
        }
    }
    code
}

fn length(code: &[Instruction]) -> u8 {
    u8::try_from(code.len()).expect("a block of a judged call is short")
}

fn load(offset: u32) -> Instruction {
    jump(LOAD, offset, 0, 0)
}

fn end(action: u32) -> Instruction {
    jump(RETURN, action, 0, 0)
}

fn jump(code: u16, value: u32, if_true: u8, if_false: u8) -> Instruction {
    Instruction {
        code,
        if_true,
        if_false,
        value,
    }
}
