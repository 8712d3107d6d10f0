//! Patches are listed beside the release that they lead to, and go away with it.

mod support;

use image_builder::{ReadyParts, pack_system_image};
use image_delta::Header;
use image_format::Version;
use std::fs;
use std::path::{Path, PathBuf};
use store_builder::{NewRelease, PatchBase, RealFiles, StoreError};
use store_format::{Custom, Rollout};
use support::{Maker, edge, release};

const PATCH: &str = "system/gateway/gateway-1-2.patch";
const SECOND: &str = "system/gateway/gateway-2.update";

/// An update file with a root that has files, of a board of that name.
fn packed(maker: &Maker, name: &str, version: u64) -> PathBuf {
    let work = maker.path(&format!("work-{name}-{version}"));
    let root = work.join("tree");
    fs::create_dir_all(&root).expect("a directory");
    let at = |name: &str, content: String| {
        let path = work.join(name);
        fs::write(&path, content).expect("a file");
        path
    };
    let text: String = (0..20_000).map(|line| format!("line {line}\n")).collect();
    at("tree/text", format!("{text}of version {version}\n"));
    let parts = ReadyParts {
        board: name,
        product: name,
        version: Version(version),
        build_time_secs: 0,
        kernel: &at("kernel", text),
        initrd: &at("initrd", "initrd".to_owned()),
        root: &root,
    };
    let image = pack_system_image(&parts, &work).expect("an image");
    let envelope = maker.images.seal(&image.manifest()).expect("an envelope");
    let out = maker.path(&format!("{name}-{version}.update"));
    image.write_update(&envelope, &out).expect("an update file");
    out
}

fn add(maker: &Maker, file: &Path, patches_from: &[PatchBase]) -> Result<String, StoreError> {
    let new = NewRelease {
        patches_from,
        ..release(file)
    };
    maker.act(&mut RealFiles, 0, |store, keys| {
        Ok(store.add(&new, keys)?.0)
    })
}

/// What a device is told of a target.
fn told(maker: &Maker, name: &str) -> Option<Custom> {
    let mut device = maker.device();
    device.custom(&maker.layout(), 0, name).expect("a refresh")
}

#[test]
fn a_patch_is_listed_with_its_release_and_withdrawn_with_it() {
    let maker = Maker::new();
    let (first, second) = (packed(&maker, "gateway", 1), packed(&maker, "gateway", 2));
    add(&maker, &first, &[]).expect("added");
    let added = add(&maker, &second, &[PatchBase::Listed(1)]);
    assert_eq!(added.expect("added"), SECOND);

    let Some(Custom::SystemPatch(patch)) = told(&maker, PATCH) else {
        panic!("no patch is listed");
    };
    let Some(Custom::System(new)) = told(&maker, SECOND) else {
        panic!("no release is listed");
    };
    assert_eq!((patch.from_version, patch.to_version), (1, 2));
    assert_eq!(patch.to_manifest_sha256, new.manifest_sha256);

    let mut device = maker.device();
    let mut client = device.client(&maker.layout(), 0).expect("a client");
    client.refresh().expect("a refresh");
    let target = client.target_info(PATCH).expect("a search");
    let mut fetched = Vec::new();
    client
        .download(&target.expect("the target"), &mut fetched)
        .expect("a download");
    let header = Header::read(&mut fetched.as_slice()).expect("a patch");
    assert_eq!(header.from.to_string(), patch.from_manifest_sha256);
    assert_eq!(header.to.to_string(), patch.to_manifest_sha256);
    let update_bytes = fs::metadata(&second).expect("the file").len();
    assert!(
        (fetched.len() as u64) < update_bytes / 100,
        "{} bytes",
        fetched.len()
    );

    maker
        .act(&mut RealFiles, 0, |store, keys| {
            store.withdraw(SECOND, keys)
        })
        .expect("withdrawn");
    assert!(told(&maker, SECOND).is_none() && told(&maker, PATCH).is_none());
}

#[test]
fn a_patch_has_no_audience_of_its_own() {
    let maker = Maker::new();
    let (first, second) = (packed(&maker, "gateway", 1), packed(&maker, "gateway", 2));
    // The older release does not have to be in the store.
    add(&maker, &second, &[PatchBase::File(first)]).expect("added");
    let promoted = maker.act(&mut RealFiles, 0, |store, keys| {
        store.promote(PATCH, edge(), Rollout::everyone(1), keys)
    });
    let held = maker.act(&mut RealFiles, 0, |store, keys| {
        store.hold(PATCH, "reason", keys)
    });
    for refused in [promoted, held] {
        assert!(matches!(refused, Err(StoreError::IsPatch(name)) if name == PATCH));
    }
}

#[test]
fn a_patch_begins_at_an_older_release_of_the_same_product() {
    let maker = Maker::new();
    let (first, second) = (packed(&maker, "gateway", 1), packed(&maker, "gateway", 2));
    let other = packed(&maker, "bridge", 1);
    let why = |base: PatchBase, file: &Path| match add(&maker, file, &[base]) {
        Err(StoreError::PatchBase { why, .. }) => why,
        other => panic!("{other:?}"),
    };
    let file = PatchBase::File;
    assert_eq!(why(file(second.clone()), &first), "it is no older");
    assert_eq!(
        why(file(other), &second),
        "it is of another board or product"
    );
    assert_eq!(
        why(PatchBase::Listed(1), &second),
        "the store does not list it"
    );
    let foreign = Maker::new();
    let unsigned = file(packed(&foreign, "gateway", 1));
    let refused = add(&maker, &second, &[unsigned]);
    assert!(matches!(refused, Err(StoreError::System(_))), "{refused:?}");
    assert!(told(&maker, SECOND).is_none());
}
