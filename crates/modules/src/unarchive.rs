//! `unarchive`: unpacks an archive.

mod archive;
mod comparison;
mod extraction;
mod member;
mod options;
mod owners;
mod pattern;
mod zipped;

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Seek},
    path::{Path, PathBuf},
};

use serde_json::json;
use sutler_protocol::Content;

pub use self::{
    archive::{Archive, Format as Decoded},
    options::Options,
};
use self::{
    archive::{Format, place},
    comparison::Comparison,
    extraction::Extraction,
    member::{Kind, Member, refuse_escapes},
};
use crate::{
    get_url::download::{Download, describe},
    http::{self, Request},
    kit::{
        Args, Changes, Diff, Failure, Fields, FileArgs, Module, Reader, Source, Writer,
        failure::{os_text, to_come},
        reader::normal,
    },
};

/// Unpacks an archive into a directory that is there.
///
/// tar archives (plain, gzip, bzip2, xz, Zstandard) and zip archives are recognised by their content,
/// and unpacked without the host's own programs. What lies in the directory already is compared
/// first: nothing is done when modes, owners, times and contents are those of the archive.
///
/// ```yaml
/// - unarchive:
///     src: app.tar.gz
///     dest: /opt
///     owner: app
///     group: app
/// - unarchive:
///     src: https://example.com/app.zip
///     dest: /opt
///     remote_src: true
///     creates: /opt/app/bin
/// ```
#[derive(Args)]
#[args(exclusive("include", "exclude"))]
pub struct Unarchive {
    /// The archive: a file of the controller, with `remote_src` one of the host, or an address that
    /// the host downloads from.
    src: PathBuf,
    /// The directory to unpack into. It has to be there.
    dest: PathBuf,
    /// Takes the archive from the controller; the old name for the opposite of `remote_src`.
    copy: Option<bool>,
    /// Does nothing when this path is there.
    creates: Option<PathBuf>,
    /// Decrypts an archive that is a vault, on the controller.
    #[arg(default = true)]
    #[expect(dead_code, reason = "the controller decrypts")]
    decrypt: bool,
    /// Entries that are not unpacked, as shell patterns.
    #[arg(default = "[]")]
    exclude: Vec<String>,
    /// Options of `tar` or `unzip`, one word each: `--strip-components=N`, `--transform=s/…/…/`,
    /// `--exclude=…`, `--no-same-owner`, `--numeric-owner`, `--touch`, `--keep-newer-files`,
    /// `--skip-old-files` and those that change nothing here; `-j`, `-n`, `-u`, `-o`, `-q` for zip.
    #[arg(default = "[]")]
    extra_opts: Vec<String>,
    /// The only entries that are unpacked, with what is below them.
    #[arg(default = "[]")]
    include: Vec<String>,
    /// The size of Ansible's buffer; has no effect.
    #[arg(default = 65536)]
    #[expect(dead_code, reason = "accepted for Ansible's sake")]
    io_buffer_size: i64,
    /// Files that are newer than the archive's stay.
    #[arg(default = false)]
    keep_newer: bool,
    /// Returns the names of what the archive has as `files`.
    #[arg(default = false)]
    list_files: bool,
    /// The archive is on the host already, or where the host can download it.
    remote_src: Option<bool>,
    /// Refuses servers whose certificate is not valid.
    #[arg(default = true)]
    validate_certs: bool,
    /// The archive's content when it is on the controller.
    #[arg(internal, name = "_content")]
    content: Option<Content>,
    /// Its name there.
    #[arg(internal, name = "_original_basename")]
    original_basename: Option<String>,
    #[arg(flatten)]
    file: FileArgs,
}

/// What is left to do.
pub struct Plan {
    work: Option<Work>,
}

struct Work {
    archive: Archive,
    options: Options,
    members: Vec<Member>,
    unpack: bool,
}

impl Module for Unarchive {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        if self.copy.is_some() && self.remote_src.is_some() {
            return Err(Failure::new("parameters are mutually exclusive: ('copy', 'remote_src')"));
        }
        let mut fields = Fields::new();
        if let Some(path) = self.creates.as_ref().filter(|path| host.exists(path)) {
            let msg = format!("skipped, since {} exists", path.display());
            return Ok(Changes::none().with("skipped", true).with("msg", msg));
        }
        fields.insert("dest".into(), json!(self.dest.to_string_lossy()));
        if let Some(missing) = self.missing(host)? {
            let is_in_the_way = host.exists(&self.dest) && !self.dest.is_dir();
            return if host.may_come() && !is_in_the_way {
                let mut changes = Changes::of(Plan { work: None }).with_all(fields);
                changes.warn(vec![to_come(&missing)]);
                Ok(changes)
            } else {
                Err(Failure::new(missing))
            };
        }
        let name = self.name();
        fields.insert("src".into(), json!(name));
        let mut archive = Archive::open(self.file(host)?, &name)?;
        fields.insert("handler".into(), json!(archive.format.handler()));
        let options = self.options(archive.format)?;
        let (members, lines) =
            self.compare(host, &mut archive, &options).map_err(|failure| self.refused(failure, archive.format))?;
        if self.list_files {
            let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
            fields.insert("files".into(), json!(names));
        }
        let unpack = !lines.is_empty();
        let changes = if unpack || self.attributes_differ(host, &members)? {
            Changes::of(Plan { work: Some(Work { archive, options, members, unpack }) })
        } else {
            Changes::none()
        };
        if host.mode().check && !host.may_come() {
            self.file.check_names()?;
        }
        let mut changes = changes.with_all(fields);
        if let Some(path) = self.dest.is_relative().then(|| std::path::absolute(&self.dest).ok()).flatten() {
            let (dest, path) = (self.dest.display(), normal(&path));
            let path = path.display();
            changes.warn(vec![format!("Relative destination path '{dest}' was resolved to absolute path '{path}'.")]);
        }
        if !unpack {
            return Ok(changes);
        }
        let diff = Diff::new("", lines.join("\n") + "\n").headed(self.dest.to_string_lossy(), name);
        Ok(changes.with_diff(diff))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let mut fields = Fields::new();
        let Some(Work { mut archive, options, members, unpack }) = plan.work else { return Ok(fields) };
        if unpack {
            let mut extraction = Extraction::new(host, &self.dest, &options, &members);
            let unpacked = archive.each(&options, &mut |member, content| extraction.put(member, content));
            unpacked.and_then(|()| extraction.finish()).map_err(|failure| {
                // What is there now is not hidden.
                let failure = self.refused(failure, archive.format);
                failure.with("files", json!(extraction.done)).with("changed", !extraction.done.is_empty())
            })?;
            let results = json!({ "cmd": [], "rc": 0, "out": "", "err": "" });
            fields.insert("extract_results".into(), results);
        }
        // Directories last: their mode may shut us out.
        let (directories, others): (Vec<_>, Vec<_>) =
            members.iter().partition(|member| matches!(member.kind, Kind::Directory));
        let in_order = others.into_iter().chain(directories.into_iter().rev());
        for path in in_order.map(|member| place(&self.dest, member)).chain(self.top_folders(&members)) {
            if let Some(meta) = host.lstat(&path)? {
                let mut attributes = self.file.resolve(Some(&meta), meta.is_dir())?;
                if attributes.differ_from(&meta) {
                    // Changing the owner would clear the set-id bits that the archive has.
                    attributes.mode = attributes.mode.or(Some(meta.mode()));
                    host.set_attributes(&path, &attributes)?;
                }
            }
        }
        Ok(fields)
    }
}

impl Unarchive {
    fn is_remote(&self) -> bool {
        self.remote_src.unwrap_or(false) || self.copy == Some(false)
    }

    fn is_address(&self) -> bool {
        self.is_remote() && self.src.to_string_lossy().contains("://")
    }

    fn name(&self) -> String {
        match &self.original_basename {
            Some(name) if self.content.is_some() => name.clone(),
            _ => self.src.to_string_lossy().into_owned(),
        }
    }

    /// What goes wrong with an archive after it is known to be one.
    fn refused(&self, failure: Failure, format: Format) -> Failure {
        failure.with("dest", self.dest.to_string_lossy().as_ref()).with("handler", format.handler())
    }

    /// What has to be there and is not.
    fn missing(&self, host: &Reader) -> Result<Option<String>, Failure> {
        if !host.stat(&self.dest)?.is_some_and(|meta| meta.is_dir()) {
            return Ok(Some(format!("dest '{}' must be an existing dir", self.dest.display())));
        }
        let needed = self.is_remote() && !self.is_address();
        let missing = needed && !host.exists(&self.src);
        Ok(missing.then(|| format!("Source '{}' does not exist", self.src.display())))
    }

    /// The archive as a file that can be read twice.
    fn file(&self, host: &Reader) -> Result<File, Failure> {
        if self.is_address() {
            return self.download(host);
        }
        if self.is_remote() {
            let failed =
                |e: io::Error| Failure::new(format!("Source '{}' not readable, {}", self.src.display(), os_text(&e)));
            if host.stat(&self.src)?.is_some_and(|meta| meta.is_dir()) {
                return Err(Failure::new(format!("Source '{}' is a directory, not an archive", self.src.display())));
            }
            return File::open(&self.src).map_err(failed);
        }
        let content = self
            .content
            .as_ref()
            .ok_or_else(|| Failure::new(format!("Source '{}' does not exist on the controller", self.src.display())))?;
        let mut stream = match host.body(content)? {
            Source::Bytes(bytes) => Box::new(io::Cursor::new(bytes)) as Box<dyn io::Read + Send>,
            Source::Stream(stream) => stream,
        };
        spool(host, &mut stream, |e| Failure::new(format!("cannot read the archive: {}", os_text(e))))
    }

    fn download(&self, host: &Reader) -> Result<File, Failure> {
        let url = self.src.to_string_lossy().into_owned();
        let options = http::Options { decompress: false, ..http::simple_options(self.validate_certs) };
        let failed =
            |why: &str| Failure::new(format!("Failure downloading {}, {why}", http::without_credentials(&url)));
        let mut download = Download::start(host, &options, Request::new("GET", &url)).map_err(|e| failed(&e.msg))?;
        if !download.is_ok() {
            return Err(failed(&download.msg));
        }
        spool(host, &mut download.body, |e| failed(&describe(e)))
    }

    fn options(&self, format: Format) -> Result<Options, Failure> {
        let mut options = Options::parse(&self.extra_opts, format == Format::Zip)?;
        options.keep_newer |= self.keep_newer;
        options.exclude.extend(self.exclude.iter().filter(|pattern| !pattern.is_empty()).cloned());
        options.include.extend(self.include.iter().filter(|pattern| !pattern.is_empty()).cloned());
        Ok(options)
    }

    /// Reads the whole archive once: it has to be sound and safe before anything is written.
    fn compare(
        &self,
        host: &Reader,
        archive: &mut Archive,
        options: &Options,
    ) -> Result<(Vec<Member>, Vec<String>), Failure> {
        let mut comparison = Comparison::new(host, &self.dest, options, &self.file);
        let mut members = Vec::new();
        archive.each(options, &mut |member, content| {
            if host.is_cancelled() {
                return Err(Failure::new("the task was cancelled"));
            }
            comparison.look(member, content)?;
            members.push(member.clone());
            Ok(())
        })?;
        refuse_escapes(&members)?;
        if options.strip == 0 && options.transforms.is_empty() {
            let absent = |wanted: &&String| !members.iter().any(|member| options.includes(wanted, &member.name));
            if let Some(wanted) = options.include.iter().find(absent) {
                return Err(Failure::new(format!(
                    "Unable to unpack '{}': {wanted}: Not found in archive",
                    archive.name
                )));
            }
            if members.is_empty() {
                return Err(Failure::new(format!(
                    "Failed to find handler for \"{}\". Make sure the required command to extract the file is \
                     installed.\nEmpty archive files are not supported.",
                    archive.name
                )));
            }
        }
        Ok((members, comparison.lines))
    }

    /// The outermost folders of what the archive has, whether it has them or not.
    fn top_folders(&self, members: &[Member]) -> BTreeSet<PathBuf> {
        let names = members.iter().filter_map(|member| member.name.trim_start_matches('/').split_once('/'));
        names.map(|(folder, _)| self.dest.join(folder)).collect()
    }

    fn attributes_differ(&self, host: &Reader, members: &[Member]) -> Result<bool, Failure> {
        for path in members.iter().map(|member| place(&self.dest, member)).chain(self.top_folders(members)) {
            if let Some(meta) = host.lstat(path)?
                && self.file.resolve(Some(&meta), meta.is_dir())?.differ_from(&meta)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Keeps a stream in a file without a name. What goes wrong with the stream is worded by `broken`.
fn spool(host: &Reader, stream: &mut dyn io::Read, broken: impl Fn(&io::Error) -> Failure) -> Result<File, Failure> {
    let mut file = host.scratch()?;
    let mut chunk = vec![0; 128 << 10];
    loop {
        let length = match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => length,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(broken(&e)),
        };
        io::Write::write_all(&mut file, &chunk[..length])
            .map_err(|e| Failure::io("write", Path::new("the archive"), &e))?;
    }
    file.rewind().map_err(|e| Failure::io("read", Path::new("the archive"), &e))?;
    Ok(file)
}
