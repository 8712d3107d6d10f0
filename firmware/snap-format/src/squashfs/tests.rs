//! What is written is read again; what is damaged is refused.

use super::*;
use std::io::Cursor as Memory;

fn archive(nodes: &[Node]) -> Vec<u8> {
    let mut out = Memory::new(Vec::new());
    write(nodes, &mut out, 17).expect("written");
    out.into_inner()
}

struct Directory(tempfile::TempDir);

impl Directory {
    fn new() -> Self {
        Directory(tempfile::TempDir::new().expect("a directory"))
    }

    fn file(&self, name: &str, content: &[u8]) -> Node {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).expect("a file");
        Node {
            name: name.to_owned(),
            mode: 0o644,
            kind: NodeKind::File(path),
        }
    }
}

fn directory(name: &str, nodes: Vec<Node>) -> Node {
    Node {
        name: name.to_owned(),
        mode: 0o755,
        kind: NodeKind::Directory(nodes),
    }
}

/// Bytes that do not pack.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    next.take(length).collect()
}

#[test]
fn what_was_written_is_read() {
    let files = Directory::new();
    let (long, noisy) = (vec![7; BLOCK_BYTES * 2 + 5], noise(BLOCK_BYTES + 1));
    let many = (0..700).map(|number| files.file(&format!("{number:03}"), b"x"));
    let many: Vec<_> = many.collect();
    let link = NodeKind::Symlink("../elsewhere".to_owned());
    let nodes = [
        files.file("empty", b""),
        files.file("long", &long),
        directory("many", many),
        files.file("noisy", &noisy),
        directory("sub", vec![files.file("exact", &vec![1; BLOCK_BYTES])]),
        Node {
            name: "way".to_owned(),
            mode: 0o777,
            kind: link,
        },
    ];
    let bytes = archive(&nodes);
    assert_eq!(bytes.len() % 4096, 0);
    let read = Squashfs::open(bytes.as_slice()).expect("a squashfs");
    assert_eq!(read.superblock().made_secs, 17);
    for (path, content) in [
        ("empty", Vec::new()),
        ("long", long),
        ("noisy", noisy),
        ("sub/exact", vec![1; BLOCK_BYTES]),
        ("many/699", b"x".to_vec()),
    ] {
        assert_eq!(read.read(path, 1 << 20).expect(path), content, "{path}");
    }
    let paths: Vec<_> = read
        .walk()
        .expect("entries")
        .into_iter()
        .map(|one| one.path)
        .collect();
    assert_eq!(paths.len(), 6 + 700 + 1);
    assert!(paths.is_sorted());
    let way = read.find("way").expect("read").expect("there");
    assert!(matches!(way.kind, Kind::Symlink(target) if target == "../elsewhere"));
}

#[test]
fn a_link_is_no_file_and_no_way() {
    let files = Directory::new();
    let link = Node {
        name: "link".to_owned(),
        mode: 0o777,
        kind: NodeKind::Symlink("real".to_owned()),
    };
    let bytes = archive(&[link, directory("real", vec![files.file("a", b"a")])]);
    let read = Squashfs::open(bytes.as_slice()).expect("a squashfs");
    for path in ["link", "link/a", "real", "nothing", "real/../real/a", ""] {
        let error = read.read(path, 10).expect_err(path);
        assert!(matches!(error, SquashfsError::NoFile(_)), "{path}: {error}");
    }
    let error = read.read("real/a", 0).expect_err("too long");
    assert!(matches!(error, SquashfsError::TooLong { .. }), "{error}");
}

#[test]
fn a_name_leads_nowhere() {
    let files = Directory::new();
    let bad = |name: &str| {
        let mut node = files.file("a", b"a");
        node.name = name.to_owned();
        let bytes = archive(&[node]);
        let read = Squashfs::open(bytes.as_slice()).expect("a squashfs");
        read.walk().map(|_| ())
    };
    for name in ["..", ".", "a/b", "/etc", "a\0"] {
        let error = bad(name).expect_err(name);
        assert!(
            matches!(error, SquashfsError::Damaged(Part::Directory)),
            "{name:?}: {error}"
        );
    }
    let twice = archive(&[files.file("a", b"a"), files.file("a", b"b")]);
    let read = Squashfs::open(twice.as_slice()).expect("a squashfs");
    assert!(read.walk().is_err());
}

#[test]
fn a_file_that_is_cut_off_is_told_from_one_that_is_none() {
    let files = Directory::new();
    let bytes = archive(&[files.file("a", b"a")]);
    let open = |bytes: &[u8]| Squashfs::open(bytes).map(|_| ());
    let used = Squashfs::open(bytes.as_slice())
        .expect("one")
        .superblock
        .used_bytes as usize;
    assert!(open(&bytes[..used]).is_ok());
    let error = open(&bytes[..used - 1]).expect_err("cut off");
    assert!(matches!(error, SquashfsError::CutOff { .. }), "{error}");
    let error = open(b"name: hello").expect_err("no squashfs");
    assert!(matches!(error, SquashfsError::NoSquashfs), "{error}");
    let mut other = bytes.clone();
    other[20] = 5;
    let error = open(&other).expect_err("lz4");
    assert!(matches!(error, SquashfsError::Compressor(5)), "{error}");
}

/// A directory whose entry leads to the directory itself.
#[test]
fn a_tree_has_an_end() {
    let mut bytes = archive(&[directory("a", Vec::new())]);
    let superblock = Squashfs::open(bytes.as_slice()).expect("one").superblock;
    let root = InodePlace::from_reference(superblock.root_inode);
    assert_eq!(root.block, 0);
    // So short a table is stored as it is: behind its length and the header of the run
    // stands where the inode of `a` is.
    let entry = superblock.directory_table as usize + 2 + 12;
    bytes[entry..entry + 2].copy_from_slice(&root.offset.to_le_bytes());
    let looped = Squashfs::open(bytes.as_slice()).expect("one");
    let error = looped.walk().expect_err("no end");
    assert!(matches!(error, SquashfsError::TooMany), "{error}");
}
