//! `deb822_repository`: repositories of apt in files of their own.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    choice,
    get_url::download::Download,
    http::{self, Request},
    kit::{
        Args, Changes, Failure, Fields, Meta, Module, Reader, Writer,
        file_args::{Attributes, resolve_mode},
        state::PresentAbsent as State,
    },
};

const SOURCES: &str = "/etc/apt/sources.list.d";
const KEYRINGS: &str = "/etc/apt/keyrings";
const ARMOUR: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
/// The mode of files where nothing is said of it.
const MODE: u32 = 0o644;

choice! {
    /// What is looked for in a repository.
    pub enum Type {
        /// Packages.
        Deb = "deb",
        /// Sources of packages.
        DebSrc = "deb-src",
    }
}

/// Adds and removes repositories of apt as `/etc/apt/sources.list.d/NAME.sources`. Lists of packages are not fetched:
/// use `apt` with `update_cache` after a change.
///
/// ```yaml
/// - deb822_repository:
///     name: example
///     types: deb
///     uris: https://download.example.com/linux/ubuntu
///     suites: "{{ ansible_distribution_release }}"
///     components: stable
///     architectures: amd64
///     signed_by: https://download.example.com/linux/ubuntu/gpg
/// ```
#[derive(Args)]
pub struct Deb822Repository {
    /// Packages that were authenticated may be replaced by such that are not.
    allow_downgrade_to_insecure: Option<bool>,
    /// The repository need not be signed.
    allow_insecure: Option<bool>,
    /// Signatures with weak digests will do.
    allow_weak: Option<bool>,
    /// The architectures to look for.
    architectures: Option<Vec<String>>,
    /// Whether files are fetched by their hash.
    by_hash: Option<bool>,
    /// Whether the host's clock is trusted to judge dates.
    check_date: Option<bool>,
    /// Whether a list may be too old.
    check_valid_until: Option<bool>,
    /// The parts of a suite, as `main`.
    components: Option<Vec<String>>,
    /// How many seconds in the future a repository may be.
    date_max_future: Option<i64>,
    /// Whether apt uses it.
    enabled: Option<bool>,
    /// Where the `InRelease` file is.
    inrelease_path: Option<String>,
    /// The languages of descriptions.
    languages: Option<Vec<String>>,
    /// The mode of the files.
    #[arg(default = "0644")]
    mode: Value,
    /// The repository's name; its files are named for it.
    name: String,
    /// Whether lists are updated by differences.
    pdiffs: Option<bool>,
    /// The key: an address, the path of a file on the host, fingerprints, or an armoured key.
    signed_by: Option<String>,
    /// The releases, as `bookworm`, or a path that ends with `/`.
    suites: Option<Vec<String>>,
    /// The kinds of lists that are fetched.
    targets: Option<Vec<String>>,
    /// Whether it counts as authenticated in any case.
    trusted: Option<bool>,
    /// Packages, sources of packages, or both.
    #[arg(default = "[\"deb\"]")]
    types: Vec<Type>,
    /// The addresses of the repository.
    uris: Option<Vec<String>>,
    /// Whether it is there.
    #[arg(default = "present")]
    state: State,
}

/// What is written, or removed.
pub struct Plan {
    files: Vec<(PathBuf, Vec<u8>)>,
    gone: Vec<PathBuf>,
    mode: u32,
}

impl Module for Deb822Repository {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let slug = slug(&self.name);
        let dest = Path::new(SOURCES).join(format!("{slug}.sources"));
        let keyring = |extension: &str| Path::new(KEYRINGS).join(format!("{slug}.{extension}"));
        if self.state == State::Absent {
            let gone: Vec<PathBuf> =
                [keyring("asc"), keyring("gpg"), dest.clone()].into_iter().filter(|path| host.exists(path)).collect();
            let plan = Plan { files: Vec::new(), mode: 0, gone };
            return Ok(Changes::when(!plan.gone.is_empty(), plan)
                .with("repo", Value::Null)
                .with("dest", dest.to_string_lossy().as_ref())
                .with("key_filename", keyring("gpg").to_string_lossy().as_ref()));
        }
        let mode = if self.mode.is_null() { MODE } else { resolve_mode(&self.mode, None, false)? };
        let mut files = Vec::new();
        let (signed_by, key) = match &self.signed_by {
            Some(path) if host.stat(path)?.is_some_and(|meta| meta.is_file()) => {
                (Some(path.clone()), Some(path.clone()))
            }
            Some(address) if address.contains("://") && !address.starts_with("-----") => {
                let bytes = fetch(host, address)?;
                let is_armoured = bytes.windows(ARMOUR.len()).any(|part| part == ARMOUR.as_bytes());
                let path = keyring(if is_armoured { "asc" } else { "gpg" });
                let is_empty = bytes.is_empty();
                let shown = if is_empty { address.clone() } else { path.to_string_lossy().into_owned() };
                files.extend((!is_empty).then_some((path, bytes)));
                (Some(shown.clone()), Some(shown))
            }
            inline => (inline.clone(), None),
        };
        let text = self.text(signed_by.as_deref());
        files.push((dest.clone(), text.clone().into_bytes()));
        let mut changed = Vec::new();
        for (path, bytes) in files {
            let meta = host.stat(&path)?;
            if meta.as_ref().is_some_and(Meta::is_dir) {
                return Err(Failure::new(format!("attempted to take checksum of directory: {}", path.display())));
            }
            let wanted = if path == dest { mode } else { 0o644 };
            if meta.is_none_or(|meta| meta.mode() != wanted) || host.read(&path)? != bytes {
                changed.push((path, bytes));
            }
        }
        let plan = Plan { files: changed, gone: Vec::new(), mode };
        Ok(Changes::when(!plan.files.is_empty(), plan)
            .with("repo", text)
            .with("dest", dest.to_string_lossy().as_ref())
            .with("key_filename", key))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        for path in &plan.gone {
            host.remove(path)?;
        }
        for (path, bytes) in plan.files {
            let is_key = path.starts_with(KEYRINGS);
            if is_key {
                let open = Attributes { owner: Some(0), group: Some(0), mode: Some(0o755), ..Attributes::default() };
                host.make_directory(Path::new(KEYRINGS))?;
                host.set_attributes(Path::new(KEYRINGS), &open)?;
            }
            let mode = if is_key { 0o644 } else { plan.mode };
            host.write(&path, bytes.into(), &Attributes { mode: Some(mode), ..Attributes::default() })?;
        }
        Ok(Fields::new())
    }
}

impl Deb822Repository {
    /// The file; fields are in the order of the arguments' names.
    fn text(&self, signed_by: Option<&str>) -> String {
        let flag = |value: Option<bool>| value.map(|yes| if yes { "yes" } else { "no" }.to_owned());
        let list = |value: &Option<Vec<String>>| value.as_ref().map(|members| members.join(" "));
        let types: Vec<&str> = self.types.iter().map(|kind| kind.as_str()).collect();
        let fields = [
            ("Allow-Downgrade-To-Insecure", flag(self.allow_downgrade_to_insecure)),
            ("Allow-Insecure", flag(self.allow_insecure)),
            ("Allow-Weak", flag(self.allow_weak)),
            ("Architectures", list(&self.architectures)),
            ("By-Hash", flag(self.by_hash)),
            ("Check-Date", flag(self.check_date)),
            ("Check-Valid-Until", flag(self.check_valid_until)),
            ("Components", list(&self.components)),
            ("Date-Max-Future", self.date_max_future.map(|seconds| seconds.to_string())),
            ("Enabled", flag(self.enabled)),
            ("Inrelease-Path", self.inrelease_path.clone()),
            ("Languages", list(&self.languages)),
            ("X-Repolib-Name", Some(self.name.clone())),
            ("Pdiffs", flag(self.pdiffs)),
            ("Signed-By", signed_by.map(str::to_owned)),
            ("Suites", list(&self.suites)),
            ("Targets", list(&self.targets)),
            ("Trusted", flag(self.trusted)),
            ("Types", Some(types.join(" "))),
            ("URIs", list(&self.uris)),
        ];
        let lines = fields.into_iter().filter_map(|(name, value)| Some(format!("{name}:{}\n", continued(&value?))));
        lines.collect()
    }
}

/// A value after its colon; one of several lines begins in the next one, indented, with dots for empty lines.
fn continued(value: &str) -> String {
    if !value.contains('\n') {
        return if value.is_empty() { String::new() } else { format!(" {value}") };
    }
    let lines = value.trim().lines().map(str::trim);
    lines.map(|line| format!("\n    {}", if line.is_empty() { "." } else { line })).collect()
}

/// The name as files have it.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    let mut is_gap = false;
    for letter in name.to_lowercase().chars() {
        let was_gap = std::mem::replace(&mut is_gap, letter == '_' || letter.is_whitespace());
        match letter {
            'a'..='z' | '0'..='9' | '-' => slug.push(letter),
            _ if is_gap && !was_gap => slug.push('-'),
            _ => {}
        }
    }
    slug
}

fn fetch(host: &Reader, address: &str) -> Result<Vec<u8>, Failure> {
    let failed = |why: &str| {
        let why = why.trim_start_matches("Request failed: ");
        Failure::new(format!("Could not fetch signed_by key: {why}"))
    };
    let request = Request::new("GET", address);
    let answer = Download::start(host, &http::simple_options(true), request).map_err(|failure| failed(&failure.msg))?;
    if !answer.is_ok() {
        return Err(failed(&answer.msg));
    }
    let mut bytes = Vec::new();
    let mut body = answer.body;
    body.read_to_end(&mut bytes).map_err(|error| failed(&error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_file_names() {
        assert_eq!(slug("My Repo"), "my-repo");
        assert_eq!(slug("a/b_C  - d"), "ab-c---d");
    }

    #[test]
    fn long_values_are_indented() {
        assert_eq!(continued("a\n\nb\n"), "\n    a\n    .\n    b");
        assert_eq!(continued("a"), " a");
    }
}
