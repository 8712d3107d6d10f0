//! The store over HTTP: what the client of the metadata asks, with bounds on every wait.

use http_file::Authorities;
use std::time::Duration;
use tuf_client::{Fetch, FetchError, Place, Reply, Request, Validator};
use ureq::Agent;
use ureq::http::HeaderMap;
use ureq::http::header::{ETAG, IF_NONE_MATCH, RETRY_AFTER};

/// To find the server, and as long again for each step until the answer begins.
const ANSWER: Duration = Duration::from_secs(30);
/// A body may take this long, and longer by what the slowest line needs that we put up with.
const BODY: Duration = Duration::from_secs(60);
const SLOWEST_BYTES_PER_SEC: u64 = 1 << 10;
const MAX_REDIRECTS: u32 = 5;
/// The one file that is asked for at each poll.
const TIMESTAMP: &str = "timestamp.json";

/// A store at an address.
pub(crate) struct HttpStore {
    agent: Agent,
    base: String,
    report: String,
    retry_after: Option<Duration>,
}

impl HttpStore {
    /// What lies below `address`. The request for the timestamp has `report` as its query.
    pub(crate) fn new(address: &str, report: String) -> Self {
        let config = Agent::config_builder()
            .tls_config(Authorities::of_the_system().tls_config())
            // Who asks in secret is not led to where everyone listens.
            .https_only(address.starts_with("https://"))
            .http_status_as_error(false)
            .proxy(None)
            .timeout_resolve(Some(ANSWER))
            .timeout_connect(Some(ANSWER))
            .timeout_send_request(Some(ANSWER))
            .timeout_recv_response(Some(ANSWER))
            .max_redirects(MAX_REDIRECTS)
            .user_agent(concat!("snappyd/", env!("CARGO_PKG_VERSION")))
            .build();
        Self {
            agent: Agent::new_with_config(config),
            base: address.trim_end_matches('/').to_owned(),
            report,
            retry_after: None,
        }
    }

    /// How long the server wants to be left alone, if it said so last.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Where a target lies.
    pub(crate) fn target_address(base: &str, path: &str) -> String {
        format!("{}/targets/{path}", base.trim_end_matches('/'))
    }

    fn address(&self, place: Place<'_>) -> String {
        let base = &self.base;
        match place {
            Place::Metadata(TIMESTAMP) => format!("{base}/metadata/{TIMESTAMP}?{}", self.report),
            Place::Metadata(path) => format!("{base}/metadata/{path}"),
            Place::Target(path) => Self::target_address(base, path),
        }
    }
}

impl Fetch for HttpStore {
    fn fetch(&mut self, request: Request<'_>) -> Result<Reply<'_>, FetchError> {
        let body_time = Duration::from_secs(request.max_bytes / SLOWEST_BYTES_PER_SEC) + BODY;
        let mut asked = self
            .agent
            .get(self.address(request.place))
            .config()
            .timeout_recv_body(Some(body_time))
            .build();
        if let Some(Validator(validator)) = request.unless {
            asked = asked.header(IF_NONE_MATCH, validator);
        }
        let response = asked
            .call()
            .map_err(|error| FetchError::Broken(error.to_string()))?;
        self.retry_after = retry_after(response.headers());
        match response.status().as_u16() {
            200 => {}
            304 if request.unless.is_some() => return Ok(Reply::NotModified),
            403 | 404 => return Err(FetchError::NotFound),
            status => return Err(FetchError::Status(status)),
        }
        let tag = response.headers().get(ETAG);
        let validator = tag
            .and_then(|tag| tag.to_str().ok())
            .map(|tag| Validator(tag.to_owned()));
        let body = Box::new(response.into_body().into_reader());
        Ok(Reply::File { body, validator })
    }
}

/// In seconds. A date says nothing to somebody whose clock may be dead.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    text.parse().ok().map(Duration::from_secs)
}
