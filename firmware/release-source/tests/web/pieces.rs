//! Snaps over real HTTP, of which another revision is held.

use crate::image::noise;
use crate::server::{served, served_cut, served_whole};
use http_file::{HttpError, Interruption, Patience};
use release_source::Tally;
use release_source::chunk_file::ChunkFileError;
use release_source::pieces::list::{PieceList, SUFFIX};
use release_source::pieces::{PiecesDetour, Reusing};
use snap_format::build::{Output, build};
use std::fs::{self, File};
use std::path::PathBuf;
use tempfile::TempDir;

/// Nobody waits.
fn at_once(_: &Interruption) {}

/// A snap with some files that do not compress, and where it lies with its list.
struct Snap {
    directory: TempDir,
}

impl Snap {
    fn of(files: &[Vec<u8>]) -> Self {
        let directory = TempDir::new().unwrap();
        let tree = directory.path().join("tree");
        fs::create_dir_all(tree.join("meta")).unwrap();
        fs::write(tree.join("meta/snap.yaml"), "name: xy\nversion: 1\n").unwrap();
        for (number, file) in files.iter().enumerate() {
            fs::write(tree.join(number.to_string()), file).unwrap();
        }
        let snap = Self { directory };
        build(&tree, Output::File(&snap.path()), 0).unwrap();
        fs::remove_dir_all(tree).unwrap();
        snap.put_list(&PieceList::of(&snap.open()).unwrap());
        snap
    }

    fn old() -> Self {
        Self::of(&files())
    }

    /// One file in the middle is another, and longer: all behind it moves.
    fn new() -> Self {
        let mut files = files();
        files[2] = noise(9, 14_021);
        Self::of(&files)
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("x.snap")
    }

    fn list(&self) -> PathBuf {
        self.directory.path().join(format!("x.snap{SUFFIX}"))
    }

    fn put_list(&self, list: &PieceList) {
        fs::write(self.list(), list.bytes()).unwrap();
    }

    fn open(&self) -> File {
        File::open(self.path()).unwrap()
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.path()).unwrap()
    }

    fn fetch(&self, held: &[&Snap]) -> Fetched {
        served(self.directory.path(), |address| {
            fetch(address, 0, held.iter().map(|snap| snap.open()).collect())
        })
    }
}

fn files() -> Vec<Vec<u8>> {
    (0..6).map(|file| noise(file, 12_011)).collect()
}

/// What came, and what it cost.
struct Fetched {
    bytes: Vec<u8>,
    tally: Tally,
    detour: Option<PiecesDetour>,
}

fn fetch(address: &str, from: usize, held: Vec<File>) -> Fetched {
    let address = format!("{address}/x.snap");
    let opened = Reusing::open(&address, Patience::OF_A_PERSON, at_once, held);
    let mut source = opened.unwrap();
    let mut bytes = vec![0; source.length_bytes() as usize - from];
    let mut at = from as u64;
    // As much as a device asks for at once, but not in step with anything.
    for piece in bytes.chunks_mut(10_007) {
        source.read_exact_at(at, piece).unwrap();
        at += piece.len() as u64;
    }
    Fetched {
        bytes,
        tally: source.tally(),
        detour: source.detour().cloned(),
    }
}

#[test]
fn only_what_changed_is_fetched() {
    let (old, new) = (Snap::old(), Snap::new());
    let fetched = new.fetch(&[&old]);
    assert!(fetched.bytes == new.bytes());
    assert_eq!(fetched.detour, None);
    let Tally {
        fetched_bytes,
        reused_bytes,
    } = fetched.tally;
    // The file, what of its neighbours is in a piece with it, the tables, and the list.
    let list = fs::metadata(new.list()).unwrap().len();
    let most = 14_021 + 3 * (8 << 10) + list;
    assert!((14_021..most).contains(&fetched_bytes), "{fetched_bytes}");
    let length = new.bytes().len() as u64;
    assert_eq!(reused_bytes + fetched_bytes, length + list);
}

#[test]
fn a_first_snap_comes_whole_and_without_its_list() {
    let new = Snap::new();
    let fetched = new.fetch(&[]);
    assert!(fetched.bytes == new.bytes());
    let length = new.bytes().len() as u64;
    assert_eq!(
        (fetched.tally.fetched_bytes, fetched.detour),
        (length, None)
    );
}

/// Where nothing of the snap is held, it is fetched in one answer, behind its list.
#[test]
fn what_is_all_new_comes_whole() {
    let new = Snap::new();
    let foreign = Snap::of(&[noise(77, 30_001)]);
    let fetched = new.fetch(&[&foreign]);
    assert!(fetched.bytes == new.bytes());
    assert_eq!(fetched.tally.reused_bytes, 0);
}

/// The same snap, of which a disk forgot some blocks: they are fetched, and no others.
#[test]
fn a_damaged_copy_is_made_whole() {
    let (new, copy) = (Snap::new(), Snap::new());
    let mut bytes = copy.bytes();
    for at in [5_000, 40_000] {
        bytes[at] ^= 1;
    }
    // Its end is missing, too.
    bytes.truncate(bytes.len() - 4096);
    fs::write(copy.path(), bytes).unwrap();
    let fetched = new.fetch(&[&copy]);
    assert!(fetched.bytes == new.bytes());
    let most = 3 * (8 << 10) + fs::metadata(new.list()).unwrap().len();
    assert!(fetched.tally.fetched_bytes < most, "{:?}", fetched.tally);
}

/// Of two that are held, each gives what it has.
#[test]
fn several_are_looked_through() {
    let new = Snap::new();
    let first = Snap::of(&files()[..2]);
    let second = Snap::of(&files()[3..]);
    let fetched = new.fetch(&[&first, &second]);
    assert!(fetched.bytes == new.bytes());
    assert!(fetched.tally.reused_bytes > 40_000, "{:?}", fetched.tally);
}

#[test]
fn without_a_usable_list_all_of_it_is_fetched() {
    let old = Snap::old();
    let detour = |spoil: &dyn Fn(&Snap)| {
        let new = Snap::new();
        spoil(&new);
        let fetched = new.fetch(&[&old]);
        assert!(fetched.bytes == new.bytes());
        assert_eq!(fetched.tally.reused_bytes, 0);
        fetched.detour.unwrap()
    };
    let withdrawn = detour(&|snap| fs::remove_file(snap.list()).unwrap());
    assert_eq!(
        withdrawn,
        PiecesDetour::NotThere(HttpError::Refused { status: 404 })
    );
    let unusable = PiecesDetour::Unusable;
    let damaged = detour(&|snap| {
        let mut bytes = fs::read(snap.list()).unwrap();
        bytes[40] ^= 1;
        fs::write(snap.list(), bytes).unwrap();
    });
    assert_eq!(damaged, unusable(ChunkFileError::Checksum));
    let endless = detour(&|snap| {
        let list = File::create(snap.list()).unwrap();
        list.set_len(1 << 32).unwrap();
    });
    assert_eq!(endless, unusable(ChunkFileError::Length));
    let of_another = detour(&|snap| snap.put_list(&PieceList::of(&old.open()).unwrap()));
    assert_eq!(of_another, unusable(ChunkFileError::OtherRelease));
}

#[test]
fn a_server_without_ranges_gives_all_of_it() {
    let (old, new) = (Snap::old(), Snap::new());
    let fetched = served_whole(new.directory.path(), |address| {
        fetch(address, 0, vec![old.open()])
    });
    assert!(fetched.bytes == new.bytes());
    assert_eq!(fetched.detour, Some(PiecesDetour::NoPieces));
}

/// Each connection breaks behind so many bytes, for every KiB of what is fetched.
#[test]
fn a_line_that_breaks_at_every_kib_gives_the_same_bytes() {
    let (old, new) = (Snap::old(), Snap::new());
    let whole = new.bytes();
    let most = new.fetch(&[&old]).tally.fetched_bytes;
    for limit in (1 << 10..most + (1 << 10)).step_by(1 << 10) {
        let fetched = served_cut(new.directory.path(), limit, |address| {
            fetch(address, 0, vec![old.open()])
        });
        assert!(fetched.bytes == whole, "broken behind {limit} bytes");
        assert_eq!(fetched.detour, None, "broken behind {limit} bytes");
    }
}

/// A device that was cut has the first of it, and asks for the rest.
#[test]
fn who_has_the_first_of_it_goes_on_from_every_kib() {
    let (old, new) = (Snap::old(), Snap::new());
    let whole = new.bytes();
    served(new.directory.path(), |address| {
        for from in (0..whole.len()).step_by(1 << 10) {
            let fetched = fetch(address, from, vec![old.open()]);
            assert!(fetched.bytes == whole[from..], "from {from}");
            assert!(fetched.tally.fetched_bytes < 40_000, "from {from}");
        }
    });
}
