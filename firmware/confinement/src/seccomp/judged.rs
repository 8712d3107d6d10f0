//! System calls that a snap may make with some arguments and not with others.
//!
//! Arguments are compared by their lower 32 bits, which is all that the kernel takes of
//! each: who compares 64 is passed by with a bit in the upper half (snapd, CVE-2019-7303).

use super::architecture::{NONE, Row};

/// A call that is refused if any of the cases is met.
pub(super) struct Judged {
    pub(super) call: Row,
    pub(super) refused_if: &'static [Case],
}

/// All of these hold.
pub(super) type Case = &'static [Condition];

/// Something that holds for an argument.
#[derive(Clone, Copy)]
pub(super) struct Condition {
    /// Its place, from 0.
    pub(super) argument: u8,
    pub(super) test: Test,
}

#[derive(Clone, Copy)]
pub(super) enum Test {
    /// It is this.
    Is(u32),
    /// It is none of these.
    IsNone(&'static [u32]),
    /// It has one of these bits.
    HasBit(u32),
}

const fn argument(argument: u8, test: Test) -> Condition {
    Condition { argument, test }
}

/// `CLONE_NEWNS`, `NEWCGROUP`, `NEWUTS`, `NEWIPC`, `NEWUSER`, `NEWPID`, `NEWNET`.
const NEW_NAMESPACES: u32 = 0x7e02_0000;
const SET_ID_BITS: u32 = 0o6000;
/// On all four architectures.
const TIOCSTI: u32 = 0x5412;
const TIOCLINUX: u32 = 0x541c;
const O_CREAT: u32 = 0o100;
const O_TMPFILE: u32 = 0o20_000_000;
/// Local, IPv4, IPv6, netlink. What packets look like below that is nobody's business.
const ADDRESS_FAMILIES: &[u32] = &[1, 2, 10, 16];
/// Only routes: what programs ask for their own addresses.
const NETLINK: u32 = 16;
const NETLINK_ROUTE: &[u32] = &[0];
/// Asks for the present one; an ordinary one.
const PERSONALITIES: &[u32] = &[0xffff_ffff, 0, 8];

/// A file with a set-id bit, by a mode that is the first argument but one.
const MODE_1: &[Case] = &[&[argument(1, Test::HasBit(SET_ID_BITS))]];
const MODE_2: &[Case] = &[&[argument(2, Test::HasBit(SET_ID_BITS))]];

/// In the order of [`super::Architecture`].
pub(super) const JUDGED: [Judged; 15] = [
    Judged {
        call: ("clone", [56, 220, 120, 120]),
        refused_if: &[&[argument(0, Test::HasBit(NEW_NAMESPACES))]],
    },
    Judged {
        call: ("ioctl", [16, 29, 54, 54]),
        // Both type into somebody else's terminal.
        refused_if: &[
            &[argument(1, Test::Is(TIOCSTI))],
            &[argument(1, Test::Is(TIOCLINUX))],
        ],
    },
    Judged {
        call: ("socket", [41, 198, 281, 326]),
        refused_if: &[
            &[argument(0, Test::IsNone(ADDRESS_FAMILIES))],
            &[
                argument(0, Test::Is(NETLINK)),
                argument(2, Test::IsNone(NETLINK_ROUTE)),
            ],
        ],
    },
    Judged {
        call: ("personality", [135, 92, 136, 136]),
        refused_if: &[&[argument(0, Test::IsNone(PERSONALITIES))]],
    },
    Judged {
        call: ("chmod", [90, NONE, 15, 15]),
        refused_if: MODE_1,
    },
    Judged {
        call: ("fchmod", [91, 52, 94, 94]),
        refused_if: MODE_1,
    },
    Judged {
        call: ("fchmodat", [268, 53, 333, 297]),
        refused_if: MODE_2,
    },
    Judged {
        call: ("fchmodat2", [452, 452, 452, 452]),
        refused_if: MODE_2,
    },
    Judged {
        call: ("mknod", [133, NONE, 14, 14]),
        refused_if: MODE_1,
    },
    Judged {
        call: ("mknodat", [259, 33, 324, 288]),
        refused_if: MODE_2,
    },
    Judged {
        call: ("mkdir", [83, NONE, 39, 39]),
        refused_if: MODE_1,
    },
    Judged {
        call: ("mkdirat", [258, 34, 323, 287]),
        refused_if: MODE_2,
    },
    Judged {
        call: ("creat", [85, NONE, 8, 8]),
        refused_if: MODE_1,
    },
    Judged {
        call: ("open", [2, NONE, 5, 5]),
        refused_if: &[&[
            argument(1, Test::HasBit(O_CREAT | O_TMPFILE)),
            argument(2, Test::HasBit(SET_ID_BITS)),
        ]],
    },
    Judged {
        call: ("openat", [257, 56, 322, 286]),
        refused_if: &[&[
            argument(2, Test::HasBit(O_CREAT | O_TMPFILE)),
            argument(3, Test::HasBit(SET_ID_BITS)),
        ]],
    },
];
