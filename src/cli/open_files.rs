//! Room for a connection to each host: how many files this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::source::Diagnostic;

/// Files that a run has open beside its connections: playbooks, templates, what is sent, the terminal.
const OTHERS: u64 = 100;

/// Takes as much as the system allows, and warns where that is too little for so many hosts.
pub fn make_room(hosts: usize) -> Option<Diagnostic> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let needed = hosts as u64 + OTHERS;
    let (Some(now), most) = (current, maximum.unwrap_or(u64::MAX)) else { return None };
    if needed <= now {
        return None;
    }
    // More than needed is left alone: programs that are started here inherit the limit.
    let enough = needed.min(most);
    let is_set = setrlimit(Resource::Nofile, Rlimit { current: Some(enough), maximum }).is_ok();
    if is_set && enough == needed {
        return None;
    }
    let most = if is_set { enough } else { now };
    let warning = format!("{hosts} hosts need about {needed} open files, and this process may have {most}");
    let help = "raise the limit (`ulimit -n`, or LimitNOFILE= of the service), set `serial`, or share the hosts out among \
                several runs with `--shard K/N`";
    Some(Diagnostic::warning(warning).help(help))
}
