//! `ping`: shows that a host answers.

use serde_json::json;

use crate::kit::{Args, Changes, Failure, Fields, Module, Reader, Writer};

/// Answers `pong` when the host can be reached and the helper runs on it.
///
/// ```yaml
/// - ping:
/// - ping:
///     data: hello
/// ```
#[derive(Args)]
pub struct Ping {
    /// What to answer; `crash` fails on purpose.
    #[arg(default = "pong")]
    data: String,
}

impl Module for Ping {
    type Plan = ();

    fn inspect(&self, _: &Reader) -> Result<Changes<()>, Failure> {
        if self.data == "crash" {
            return Err(Failure::new("boom").uncaught());
        }
        Ok(Changes::none().with("ping", json!(self.data)))
    }

    fn apply(&self, (): (), _: &mut Writer) -> Result<Fields, Failure> {
        Ok(Fields::new())
    }
}
