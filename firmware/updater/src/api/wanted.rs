//! `/v2/twinkeel/wanted-snaps`: what the owner wants and does not have yet.

use super::Api;
use crate::wishes::WishStanding;
use serde_json::{Value, json};

impl Api {
    /// What is set of them once they are here is nobody's to read.
    pub(super) fn wanted_snaps(&self) -> Value {
        let all = self.snaps.as_ref().map(|desk| desk.wishes().list());
        let all = all.unwrap_or_default().into_iter().map(|(name, wish)| {
            let (state, why) = match wish.standing {
                WishStanding::Waits => ("waits", None),
                WishStanding::Failed(why) => ("failed", Some(why)),
                WishStanding::GivenUp(why) => ("given-up", Some(why)),
            };
            json!({ "name": name.as_str(), "state": state, "why": why })
        });
        all.collect()
    }
}
