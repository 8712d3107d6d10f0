//! Finds the least that is enough, by halving.

use anyhow::{Result, bail};

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Least<S> {
    /// The smallest that was enough.
    pub(super) least: u32,
    /// Where one step less stopped; nothing where that is nothing at all.
    pub(super) stopped: Option<S>,
}

/// The smallest multiple of `step`, up to `most`, for which `stops` tells of no stop. `first`
/// is tried first. All three are multiples of `step`; more than enough is enough, too.
///
/// # Errors
/// Not even `most` is enough, or one cannot be tried.
pub(super) fn least<S>(
    step: u32,
    first: u32,
    most: u32,
    mut stops: impl FnMut(u32) -> Result<Option<S>>,
) -> Result<Least<S>> {
    let (mut too_little, mut stopped, mut enough) = (0, None, None);
    let mut next = first;
    while next > too_little {
        match stops(next)? {
            None => enough = Some(next),
            Some(stop) => (too_little, stopped) = (next, Some(stop)),
        }
        next = match enough {
            None if too_little >= most => bail!("not even {most} MiB are enough"),
            None => most,
            Some(enough) => (too_little + enough) / 2 / step * step,
        };
    }
    Ok(Least {
        least: enough.unwrap_or(most),
        stopped,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found, and what was tried for it.
    fn found(needed: u32) -> Result<(Least<u32>, Vec<u32>)> {
        let mut tried = Vec::new();
        let found = least(16, 128, 512, |mib| {
            tried.push(mib);
            Ok((mib < needed).then_some(mib))
        })?;
        Ok((found, tried))
    }

    #[test]
    fn the_least_is_one_step_above_what_stopped() -> Result<()> {
        for needed in (1..=32).map(|steps| steps * 16) {
            let (found, tried) = found(needed)?;
            assert_eq!(found.least, needed);
            let below = needed - 16;
            assert_eq!(found.stopped, (below > 0).then_some(below), "{needed}");
            assert_eq!(tried[0], 128);
            assert!(tried.len() <= 7, "{tried:?}");
        }
        Ok(())
    }

    #[test]
    fn a_machine_that_needs_more_than_it_has_is_an_error() {
        let error = found(513).expect_err("too little");
        assert!(error.to_string().contains("not even 512 MiB"), "{error}");
    }
}
