//! How far a device is on its way to rest after a loss of power.

use crate::world::{ImageId, World};
use image_format::Source;
use std::hash::Hash;

/// The boots since then.
#[derive(Default)]
pub(crate) struct Course {
    /// The image of each.
    pub(crate) started: Vec<ImageId>,
    /// So many in a row, up to now, started the same image and changed nothing.
    quiet: usize,
}

impl Course {
    /// One boot more.
    pub(crate) fn add(&mut self, image: ImageId, changed_nothing: bool) {
        let again = changed_nothing && self.started.last() == Some(&image);
        self.quiet = if again { self.quiet + 1 } else { 0 };
        self.started.push(image);
    }

    /// The device does the same at each boot.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.quiet >= 2
    }

    /// All of it that matters from now on.
    pub(crate) fn key(&self, world: &World) -> impl Hash + use<> {
        let is_rescue = |image: &ImageId| world.image(*image).source == Source::Rescue;
        let rescue_came = self.started.iter().any(is_rescue);
        let last = self.started.last().copied();
        (self.started.len(), self.quiet, last, rescue_came)
    }
}
