//! Which disk a tear leaves, without making it: most tears leave one that another left
//! before, and a fingerprint is a sum over sectors.

use crate::cut::{Edge, Tear, edge_sector, torn};
use crate::disk::Moment;

/// The fingerprints of what the tears of one moment leave.
pub(crate) struct Forecast<'a> {
    moment: &'a Moment,
    /// What each sector in the cache adds; `None` when one is there twice, for then the
    /// sum depends on which of them landed.
    changes: Option<Vec<Change>>,
}

/// What a sector in the cache adds to the fingerprint.
struct Change {
    /// When it and all before it land.
    up_to_here: u128,
    whole: u128,
    /// When the write stops at it, by [`Edge`].
    edges: [u128; EDGES.len()],
}

const EDGES: [Edge; 5] = [
    Edge::Old,
    Edge::Torn,
    Edge::Garbled,
    Edge::Unreadable,
    Edge::Erased,
];

impl<'a> Forecast<'a> {
    pub(crate) fn new(moment: &'a Moment) -> Self {
        let mut numbers: Vec<_> = moment.cache.iter().map(|(number, _)| number).collect();
        numbers.sort_unstable();
        let is_twice = numbers.windows(2).any(|pair| pair[0] == pair[1]);
        Self {
            moment,
            changes: (!is_twice).then(|| changes(moment)),
        }
    }

    /// The fingerprint of the disk after `tear`.
    pub(crate) fn content_after(&self, tear: Tear) -> u128 {
        let Some(changes) = &self.changes else {
            return torn(self.moment, tear).durable.fingerprint();
        };
        let up_to = |count: usize| match count.checked_sub(1) {
            Some(last) => changes.get(last).map_or(0, |change| change.up_to_here),
            None => 0,
        };
        let change = match tear {
            Tear::Prefix(whole, edge) => {
                let at_edge = changes.get(whole).map_or(0, |at| at.edges[edge as usize]);
                up_to(whole).wrapping_add(at_edge)
            }
            Tear::All | Tear::SecondHome(_) => up_to(changes.len()),
            Tear::Subset(mask) => (0..64)
                .zip(changes)
                .filter(|(index, _)| mask >> index & 1 == 1)
                .fold(0, |sum: u128, (_, change)| sum.wrapping_add(change.whole)),
        };
        self.moment.durable.fingerprint().wrapping_add(change)
    }
}

fn changes(moment: &Moment) -> Vec<Change> {
    let durable = &moment.durable;
    let mut up_to_here = 0_u128;
    let changes = moment.cache.iter().map(|(number, new)| {
        let whole = durable.change(*number, new);
        up_to_here = up_to_here.wrapping_add(whole);
        Change {
            up_to_here,
            whole,
            edges: EDGES.map(|edge| {
                let sector = edge_sector(durable, *number, new, edge);
                sector.map_or(0, |sector| durable.change(*number, &sector))
            }),
        }
    });
    changes.collect()
}

#[cfg(test)]
mod tests;
