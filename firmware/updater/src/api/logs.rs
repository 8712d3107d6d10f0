//! `/v2/logs`: what services wrote, and what they write from now on.

use super::apps::Kind;
use super::{Answer, Api, ApiError, Peer, Request};
use crate::snaps::AppHere;
use std::path::PathBuf;

/// Logs that somebody wants to read. The connection sends them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogTail {
    /// Where logs are.
    pub directory: PathBuf,
    /// Whose: `NAME.APP` each.
    pub services: Vec<String>,
    /// So many lines of all of them together; none says all there are.
    pub lines: Option<usize>,
    /// What comes behind them.
    pub then: Then,
}

/// What follows the lines that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing.
    End,
    /// What is written from now on, until the client goes.
    Follow,
}

/// As snapd has it.
const USUAL_LINES: usize = 10;

impl Api {
    /// What services write is for those who may change them.
    pub(super) fn logs(&self, request: &Request, peer: Peer) -> Result<Answer, ApiError> {
        let Some(desk) = self.snaps.as_ref().filter(|_| self.trusts(peer)) else {
            return Err(ApiError::forbidden());
        };
        let names: Vec<_> = request.asked_list("names").collect();
        let services = self.apps_named(&names, Kind::Service)?;
        if services.is_empty() {
            return Err(ApiError {
                kind: Some("app-not-found"),
                ..ApiError::new(404, "no matching services")
            });
        }
        Ok(Answer::Logs(LogTail {
            directory: desk.services().logs(),
            services: services.iter().map(AppHere::full_name).collect(),
            lines: lines(request)?,
            then: then(request)?,
        }))
    }
}

fn lines(request: &Request) -> Result<Option<usize>, ApiError> {
    let Some(text) = request.asked("n") else {
        return Ok(Some(USUAL_LINES));
    };
    match text.parse::<i32>() {
        // Fewer than none are all, as snapd's clients say it.
        Ok(number) => Ok(usize::try_from(number).ok()),
        Err(error) => {
            let message = format!("invalid value for n: {text:?}: {error}");
            Err(ApiError::bad_request(message))
        }
    }
}

fn then(request: &Request) -> Result<Then, ApiError> {
    match request.asked("follow") {
        None | Some("false") => Ok(Then::End),
        Some("true") => Ok(Then::Follow),
        Some(other) => {
            let message = format!("invalid value for follow: {other:?}: say true or false");
            Err(ApiError::bad_request(message))
        }
    }
}
