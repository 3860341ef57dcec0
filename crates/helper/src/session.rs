//! The processes of this session, which a job ends with.

use rustix::process::{Pid, Signal, getpid, kill_process};

/// How often it is looked for processes: those that are started while others are killed are found too.
const ROUNDS: usize = 20;

/// Kills every process of this process's session but itself. Programs that began a session of their own
/// are not among them.
pub fn kill_others() {
    for _ in 0..ROUNDS {
        let others = others();
        if others.is_empty() {
            return;
        }
        for pid in others {
            // It may have ended meanwhile.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// The other processes of this session, those that have ended and wait for their parent left out.
fn others() -> Vec<Pid> {
    let own = getpid();
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let pids = numbers.filter_map(Pid::from_raw).filter(|pid| *pid != own);
    pids.filter(|pid| session_of(*pid) == Some(own.as_raw_nonzero().get())).collect()
}

/// The session of a process that runs: the sixth field of its `stat`, `man 5 proc_pid_stat`.
fn session_of(pid: Pid) -> Option<i32> {
    let stat = std::fs::read(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // The name before the last parenthesis may hold anything.
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = String::from_utf8_lossy(&stat[end + 1..]);
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    let session = fields.nth(2)?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then_some(session)
}
