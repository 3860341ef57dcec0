//! What differs between an archive and what lies in its destination: the lines that `tar --diff` prints.

use std::{
    io::Read,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::Path,
};

use super::{
    archive::place,
    member::{Kind, Member},
    options::Options,
    owners::{self, Owners},
};
use crate::kit::{Failure, FileArgs, Meta, Reader, writer};

/// Compares entries with the host.
pub struct Comparison<'a> {
    host: &'a Reader,
    destination: &'a Path,
    options: &'a Options,
    file: &'a FileArgs,
    owners: Owners,
    umask: u32,
    /// What differs, one line each.
    pub lines: Vec<String>,
}

impl<'a> Comparison<'a> {
    /// Nothing compared yet. What `file` sets is not compared with the archive.
    pub fn new(host: &'a Reader, destination: &'a Path, options: &'a Options, file: &'a FileArgs) -> Self {
        let owners = Owners::default();
        Self { host, destination, options, file, owners, umask: writer::umask(), lines: Vec::new() }
    }

    /// Compares one entry.
    pub fn look(&mut self, member: &Member, content: &mut dyn Read) -> Result<(), Failure> {
        let path = place(self.destination, member);
        let Some(found) = self.host.lstat(&path)? else {
            self.say(member, "Warning: Cannot stat: No such file or directory");
            return Ok(());
        };
        if self.options.keep_old && !found.is_dir() {
            return Ok(());
        }
        if !is_of(&found, &member.kind) {
            self.say(member, "File type differs");
            return Ok(());
        }
        match &member.kind {
            Kind::Link(target) => {
                if self.host.link(&path)? != *target {
                    self.say(member, "Symlink differs");
                }
            }
            // Another name with the same content is as good, says tar.
            Kind::Hard(_) => {}
            // They are different to tar; in a zip archive they are passed over.
            Kind::File if self.options.is_zip && self.options.keep_newer && found.raw().mtime() > member.modified => {}
            Kind::File => {
                self.compare_mode(member, &found);
                self.compare_owner(member, &found);
                self.compare_content(member, &found, &path, content)?;
            }
            Kind::Directory | Kind::Fifo | Kind::Device(..) => self.compare_mode(member, &found),
        }
        Ok(())
    }

    fn say(&mut self, member: &Member, what: &str) {
        self.lines.push(format!("{}: {what}", member.name));
    }

    fn compare_mode(&mut self, member: &Member, found: &Meta) {
        let wanted = owners::mode(member, self.options, self.umask);
        if self.file.mode().is_none() && wanted.is_some_and(|mode| mode != found.mode()) {
            self.say(member, "Mode differs");
        }
    }

    fn compare_owner(&mut self, member: &Member, found: &Meta) {
        let (user, group) = self.owners.of(member, self.options);
        // What a zip archive has belongs to whoever unpacks it.
        let user = user.or(self.options.is_zip.then(|| rustix::process::geteuid().as_raw()));
        if !self.file.sets_owner() && user.is_some_and(|id| id != found.uid()) {
            self.say(member, "Uid differs");
        }
        if !self.file.sets_group() && group.is_some_and(|id| id != found.gid()) {
            self.say(member, "Gid differs");
        }
    }

    fn compare_content(
        &mut self,
        member: &Member,
        found: &Meta,
        path: &Path,
        content: &mut dyn Read,
    ) -> Result<(), Failure> {
        if !self.options.touch && found.raw().mtime() != member.modified {
            self.say(member, "Mod time differs");
        }
        if found.size() != member.size {
            self.say(member, "Size differs");
        // One difference is enough to unpack: no need to read the host's files further.
        } else if self.lines.is_empty() && !is_same(content, &mut self.host.open(path)?) {
            self.say(member, "Contents differ");
        }
        Ok(())
    }
}

fn is_of(found: &Meta, kind: &Kind) -> bool {
    let is = found.raw().file_type();
    match kind {
        Kind::File | Kind::Hard(_) => is.is_file(),
        Kind::Directory => is.is_dir(),
        Kind::Link(_) => is.is_symlink(),
        Kind::Fifo => is.is_fifo(),
        Kind::Device(true, major, minor) => {
            is.is_block_device() && found.raw().rdev() == rustix::fs::makedev(*major, *minor)
        }
        Kind::Device(false, major, minor) => {
            is.is_char_device() && found.raw().rdev() == rustix::fs::makedev(*major, *minor)
        }
    }
}

/// Whether both have the same bytes, as many as the first has.
fn is_same(content: &mut dyn Read, file: &mut impl Read) -> bool {
    let (mut left, mut right) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    loop {
        match content.read(&mut left) {
            Ok(0) => return true,
            Ok(length) => {
                if file.read_exact(&mut right[..length]).is_err() || left[..length] != right[..length] {
                    return false;
                }
            }
            Err(_) => return false,
        }
    }
}
