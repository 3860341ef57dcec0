//! `policy-rc.d`, which maintainer scripts ask before they start a service (`invoke-rc.d(8)`), for the time of one command.

use std::path::Path;

use crate::kit::{Failure, Writer, file_args::Attributes};

const PATH: &str = "/usr/sbin/policy-rc.d";
/// Where the host's own one waits.
const SAVED: &str = "/usr/sbin/.policy-rc.d.saved";

/// Does something while `policy-rc.d` answers with that exit status. The host's own one comes back afterwards, also
/// after a failure, and with the next run where this one was cut off.
pub fn answering<T>(
    host: &mut Writer,
    status: Option<i64>,
    work: impl FnOnce(&mut Writer) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let Some(status) = status else { return work(host) };
    if host.exists(PATH) && !host.exists(SAVED) {
        host.rename(Path::new(PATH), Path::new(SAVED))?;
    }
    let script = format!("#!/bin/sh\nexit {status}\n");
    let attributes = Attributes { mode: Some(0o755), ..Attributes::default() };
    host.write(Path::new(PATH), script.as_str().into(), &attributes)?;
    let done = work(host);
    let restored =
        if host.exists(SAVED) { host.rename(Path::new(SAVED), Path::new(PATH)) } else { host.remove(Path::new(PATH)) };
    done.and_then(|value| restored.map(|()| value))
}
