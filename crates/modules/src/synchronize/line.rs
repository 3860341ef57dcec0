//! The command line of rsync.

use super::{MARK, Synchronize, absolute};
use crate::kit::{Failure, Reader, shlex::quote};

impl Synchronize {
    /// The line as results show it; its words are expanded before it is run.
    pub(super) fn line(&self, host: &Reader, mut src: String, mut dest: String) -> Result<String, Failure> {
        let rsync = self.rsync.to_string_lossy();
        let rsync = if rsync.contains('/') { self.rsync.clone() } else { host.required(&rsync)? };
        let mut line = Line(rsync.to_string_lossy().into_owned());
        line.add_if(self.delay_updates, "--delay-updates -F");
        line.add_if(self.compress, "--compress");
        line.add_if(self.rsync_timeout != 0, &format!("--timeout={}", self.rsync_timeout));
        line.add_if(host.mode().check, "--dry-run");
        line.add_if(self.delete, "--delete-after");
        line.add_if(self.existing_only, "--existing");
        line.add_if(self.checksum, "--checksum");
        line.add_if(self.copy_links, "--copy-links");
        line.add_if(self.archive, "--archive");
        for (name, wanted) in [
            ("recursive", self.recursive),
            ("links", self.links),
            ("perms", self.perms),
            ("times", self.times),
            ("owner", self.owner),
            ("group", self.group),
        ] {
            match wanted {
                Some(true) if !self.archive => line.add(&format!("--{name}")),
                Some(false) if self.archive => line.add(&format!("--no-{name}")),
                _ => {}
            }
        }
        line.add_if(self.dirs, "--dirs");
        if self.means_controller {
            let from = host.env("SSH_CONNECTION").or_else(|| host.env("SSH_CLIENT")).unwrap_or_default();
            let Some(from) = from.split_whitespace().next() else {
                return Err(Failure::new("Could not determine controller hostname for rsync to send to"));
            };
            [&mut src, &mut dest]
                .into_iter()
                .for_each(|path| *path = path.replacen("localhost:", &format!("{from}:"), 1));
        }
        let daemons = [&src, &dest].into_iter().filter(|path| path.starts_with("rsync://")).count();
        if daemons == 2 {
            return Err(Failure::new("either src or dest must be a localhost").with("rc", 1));
        }
        let has_shell = self.rsync_opts.iter().flatten().any(|option| option.contains("--rsh"));
        if daemons == 0 && !has_shell && (src.contains(':') || dest.contains(':')) {
            line.add(&format!("--rsh={}", quote(&self.shell(host)?)));
        }
        if let Some(path) = &self.rsync_path {
            line.add(&format!("--rsync-path={}", quote(path)));
        }
        self.rsync_opts.iter().flatten().for_each(|option| line.add(option));
        line.add_if(self.partial, "--partial");
        if let Some(directories) = &self.link_dest {
            line.add("-H -vv");
            directories.iter().for_each(|path| line.add(&format!("--link-dest={}", absolute(path).display())));
        }
        line.add(&format!("--out-format={}", quote(&format!("{MARK}%i %n%L"))));
        line.add(&quote(&src));
        line.add(&quote(&dest));
        Ok(line.0)
    }

    /// What reaches the other host.
    fn shell(&self, host: &Reader) -> Result<String, Failure> {
        let mut line = Line(host.required("ssh")?.to_string_lossy().into_owned());
        line.add_if(!self.ssh_connection_multiplexing, "-S none");
        if let Some(key) = &self.private_key {
            line.add(&format!("-i {}", quote(&key.to_string_lossy())));
        }
        if let Some(port) = self.dest_port {
            line.add(&format!("-o Port={port}"));
        }
        line.add_if(!self.verify_host, "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null");
        self.ssh_args.iter().for_each(|args| line.add(args));
        Ok(line.0)
    }
}

/// Words with blanks between them.
struct Line(String);

impl Line {
    fn add(&mut self, words: &str) {
        self.0.push(' ');
        self.0.push_str(words);
    }

    fn add_if(&mut self, holds: bool, words: &str) {
        if holds {
            self.add(words);
        }
    }
}
