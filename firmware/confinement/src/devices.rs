//! Device nodes: which there are, and a filter that the kernel asks whenever one is opened.
//!
//! The nodes are the snap's own, in its own `/dev`: their owner is its user. The filter
//! holds wherever a node may be, made or found.

use crate::cgroup::ControlGroup;
use crate::error::{Layer, LayerError, OfLayer};
use crate::sandbox::Sandbox;
use crate::system_calls;
use rustix::fs::{Dev, FileType, major, minor};
use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// A device node of the snap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// Below `/dev`.
    pub(crate) name: PathBuf,
    pub(crate) kind: Kind,
    pub(crate) number: Dev,
    pub(crate) access: Access,
}

/// Who may open it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Everybody,
    TheSnap,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Block,
    Character,
}

/// A device of the list, its minor number or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Allowed {
    kind: Kind,
    major: u32,
    minor: Option<u32>,
}

/// What every program expects, with the kernel's numbers.
const USUAL: [(&str, u32, u32); 6] = [
    ("null", 1, 3),
    ("zero", 1, 5),
    ("full", 1, 7),
    ("random", 1, 8),
    ("urandom", 1, 9),
    ("tty", 5, 0),
];

/// The multiplexer of terminals, and all terminals that come of it: of the snap's own
/// file system for them.
const TERMINALS: [Allowed; 2] = [
    Allowed {
        kind: Kind::Character,
        major: 5,
        minor: Some(2),
    },
    Allowed {
        kind: Kind::Character,
        major: 136,
        minor: None,
    },
];

/// The nodes that `sandbox` gets. A device of a plug that is not there is not given; one that
/// a person named has to be there.
pub(crate) fn nodes_of(sandbox: &Sandbox) -> Result<Vec<Node>, LayerError> {
    let mut nodes: Vec<_> = USUAL.iter().map(usual).collect();
    let names = fs::read_dir("/dev").layer(Layer::Devices, || "list /dev".to_owned())?;
    let names: Vec<_> = names
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let mut beginnings = sandbox.plugs.iter().flat_map(|plug| plug.device_names());
            beginnings.any(|beginning| name.starts_with(beginning))
        })
        .chain(sandbox.devices.iter().cloned())
        .collect();
    for path in names {
        let node =
            node_at(&path).layer(Layer::Devices, || format!("give it {}", path.display()))?;
        nodes.push(node);
    }
    Ok(nodes)
}

fn usual(&(name, major, minor): &(&str, u32, u32)) -> Node {
    Node {
        name: PathBuf::from(name),
        kind: Kind::Character,
        number: rustix::fs::makedev(major, minor),
        access: Access::Everybody,
    }
}

fn node_at(path: &Path) -> io::Result<Node> {
    let name = path
        .strip_prefix("/dev")
        .map_err(|_| io::Error::other("it is not below /dev"))?;
    let metadata = fs::metadata(path)?;
    let kind = match metadata.file_type() {
        kind if kind.is_block_device() => Kind::Block,
        kind if kind.is_char_device() => Kind::Character,
        _ => return Err(io::Error::other("it is no device")),
    };
    Ok(Node {
        name: name.to_owned(),
        kind,
        number: metadata.rdev(),
        access: Access::TheSnap,
    })
}

impl Node {
    pub(crate) fn file_type(&self) -> FileType {
        match self.kind {
            Kind::Block => FileType::BlockDevice,
            Kind::Character => FileType::CharacterDevice,
        }
    }
}

/// Ties the filter for `nodes` to the group.
pub(crate) fn restrict(group: &ControlGroup, nodes: &[Node]) -> Result<(), LayerError> {
    let named = nodes.iter().map(|node| Allowed {
        kind: node.kind,
        major: major(node.number),
        minor: Some(minor(node.number)),
    });
    let code = filter(named.chain(TERMINALS));
    let filter = system_calls::load_device_filter(&code)
        .layer(Layer::Devices, || "load the filter".to_owned())?;
    group
        .open()
        .and_then(|group| system_calls::attach_device_filter(group.as_fd(), filter.as_fd()))
        .layer(Layer::Devices, || format!("tie the filter to {group}"))
}

/// Extended BPF over `struct bpf_cgroup_dev_ctx`: its kind in the lower half of the first
/// word, then major and minor. Ends with 1 for a device of the list, with 0 for others.
fn filter(allowed: impl Iterator<Item = Allowed>) -> Vec<u64> {
    const LOAD_WORD: u8 = 0x61;
    const AND: u8 = 0x54;
    const JUMP_IF_OTHER: u8 = 0x55;
    const MOVE: u8 = 0xb7;
    const EXIT: u8 = 0x95;
    const CONTEXT: u8 = 1;
    const KIND: u8 = 2;
    const MAJOR: u8 = 3;
    const MINOR: u8 = 4;
    let load = |to, offset| instruction(LOAD_WORD, to, CONTEXT, offset, 0);
    let result = |value| {
        [
            instruction(MOVE, 0, 0, 0, value),
            instruction(EXIT, 0, 0, 0, 0),
        ]
    };
    let mut code = vec![
        load(KIND, 0),
        instruction(AND, KIND, 0, 0, 0xffff),
        load(MAJOR, 4),
        load(MINOR, 8),
    ];
    for Allowed { kind, major, minor } in allowed {
        let kind = match kind {
            Kind::Block => 1,
            Kind::Character => 2,
        };
        let mut tests = vec![(KIND, kind), (MAJOR, major)];
        tests.extend(minor.map(|minor| (MINOR, minor)));
        for (index, (register, value)) in (0_i16..).zip(&tests) {
            // Over the tests that are left, and the result.
            let skip = i16::try_from(tests.len()).unwrap_or(i16::MAX) - index - 1 + 2;
            code.push(instruction(JUMP_IF_OTHER, *register, 0, skip, *value));
        }
        code.extend(result(1));
    }
    code.extend(result(0));
    code
}

/// `struct bpf_insn`, on a little-endian processor: all four are.
fn instruction(code: u8, to: u8, from: u8, offset: i16, value: u32) -> u64 {
    u64::from(code)
        | u64::from(from << 4 | to) << 8
        | u64::from(offset.cast_unsigned()) << 16
        | u64::from(value) << 32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the few instructions that the filter has.
    fn decide(code: &[u64], kind: u32, major: u32, minor: u32) -> u64 {
        // The access that is asked for stands above the kind.
        let context = [kind | 6 << 16, major, minor];
        let mut registers = [0_u64; 5];
        let mut at = 0;
        loop {
            let [code, pair, low, high, rest @ ..] = code[at].to_le_bytes();
            let (to, value) = (usize::from(pair & 15), u32::from_le_bytes(rest));
            let offset = u16::from_le_bytes([low, high]);
            at += 1;
            match code {
                0x61 => registers[to] = context[usize::from(offset) / 4].into(),
                0x54 => registers[to] &= u64::from(value),
                0xb7 => registers[to] = value.into(),
                0x55 if registers[to] != u64::from(value) => at += usize::from(offset),
                0x55 => {}
                0x95 => return registers[0],
                other => panic!("no such instruction: {other:#x}"),
            }
        }
    }

    #[test]
    fn only_devices_of_the_list_are_opened() {
        let list = USUAL.iter().map(|&(_, major, minor)| Allowed {
            kind: Kind::Character,
            major,
            minor: Some(minor),
        });
        let code = filter(list.chain(TERMINALS));
        for (kind, major, minor, allowed) in [
            (2, 1, 3, 1),
            (2, 1, 9, 1),
            (2, 5, 2, 1),
            (2, 136, 7, 1),
            // Memory, the kernel's words, a disk with the numbers of /dev/null.
            (2, 1, 1, 0),
            (2, 1, 11, 0),
            (1, 1, 3, 0),
            (1, 254, 0, 0),
        ] {
            let found = decide(&code, kind, major, minor);
            assert_eq!(found, allowed, "{kind} {major}:{minor}");
        }
    }

    /// The kernel's word on it: this takes root, and says so to anybody else.
    #[test]
    fn the_kernel_opens_no_other_node() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("not run: control groups take root");
            return;
        }
        let group = ControlGroup::of("test-devices", "test").unwrap();
        group.prepare(&crate::Limits::default()).unwrap();
        let nodes: Vec<_> = USUAL.iter().map(usual).collect();
        restrict(&group, &nodes).unwrap();
        let opens = |inside: &str, node: &str| {
            let script = format!("{inside} && exec 3<{node}");
            let shell = std::process::Command::new("/bin/sh")
                .args(["-c", &script])
                .output();
            shell.unwrap().status.success()
        };
        let enter = format!("echo 0 >{group}/cgroup.procs");
        assert!(opens("true", "/dev/kmsg") && opens("true", "/dev/null"));
        assert!(opens(&enter, "/dev/null"));
        assert!(!opens(&enter, "/dev/kmsg"));
        group.remove().unwrap();
    }

    #[test]
    fn what_is_no_device_is_not_given() {
        for path in ["/etc/hostname", "/dev", "/dev/none"] {
            assert!(node_at(Path::new(path)).is_err(), "{path}");
        }
        let node = node_at(Path::new("/dev/null")).unwrap();
        assert_eq!((major(node.number), minor(node.number)), (1, 3));
    }
}
