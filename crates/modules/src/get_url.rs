//! `get_url`: downloads a file.

pub mod arrival;
mod checksum;
pub mod download;

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use serde_json::{Value, json};
use sutler_protocol::Arguments;

use self::{
    arrival::Arrival,
    checksum::Checksum,
    download::{Download, address_name, parent},
};
use crate::{
    http::{Options, Request, UrlArgs, date, masked},
    kit::{
        Args, Changes, Diff, Failure, Fields, FileArgs, Module, Reader, Writer, args::plain_text, file_args::Attributes,
    },
};

/// SHA-1 of nothing: what check mode, which downloads nothing, has for the source.
const EMPTY_SHA1: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

/// Downloads a file to the host from an `http`, `https` or `file` address.
///
/// With a `checksum`, a file that has it already is not downloaded again. Nothing of a download that
/// fails is left.
///
/// ```yaml
/// - get_url:
///     url: https://example.com/app.tar.gz
///     dest: /opt/app.tar.gz
///     checksum: sha256:https://example.com/SHA256SUMS
///     mode: "0644"
/// ```
#[derive(Args)]
pub struct GetUrl {
    /// The address; name and password may be part of it.
    url: String,
    /// The file to write, or the directory for it: then the server's name for it is taken, or the
    /// address's, and it is always downloaded.
    dest: PathBuf,
    /// Keeps a copy of a file that is replaced.
    #[arg(default = false)]
    backup: bool,
    /// What the file must hash to, as `sha256:HEX`, or `sha256:ADDRESS` of a list of sums. md5, sha1,
    /// sha224, sha256, sha384 and sha512 are known.
    #[arg(default = "")]
    checksum: String,
    /// Downloads even when the file is there; it is replaced only when it differs.
    #[arg(default = false)]
    force: bool,
    /// Headers to send.
    headers: Option<Arguments>,
    /// Seconds that the server may be silent.
    #[arg(default = 10)]
    timeout: i64,
    /// A directory for the download in progress; it has to be there. Without it, that of `dest`.
    tmp_dest: Option<PathBuf>,
    /// The name for servers that ask for one.
    #[arg(alias = "username")]
    url_username: Option<String>,
    /// The password that goes with it.
    #[arg(alias = "password", secret)]
    url_password: Option<String>,
    #[arg(flatten)]
    connection: UrlArgs,
    #[arg(flatten)]
    file: FileArgs,
}

/// What is left to do.
pub enum Plan {
    /// Owner, group or mode.
    Attributes(Attributes),
    /// The download.
    Download(Fetch),
}

/// A download.
pub struct Fetch {
    checksum: Option<Checksum>,
    /// The file differs from the checksum: the server's opinion on what is newer does not count.
    force: bool,
    is_directory: bool,
}

impl Module for GetUrl {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let options = self.options()?;
        let mut fields = self.base();
        let is_directory = host.stat(&self.dest)?.is_some_and(|meta| meta.is_dir());
        self.check_places(host)?;
        let checksum = self.checksum(host, &options).map_err(|e| with(e, &fields))?;
        let mut force = self.force;
        if let Some(existing) = host.stat(&self.dest)?.filter(|_| !is_directory)
            && let Some(checksum) = &checksum
            && !self.force
        {
            if checksum.of(host, &self.dest)? == checksum.sum {
                let attributes = self.file.resolve(Some(&existing), false)?;
                let differs = attributes.differ_from(&existing);
                let msg =
                    if differs { "file already exists but file attributes changed" } else { "file already exists" };
                fields.insert("msg".into(), json!(msg));
                let diff = attributes.diff(&self.dest, &existing);
                let changes = Changes::when(differs, Plan::Attributes(attributes)).with_all(fields);
                return Ok(if differs { changes.with_diff(diff) } else { changes });
            }
            force = true;
        }
        if host.mode().check {
            return self.predict(host, &options, is_directory, force, fields);
        }
        Ok(Changes::of(Plan::Download(Fetch { checksum, force, is_directory })).with_all(fields))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        match plan {
            Plan::Attributes(attributes) => {
                host.set_attributes(&self.dest, &attributes)?;
                Ok(Fields::new())
            }
            Plan::Download(fetch) => self.fetch(&fetch, host),
        }
    }
}

impl GetUrl {
    fn options(&self) -> Result<Options, Failure> {
        self.connection.options(self.timeout, self.url_username.as_ref(), self.url_password.as_ref())
    }

    fn base(&self) -> Fields {
        let mut fields = Fields::new();
        fields.insert("url".into(), json!(masked(&self.url)));
        fields.insert("dest".into(), json!(self.dest.to_string_lossy()));
        fields.insert("elapsed".into(), json!(0));
        fields.insert("checksum_src".into(), Value::Null);
        fields.insert("checksum_dest".into(), Value::Null);
        self.connection.warn(&mut fields);
        fields
    }

    /// Directories that have to be there.
    fn check_places(&self, host: &Reader) -> Result<(), Failure> {
        if let Some(path) =
            self.tmp_dest.as_ref().filter(|path| !host.stat(path).ok().flatten().is_some_and(|m| m.is_dir()))
        {
            let what = if host.exists(path) {
                format!("{} is a file but should be a directory.", path.display())
            } else {
                format!("{} directory does not exist.", path.display())
            };
            return Err(Failure::new(what).with("elapsed", 0));
        }
        let text = self.dest.to_string_lossy();
        let parent = text.strip_suffix('/').map_or_else(|| parent(&self.dest), Path::new);
        if !host.exists(parent) {
            let fields = self.base();
            return Err(with(Failure::new(format!("Destination {} does not exist", parent.display())), &fields));
        }
        Ok(())
    }

    fn checksum(&self, host: &Reader, options: &Options) -> Result<Option<Checksum>, Failure> {
        if self.checksum.is_empty() {
            return Ok(None);
        }
        let (algorithm, rest) = checksum::split(&self.checksum)?;
        if !checksum::is_address(rest) {
            return Checksum::new(algorithm, rest).map(Some);
        }
        let started = Instant::now();
        let mut download = Download::start(host, options, self.request("GET", rest))?;
        if !download.is_ok() {
            return Err(refused(&download, started).with("url", masked(rest)));
        }
        let mut list = Vec::new();
        download.body.read_to_end(&mut list).map_err(|e| Failure::new(download::describe(&e)))?;
        let name = address_name(&self.url);
        match Checksum::find(&String::from_utf8_lossy(&list), &name) {
            Some(sum) => Checksum::new(algorithm, &sum).map(Some),
            None => Err(Failure::new(format!("Unable to find a checksum for file '{name}' in '{}'", masked(rest)))),
        }
    }

    fn request(&self, method: &str, url: &str) -> Request {
        let headers = self.headers.iter().flatten();
        headers.fold(Request::new(method, url), |request, (name, value)| request.header(name, &plain_text(value)))
    }

    /// The request for the file itself: a file that is there is only sent again when it is newer.
    fn file_request(&self, host: &Reader, method: &str, is_directory: bool, force: bool) -> Result<Request, Failure> {
        let request = self.request(method, &self.url);
        if force {
            return Ok(request.default_header("Cache-Control", "no-cache"));
        }
        let existing = host.stat(&self.dest)?.filter(|_| !is_directory);
        Ok(match existing.and_then(|meta| meta.raw().modified().ok()) {
            Some(time) => request.default_header("If-Modified-Since", &date::text(time)),
            None => request,
        })
    }

    /// Check mode asks for the file's head only.
    fn predict(
        &self,
        host: &Reader,
        options: &Options,
        is_directory: bool,
        force: bool,
        mut fields: Fields,
    ) -> Result<Changes<Plan>, Failure> {
        let started = Instant::now();
        let request = self.file_request(host, "HEAD", is_directory, force)?;
        let mut download = Download::start(host, options, request).map_err(|e| with(e, &fields))?;
        fields.insert("elapsed".into(), json!(started.elapsed().as_secs()));
        fields.insert("msg".into(), json!(download.msg));
        if download.status == 304 {
            fields.insert("status_code".into(), json!(304));
            return Ok(Changes::none().with_all(fields));
        }
        if !download.is_ok() {
            return Err(with(refused(&download, started), &fields));
        }
        let dest = self.destination(&download, is_directory);
        fields.insert("dest".into(), json!(dest.to_string_lossy()));
        // Of a file of the host there is no head alone.
        let is_file = self.url.starts_with("file:");
        let sha1 = if is_file { checksum::digest(&mut download.body, &dest, "sha1")? } else { EMPTY_SHA1.to_owned() };
        let existing = host.stat(&dest)?;
        let old = existing.as_ref().map(|_| host.sha1(&dest)).transpose()?;
        let differs = old.as_ref() != Some(&sha1);
        fields.insert("checksum_src".into(), json!(sha1));
        fields.insert("checksum_dest".into(), json!(old));
        let fetch = Fetch { checksum: None, force, is_directory };
        let diff = Diff::new(json!({ "state": existing.map_or("absent", |_| "file") }), json!({ "state": "file" }))
            .headed(dest.to_string_lossy(), self.shown_url());
        let changes = Changes::when(differs, Plan::Download(fetch)).with_all(fields);
        Ok(if differs { changes.with_diff(diff) } else { changes })
    }

    fn shown_url(&self) -> String {
        masked(&self.url)
    }

    fn destination(&self, download: &Download, is_directory: bool) -> PathBuf {
        if is_directory { self.dest.join(&download.name) } else { self.dest.clone() }
    }

    fn fetch(&self, fetch: &Fetch, host: &mut Writer) -> Result<Fields, Failure> {
        let started = Instant::now();
        let base = self.base();
        let request = self.file_request(host, "GET", fetch.is_directory, fetch.force)?;
        let download = Download::start(host, &self.options()?, request)
            .map_err(|e| with(e.with("elapsed", started.elapsed().as_secs()), &base))?;
        let mut fields = Fields::new();
        if download.status == 304 {
            fields.insert("msg".into(), json!(download.msg));
            fields.insert("status_code".into(), json!(304));
            fields.insert("changed".into(), json!(false));
            return Ok(fields);
        }
        if !download.is_ok() {
            return Err(refused(&download, started).with("url", self.shown_url()).with("dest", self.shown_dest()));
        }
        let dest = self.destination(&download, fetch.is_directory);
        let (status, msg) = (download.status.clone(), download.msg.clone());
        fields.insert("dest".into(), json!(dest.to_string_lossy()));
        self.replace(host, fetch, download, &dest, started, &mut fields)?;
        fields.insert("status_code".into(), status);
        fields.insert("msg".into(), json!(msg));
        fields.insert("md5sum".into(), json!(checksum::digest(&mut host.open(&dest)?, &dest, "md5")?));
        Ok(fields)
    }

    fn shown_dest(&self) -> String {
        self.dest.to_string_lossy().into_owned()
    }

    /// Downloads beside the file, looks at what came, and puts it in its place when it differs.
    fn replace(
        &self,
        host: &mut Writer,
        fetch: &Fetch,
        download: Download,
        dest: &Path,
        started: Instant,
        fields: &mut Fields,
    ) -> Result<(), Failure> {
        let broken = |why| Failure::new(why).with("url", self.shown_url()).with("dest", self.shown_dest());
        let arrived = Arrival::receive(host, download.body, dest, self.tmp_dest.as_deref(), broken)
            .map_err(|failure| with(failure, &self.base()))?;
        let sha1 = checksum::digest(&mut arrived.open(host)?, dest, "sha1")?;
        let existing = host.stat(dest)?;
        let old = existing.as_ref().map(|_| host.sha1(dest)).transpose()?;
        let src = match &arrived {
            Arrival::Staged(staged) => staged.path(),
            Arrival::Nameless(_) => dest,
        };
        fields.insert("src".into(), json!(src.to_string_lossy()));
        fields.insert("checksum_src".into(), json!(sha1));
        fields.insert("checksum_dest".into(), json!(old));
        fields.insert("elapsed".into(), json!(started.elapsed().as_secs()));
        if let Some(checksum) = &fetch.checksum {
            let found = checksum::digest(&mut arrived.open(host)?, dest, &checksum.algorithm)?;
            if found != checksum.sum {
                let place = fields["src"].as_str().unwrap_or_default();
                let msg = format!("The checksum for {place} did not match {}; it was {found}.", checksum.sum);
                return Err(with(with(Failure::new(msg), fields), &self.base()));
            }
        }
        if old.as_ref() == Some(&sha1) {
            let changed = self.set_attributes(host, dest)?;
            fields.insert("changed".into(), json!(changed));
            return Ok(());
        }
        let attributes = self.file.resolve(existing.as_ref(), false)?;
        if self.backup && existing.is_some() {
            let backup = host.backup(dest)?;
            fields.insert("backup_file".into(), json!(backup.to_string_lossy()));
        }
        arrived.commit(host, dest, &attributes).map_err(|failure| with(with(failure, fields), &self.base()))
    }

    fn set_attributes(&self, host: &mut Writer, path: &Path) -> Result<bool, Failure> {
        let Some(existing) = host.stat(path)? else { return Ok(false) };
        let attributes = self.file.resolve(Some(&existing), false)?;
        let differs = attributes.differ_from(&existing);
        if differs {
            host.set_attributes(path, &attributes)?;
        }
        Ok(differs)
    }
}

/// Adds return values that a failure does not have yet.
fn with(mut failure: Failure, fields: &Fields) -> Failure {
    for (name, value) in fields {
        failure.fields.entry(name.clone()).or_insert_with(|| value.clone());
    }
    failure
}

fn refused(download: &Download, started: Instant) -> Failure {
    Failure::new("Request failed")
        .with("response", download.msg.clone())
        .with("status_code", download.status.clone())
        .with("elapsed", started.elapsed().as_secs())
}
