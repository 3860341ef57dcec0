//! `git_config`: settings of Git.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::{
    choice,
    kit::{Args, Changes, Diff, Failure, Fields, Module, Program, Reader, Writer, state::PresentAbsent as State},
};

choice! {
    /// Which file is meant.
    pub enum Scope {
        /// The one that the task names.
        File = "file",
        /// A repository's own.
        Local = "local",
        /// The user's.
        Global = "global",
        /// The host's.
        System = "system",
    }
}

choice! {
    /// What becomes of other values of the setting.
    pub enum AddMode {
        /// They stay.
        Add = "add",
        /// They are replaced.
        ReplaceAll = "replace-all",
    }
}

const NO_VALUE: &str = "If state=present, a value must be specified. Use the community.general.git_config_info module \
                        to read a config value.";

/// Sets a setting of Git, or removes it, with `git config`.
///
/// ```yaml
/// - git_config:
///     name: alias.ci
///     scope: global
///     value: commit
/// - git_config:
///     name: user.email
///     repo: /srv/repo
///     scope: local
///     value: me@example.com
/// - git_config:
///     name: alias.ci
///     scope: global
///     state: absent
/// ```
#[derive(Args)]
#[args(
    required_if("scope", "local", "repo"),
    required_if("scope", "file", "file"),
    required_if("state", "present", "value")
)]
pub struct GitConfig {
    /// The setting, as `user.name`.
    name: String,
    /// The repository, for `scope: local`.
    repo: Option<PathBuf>,
    /// The file, for `scope: file`.
    file: Option<PathBuf>,
    /// Which file is meant; `system` when nothing is said.
    scope: Option<Scope>,
    /// Whether the setting should be there; `absent` removes all of its values.
    #[arg(default = "present")]
    state: State,
    /// Its value.
    value: Option<String>,
    /// What becomes of other values of the setting.
    #[arg(default = "replace-all")]
    add_mode: AddMode,
}

impl Module for GitConfig {
    type Plan = Vec<String>;

    const TELLS_DIFF: bool = true;

    fn inspect(&self, host: &Reader) -> Result<Changes<Vec<String>>, Failure> {
        let value = self.value.as_deref().unwrap_or_default();
        if self.state == State::Present && value.is_empty() {
            return Err(Failure::new(NO_VALUE));
        }
        let git = host.required("git")?.to_string_lossy().into_owned();
        let name = self.name.as_str();
        let mut base = vec![git, "config".into(), "--includes".into()];
        match (self.scope(), &self.file) {
            (Scope::File, Some(file)) => base.extend(["-f".into(), file.to_string_lossy().into_owned()]),
            (scope, _) => base.push(format!("--{}", scope.as_str())),
        }
        let with =
            |more: &[&str]| [&base[..], &more.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()].concat();
        let list = with(&["--get-all", name]);
        let refused = |said: String, rc: i32| Err(Failure::new(said).with("rc", rc).with("cmd", list.join(" ")));
        if self.scope() == Scope::Local && !self.directory().is_dir() {
            return refused("fatal: --local can only be used inside a git repository\n".into(), 128);
        }
        let finished = host.query(&self.program(&list))?;
        if finished.rc >= 2 {
            return refused(finished.err(), finished.rc);
        }
        let out = finished.out();
        let old: Vec<&str> = out.trim_end().lines().collect();
        let (set, new) = match self.state {
            State::Absent if out.is_empty() => return Ok(Changes::none().with("msg", "no setting to unset")),
            State::Absent => (with(&["--unset-all", name]), Vec::new()),
            State::Present if old.contains(&value) && (old.len() == 1 || self.add_mode == AddMode::Add) => {
                return Ok(Changes::none().with("msg", ""));
            }
            State::Present => {
                let mode = format!("--{}", self.add_mode.as_str());
                let kept = if self.add_mode == AddMode::Add { old.clone() } else { Vec::new() };
                (with(&[&mode, name, value]), [kept, vec![value]].concat())
            }
        };
        let header = set.join(" ");
        let diff = Diff::new(shown(&old), shown(&new)).headed(header.clone(), header);
        Ok(Changes::of(set).with("msg", "setting changed").with_diff(diff))
    }

    fn apply(&self, set: Vec<String>, host: &mut Writer) -> Result<Fields, Failure> {
        let finished = host.run(&self.program(&set))?;
        if !finished.success() || !finished.stderr.is_empty() {
            return Err(Failure::new(finished.err()).with("rc", finished.rc).with("cmd", set));
        }
        Ok(Fields::new())
    }
}

impl GitConfig {
    fn scope(&self) -> Scope {
        self.scope.unwrap_or(Scope::System)
    }

    /// Outside of a repository, unless one is meant: its settings would count.
    fn directory(&self) -> &Path {
        self.repo.as_deref().filter(|_| self.scope() == Scope::Local).unwrap_or(Path::new("/"))
    }

    fn program(&self, words: &[String]) -> Program {
        Program::new(&words[0]).args(&words[1..]).directory(self.directory()).plain_locale()
    }
}

/// Values as the diff has them.
fn shown(values: &[&str]) -> Value {
    match values {
        [] => json!("\n"),
        [one] => json!(format!("{one}\n")),
        many => json!(many),
    }
}
