//! Every document in snapd's tests, given to snapd's own program and to us.

mod differences;

use differences::{Difference, Ours};
use snap_format::SnapYaml;
use snap_interop::{GoSource, Snapd, Verdict, documents_in};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Mutex;
use tempfile::TempDir;

/// The tests of snapd that have documents.
const FILES: [&str; 10] = [
    "snap/info_snap_yaml_test.go",
    "snap/validate_test.go",
    "snap/info_test.go",
    "snap/container_test.go",
    "snap/pack/pack_test.go",
    "snap/broken_test.go",
    "snap/implicit_test.go",
    "overlord/snapstate/snapstate_test.go",
    "overlord/hookstate/hooks_test.go",
    "wrappers/services_test.go",
];

/// What became of the documents.
#[derive(Default)]
struct Count {
    both_accept: usize,
    both_refuse: usize,
    files: usize,
    differences: BTreeMap<&'static str, usize>,
    unexplained: Vec<String>,
}

fn snapd() -> Snapd {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    match Snapd::prepare(target.expect("the target directory")) {
        Ok(snapd) => snapd,
        Err(error) => panic!("{error:#}"),
    }
}

#[test]
fn documents_have_the_verdicts_of_snapd() {
    let snapd = snapd();
    let mut documents = BTreeSet::new();
    for file in FILES {
        let source = snapd.source(file).expect(file);
        documents.extend(documents_in(&source));
    }
    documents.extend(socket_documents(
        &snapd.source("snap/validate_test.go").expect("tests"),
    ));
    let documents: Vec<_> = documents.into_iter().collect();
    let count = Mutex::new(Count::default());
    let (first, second) = documents.split_at(documents.len() / 2);
    std::thread::scope(|scope| {
        for part in [first, second] {
            scope.spawn(|| {
                part.iter()
                    .for_each(|document| judge(&snapd, document, &count))
            });
        }
    });
    let count = count.into_inner().expect("no thread ended badly");
    println!(
        "documents={} accepted-by-both={} refused-by-both={} files={} differences={:?}",
        documents.len(),
        count.both_accept,
        count.both_refuse,
        count.files,
        count.differences
    );
    assert!(
        count.unexplained.is_empty(),
        "{}",
        count.unexplained.join("\n")
    );
    assert!(count.both_accept > 100 && count.both_refuse > 50);
    for difference in differences::ALL {
        assert!(
            count.differences.contains_key(difference.name),
            "no document shows {:?} any more",
            difference.name
        );
    }
}

/// The addresses in snapd's lists, each in a document.
fn socket_documents(tests: &GoSource) -> Vec<String> {
    let functions = [
        ("TestValidateAppSocketsValidListenStreamAddresses", "system"),
        ("TestValidateAppSocketsInvalidListenStreamPath", "system"),
        (
            "TestValidateAppSocketsInvalidListenStreamAbstractSocket",
            "system",
        ),
        ("TestValidateAppSocketsInvalidListenStreamAddress", "system"),
        ("TestValidateAppSocketsInvalidListenStreamPort", "system"),
        (
            "TestValidateAppUserSocketsValidListenStreamAddresses",
            "user",
        ),
        ("TestValidateAppUserSocketsInvalidListenStreamPath", "user"),
        (
            "TestValidateAppUserSocketsInvalidListenStreamAbstractSocket",
            "user",
        ),
        ("TestValidateAppUserSocketsInvalidListenStreamPort", "user"),
    ];
    let lists = functions.map(|(function, scope)| {
        let test = tests.function(function).expect(function);
        let mut lists = [
            "validListenAddresses",
            "invalidListenAddresses",
            "invalidPorts",
        ]
        .iter();
        let list = lists.find_map(|name| test.list(name).ok()).expect(function);
        list.into_iter().map(move |address| {
            format!(
                "name: mysnap\nversion: 1\napps:\n  app:\n    daemon: simple\n    daemon-scope: \
                 {scope}\n    plugs: [network-bind]\n    sockets:\n      sock:\n        \
                 listen-stream: '{address}'\n"
            )
        })
    });
    lists.into_iter().flatten().collect()
}

fn judge(snapd: &Snapd, document: &str, count: &Mutex<Count>) {
    let theirs = skeleton(snapd, document);
    let ours = SnapYaml::parse(document.as_bytes());
    let mut count = count.lock().expect("no thread ended badly");
    match (&theirs, &ours) {
        (Verdict::Refused(said), _) if is_about_files(said) => count.files += 1,
        (Verdict::Accepted, Ok(_)) => count.both_accept += 1,
        (Verdict::Refused(_), Err(_)) => count.both_refuse += 1,
        _ => {
            let ours = ours.map(|_| ());
            let known = |difference: &&Difference| match (&ours, &theirs, &difference.ours) {
                (Ok(()), Verdict::Refused(said), Ours::Accept(theirs)) => said.contains(theirs),
                (Err(error), Verdict::Accepted, Ours::Refuse(ours)) => {
                    error.to_string().contains(ours)
                }
                _ => false,
            };
            match differences::ALL.iter().find(known) {
                Some(difference) => *count.differences.entry(difference.name).or_default() += 1,
                None => count.unexplained.push(format!(
                    "----\n{document}\nsnapd: {theirs:?}\nwe: {:?}",
                    ours.map_err(|error| error.to_string())
                )),
            }
        }
    }
}

/// snapd looks at more than the document: at the description of a device, and at files.
fn is_about_files(said: &str) -> bool {
    ["gadget", "kernel.yaml", "missing files", "bad permissions"]
        .iter()
        .any(|word| said.contains(word))
}

/// A directory with the document and every program that it names.
fn skeleton(snapd: &Snapd, document: &str) -> Verdict {
    let directory = TempDir::new().expect("a directory");
    let root = directory.path();
    let set_mode = |path: &Path| {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a mode");
    };
    set_mode(root);
    let write = |path: &str, content: &str| {
        let path = root.join(path.trim_start_matches('/'));
        let inside = path
            .components()
            .all(|part| part != std::path::Component::ParentDir);
        let parent = path.parent().filter(|_| inside);
        if parent.is_some_and(|parent| fs::create_dir_all(parent).is_ok())
            && fs::write(&path, content).is_ok()
        {
            set_mode(&path);
        }
    };
    write("meta/snap.yaml", document);
    for word in ["command:", "completer:"] {
        for (place, _) in document.match_indices(word) {
            let rest = document.get(place + word.len()..).unwrap_or_default();
            let end = rest.find(['\n', ',', '}', '#']).unwrap_or(rest.len());
            let value = rest.get(..end).unwrap_or_default();
            let value = value.trim().trim_matches(['"', '\'']);
            if let Some(program) = value.split(' ').next().filter(|name| !name.is_empty()) {
                write(program, "");
            }
        }
    }
    snapd.check_skeleton(root).expect("snap")
}
