//! Closures over a made-up kernel that has the traits of real ones.

use super::info::ModuleInfo;
use super::*;

fn index(modules: &[(&str, &[u8])]) -> ModuleIndex {
    let mut index = ModuleIndex::empty("6.1.0-test", Path::new("/nowhere"));
    for (name, section) in modules {
        index.add(
            Path::new(&format!("kernel/{name}.ko")),
            ModuleInfo::parse(section),
        );
    }
    index
}

fn resolve(index: &ModuleIndex, wanted: &[&str]) -> Result<Vec<String>, ImageError> {
    let wanted: Vec<String> = wanted.iter().map(|&name| name.to_owned()).collect();
    LoadOrder::resolve(index, "board", &wanted).map(|order| order.names)
}

fn kernel() -> ModuleIndex {
    index(&[
        ("erofs", b"alias=fs-erofs\0depends=libcrc32c\0name=erofs\0"),
        ("libcrc32c", b"softdep=pre: crc32c\0depends=\0"),
        (
            "crc32c-intel",
            b"alias=crypto-crc32c\0alias=crc32c\0depends=\0",
        ),
        (
            "crc32c_generic",
            b"alias=crypto-crc32c\0alias=crc32c\0depends=\0",
        ),
        ("virtio", b"depends=\0"),
        ("virtio_ring", b"depends=virtio\0"),
        (
            "virtio_blk",
            b"alias=virtio:d00000002v*\0depends=virtio_ring,virtio\0softdep=post: extra\0",
        ),
        ("extra", b"depends=\0softdep=pre: virtio_blk\0"),
    ])
}

#[test]
fn a_soft_dependency_is_an_alias_and_comes_first() {
    assert_eq!(
        resolve(&kernel(), &["erofs"]),
        Ok(["crc32c_generic", "crc32c_intel", "libcrc32c", "erofs"]
            .map(str::to_owned)
            .to_vec())
    );
}

#[test]
fn the_boards_order_is_kept_and_nothing_loads_twice() {
    assert_eq!(
        resolve(&kernel(), &["virtio-blk", "virtio", "extra"]),
        Ok(["virtio", "virtio_ring", "virtio_blk", "extra"]
            .map(str::to_owned)
            .to_vec())
    );
}

#[test]
fn an_absent_module_is_named() {
    let error = resolve(&kernel(), &["erofs", "zram"]).expect_err("there is none");
    let text = error.to_string();
    assert!(
        text.contains("zram") && text.contains("boards/board.toml"),
        "{text}"
    );
}

#[test]
fn what_an_earlier_stage_loaded_is_left_out() -> Result<()> {
    let index = kernel();
    let early = LoadOrder::resolve(&index, "board", &["erofs".to_owned()])?;
    let late = LoadOrder::resolve(&index, "board", &["erofs".to_owned(), "virtio".to_owned()])?;
    assert_eq!(
        late.without(&early).list(&index),
        "/lib/modules/6.1.0-test/kernel/virtio.ko\n"
    );
    Ok(())
}

#[test]
fn modprobe_finds_dependencies_aliases_and_soft_dependencies() -> Result<()> {
    let index = kernel();
    let mut tree = Tree::default();
    let order = LoadOrder::resolve(
        &index,
        "board",
        &["virtio_blk".to_owned(), "erofs".to_owned()],
    )?;
    order.add_modprobe_tables(&mut tree, &index);
    let read = |name: &str| {
        let path = format!("lib/modules/6.1.0-test/{name}");
        match tree.entries().find(|(at, _)| *at == path) {
            Some((_, crate::tree::Entry::File { content, .. })) => content.read(),
            _ => anyhow::bail!("no {path}"),
        }
    };
    let dependencies = String::from_utf8(read("modules.dep")?)?;
    assert!(
        dependencies.contains("kernel/virtio_blk.ko: kernel/virtio_ring.ko kernel/virtio.ko\n"),
        "{dependencies}"
    );
    let aliases = String::from_utf8(read("modules.alias")?)?;
    assert!(aliases.contains("alias fs-erofs erofs\n"), "{aliases}");
    let soft = String::from_utf8(read("modules.softdep")?)?;
    assert!(soft.contains("softdep libcrc32c pre: crc32c\n"), "{soft}");
    Ok(())
}
