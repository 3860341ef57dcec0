//! Archives of a version.

use std::path::Path;

use serde_json::json;

use super::{Git, task::Task};
use crate::kit::{Failure, Fields, Writer, file_args::Attributes, writer};

/// Suffixes, and the formats they stand for.
const FORMATS: [(&str, &str); 4] = [("zip", "zip"), ("gz", "tar.gz"), ("tar", "tar"), ("tgz", "tgz")];

impl Git {
    /// The format of the archive that is wanted, if one is.
    pub(super) fn archive_format(&self) -> Result<Option<&'static str>, Failure> {
        let Some(archive) = &self.archive else { return Ok(None) };
        let suffix = archive.extension().unwrap_or_default();
        if let Some((_, format)) = FORMATS.iter().find(|(known, _)| suffix == *known) {
            return Ok(Some(format));
        }
        let msg = format!("Unable to get file extension from archive file name : {}", archive.display());
        let details = "Please specify archive as filename with extension. \
                       File extension can be one of ['tar', 'tar.gz', 'zip', 'tgz']";
        Err(Failure::new(msg).with("details", details))
    }

    /// Makes the archive, and replaces one that is there if it is another one.
    pub(super) fn archived(&self, task: &Task, host: &mut Writer, mut fields: Fields) -> Result<Fields, Failure> {
        let (Some(archive), Some(format)) = (&self.archive, self.archive_format()?) else { return Ok(fields) };
        let has_changed = if host.exists(archive) {
            let place = archive.parent().unwrap_or(Path::new("."));
            let fresh = host.make_temporary(place, ".sutler-", "", false)?;
            let replaced = self.replace(task, &fresh, format, host);
            if !matches!(replaced, Ok(true)) {
                host.remove(&fresh)?;
            }
            replaced?
        } else {
            self.write_archive(task, archive, format, host)?;
            true
        };
        if has_changed {
            fields.insert("changed".into(), json!(true));
        }
        Ok(fields)
    }

    /// Whether the archive was another one.
    fn replace(&self, task: &Task, fresh: &Path, format: &str, host: &mut Writer) -> Result<bool, Failure> {
        let Some(archive) = &self.archive else { return Ok(false) };
        self.write_archive(task, fresh, format, host)?;
        if host.sha1(fresh)? == host.sha1(archive)? {
            return Ok(false);
        }
        let mode = Some(0o666 & !task.git.umask.unwrap_or_else(writer::umask));
        host.set_attributes(fresh, &Attributes { mode, ..Attributes::default() })?;
        host.rename(fresh, archive)?;
        Ok(true)
    }

    fn write_archive(&self, task: &Task, path: &Path, format: &str, host: &mut Writer) -> Result<(), Failure> {
        let place = path.to_string_lossy().into_owned();
        let mut words = vec!["archive", "--format", format, "--output", place.as_str()];
        if let Some(prefix) = &self.archive_prefix {
            words.extend(["--prefix", prefix]);
        }
        words.push(&self.version);
        let finished = task.git.run(&task.dest, &words, host)?;
        if finished.success() {
            return Ok(());
        }
        let details = format!(
            "Git archive command failed to create archive {place} using {} directory.Error: {}",
            task.dest.display(),
            finished.err()
        );
        Err(Failure::new("Failed to perform archive operation").with("details", details))
    }
}
