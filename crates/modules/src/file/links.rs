//! `state: link` and `state: hard`.

use std::path::{Path, PathBuf};

use rustix::io::Errno;
use serde_json::json;

use super::{File, Found, Step, times::Times};
use crate::kit::{Failure, Meta, Reader, failure::errno};

impl File {
    pub(super) fn link(&self, host: &Reader, times: &Times) -> Result<Found, Failure> {
        let current = host.lstat(&self.path)?;
        let mut found = Found::at(&self.path).with("dest", self.shown());
        let Some(src) = &self.src else {
            let Some(meta) = current.as_ref().filter(|meta| meta.is_link()) else {
                if current.is_none() {
                    return Err(Failure::new("src is required for creating new symlinks"));
                }
                // What reading a link that is none says (`man 2 readlink`).
                return Err(Failure::new(errno(&Errno::INVAL.into(), &self.path.to_string_lossy())).uncaught());
            };
            let shown = if self.follow && host.exists(&self.path) && meta.is_link() {
                json!(host.link(&self.path)?.to_string_lossy())
            } else {
                json!(null)
            };
            self.link_attributes(host, times, &mut found, &host.resolve(&self.path), true)?;
            return Ok(found.with("src", shown));
        };
        let target = self.link_target(src, current.as_ref());
        self.check_link(host, src, &target, current.as_ref())?;
        found = found.with("src", src.to_string_lossy().as_ref());
        let state = current.as_ref().map_or("absent", Meta::file_state);
        let before = current.as_ref().filter(|meta| meta.is_link()).map(|_| host.link(&self.path)).transpose()?;
        if let Some(before) = &before {
            found.differs("src", json!(before.to_string_lossy()), json!(src.to_string_lossy()));
        } else {
            found.differs("state", json!(state), json!("link"));
        }
        let stays = before.as_ref().is_some_and(|before| before.as_os_str() == src.as_os_str());
        if !stays {
            if state == "directory" {
                found.steps.push(Step::Remove(self.path.clone()));
            }
            found.steps.push(Step::Symlink(src.clone(), self.path.clone()));
        }
        // A link that is replaced has no attributes yet.
        self.link_attributes(host, times, &mut found, &host.resolve(target), stays)?;
        Ok(found)
    }

    /// Where `src` leads, seen from the link.
    fn link_target(&self, src: &Path, current: Option<&Meta>) -> PathBuf {
        let from = if current.is_some_and(Meta::is_dir) { Some(self.path.as_path()) } else { self.path.parent() };
        from.unwrap_or(Path::new("")).join(src)
    }

    fn check_link(&self, host: &Reader, src: &Path, target: &Path, current: Option<&Meta>) -> Result<(), Failure> {
        if !self.force && !host.exists(target) {
            let msg = "src file does not exist, use 'force=yes' if you really want to create the link";
            return Err(self.fail(format!("{msg}: {}", target.display())).with("src", src.to_string_lossy().as_ref()));
        }
        let state = current.map_or("absent", Meta::file_state);
        let shown = self.path.display();
        match state {
            "directory" | "file" | "hard" if !self.force => {
                Err(self.fail(format!("refusing to convert from {state} to symlink for {shown}")))
            }
            "directory" if !host.list(&self.path)?.is_empty() => {
                Err(self.fail(format!("the directory {shown} is not empty, refusing to convert it")))
            }
            _ => Ok(()),
        }
    }

    /// Attributes are the target's when links are followed, and otherwise the link's own; it may
    /// not be there yet, and a target may be missing for good.
    fn link_attributes(
        &self,
        host: &Reader,
        times: &Times,
        found: &mut Found,
        target: &Path,
        is_there: bool,
    ) -> Result<(), Failure> {
        let path = if self.follow { target } else { &self.path };
        if let Some(meta) = host.lstat(path)?.filter(|_| self.follow || is_there) {
            found.set_attributes(path, &self.attributes, &meta)?;
            found.set_times(path, times, &meta);
        } else if !self.follow {
            let mut attributes = self.attributes.resolve(None, false)?;
            attributes.mode = None;
            found.steps.push(Step::Attributes(self.path.clone(), attributes));
            found.set_new_times(&self.path, times);
        }
        Ok(())
    }

    pub(super) fn hard(&self, host: &Reader, times: &Times) -> Result<Found, Failure> {
        let path = self.path_in_directory(host)?;
        let current = host.lstat(&path)?;
        let mut found = Found::at(&path).with("dest", path.to_string_lossy().as_ref());
        let Some(src) = &self.src else {
            let Some(meta) = current.filter(|meta| meta.file_state() == "hard") else {
                return Err(Failure::new("src is required for creating new hardlinks"));
            };
            found.set_attributes(&path, &self.attributes, &meta)?;
            found.set_times(&path, times, &meta);
            return Ok(found.with("src", json!(null)));
        };
        found = found.with("src", src.to_string_lossy().as_ref());
        let fail = |msg: String| {
            let failure = Failure::new(msg).with("dest", path.to_string_lossy().as_ref());
            failure.with("src", src.to_string_lossy().as_ref())
        };
        let Some(source) = host.stat(src)? else { return Err(fail("src does not exist".into())) };
        let state = current.as_ref().map_or("absent", Meta::file_state);
        if !current.as_ref().is_some_and(|meta| meta.is_same(&source)) {
            match state {
                "hard" if !self.force => {
                    return Err(fail("Cannot link, different hard link exists at destination".into()));
                }
                "file" if !self.force => return Err(fail("Cannot link, file exists at destination".into())),
                "directory" if !self.force => {
                    return Err(fail("Cannot link: different hard link exists at destination".into()));
                }
                "directory" => return Err(fail("Cannot link, directory exists at destination".into())),
                "link" => {
                    let before = host.link(&path)?;
                    found.differs("src", json!(before.to_string_lossy()), json!(src.to_string_lossy()));
                }
                _ => {}
            }
            found.differs("state", json!(state), json!("hard"));
            found.steps.push(Step::HardLink(host.resolve(src), path.clone()));
        }
        found.set_attributes(&path, &self.attributes, &source)?;
        found.set_times(&path, times, &source);
        Ok(found)
    }
}
