//! The tables in snapd's own tests, against our types: the same rows, the same verdicts.

use snap_format::timer::Timer;
use snap_format::{
    AliasName, AppName, HookName, InstanceName, InterfaceName, PlugName, Provenance, Revision,
    SlotName, SnapName, SnapVersion, SnapYaml, SocketName,
};
use snap_interop::{GoSource, Snapd};
use std::path::Path;
use std::str::FromStr;

fn source(file: &str) -> GoSource {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let snapd = Snapd::prepare(target.expect("the target directory"));
    let source = snapd.and_then(|snapd| snapd.source(file));
    match source {
        Ok(source) => source,
        Err(error) => panic!("{error:#}"),
    }
}

/// Rows that agree; whoever disagrees ends the test.
#[derive(Default)]
struct Agreed(usize);

impl Agreed {
    fn rows<T: FromStr>(&mut self, rows: &[String], good: bool, what: &str) {
        assert!(!rows.is_empty(), "{what}: no rows");
        for row in rows {
            assert_eq!(row.parse::<T>().is_ok(), good, "{what} {row:?}");
            self.0 += 1;
        }
    }
}

#[test]
fn names_are_those_of_snapd() {
    let tests = source("snap/naming/validate_test.go");
    let mut agreed = Agreed::default();
    macro_rules! kind {
        ($name:ty, $function:literal, $good:literal, $($bad:literal),+) => {
            let test = tests.function($function).expect($function);
            let what = stringify!($name);
            agreed.rows::<$name>(&test.list($good).expect($good), true, what);
            $(agreed.rows::<$name>(&test.list($bad).expect($bad), false, what);)+
        };
    }
    kind!(SnapName, "TestValidateName", "validNames", "invalidNames");
    kind!(
        InstanceName,
        "TestValidateInstanceName",
        "validNames",
        "invalidNames",
        "invalidInstanceKeys"
    );
    kind!(
        HookName,
        "TestValidateHookName",
        "validHooks",
        "invalidHooks"
    );
    kind!(
        AppName,
        "TestValidateAppName",
        "validAppNames",
        "invalidAppNames"
    );
    kind!(
        AliasName,
        "TestValidateAlias",
        "validAliases",
        "invalidAliases"
    );
    kind!(
        SocketName,
        "TestValidateSocketName",
        "validNames",
        "invalidNames"
    );
    kind!(
        SlotName,
        "TestValidateSlotPlugInterfaceName",
        "valid",
        "invalid"
    );
    kind!(
        PlugName,
        "TestValidateSlotPlugInterfaceName",
        "valid",
        "invalid"
    );
    kind!(
        InterfaceName,
        "TestValidateSlotPlugInterfaceName",
        "valid",
        "invalid"
    );
    let provenance = tests.function("TestValidateProvenance").expect("a test");
    agreed.rows::<Provenance>(
        &provenance.list("invalid").expect("rows"),
        false,
        "Provenance",
    );
    println!("names: {} rows agree", agreed.0);
}

#[test]
fn versions_are_those_of_snapd() {
    let tests = source("snap/validate_test.go");
    let test = tests.function("TestValidateVersion").expect("a test");
    let mut agreed = Agreed::default();
    agreed.rows::<SnapVersion>(&test.list("validVersions").expect("rows"), true, "version");
    let bad = test.rows("invalidVersionsTable").expect("rows");
    let bad: Vec<_> = bad.iter().map(|row| row[0].clone()).collect();
    agreed.rows::<SnapVersion>(&bad, false, "version");
    println!("versions: {} rows agree", agreed.0);
}

#[test]
fn epochs_are_those_of_snapd() {
    let tests = source("snap/epoch_test.go");
    let mut agreed = 0;
    for (function, good) in [
        ("TestBadEpochs", false),
        ("TestGoodEpochs", true),
        ("TestGoodEpochsInSnapYAML", true),
    ] {
        let rows = tests.function(function).and_then(|test| test.rows("tests"));
        let rows = rows.expect(function);
        assert!(rows.len() > 5, "{function}: {rows:?}");
        for row in &rows {
            let value = row[0].trim_start_matches("epoch: ");
            let document = format!("name: example\nversion: 1\nepoch: {value}\n");
            let parsed = SnapYaml::parse(document.as_bytes());
            assert_eq!(parsed.is_ok(), good, "{value} {parsed:?}");
            agreed += 1;
        }
    }
    println!("epochs: {agreed} rows agree");
}

#[test]
fn timers_are_those_of_snapd() {
    let tests = source("timeutil/schedule_test.go");
    let test = tests.function("TestParseSchedule").expect("a test");
    let rows = test.rows("t").expect("rows");
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for row in rows {
        match row.as_slice() {
            [timer] => good.push(timer.clone()),
            [timer, _] => bad.push(timer.clone()),
            other => panic!("{other:?}"),
        }
    }
    let mut agreed = Agreed::default();
    agreed.rows::<Timer>(&good, true, "timer");
    agreed.rows::<Timer>(&bad, false, "timer");
    println!("timers: {} rows agree", agreed.0);
}

#[test]
fn revisions_are_those_of_snapd() {
    let tests = source("snap/revision_test.go");
    let rows = tests
        .function("ParseRevision")
        .and_then(|test| test.rows("tests"));
    let mut agreed = 0;
    for row in rows.expect("rows") {
        // What is not installed has no revision here, rather than one that is called so.
        let good = row.len() == 1 && row[0] != "unset";
        assert_eq!(row[0].parse::<Revision>().is_ok(), good, "{row:?}");
        agreed += usize::from(row[0] != "unset");
    }
    assert!(agreed > 0);
    println!("revisions: {agreed} rows agree, 1 differs");
}
