//! What `git` starts SSH with.

use super::Git;
use crate::kit::{Program, Reader};

impl Git {
    /// The command line for `GIT_SSH_COMMAND`: the task's own program and options, then those of the arguments.
    pub(super) fn ssh_command(&self, host: &Reader) -> String {
        let mut options = host.env("GIT_SSH_OPTS").unwrap_or_default();
        if let Some(given) = &self.ssh_opts {
            options = format!("{options} {given}");
        }
        let accepts_new =
            self.accept_newhostkey && !options.contains("-o StrictHostKeyChecking=no") && knows_new_keys(host);
        let mut add = |wanted: &str| {
            if !options.contains(wanted.trim_start_matches("-o ")) {
                options = format!("{options} {wanted}");
            }
        };
        if self.accept_hostkey {
            add("-o StrictHostKeyChecking=no");
        }
        if accepts_new {
            add("-o StrictHostKeyChecking=accept-new");
        }
        add("-o BatchMode=yes");
        if let Some(key) = &self.key_file {
            add(&format!("-i {}", key.display()));
            add("-o IdentitiesOnly=yes");
        }
        let program = host.env("GIT_SSH").or_else(|| host.env("GIT_SSH_COMMAND")).unwrap_or_else(|| "ssh".into());
        format!("{program} {}", options.trim_start())
    }
}

/// Whether SSH can accept the keys of hosts that it does not know alone: since OpenSSH 7.6.
fn knows_new_keys(host: &Reader) -> bool {
    let program = Program::new("ssh").args(["-o", "StrictHostKeyChecking=accept-new", "-V"]);
    host.query(&program).is_ok_and(|finished| finished.success())
}
