//! What persons say of services outlives starts, and goes with the snap.

use crate::bench::{Bench, app, name};
use snap_services::Standing;

fn standing(bench: &Bench) -> Standing {
    bench.client.status().unwrap()[0].standing
}

#[test]
fn a_disabled_service_starts_only_when_it_is_asked_for() {
    let Some(bench) = Bench::new(&app("simple", "    daemon: simple\n")) else {
        return;
    };
    let apps = ["simple".to_owned()];
    let enable = |standing| bench.client.enable(&name(), &apps, standing).unwrap();
    enable(Standing::Disabled);
    bench.start().unwrap();
    assert_eq!(bench.state("simple"), "stopped");
    bench.client.start_services(&name(), &apps).unwrap();
    assert_eq!(bench.state("simple"), "running");
    assert_eq!(standing(&bench), Standing::Disabled);
    enable(Standing::Enabled);
    assert_eq!(standing(&bench), Standing::Enabled);
    enable(Standing::Disabled);
    bench.client.forget(&name()).unwrap();
    assert_eq!(standing(&bench), Standing::Enabled);
}

#[test]
fn a_service_that_its_snap_disables_runs_when_a_person_enabled_it() {
    let keys = "    daemon: simple\n    install-mode: disable\n";
    let Some(bench) = Bench::new(&app("simple", keys)) else {
        return;
    };
    bench.start().unwrap();
    assert_eq!(
        (bench.state("simple").as_str(), standing(&bench)),
        ("stopped", Standing::Disabled)
    );
    let apps = ["simple".to_owned()];
    let enabled = bench.client.enable(&name(), &apps, Standing::Enabled);
    enabled.unwrap();
    bench.start().unwrap();
    assert_eq!(
        (bench.state("simple").as_str(), standing(&bench)),
        ("running", Standing::Enabled)
    );
}

#[test]
fn a_reload_runs_the_command_for_it_and_tells_how_that_ended() {
    let keys = "    daemon: simple\n    reload-command: bin/probe oneshot\n";
    let other = "    daemon: simple\n    reload-command: bin/probe failing\n";
    let apps = app("simple", keys) + &app("stubborn", other);
    let Some(bench) = Bench::new(&apps) else {
        return;
    };
    bench.start().unwrap();
    bench.client.reload(&name(), "simple").unwrap();
    let ran = bench.data().join("order-oneshot");
    assert_eq!(std::fs::read_to_string(ran).unwrap(), "x\n");
    assert_eq!(bench.client.status().unwrap()[0].starts, 1);
    let error = bench.client.reload(&name(), "stubborn").unwrap_err();
    let told = format!(
        "cannot reload {}.stubborn: its reload-command ended with 3: failing ran",
        name()
    );
    assert_eq!(error.to_string(), told);
}
