//! Facts that outlive a run: in files that Ansible's own cache `jsonfile` reads and writes too.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde_json::{Map, Value as Json, json};

use crate::{source::Diagnostic, vault};

/// The facts of a host, under the names that modules gave them.
pub type Facts = Map<String, Json>;

/// What Ansible puts before a name, for the form that the file has.
const FORM: &str = "s1_";
/// The key under which the facts are, as text.
const PAYLOAD: &str = "__payload__";

/// Where facts are kept between runs.
#[derive(Debug, Default)]
pub enum FactCache {
    /// Nowhere: they end with the run.
    #[default]
    Memory,
    /// A file for each host.
    JsonFiles(JsonFiles),
}

/// A folder with a file for each host.
#[derive(Debug)]
pub struct JsonFiles {
    folder: PathBuf,
    prefix: String,
    /// How old a file may be; any age if there is none.
    timeout: Option<Duration>,
}

impl FactCache {
    /// The cache by its name (`fact_caching`): `memory` or `jsonfile`. `timeout` is in seconds; 0 is for ever.
    ///
    /// Fails for another name, and for files without a folder that can be written.
    pub fn new(kind: &str, connection: Option<&str>, prefix: &str, timeout: u64) -> Result<Self, Diagnostic> {
        match kind.strip_prefix("ansible.builtin.").unwrap_or(kind) {
            "memory" => Ok(Self::Memory),
            "jsonfile" => {
                let Some(folder) = connection.filter(|folder| !folder.is_empty()) else {
                    let error = Diagnostic::error("the fact cache `jsonfile` needs a folder");
                    return Err(error.help("set `fact_caching_connection` in ansible.cfg"));
                };
                let folder = crate::playbook::expand_home(Path::new(folder));
                let failed = |error: io::Error| {
                    let folder = folder.display();
                    Diagnostic::error(format!("cannot keep facts in `{folder}`: {error}"))
                };
                fs::create_dir_all(&folder).map_err(failed)?;
                let timeout = (timeout > 0).then(|| Duration::from_secs(timeout));
                Ok(Self::JsonFiles(JsonFiles { folder, prefix: prefix.to_owned(), timeout }))
            }
            other => Err(Diagnostic::error(format!("there is no fact cache `{other}`"))
                .help("it is `memory` or `jsonfile`; facts are kept for this run only")),
        }
    }

    /// The facts of a host, unless there are none or they are too old.
    ///
    /// Fails when the file is none of ours; it is removed then, as Ansible does.
    pub fn load(&self, host: &str) -> Result<Option<Facts>, Diagnostic> {
        match self {
            Self::Memory => Ok(None),
            Self::JsonFiles(files) => files.load(host),
        }
    }

    /// Keeps the facts of a host, instead of those of before.
    ///
    /// Fails when the file cannot be written.
    pub fn store(&self, host: &str, facts: &Facts) -> Result<(), Diagnostic> {
        match self {
            Self::Memory => Ok(()),
            Self::JsonFiles(files) => files.store(host, facts),
        }
    }

    /// Forgets the facts of a host.
    pub fn forget(&self, host: &str) {
        if let Self::JsonFiles(files) = self {
            // What is not there is forgotten already.
            let _ = fs::remove_file(files.path(host));
        }
    }

    /// Whether facts outlive the run.
    pub fn is_kept(&self) -> bool {
        !matches!(self, Self::Memory)
    }
}

impl JsonFiles {
    fn path(&self, host: &str) -> PathBuf {
        // A host's name may be anything; a file's may hold no slash.
        self.folder.join(format!("{}{FORM}{}", self.prefix, host.replace('/', "_")))
    }

    fn load(&self, host: &str) -> Result<Option<Facts>, Diagnostic> {
        let path = self.path(host);
        let Ok(text) = fs::read_to_string(&path) else { return Ok(None) };
        if let Some(timeout) = self.timeout {
            let changed = path.metadata().and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
            if changed.elapsed().is_ok_and(|age| age > timeout) {
                return Ok(None);
            }
        }
        parse(&text).map(Some).ok_or_else(|| {
            let _ = fs::remove_file(&path);
            let path = path.display();
            Diagnostic::error(format!("the file `{path}` of the fact cache was damaged, and is removed"))
                .help("run it again: the facts are gathered then")
        })
    }

    fn store(&self, host: &str, facts: &Facts) -> Result<(), Diagnostic> {
        let path = self.path(host);
        let failed = |error: io::Error| {
            Diagnostic::error(format!("cannot keep the facts of {host} in `{}`: {error}", path.display()))
        };
        let text = json!({ PAYLOAD: noted(Json::Object(facts.clone())).to_string() }).to_string();
        let mut file = tempfile::NamedTempFile::new_in(&self.folder).map_err(failed)?;
        io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error)).map(drop)
    }
}

fn parse(text: &str) -> Option<Facts> {
    let Json::Object(mut file) = serde_json::from_str(text).ok()? else { return None };
    let Some(Json::String(payload)) = file.remove(PAYLOAD) else { return None };
    match plain(serde_json::from_str(&payload).ok()?) {
        Json::Object(facts) => Some(facts),
        _ => None,
    }
}

/// The same with Ansible's note beside each text that was encrypted, so that the next run knows it for a secret.
fn noted(value: Json) -> Json {
    match value {
        Json::Array(items) => items.into_iter().map(noted).collect(),
        Json::Object(entries) => Json::Object(entries.into_iter().map(|(name, value)| (name, noted(value))).collect()),
        Json::String(text) => match vault::current().ciphertext_of_copy(&text) {
            Some(ciphertext) => json!({
                "value": text,
                "tags": [{ "ciphertext": &*ciphertext, "__ansible_type": "VaultedValue" }],
                "__ansible_type": "_AnsibleTaggedStr",
            }),
            None => Json::String(text),
        },
        other => other,
    }
}

/// Ansible notes beside a value where it comes from; only the value counts here, as data and no template, and whether it
/// is a secret.
fn plain(value: Json) -> Json {
    match value {
        Json::Array(items) => items.into_iter().map(plain).collect(),
        Json::Object(mut entries) => {
            let is_noted = entries.get("__ansible_type").is_some_and(Json::is_string);
            let mut tags = entries.get("tags").and_then(Json::as_array).into_iter().flatten();
            let ciphertext = tags.find_map(|tag| tag.get("ciphertext")?.as_str());
            if let (Some(ciphertext), Some(Json::String(text))) = (ciphertext, entries.get("value")) {
                vault::current().adopt(&ciphertext.into(), &text.as_str().into());
            }
            match is_noted.then(|| entries.remove("value")).flatten() {
                Some(value) => plain(value),
                None => Json::Object(entries.into_iter().map(|(name, value)| (name, plain(value))).collect()),
            }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(folder: &Path, timeout: u64) -> FactCache {
        FactCache::new("jsonfile", folder.to_str(), "pre_", timeout).unwrap()
    }

    fn facts(value: Json) -> Facts {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_is_stored_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(&folder.path().join("made"), 0);
        assert_eq!(cache.load("web1").unwrap(), None);
        let kept = facts(json!({ "ansible_os_family": "Debian", "x": { "value": 1 }, "t": "{{ no }}" }));
        cache.store("web1", &kept).unwrap();
        assert!(folder.path().join("made/pre_s1_web1").is_file());
        assert_eq!(cache.load("web1").unwrap(), Some(kept));
        cache.forget("web1");
        assert_eq!(cache.load("web1").unwrap(), None);
    }

    #[test]
    fn files_that_ansible_wrote_are_understood() {
        let folder = tempfile::tempdir().unwrap();
        let payload = r#"{"d": {"value": {"z": {"value": 1, "tags": [{"path": "a.yml", "line_num": 4, "col_num": 1, "__ansible_type": "Origin"}], "__ansible_type": "_AnsibleTaggedInt"}}, "tags": [], "__ansible_type": "_AnsibleTaggedDict"}, "l": [2.5, {"value": "q", "__ansible_type": "_AnsibleTaggedStr"}], "n": null}"#;
        fs::write(folder.path().join("pre_s1_a"), json!({ "__payload__": payload }).to_string()).unwrap();
        let loaded = cache(folder.path(), 0).load("a").unwrap();
        assert_eq!(loaded, Some(facts(json!({ "d": { "z": 1 }, "l": [2.5, "q"], "n": null }))));
    }

    #[test]
    fn a_note_that_a_text_was_encrypted_is_no_part_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let tags = json!([{ "ciphertext": "$ANSIBLE_VAULT;1.1;AES256\n31", "__ansible_type": "VaultedValue" }]);
        let noted = json!({ "value": "only in this cache", "tags": tags, "__ansible_type": "_AnsibleTaggedStr" });
        let payload = json!({ "x": [noted] }).to_string();
        fs::write(folder.path().join("pre_s1_a"), json!({ "__payload__": payload }).to_string()).unwrap();
        let loaded = cache(folder.path(), 0).load("a").unwrap();
        assert_eq!(loaded, Some(facts(json!({ "x": ["only in this cache"] }))));
    }

    #[test]
    fn old_facts_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        cache(folder.path(), 0).store("a", &facts(json!({ "x": 1 }))).unwrap();
        let file = fs::File::open(folder.path().join("pre_s1_a")).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(100)).unwrap();
        assert_eq!(cache(folder.path(), 99).load("a").unwrap(), None);
        assert!(cache(folder.path(), 200).load("a").unwrap().is_some());
        assert!(cache(folder.path(), 0).load("a").unwrap().is_some());
    }

    #[test]
    fn a_damaged_file_is_removed_and_said() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["{", "[]", r#"{"x": 1}"#, r#"{"__payload__": "["}"#] {
            let path = folder.path().join("pre_s1_a");
            fs::write(&path, text).unwrap();
            let error = cache(folder.path(), 0).load("a").unwrap_err();
            assert!(error.message.ends_with("of the fact cache was damaged, and is removed"), "{text}");
            assert!(!path.exists(), "{text}");
        }
    }

    #[test]
    fn a_cache_that_cannot_be_is_said() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let message = |kind, connection| FactCache::new(kind, connection, "", 0).unwrap_err().message;
        assert_eq!(message("redis", None), "there is no fact cache `redis`");
        assert_eq!(message("jsonfile", Some("")), "the fact cache `jsonfile` needs a folder");
        let path = folder.path().join("file");
        let path = path.to_str();
        assert_eq!(
            message("jsonfile", path),
            format!("cannot keep facts in `{}`: File exists (os error 17)", path.unwrap())
        );
        assert!(!FactCache::new("memory", None, "", 0).unwrap().is_kept());
    }
}
