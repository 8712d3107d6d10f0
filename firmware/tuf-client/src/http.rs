//! A repository behind HTTP or HTTPS.

use crate::fetch::{Fetch, FetchError, Place, Reply, Request, Validator};
use std::time::Duration;
use ureq::Agent;
use ureq::http::header::{ETAG, IF_NONE_MATCH};

/// To find the server, and as long again to reach it.
const CONNECT: Duration = Duration::from_secs(20);
/// To ask, and as long again until the answer begins.
const RESPONSE: Duration = Duration::from_secs(30);
/// A body may take this long, and longer by what the slowest line needs that we put up with.
const BODY: Duration = Duration::from_secs(60);
const SLOWEST_BYTES_PER_SEC: u64 = 4 << 10;
const MAX_REDIRECTS: u32 = 5;

/// The addresses below which metadata and targets lie.
pub struct HttpRepository {
    agent: Agent,
    metadata: String,
    targets: String,
}

impl HttpRepository {
    /// Both addresses may end with a slash. Nothing is asked yet.
    pub fn new(metadata: &str, targets: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .timeout_send_request(Some(RESPONSE))
            .timeout_recv_response(Some(RESPONSE))
            .max_redirects(MAX_REDIRECTS)
            .user_agent(concat!("tuf-client/", env!("CARGO_PKG_VERSION")))
            .build();
        let base = |address: &str| format!("{}/", address.trim_end_matches('/'));
        HttpRepository {
            agent: Agent::new_with_config(config),
            metadata: base(metadata),
            targets: base(targets),
        }
    }
}

impl Fetch for HttpRepository {
    fn fetch(&mut self, request: Request<'_>) -> Result<Reply<'_>, FetchError> {
        let base = match request.place {
            Place::Metadata(_) => &self.metadata,
            Place::Target(_) => &self.targets,
        };
        let address = format!("{base}{}", request.place.path());
        let body_time = Duration::from_secs(request.max_bytes / SLOWEST_BYTES_PER_SEC) + BODY;
        let mut asked = self
            .agent
            .get(address)
            .config()
            .timeout_recv_body(Some(body_time))
            .build();
        if let Some(Validator(validator)) = request.unless {
            asked = asked.header(IF_NONE_MATCH, validator);
        }
        let response = asked
            .call()
            .map_err(|error| FetchError::Broken(error.to_string()))?;
        match response.status().as_u16() {
            200 => {}
            304 if request.unless.is_some() => return Ok(Reply::NotModified),
            403 | 404 => return Err(FetchError::NotFound),
            status => return Err(FetchError::Status(status)),
        }
        let validator = response
            .headers()
            .get(ETAG)
            .and_then(|tag| tag.to_str().ok())
            .map(|tag| Validator(tag.to_owned()));
        let body = Box::new(response.into_body().into_reader());
        Ok(Reply::File { body, validator })
    }
}
