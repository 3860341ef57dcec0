//! Which hosts take part, and how many at once.

use super::{hosts::Hosts, site::Site};

#[test]
fn limit_leaves_the_other_hosts_alone() {
    let hosts = Hosts::boot(&["limit-a", "limit-b", "limit-c"]);
    let site = Site::new(&hosts);
    site.tasks("- copy: {content: done, dest: /home/admin/done}\n");
    let run = site.run(&["--limit", "limit-*:!limit-b"]);
    run.ends_with(0).counts("limit-a", "ok=1 changed=1").counts("limit-c", "ok=1 changed=1").never_says("limit-b");
    assert_eq!(hosts.shell("limit-b", "ls /home/admin"), "");
    site.run(&["--limit", "nobody"]).ends_with(1).says(&["error: `--limit nobody` leaves no host to run on"]);
}

#[test]
fn one_fork_does_one_host_after_the_other() {
    let hosts = Hosts::boot(&["fork-a", "fork-b", "fork-c"]);
    let site = Site::new(&hosts);
    // Each host notes when it begins and ends, in nanoseconds of the clock that all hosts share.
    site.tasks("- shell: date +%s%N; sleep 0.2; date +%s%N\n  register: times\n- debug: msg=\"times {{ times.stdout_lines | join(' ') }}\"\n");
    let spans = |arguments: &[&str]| -> Vec<(u128, u128)> {
        let run = site.run(arguments);
        run.ends_with(0);
        let times = run.stdout.split("times ").skip(1).map(|rest| {
            let rest = rest.split('"').next().unwrap_or_default();
            let (begin, end) = rest.split_once(' ').unwrap_or_else(|| panic!("no times: {run}"));
            (begin.parse().expect("a number"), end.parse().expect("a number"))
        });
        let mut times: Vec<_> = times.collect();
        times.sort_unstable();
        assert_eq!(times.len(), 3, "{run}");
        times
    };
    let overlap = |spans: &[(u128, u128)]| spans.windows(2).any(|pair| pair[1].0 < pair[0].1);
    assert!(!overlap(&spans(&["-f", "1"])));
    assert!(overlap(&spans(&[])));
}
