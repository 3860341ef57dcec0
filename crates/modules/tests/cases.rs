//! Runs every case in `tests/modules/*/*.yml`: check, run, run again, and what is on the disk then.
//!
//! A file is a list of cases; the folder's name is the module. `$dir` in any text is the case's own
//! empty directory. Parts of a result are compared with what the case names and nothing more: a
//! mapping may have further keys, a text that begins with `re:` is a regular expression (the whole
//! text has to match), `(absent)` says that there is no such key, `(any)` that there is one.
//!
//! ```yaml
//! - name: makes a file private         # behaviour, in words; the only key that is always needed
//!   module: file                       # another module than the folder's
//!   needs: test "$(id -u)" = 0         # a shell command; the case is skipped where it fails
//!   environment: {NAME: value}         # the task's environment
//!   setup:                             # in order, in $dir
//!   - {dir: a, mode: "0755"}
//!   - {file: a/b, content: "text", mode: "0644", owner: root, group: root}   # or base64: …
//!   - {link: c, to: a/b}
//!   - {hard: d, to: a/b}
//!   - {run: mkfifo pipe}               # a shell command, with $dir as its directory
//!   args: {path: $dir/a/b, mode: "0600"}
//!   predicted: true                    # check mode predicted a change of the host before: what is missing may come
//!   check: {changed: true}             # the result with --check and --diff; `run` without owner, mode, state … stands for it
//!   run: {changed: true}               # the result of the first run
//!   again: {changed: false}            # the result of the second run; that is the default, `skip` leaves it out
//!   diff: {before: {mode: "0644"}}     # the diff of the check run
//!   after:                             # paths below $dir after all runs
//!     a/b: {content: "text", mode: "0600", owner: root, group: root, type: file, link: target}
//!     x: (absent)
//!   cleanup: userdel sutler-test-x     # a shell command at the very end, for what lies outside $dir
//! - name: says what is wrong
//!   args: {path: $dir/a, mode: rubbish}
//!   fails: mode must be in octal or symbolic form   # the whole `msg`; nothing may have changed on the disk
//!   run: {details: …}                  # further values of the failure
//!   check: {changed: true}             # only when check mode ends otherwise than the run
//! ```
//!
//! An item `every: {host: …, setup: […]}` is no case: what it names is every following case's, where that has
//! nothing of its own; steps of `setup` come before those of the case.
//!
//! In arguments, `_content: text` becomes a content that travels with the request;
//! `_content: {asked: text}` or
//! `{asked_base64: text}` one that the module has to ask for, `_content: {unwanted: text}` one
//! that it must not ask for, `_content: {missing: text}` one that cannot be had.
//!
//! `$http`, `$https`, `$banner`, `$busy` and `$closed` are ports of the loopback servers in
//! `cases/servers.rs`, `$socket` the first one's Unix socket, `$tls` the folder of certificates.
//!
//! A case with a `host` runs on a root file system of its own, which `tests/modules/image` built and
//! which is thrown away afterwards; `$dir` is a folder there. ansible-core on a twin of that root
//! says what is expected: `ORACLE=…/bin/ansible-playbook cargo test -p sutler-modules --test cases NAME`
//! records what its check run, first and second run returned and which files of the root differ
//! then, in `FILE.ansible.json`. Diffs that show nothing are left out. Without `ORACLE`, what the module does is compared with that.
//!
//! ```yaml
//! - name: adds a job
//!   host: debian                       # root, in namespaces of its own; `booted`: systemd runs, one boot for all such cases of a file
//!   setup: [{run: touch /etc/x}]       # on the host
//!   args: {name: x, job: /bin/true}
//!   look: crontab -l                   # a shell command after all runs; its output is compared too
//!   volatile: [run.stat.atime]         # what no two runs share, as a path into results, `tree` and `look`; `each.stat.atime` is all three runs'
//!   predicts: the reason               # where our check run differs from Ansible's, it is compared with Ansible's first run
//!   differs: {run.msg: the reason}     # where we differ from Ansible on purpose
//! ```
//!
//! On a host `copy` takes `content`, and `copy`, `template`, `unarchive` and `uri` a `src` without
//! `remote_src`, as from a controller: `src` is a path of the host. Nothing is rendered.
//!
//! `cargo test -p sutler-modules --test cases -- --agreement` says how many cases of which kind there are.
//!
//! After check mode the directory has to be as before, to the nanosecond; so it has after a second
//! run that is `ok`. No temporary file may be left.

#[path = "cases/agreement.rs"]
mod agreement;
#[path = "cases/bodies.rs"]
mod bodies;
#[path = "cases/case.rs"]
mod case;
#[path = "cases/compare.rs"]
mod compare;
#[path = "cases/controller.rs"]
mod controller;
#[path = "cases/host.rs"]
mod host;
#[path = "cases/on_host.rs"]
mod on_host;
#[path = "cases/oracle.rs"]
mod oracle;
#[path = "cases/recording.rs"]
mod recording;
#[path = "cases/servers.rs"]
mod servers;
#[path = "cases/setup.rs"]
mod setup;
#[path = "cases/snapshot.rs"]
mod snapshot;
#[path = "cases/tree.rs"]
mod tree;
#[path = "cases/units.rs"]
mod units;
#[path = "cases/yaml.rs"]
mod yaml;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use libtest_mimic::{Arguments, Trial};

use case::Case;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(on_host::ARGUMENT) {
        return on_host::main();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/modules");
    if std::env::args().nth(1).as_deref() == Some(agreement::ARGUMENT) {
        let cases: Vec<Case> = case_files(&root).iter().flat_map(|file| Case::load(file).unwrap_or_default()).collect();
        return if agreement::print(&cases).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let mut arguments = Arguments::from_args();
    // The cases mostly wait for disks and programs.
    arguments.test_threads = arguments.test_threads.or(Some(8));
    let mut needs = HashMap::new();
    let mut trials = Vec::new();
    for file in case_files(&root) {
        match Case::load(&file) {
            Ok(cases) => trials.extend(cases.into_iter().map(|case| trial(case, &mut needs))),
            Err(why) => trials.push(Trial::test(file.display().to_string(), move || Err(why.into()))),
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    host::power_off();
    conclusion.exit_code()
}

fn trial(case: Case, needs: &mut HashMap<String, bool>) -> Trial {
    let need = case.needs.clone().or_else(|| case.host.is_some().then(|| "test \"$(id -u)\" = 0".to_owned()));
    let skipped = need.is_some_and(|need| !*needs.entry(need.clone()).or_insert_with(|| holds(&need)));
    Trial::test(case.title.clone(), move || case.run().map_err(Into::into)).with_ignored_flag(skipped)
}

fn holds(need: &str) -> bool {
    let directory = setup::Directory::new();
    let output = Command::new("sh").arg("-c").arg(need).current_dir(&directory.path).output();
    output.is_ok_and(|output| output.status.success())
}

fn case_files(root: &Path) -> Vec<PathBuf> {
    let list = |path: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(path).into_iter().flatten().map(|entry| entry.expect("a readable folder").path()).collect()
    };
    let mut files: Vec<PathBuf> = list(root).iter().flat_map(|folder| list(folder)).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yml"));
    files.sort();
    assert!(!files.is_empty(), "there are no cases in {}", root.display());
    files
}
