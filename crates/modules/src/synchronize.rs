//! `synchronize`: trees of files from one host to another, by rsync.

mod line;

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::{
    choice,
    kit::{
        Args, Changes, Failure, Fields, InCheck, Module, Program, Reader, Source, Writer, file_args::Attributes,
        reader::normal, shlex, users,
    },
    script,
};

/// What stands before what changes, in what rsync prints.
const MARK: &str = "<<CHANGED>>";
/// The variable that carries the password to the program that ssh asks.
const PASSWORD: &str = "SUTLER_SSH_PASSWORD";

choice! {
    /// Which way files go.
    enum Direction {
        /// From the host.
        Pull = "pull",
        /// To the host.
        Push = "push",
    }
}

/// Copies trees of files with rsync, from the controller to the host or the other way.
///
/// rsync runs on the controller, or on the host of `delegate_to`, and reaches the host of the task through `ssh`: both
/// need it. Where both are the same host, or the connection is `local`, it copies there. With `become` and sudo, which
/// must not ask for a password, the rsync on the host of the task is another user's. A relative path on the controller
/// is looked for in the role's or playbook's `files`.
///
/// ```yaml
/// - synchronize:
///     src: site/
///     dest: /srv/www
///     delete: true
///     rsync_opts:
///     - --exclude=.git
/// - synchronize:
///     mode: pull
///     src: /var/backups/
///     dest: backups/{{ inventory_hostname }}
/// - name: between two paths of the host
///   synchronize:
///     src: /srv/a/
///     dest: /srv/b
///   delegate_to: "{{ inventory_hostname }}"
/// ```
#[derive(Args)]
#[expect(dead_code, reason = "the controller reads the rest")]
pub struct Synchronize {
    /// The path that is copied; with a slash at its end, what is in it. May be `rsync://…`.
    src: Option<PathBuf>,
    /// The path that it is copied to.
    dest: Option<PathBuf>,
    /// `push` copies to the host of the task, `pull` from it.
    #[arg(default = "push")]
    mode: Direction,
    /// The port of ssh on the host of the task; that of the connection when missing.
    dest_port: Option<i64>,
    /// Puts new files into their places at the end only, and reads the filters in `.rsync-filter` files.
    #[arg(default = true)]
    delay_updates: bool,
    /// Keeps everything: the same as `recursive`, `links`, `perms`, `times`, `owner`, `group` and devices.
    #[arg(default = true)]
    archive: bool,
    /// Compares what is in files, not their times and sizes.
    #[arg(default = false)]
    checksum: bool,
    /// Compresses on the way.
    #[arg(default = true)]
    compress: bool,
    /// Changes only files that are there.
    #[arg(default = false)]
    existing_only: bool,
    /// Removes, at the end, what is not in `src`.
    #[arg(default = false)]
    delete: bool,
    /// Makes directories, but not what is in them.
    #[arg(default = false)]
    dirs: bool,
    /// Goes into directories; that is what `archive` says when missing.
    recursive: Option<bool>,
    /// Copies symbolic links as such; that is what `archive` says when missing.
    links: Option<bool>,
    /// Copies what symbolic links lead to.
    #[arg(default = false)]
    copy_links: bool,
    /// Keeps modes; that is what `archive` says when missing.
    perms: Option<bool>,
    /// Keeps times; that is what `archive` says when missing.
    times: Option<bool>,
    /// Keeps owners, which only root can; that is what `archive` says when missing.
    owner: Option<bool>,
    /// Keeps groups; that is what `archive` says when missing.
    group: Option<bool>,
    /// The rsync of the host of the task.
    rsync_path: Option<String>,
    /// The limit for a wait of rsync, in seconds; 0 is none.
    #[arg(default = 0)]
    rsync_timeout: i64,
    /// Reaches the host as the connection's user.
    #[arg(default = true)]
    set_remote_user: bool,
    /// Gives ssh the arguments of the connection: `ansible_ssh_args`, `ansible_ssh_common_args` and
    /// `ansible_ssh_extra_args`.
    #[arg(default = false)]
    use_ssh_args: bool,
    /// Lets ssh share connections, where its configuration says so.
    #[arg(default = false)]
    ssh_connection_multiplexing: bool,
    /// Further options of rsync.
    rsync_opts: Option<Vec<String>>,
    /// Keeps files that did not arrive as a whole.
    #[arg(default = false)]
    partial: bool,
    /// Refuses hosts whose keys are not known.
    #[arg(default = false)]
    verify_host: bool,
    /// The key for ssh; that of the connection when missing.
    private_key: Option<PathBuf>,
    /// Directories whose files are linked to where they are the same as those of `src`.
    link_dest: Option<Vec<PathBuf>>,
    /// The rsync that is run: the variable `ansible_rsync_path`.
    #[arg(internal, name = "_local_rsync_path", default = "rsync")]
    rsync: PathBuf,
    /// The password of the connection.
    #[arg(internal, secret, name = "_local_rsync_password")]
    password: Option<String>,
    /// The arguments of ssh that the connection has.
    #[arg(internal, name = "_ssh_args")]
    ssh_args: Option<String>,
    /// `localhost` is where this host was reached from.
    #[arg(internal, name = "_substitute_controller", default = false)]
    means_controller: bool,
}

impl Module for Synchronize {
    type Plan = String;

    fn inspect(&self, host: &Reader) -> Result<Changes<String>, Failure> {
        let (Some(src), Some(dest)) = (&self.src, &self.dest) else {
            return Err(Failure::new("synchronize requires both src and dest parameters are set"));
        };
        let [src, dest] = [src, dest].map(|path| path.to_string_lossy().into_owned());
        self.refuse_recursion(&dest)?;
        // What check mode runs is a dry run.
        let mut changes = Changes::of(self.line(host, src, dest)?).in_check(InCheck::Run);
        if self.rsync_opts.iter().flatten().any(String::is_empty) {
            changes.warn(vec![
                "The empty string is present in rsync_opts which will cause rsync to transfer the current working \
                 directory. If this is intended, use \".\" instead to get rid of this warning. If this is unintended, \
                 check for problems in your playbook leading to empty string in rsync_opts."
                    .to_owned(),
            ]);
        }
        Ok(changes)
    }

    fn apply(&self, line: String, host: &mut Writer) -> Result<Fields, Failure> {
        let words = shlex::split(&line).map_err(|why| Failure::new(why).uncaught())?;
        let words: Vec<String> = words.iter().map(|word| users::expand_path(word, host.environment())).collect();
        if words[0].contains('/') && !host.exists(&words[0]) {
            let failure = Failure::new("Error executing command.").with("cmd", shlex::join(&words)).with("rc", 2);
            return Err(failure.with("stdout", "").with("stderr", ""));
        }
        // Nobody sits in front of it: what ssh asks is answered by a program, or not at all.
        let asked = match &self.password {
            Some(password) => Some((askpass(host)?, password)),
            None => None,
        };
        let program = Program::new(&words[0]).args(&words[1..]).env("SSH_ASKPASS_REQUIRE", "force");
        let program = if host.env("DISPLAY").is_none() { program.env("DISPLAY", "-") } else { program };
        let finished = match &asked {
            None => host.run(&program.env("SSH_ASKPASS", "/bin/false")),
            Some((directory, password)) => {
                let asks = directory.join("askpass");
                let finished = host.run(&program.env("SSH_ASKPASS", &asks.to_string_lossy()).env(PASSWORD, password));
                host.remove(directory)?;
                finished
            }
        }?;
        if !finished.success() {
            return Err(Failure::new(finished.err()).with("rc", finished.rc).with("cmd", line));
        }
        let out = finished.out();
        // A leading period says that what is there is linked.
        let is_changed = match &self.link_dest {
            Some(_) => !out.contains("<<CHANGED>>."),
            None => out.contains(MARK),
        };
        let out = out.replace(MARK, "");
        let lines: Vec<&str> = out.split('\n').filter(|line| !line.is_empty()).collect();
        let mut fields = Fields::new();
        fields.insert("changed".into(), json!(is_changed));
        fields.insert("rc".into(), json!(finished.rc));
        fields.insert("cmd".into(), json!(line));
        fields.insert("stdout_lines".into(), json!(lines));
        if host.mode().diff {
            fields.insert("diff".into(), json!({ "prepared": out }));
        }
        fields.insert("msg".into(), json!(out));
        Ok(fields)
    }
}

impl Synchronize {
    /// Fails where links would lead into what they are made in.
    fn refuse_recursion(&self, dest: &str) -> Result<(), Failure> {
        let place = absolute(Path::new(dest));
        let above = place.parent().unwrap_or(Path::new("/"));
        let parent = if dest.ends_with('/') { place.as_path() } else { above };
        if !self.link_dest.iter().flatten().any(|link| parent.starts_with(absolute(link))) {
            return Ok(());
        }
        let parent = parent.display();
        let msg = "Hardlinking into a subdirectory of the source would cause recursion.";
        Err(Failure::new(format!("{msg} {parent} and {dest}")))
    }
}

fn absolute(path: &Path) -> PathBuf {
    normal(&std::env::current_dir().unwrap_or_default().join(path))
}

/// A directory with a program that prints the password, which the file itself does not hold; other questions are denied.
fn askpass(host: &mut Writer) -> Result<PathBuf, Failure> {
    let directory = script::make_directory(host)?;
    let text =
        format!("#!/bin/sh\ncase $1 in *assword*|*assphrase*) printf '%s\\n' \"${PASSWORD}\" ;; *) echo no ;; esac\n");
    let attributes = Attributes { mode: Some(0o700), ..Attributes::default() };
    host.write(&directory.join("askpass"), Source::Bytes(text.into_bytes()), &attributes)?;
    Ok(directory)
}
