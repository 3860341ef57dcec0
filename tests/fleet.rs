//! Runs the real binary against real hosts: what goes well, and what people read when it does not.
//!
//! Each test boots fresh hosts with names of its own in the fleet number 9, and removes them. That
//! needs root; without it every test says that it is skipped. One test runs at a time.

#[path = "fleet/becoming.rs"]
mod becoming;
#[path = "fleet/check_mode.rs"]
mod check_mode;
#[path = "fleet/cluster.rs"]
mod cluster;
#[path = "fleet/downloads.rs"]
mod downloads;
#[path = "fleet/failing_tasks.rs"]
mod failing_tasks;
#[path = "fleet/hosts.rs"]
mod hosts;
#[path = "fleet/reach.rs"]
mod reach;
#[path = "fleet/run.rs"]
mod run;
#[path = "fleet/selection.rs"]
mod selection;
#[path = "fleet/site.rs"]
mod site;
#[path = "fleet/unreachable.rs"]
mod unreachable;
