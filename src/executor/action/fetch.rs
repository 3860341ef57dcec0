//! `fetch`: a file of the host, which the controller keeps.

use std::{
    fs::{File, Permissions},
    io::{self, Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;
use serde_json::{Value as Json, json};
use sutler_modules::kit::{checksum::Algorithm, failure::os_text, reader::normal, writer::umask};
use tempfile::NamedTempFile;

use super::{Done, Evaluated, Fields, Later, PrepareError, Reach, TaskContext, boolean, failed};
use crate::{
    executor::{Run, settings::Settings},
    playbook::expand_home,
    transport::{Bodies, ConnectError, Task as HelperTask},
    value::Value,
    vars::Scope,
};

/// What the module says of a file that is not there.
const MISSING: &str = "the remote file does not exist, not transferring, ignored";
/// What it says of a directory.
const DIRECTORY: &str = "remote file is a directory, fetch cannot work on directories";

/// A fetch as the task asks for it.
struct Fetch {
    reach: Reach,
    src: String,
    dest: String,
    /// The folder that a relative `dest` is in.
    base: PathBuf,
    /// The name of the host in the inventory.
    host: String,
    is_flat: bool,
    fails_on_missing: bool,
    validates: bool,
}

/// Prepares it.
pub fn prepare(
    context: &TaskContext,
    settings: Settings,
    scope: &Scope,
    arguments: &Evaluated,
) -> Result<Later, PrepareError> {
    let reach = Reach::new(context, settings, scope)?;
    if reach.mode(context, settings)?.check {
        return Ok(at_once(skipped()));
    }
    let flag = |name: &str, default: bool| arguments.value(name).map_or(Ok(default), boolean);
    let (src, dest) = match (arguments.value("src"), arguments.value("dest")) {
        (Some(Value::Str(src)), Some(Value::Str(dest))) => (src.to_string(), dest.to_string()),
        (None, _) | (_, None) => return Ok(at_once(failed("src and dest are required"))),
        (Some(Value::Str(_)), _) => {
            return Ok(at_once(failed("Invalid type supplied for dest option, it must be a string")));
        }
        _ => return Ok(at_once(failed("Invalid type supplied for source option, it must be a string"))),
    };
    let fetch = Fetch {
        reach,
        src,
        dest,
        base: arguments.origin.environment.playbook_dir.clone(),
        host: scope.host().name.clone(),
        is_flat: flag("flat", false)?,
        fails_on_missing: flag("fail_on_missing", true)?,
        validates: flag("validate_checksum", true)?,
    };
    let run = Arc::clone(&context.run);
    Ok(Box::pin(async move { fetch.run(&run).await }))
}

fn at_once(done: Done) -> Later {
    Box::pin(async { Ok(done) })
}

fn skipped() -> Done {
    let mut result = Fields::new();
    result.insert("changed".into(), json!(false));
    result.insert("skipped".into(), json!(true));
    result.insert("msg".into(), json!("check mode not (yet) supported for this module"));
    Done { result, ..Done::default() }
}

impl Fetch {
    async fn run(&self, run: &Run) -> Result<Done, ConnectError> {
        let mut source = self.src.clone();
        if source.starts_with('~') {
            // Where that leads, only the host knows.
            let (found, _) = self.ask(run, &json!({ "src": source, "_asks": true }), Path::new("")).await?;
            match found.get("source").and_then(Json::as_str) {
                Some(path) => source = path.to_owned(),
                None => return Ok(self.not_fetched(&found)),
            }
        }
        let dest = match self.destination(&source) {
            Ok(dest) => dest,
            Err(why) => return Ok(failed(&why)),
        };
        let known = sum(&dest, Algorithm::Sha1);
        let (found, landed) = self.ask(run, &json!({ "src": source, "_known": known }), &dest).await?;
        let Some(checksum) = found.get("checksum").and_then(Json::as_str) else { return Ok(self.not_fetched(&found)) };
        let mut result = Fields::new();
        result.insert("dest".into(), json!(dest.to_string_lossy()));
        let Some(file) = landed else {
            result.insert("changed".into(), json!(false));
            result.insert("checksum".into(), json!(checksum));
            result.insert("file".into(), json!(source));
            result.insert("md5sum".into(), json!(sum(&dest, Algorithm::Md5)));
            return Ok(Done { result, ..Done::default() });
        };
        if let Err(error) = put(file, &dest) {
            return Ok(failed(&format!("cannot write {}: {}", dest.display(), os_text(&error))));
        }
        let written = sum(&dest, Algorithm::Sha1);
        let differs = self.validates && written.as_deref() != Some(checksum);
        result.insert("changed".into(), json!(!differs));
        result.insert("checksum".into(), json!(written));
        result.insert("remote_checksum".into(), json!(checksum));
        result.insert("md5sum".into(), json!(sum(&dest, Algorithm::Md5)));
        result.insert("remote_md5sum".into(), Json::Null);
        if differs {
            result.insert("failed".into(), json!(true));
            result.insert("msg".into(), json!("checksum mismatch"));
            result.insert("file".into(), json!(source));
        }
        Ok(Done { result, ..Done::default() })
    }

    /// Asks the host; gives its result, and the file when it sent one.
    async fn ask(
        &self,
        run: &Run,
        arguments: &Json,
        dest: &Path,
    ) -> Result<(Fields, Option<NamedTempFile>), ConnectError> {
        let session = run.connections.helper(&self.reach.target, self.reach.becoming.as_ref()).await?;
        let items = vec![arguments.as_object().cloned().unwrap_or_default()];
        let task = HelperTask { module: "fetch".into(), items, ..HelperTask::default() };
        let landing = Landing { dest: dest.to_owned(), file: Mutex::new(None) };
        let result = session.run(task, &landing).await?.pop().unwrap_or_default();
        Ok((result, landing.file.into_inner()))
    }

    /// The result for a file that could not be had.
    fn not_fetched(&self, found: &Fields) -> Done {
        let msg = found.get("msg").and_then(Json::as_str).unwrap_or_default();
        // As whom the task asks decides how Ansible looks at the file.
        let closed = msg.strip_prefix("cannot look at ").and_then(|rest| rest.strip_suffix(": Permission denied"));
        let msg = &match closed {
            Some(path) if self.reach.becoming.is_some() => format!("File is not readable: {path}"),
            Some(path) => {
                let ignored = if self.fails_on_missing { "" } else { ", ignored" };
                format!("Failed to get information on remote file ({path}): Permission denied{ignored}")
            }
            None => msg.to_owned(),
        };
        if self.fails_on_missing {
            return failed(msg);
        }
        let mut result = Fields::new();
        result.insert("changed".into(), json!(false));
        if msg == DIRECTORY {
            result.insert("msg".into(), json!(format!("{DIRECTORY}, not transferring, ignored")));
        } else {
            result.insert("file".into(), json!(self.src));
            result.insert("msg".into(), json!(if msg.is_empty() { MISSING } else { msg }));
        }
        Done { result, ..Done::default() }
    }

    /// Where the file goes.
    fn destination(&self, source: &str) -> Result<PathBuf, String> {
        let dest = expand_home(Path::new(&self.dest));
        let dest_ends = self.dest.ends_with('/');
        if !self.is_flat {
            let place = format!("{}/{}/{source}", self.base.join(dest).display(), self.host);
            return Ok(normal(Path::new(&place)));
        }
        if dest.is_dir() && !dest_ends {
            let why =
                "dest is an existing directory, use a trailing slash if you want to fetch src into that directory";
            return Err(why.into());
        }
        let name = source.rsplit('/').next().unwrap_or_default();
        let dest = if dest_ends { dest.join(name) } else { dest };
        if dest_ends && dest.is_dir() {
            return Err(format!(
                "calculated dest '{}' is an existing directory, use another path that does not point to an existing \
                 directory",
                dest.display()
            ));
        }
        Ok(normal(&self.base.join(dest)))
    }
}

/// Where the parts of a file arrive: beside its place, so that it appears whole or not at all.
struct Landing {
    dest: PathBuf,
    file: Mutex<Option<NamedTempFile>>,
}

impl Bodies for Landing {
    fn open(&self, sha1: &str) -> io::Result<Box<dyn Read + Send>> {
        Err(io::Error::new(io::ErrorKind::NotFound, format!("no content has the hash {sha1}")))
    }

    fn accept(&self, bytes: &[u8]) -> io::Result<()> {
        let failed = |error: io::Error| {
            io::Error::other(format!("cannot write {} on the controller: {}", self.dest.display(), os_text(&error)))
        };
        let mut file = self.file.lock();
        if file.is_none() {
            let folder = self.dest.parent().unwrap_or(Path::new("."));
            let made = std::fs::create_dir_all(folder);
            let made = made.and_then(|()| tempfile::Builder::new().prefix(".sutler-").tempfile_in(folder));
            *file = Some(made.map_err(failed)?);
        }
        file.as_mut().map_or(Ok(()), |file| file.write_all(bytes)).map_err(failed)
    }
}

/// Puts a file in its place, with the mode of the one that is there, or that of a new one.
fn put(file: NamedTempFile, dest: &Path) -> io::Result<()> {
    let mode = dest.metadata().map_or(0o666 & !umask(), |metadata| metadata.permissions().mode() & 0o7777);
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    file.persist(dest).map(drop).map_err(|error| error.error)
}

/// The checksum of a file; `None` when there is none.
fn sum(path: &Path, algorithm: Algorithm) -> Option<String> {
    File::open(path).and_then(|file| algorithm.of(file)).ok()
}
