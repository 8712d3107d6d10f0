//! Waves as people write them: `5%`, `0.5%@2026-12-01T08:00:00Z`.

use std::fmt;
use store_format::{Rollout, RolloutError, Share, Wave};
use tuf_client::UtcTime;

/// Why a text is no wave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaveError {
    /// It has another form.
    Form(String),
    /// The waves do not fit each other.
    Rollout(RolloutError),
}

impl fmt::Display for WaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WaveError::Form(text) => write!(
                f,
                "cannot read the wave {text:?}: it looks like 5% or 0.5%@2026-12-01T08:00:00Z"
            ),
            WaveError::Rollout(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for WaveError {}

/// Reads waves in their order. One without a time begins now; none at all are everyone.
///
/// # Errors
/// [`WaveError`].
pub fn parse_waves(texts: &[String], now: UtcTime) -> Result<Rollout, WaveError> {
    let now_secs = u64::try_from(now.0).unwrap_or_default();
    if texts.is_empty() {
        return Ok(Rollout::everyone(now_secs));
    }
    let waves: Option<Vec<Wave>> = texts
        .iter()
        .map(|text| parse_wave(text, now_secs))
        .collect();
    match waves {
        Some(waves) => waves.try_into().map_err(WaveError::Rollout),
        None => Err(WaveError::Form(texts.join(" "))),
    }
}

fn parse_wave(text: &str, now_secs: u64) -> Option<Wave> {
    let (share, from_secs) = match text.split_once('@') {
        Some((share, from)) => {
            let from = UtcTime::try_from(from.to_owned()).ok()?;
            (share, u64::try_from(from.0).ok()?)
        }
        None => (text, now_secs),
    };
    let per_cent = share.strip_suffix('%')?;
    let (whole, tenth) = per_cent.split_once('.').unwrap_or((per_cent, "0"));
    let tenth: u16 = (tenth.len() == 1).then(|| tenth.parse().ok())??;
    let permille = whole
        .parse::<u16>()
        .ok()?
        .checked_mul(10)?
        .checked_add(tenth)?;
    let share = Share::from_permille(permille)?;
    Some(Wave { share, from_secs })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(texts: &[&str]) -> Result<Vec<(u16, u64)>, WaveError> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let rollout = parse_waves(&texts, UtcTime(7))?;
        let waves = rollout.waves().iter();
        Ok(waves
            .map(|wave| (wave.share.permille(), wave.from_secs))
            .collect())
    }

    #[test]
    fn waves_are_read_as_people_write_them() {
        assert_eq!(parsed(&[]), Ok(vec![(1000, 7)]));
        let waves = [
            "0.5%",
            "10%@1970-01-02T00:00:00Z",
            "100%@1970-01-03T00:00:00Z",
        ];
        assert_eq!(
            parsed(&waves),
            Ok(vec![(5, 7), (100, 86_400), (1000, 172_800)])
        );
        for text in [
            "",
            "5",
            "%",
            "5%@tomorrow",
            "101%",
            "0.05%",
            "-1%",
            "5.%",
            "7000%",
        ] {
            assert!(matches!(parsed(&[text]), Err(WaveError::Form(_))), "{text}");
        }
        assert_eq!(
            parsed(&["5%", "5%"]),
            Err(WaveError::Rollout(RolloutError::Order))
        );
    }
}
