//! What is remembered of other devices is what this one would do.

use super::*;
use crate::layouts::Devices;
use crate::sequences::plans;

fn explorer<'a>(world: &'a World, only: Option<Vec<(usize, usize)>>) -> Explorer<'a> {
    Explorer::new(world, Effort::QUICK, Patience::ToTheEnd, only)
}

/// A world that expects what no device does: all violations come at the end.
fn strict() -> World {
    let is_it = |name: &str| name == "up-and-confirm.good.one-home.512";
    let mut plans = plans(Devices::Everyday);
    let plan = plans.find(|plan| is_it(&plan.name())).expect("a plan");
    let mut world = plan.world();
    world.end = End::Rescue;
    world
}

#[test]
fn a_known_end_is_that_of_every_device_that_comes_there() {
    let world = strict();
    let remembering = explorer(&world, None).explore();
    let mut forgetting = explorer(&world, None);
    for point in forgetting.play() {
        for (way, _) in tears(&point.moment, Thoroughness::Bounded)
            .iter()
            .enumerate()
        {
            forgetting.ends.clear();
            forgetting.only = Some(vec![(0, way)]);
            forgetting.cut_all(std::slice::from_ref(&point), &Origin::default(), 1);
        }
    }
    let account = |tally: &Tally| (tally.cuts, tally.states, tally.violations);
    assert_eq!(account(&remembering), account(&forgetting.tally));
    assert!(remembering.violations > 100, "{remembering:?}");
}
