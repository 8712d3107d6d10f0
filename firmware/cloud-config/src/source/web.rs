//! Asking a metadata service: short, bounded, and never for ever.

use crate::container::MAX_USER_DATA_BYTES;
use anyhow::{Context, anyhow, bail};
use http_file::Authorities;
use std::thread;
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::http::StatusCode;

/// One question and its answer.
const ANSWER: Duration = Duration::from_secs(5);
/// Between two questions of a device whose network is not up yet.
const PAUSE: Duration = Duration::from_millis(500);

/// A service, by its address.
pub(super) struct Service {
    agent: Agent,
    base: String,
    deadline: Instant,
}

/// A head of a question.
pub(super) type Head<'a> = (&'a str, &'a str);

impl Service {
    pub(super) fn at(base: &str, deadline: Instant) -> Self {
        let config = Agent::config_builder()
            .tls_config(Authorities::of_the_system().tls_config())
            .https_only(base.starts_with("https://"))
            .http_status_as_error(false)
            .timeout_global(Some(ANSWER))
            // Whoever leads elsewhere is not the cloud.
            .max_redirects(0)
            .proxy(None)
            .build();
        Self {
            agent: Agent::new_with_config(config),
            base: base.to_owned(),
            deadline,
        }
    }

    /// What lies there; nothing where the service says so. Who does not answer, or says
    /// that it cannot, is asked again until the deadline.
    pub(super) fn get(&self, path: &str, heads: &[Head<'_>]) -> anyhow::Result<Option<Vec<u8>>> {
        self.ask(path, || {
            let mut question = self.agent.get(self.base.clone() + path);
            for (name, value) in heads {
                question = question.header(*name, *value);
            }
            question.call()
        })
    }

    /// The answer to a PUT without content, such as one for a token.
    pub(super) fn put(&self, path: &str, head: Head<'_>) -> anyhow::Result<Option<Vec<u8>>> {
        self.ask(path, || {
            let question = self.agent.put(self.base.clone() + path);
            question.header(head.0, head.1).send_empty()
        })
    }

    fn ask(
        &self,
        path: &str,
        call: impl Fn() -> Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> anyhow::Result<Option<Vec<u8>>> {
        loop {
            let failure = match call() {
                Ok(mut answer) => match answer.status() {
                    StatusCode::OK => {
                        let most = MAX_USER_DATA_BYTES as u64;
                        let content = answer.body_mut().with_config().limit(most).read_to_vec();
                        return content
                            .map(Some)
                            .with_context(|| format!("cannot read {}{path}", self.base));
                    }
                    StatusCode::NOT_FOUND => return Ok(None),
                    status if status.is_server_error() => anyhow!("it says {status}"),
                    status => bail!("cannot read {}{path}: it says {status}", self.base),
                },
                Err(error) => anyhow!(error),
            };
            if Instant::now() + PAUSE >= self.deadline {
                return Err(failure.context(format!("cannot reach {}{path}", self.base)));
            }
            thread::sleep(PAUSE);
        }
    }
}
