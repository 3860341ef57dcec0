//! Runs the real binary against real hosts: what goes well, and what people read when it does not.
//!
//! Each test boots fresh hosts with names of its own in a fleet that it has alone, and removes them.
//! That needs root: without it these tests fail, and `cargo test -- --skip fleet::` leaves them out.

#[path = "fleet"]
mod fleet {
    mod background;
    mod becoming;
    mod cluster;
    mod cpu;
    mod databases;
    mod doas;
    mod downloads;
    mod dry_runs;
    mod etcd;
    mod failing_tasks;
    mod hosts;
    mod kubernetes;
    mod login;
    mod prompts;
    mod reach;
    mod releases;
    mod rolls;
    mod run;
    mod secrets;
    mod selection;
    mod site;
    mod su;
    mod synchronize;
    mod terminal;
    mod unreachable;
}
