//! When an image was made, so that another build can say the same.

use std::env;
use std::path::Path;

use anyhow::{Context, Result};

use crate::error::ImageError;
use crate::host_tool::{host_tool, run};

/// When an image was made, and how that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildTime {
    /// `SOURCE_DATE_EPOCH` said so.
    Stated(u64),
    /// When the checked-out commit was made.
    Commit(u64),
    /// Nothing says it.
    Unknown,
}

impl BuildTime {
    /// For the manifest: seconds since 1970, 0 when unknown.
    #[must_use]
    pub fn secs(self) -> u64 {
        match self {
            Self::Stated(secs) | Self::Commit(secs) => secs,
            Self::Unknown => 0,
        }
    }

    /// Refuses an unknown time: a release's is a lower bound of the present in the field.
    ///
    /// # Errors
    /// [`ImageError::NoBuildTime`].
    pub fn require_known(self) -> Result<Self, ImageError> {
        match self {
            Self::Unknown => Err(ImageError::NoBuildTime),
            known => Ok(known),
        }
    }
}

/// The time for images from the checkout at `root`.
///
/// # Errors
/// `SOURCE_DATE_EPOCH` is set to something that is no time.
pub fn find_build_time(root: &Path) -> Result<BuildTime> {
    match env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => parse_stated(&text),
        Err(_) => Ok(commit_time(root).map_or(BuildTime::Unknown, BuildTime::Commit)),
    }
}

fn parse_stated(text: &str) -> Result<BuildTime> {
    let secs = text.parse();
    let secs = secs.with_context(|| {
        format!("cannot use SOURCE_DATE_EPOCH={text:?}: give seconds since 1970")
    })?;
    Ok(BuildTime::Stated(secs))
}

/// None without git, or outside a repository.
fn commit_time(root: &Path) -> Option<u64> {
    let text = run(host_tool("git")
        .args(["log", "-1", "--format=%ct"])
        .current_dir(root))
    .ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stated_time_is_used_and_nonsense_is_refused() -> Result<()> {
        assert_eq!(
            parse_stated("1700000000")?,
            BuildTime::Stated(1_700_000_000)
        );
        let error = parse_stated("yesterday").expect_err("no time");
        assert!(error.to_string().contains("SOURCE_DATE_EPOCH"), "{error}");
        Ok(())
    }

    #[test]
    fn a_release_needs_a_known_time() {
        assert_eq!(
            BuildTime::Unknown.require_known(),
            Err(ImageError::NoBuildTime)
        );
        assert_eq!(
            BuildTime::Commit(5).require_known(),
            Ok(BuildTime::Commit(5))
        );
        assert!(
            ImageError::NoBuildTime
                .to_string()
                .contains("SOURCE_DATE_EPOCH")
        );
    }

    #[test]
    fn outside_a_repository_no_commit_says_it() -> Result<()> {
        let directory = tempfile::tempdir()?;
        assert_eq!(commit_time(directory.path()), None);
        Ok(())
    }
}
