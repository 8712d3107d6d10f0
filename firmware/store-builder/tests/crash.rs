//! Whoever publishes may be stopped at any step: devices still read the store, as it was
//! or as it was to be, and the same command done again brings it there.

mod support;

use std::cell::Cell;
use std::io;
use std::path::Path;
use std::time::SystemTime;
use store_builder::{Files, NewRelease, RealFiles, Rotation, Store, StoreError, StoreKeys};
use store_format::Rollout;
use support::{Device, Maker, edge, release};
use tuf_client::metadata::RoleName;

const FIRST: &str = "system/x86_64-uefi/twinkeel-1.update";
const SECOND: &str = "system/x86_64-uefi/twinkeel-2.update";

/// The power goes at a step, before it or in its middle.
struct Failing<'a> {
    steps_left: &'a Cell<Option<usize>>,
    done: usize,
}

impl Failing<'_> {
    fn step(&mut self, half: impl FnOnce()) -> io::Result<()> {
        self.done += 1;
        match self.steps_left.get() {
            None => Ok(()),
            Some(0) => Err(io::Error::other("the power is gone")),
            Some(1) => {
                half();
                self.steps_left.set(Some(0));
                Err(io::Error::other("the power goes"))
            }
            Some(left) => {
                self.steps_left.set(Some(left - 1));
                Ok(())
            }
        }
    }
}

impl Files for Failing<'_> {
    fn create_directory(&mut self, path: &Path) -> io::Result<()> {
        self.step(|| {})?;
        RealFiles.create_directory(path)
    }

    fn write(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.step(|| std::fs::write(path, &bytes[..bytes.len() / 2]).expect("half a file"))?;
        RealFiles.write(path, bytes)
    }

    fn copy(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(|| std::fs::write(to, b"half").expect("half a file"))?;
        RealFiles.copy(from, to)
    }

    fn date(&mut self, path: &Path, time: SystemTime) -> io::Result<()> {
        self.step(|| {})?;
        RealFiles.date(path, time)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(|| {})?;
        RealFiles.rename(from, to)
    }

    fn sync_directory(&mut self, path: &Path) -> io::Result<()> {
        self.step(|| {})?;
        RealFiles.sync_directory(path)
    }

    fn remove_directory(&mut self, path: &Path) -> io::Result<()> {
        self.step(|| {})?;
        RealFiles.remove_directory(path)
    }
}

type Act<'a> = &'a dyn Fn(&Maker, &mut dyn Files) -> Result<(), StoreError>;

fn act(
    maker: &Maker,
    files: &mut dyn Files,
    act: impl FnOnce(&mut Store<'_>, &mut StoreKeys) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    maker.act(files, 0, act)
}

/// Whether a device finds each of the two releases. It is never refused.
fn known(maker: &Maker, mut device: Device) -> [bool; 2] {
    let mut client = device.client(&maker.layout(), 0).expect("a client");
    client.refresh().expect("a device is never refused");
    [FIRST, SECOND].map(|name| client.target_info(name).expect("a search").is_some())
}

/// Stops `act` at every step. Afterwards devices find the first release, and doing it again
/// succeeds. Returns the number of steps.
fn cut_everywhere(maker: &Maker, act: Act<'_>) -> usize {
    let mut device = maker.device();
    device.custom(&maker.layout(), 0, FIRST).expect("before");
    let uncut = Cell::new(None);
    let mut counting = Failing {
        steps_left: &uncut,
        done: 0,
    };
    let whole = maker.copy();
    act(&whole, &mut counting).expect("without a cut");
    let (steps, after) = (counting.done, known(&whole, device.clone()));
    for step in 1..=steps {
        let maker = maker.copy();
        let left = Cell::new(Some(step));
        let mut failing = Failing {
            steps_left: &left,
            done: 0,
        };
        act(&maker, &mut failing).expect_err("a cut");
        let seen = known(&maker, device.clone());
        assert!(seen[0], "step {step}");
        assert_eq!(seen, known(&maker, maker.device()), "step {step}");
        let again = act(&maker, &mut RealFiles);
        match again {
            // It was all public already: only the sweeping up was cut.
            Err(StoreError::NotHigher { .. } | StoreError::NothingPending) => {}
            done => done.unwrap_or_else(|error| panic!("step {step}: {error}")),
        }
        assert_eq!(known(&maker, device.clone()), after, "step {step}");
    }
    steps
}

#[test]
fn an_added_release_is_there_whole_or_not_at_all() {
    let maker = Maker::new();
    maker.add(1).expect("added");
    let file = maker.system_file(support::BOARD, 2);
    let add: Act<'_> = &|maker, files| {
        let new: NewRelease<'_> = release(&file);
        act(maker, files, |store, keys| store.add(&new, keys).map(drop))
    };
    let steps = cut_everywhere(&maker, add);
    assert!(steps >= 15, "{steps} steps");
    add(&maker, &mut RealFiles).expect("added");
    assert_eq!(known(&maker, maker.device()), [true, true]);
}

#[test]
fn a_promotion_and_a_refresh_are_atomic() {
    let maker = Maker::new();
    maker.add(1).expect("added");
    cut_everywhere(&maker, &|maker, files| {
        act(maker, files, |store, keys| {
            store
                .promote(FIRST, edge(), Rollout::everyone(7), keys)
                .map(drop)
        })
    });
    cut_everywhere(&maker, &|maker, files| {
        act(maker, files, |store, keys| store.refresh(keys).map(drop))
    });
}

#[test]
fn devices_are_never_locked_out_while_keys_change() {
    let maker = Maker::new();
    maker.add(1).expect("added");
    for name in ["timestamp", "snapshot", "targets", "system", "root"] {
        let role = RoleName(name.to_owned());
        cut_everywhere(&maker, &|maker, files| {
            let path = maker.path("keys");
            act(maker, files, |store, keys| {
                let revoked = store_builder::parse_key(&path, &format!("{name}-1"))?;
                let rotation = Rotation {
                    new_keys: 1,
                    revoked: vec![revoked],
                    ..Rotation::default()
                };
                match store.rotate(&role, &rotation, keys) {
                    // The cut came after the root had changed.
                    Err(StoreError::NoSuchKey { .. }) => Ok(()),
                    done => done.map(drop),
                }
            })
        });
    }
}

#[test]
fn the_last_signature_may_be_brought_again() {
    let maker = Maker::new();
    maker.add(1).expect("added");
    let key = maker.path("keys").join("system-1.pem");
    let elsewhere = image_builder::signing::PrivateKey::read(&key).expect("the key");
    std::fs::remove_file(&key).expect("the key");
    let file = maker.system_file(support::BOARD, 2);
    let role = RoleName("system".to_owned());
    act(&maker, &mut RealFiles, |store, keys| {
        store.add(&release(&file), keys).map(drop)
    })
    .expect("waits");
    cut_everywhere(&maker, &|maker, files| {
        act(maker, files, |store, keys| {
            let signature = elsewhere.sign(&store.request(&role)?);
            store.import_signature(&signature, keys).map(drop)
        })
    });
}

#[test]
fn a_store_that_was_not_finished_is_begun_again() {
    let steps_left = Cell::new(None);
    let mut counting = Failing {
        steps_left: &steps_left,
        done: 0,
    };
    let maker = Maker::without_store();
    maker
        .create(&mut maker.new_keys(), &mut counting)
        .expect("without a cut");
    for step in 1..=counting.done {
        let maker = Maker::without_store();
        let left = Cell::new(Some(step));
        let mut failing = Failing {
            steps_left: &left,
            done: 0,
        };
        maker
            .create(&mut maker.new_keys(), &mut failing)
            .expect_err("a cut");
        match maker.create(&mut maker.new_keys(), &mut RealFiles) {
            Err(StoreError::Exists(_)) if step == counting.done => {}
            done => drop(done.unwrap_or_else(|error| panic!("step {step}: {error}"))),
        }
        maker.add(1).expect("added");
        let custom = maker.device().custom(&maker.layout(), 0, FIRST);
        assert!(custom.expect("a refresh").is_some(), "step {step}");
    }
}
