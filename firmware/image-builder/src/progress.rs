//! What a person sees while an image is made.

use std::time::Instant;

/// Hears of every step.
pub trait Progress {
    /// A step begins; the one before is done.
    fn step(&mut self, what: &str);
    /// Something that the person should know, and that stops nothing.
    fn warn(&mut self, what: &str);
}

/// Says nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn step(&mut self, _what: &str) {}
    fn warn(&mut self, _what: &str) {}
}

/// One line on standard error as each step begins, with the time since the first.
#[derive(Debug)]
pub struct Printed {
    since: Instant,
}

impl Printed {
    /// The clock starts now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            since: Instant::now(),
        }
    }
}

impl Default for Printed {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress for Printed {
    fn step(&mut self, what: &str) {
        eprintln!(
            "image: {:6.1} s  {what}",
            self.since.elapsed().as_secs_f32()
        );
    }

    fn warn(&mut self, what: &str) {
        eprintln!("image: warning: {what}");
    }
}
