//! `archive`: packs files and directories of the host.

mod contents;
mod pack;
mod zip_writer;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::{
    choice,
    kit::{
        Args, Changes, Failure, Fields, FileArgs, Finished, Module, Program, Reader, Source, Writer,
        failure::errno_text, glob,
    },
};

use pack::{Entry, Packed};

choice! {
    /// How it is packed.
    pub enum Format {
        /// bzip2, by the host's program.
        Bz2 = "bz2",
        /// gzip.
        Gz = "gz",
        /// tar without compression.
        Tar = "tar",
        /// xz, by the host's program.
        Xz = "xz",
        /// zip.
        Zip = "zip",
    }
}

/// Packs files and directories into an archive, or compresses a single file.
///
/// A single file that is named in full is compressed alone, unless `force_archive` is set or the format is `tar` or
/// `zip`; everything else becomes a tar archive in the compression of `format`, or a zip archive. Names in the archive
/// begin below the directory that all paths have in common.
///
/// ```yaml
/// - archive:
///     path: /var/log/app
///     dest: /srv/backup/app.tgz
///     exclusion_patterns: ["*.tmp"]
/// - archive:
///     path:
///     - /etc/app
///     - /srv/app/data
///     dest: /srv/backup/app.zip
///     format: zip
/// ```
#[derive(Args)]
pub struct Archive {
    /// What is packed: paths and shell patterns. What is not there is returned as `missing`.
    path: Vec<PathBuf>,
    /// How it is packed.
    #[arg(default = "gz")]
    format: Format,
    /// The archive; its directory has to be there. Needed for more than one file; otherwise the path with the format
    /// behind a dot.
    dest: Option<PathBuf>,
    /// Paths and shell patterns of what is taken out of `path`.
    #[arg(default = "[]")]
    exclude_path: Vec<PathBuf>,
    /// Shell patterns of names in the archive that are left out.
    #[arg(default = "[]")]
    exclusion_patterns: Vec<String>,
    /// Makes an archive of a single file too.
    #[arg(default = false)]
    force_archive: bool,
    /// Removes what was packed.
    #[arg(default = false)]
    remove: bool,
    #[arg(flatten)]
    file: FileArgs,
}

/// What is packed, and where.
pub struct Plan {
    dest: PathBuf,
    /// The beginning of all paths that the archive does not name.
    root: String,
    /// The paths that are there, sorted.
    targets: Vec<String>,
    is_archive: bool,
    is_incomplete: bool,
}

impl Module for Archive {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let (given, excluded) = (expanded(&self.path, host), expanded(&self.exclude_path, host));
        let mut paths: Vec<String> = given.iter().filter(|path| !excluded.contains(path)).cloned().collect();
        paths.sort();
        paths.dedup();
        let (targets, missing): (Vec<String>, Vec<String>) =
            paths.iter().cloned().partition(|path| host.lstat(path).is_ok_and(|meta| meta.is_some()));
        let Some(first) = paths.first() else {
            let failure = self.fail("Error, no source paths were found");
            let failure = failure.with("expanded_paths", given.join(", "));
            return Err(failure.with("expanded_exclude_paths", excluded.join(", ")));
        };
        let is_pattern = self.path.iter().any(|path| glob::is_pattern(&path.to_string_lossy()));
        let is_several =
            self.force_archive || is_pattern || paths.len() > 1 || paths.iter().any(|path| Path::new(path).is_dir());
        let dest = match &self.dest {
            Some(dest) => dest.clone(),
            None if is_several => {
                let failure = self.fail("Error, must specify \"dest\" when archiving multiple files or trees");
                return Err(failure.with("dest", "None"));
            }
            None => PathBuf::from(format!("{first}.{}", self.format.as_str())),
        };
        let is_below = |path: &String| dest.starts_with(path) && Path::new(path).is_dir();
        if self.remove && paths.iter().any(is_below) {
            return Err(self.fail("Error, created archive can not be contained in source paths when remove=true"));
        }
        if dest.is_dir() {
            return Err(Failure::new("[Errno 21] Is a directory").uncaught());
        }
        let is_archive = is_several || matches!(self.format, Format::Tar | Format::Zip);
        let existing = host.stat(&dest)?;
        let state = match &existing {
            Some(_) if targets.is_empty() => {
                if is_archive_name(&dest) {
                    "archive"
                } else {
                    "compress"
                }
            }
            _ => "absent",
        };
        let others = match &existing {
            Some(meta) => self.file.resolve(Some(meta), false)?.differ_from(meta),
            None => false,
        };
        let root = common_root(&paths);
        // In check mode nothing is packed to be compared.
        let packs = !targets.is_empty() && (!host.mode().check || is_archive || existing.is_none());
        let plan =
            Plan { dest: dest.clone(), root: root.clone(), targets, is_archive, is_incomplete: !missing.is_empty() };
        Ok(Changes::when(packs || others, plan)
            .with("archived", json!([]))
            .with("dest", dest.to_string_lossy().as_ref())
            .with("dest_state", state)
            .with("arcroot", root)
            .with("missing", missing)
            .with("expanded_paths", given)
            .with("expanded_exclude_paths", excluded))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let mut fields = Fields::new();
        let mut changed = match host.stat(&plan.dest)? {
            Some(meta) => self.file.resolve(Some(&meta), false)?.differ_from(&meta),
            None => false,
        };
        if !plan.targets.is_empty() {
            changed |= self.pack(&plan, host, &mut fields)?;
            let state = match (plan.is_archive, plan.is_incomplete) {
                (true, true) => "incomplete",
                (true, false) => "archive",
                (false, _) => "compress",
            };
            fields.insert("dest_state".into(), json!(state));
        }
        if self.remove {
            let kept: Vec<&String> = plan.targets.iter().filter(|target| remove(target, host).is_err()).collect();
            if !kept.is_empty() {
                let failure = Failure::new("Error deleting some source files: ").with("files", json!(kept));
                return Err(failure.with("dest", plan.dest.to_string_lossy().as_ref()));
            }
            changed |= !plan.targets.is_empty();
        }
        if let Some(meta) = host.stat(&plan.dest)? {
            let attributes = self.file.resolve(Some(&meta), false)?;
            if attributes.differ_from(&meta) {
                host.set_attributes(&plan.dest, &attributes)?;
                changed = true;
            }
        }
        fields.insert("changed".into(), json!(changed));
        Ok(fields)
    }
}

impl Archive {
    fn fail(&self, msg: &str) -> Failure {
        let paths: Vec<_> = self.path.iter().map(|path| path.to_string_lossy()).collect();
        Failure::new(msg).with("path", paths.join(", "))
    }

    /// Packs everything beside what is there, and puts it in its place when it differs; tells whether what it holds does.
    fn pack(&self, plan: &Plan, host: &mut Writer, fields: &mut Fields) -> Result<bool, Failure> {
        let dest = plan.dest.to_string_lossy().into_owned();
        let Some(obstacle) = host.obstacle(&plan.dest) else {
            let entries = if plan.is_archive { self.entries(plan)? } else { vec![Entry::alone(&plan.targets[0])] };
            let attributes = self.file.resolve(host.stat(&plan.dest)?.as_ref(), false)?;
            let mut packed = Packed::new(host, &entries, self.format, plan.is_archive)
                .map_err(|why| Failure::new(format!("Errors when writing archive at {dest}: {why}")))?;
            let names: Vec<&str> =
                entries.iter().filter(|entry| self.is_told(entry)).map(|entry| &*entry.path).collect();
            fields.insert("archived".into(), json!(names));
            let (differs, is_same) = packed.compare(host, &plan.dest)?;
            if !is_same {
                let stream = self.compressed(packed, host)?;
                host.write(&plan.dest, stream, &attributes)?;
            }
            return Ok(differs);
        };
        let why = errno_text(&obstacle, &dest);
        Err(if plan.is_archive {
            Failure::new(why).uncaught()
        } else {
            self.fail(&format!("Unable to write to compressed file: {why}")).with("dest", dest)
        })
    }

    /// Whether the result names it: of a zip archive directories are not.
    fn is_told(&self, entry: &Entry) -> bool {
        self.format != Format::Zip || !Path::new(&entry.path).is_dir()
    }

    /// All that goes into the archive, in its order.
    fn entries(&self, plan: &Plan) -> Result<Vec<Entry>, Failure> {
        let mut entries = Vec::new();
        for target in &plan.targets {
            if Path::new(target).is_dir() {
                pack::walk(Path::new(target), &mut entries)?;
            } else {
                entries.push(Entry::alone(target));
            }
        }
        entries.retain_mut(|entry| {
            entry.name = entry.path.strip_prefix(&plan.root).unwrap_or(&entry.path).trim_start_matches('/').to_owned();
            let is_excluded = self.exclusion_patterns.iter().any(|pattern| glob::matches(pattern, &entry.name));
            !is_excluded && Path::new(&entry.path) != plan.dest
        });
        Ok(entries)
    }

    /// The packed bytes in the compression of the format.
    fn compressed(&self, packed: Packed, host: &mut Writer) -> Result<Source, Failure> {
        let program = match self.format {
            Format::Bz2 => "bzip2",
            Format::Xz => "xz",
            Format::Gz => return packed.gzip(host),
            Format::Tar | Format::Zip => return Ok(Source::Stream(Box::new(packed.into_file()))),
        };
        let program = Program::new(host.required(program)?).arg("-f");
        let folder = host.env("TMPDIR").unwrap_or_else(|| "/tmp".into());
        let raw = host.make_temporary(Path::new(&folder), "sutler-", "", false)?;
        let finished = packed.save(&raw).and_then(|()| host.run(&program.arg(&raw)));
        let compressed = PathBuf::from(format!("{}.{}", raw.display(), self.format.as_str()));
        let opened = finished.and_then(Finished::or_what_it_said).and_then(|_| host.open(&compressed));
        host.remove(&raw)?;
        host.remove(&compressed)?;
        Ok(Source::Stream(Box::new(opened?)))
    }
}

/// Paths with their shell patterns filled in; without a pattern a path need not be there.
fn expanded(paths: &[PathBuf], host: &Reader) -> Vec<String> {
    let mut all = Vec::new();
    for path in paths {
        if glob::is_pattern(&path.to_string_lossy()) {
            all.extend(glob::paths(host, Path::new(""), path));
        } else {
            all.push(path.clone());
        }
    }
    all.iter().map(|path| path.to_string_lossy().into_owned()).collect()
}

/// The directory that all paths have in common, with its slash.
fn common_root(paths: &[String]) -> String {
    let (first, last) = (paths.first().map_or("", String::as_str), paths.last().map_or("", String::as_str));
    // Of sorted texts, what the first and the last have in common all have.
    let length = first.chars().zip(last.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let common: &str = &first[..length];
    common.rfind('/').map_or("", |slash| &common[..=slash]).to_owned()
}

/// Whether a name is that of an archive, and not of a compressed file.
fn is_archive_name(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    name.contains(".tar") || [".tgz", ".tbz", ".tbz2", ".txz", ".zip"].iter().any(|end| name.ends_with(end))
}

/// Removes what was packed. A link to a directory is none of its own, and stays.
fn remove(target: &str, host: &mut Writer) -> Result<(), Value> {
    let path = Path::new(target);
    if path.is_symlink() && path.is_dir() {
        return Err(json!(target));
    }
    host.remove(path).map_err(|failure| json!(failure.msg))
}
