//! `subversion`: working copies and exports of Subversion repositories.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::kit::{Args, Changes, Failure, Fields, Finished, Module, Program, Reader, Writer};

/// Checks out a Subversion repository, keeps the working copy at a revision, or exports it.
///
/// ```yaml
/// - subversion:
///     repo: svn+ssh://svn.example.org/app/trunk
///     dest: /srv/app
///     revision: "1024"
/// ```
#[derive(Args)]
pub struct Subversion {
    /// The repository's URL.
    #[arg(alias = "name", alias = "repository")]
    repo: String,
    /// The working copy. Needed unless `checkout`, `update` and `export` are all false.
    dest: Option<PathBuf>,
    /// The revision.
    #[arg(alias = "rev", alias = "version", default = "HEAD")]
    revision: String,
    /// Discards what was modified in the working copy. It fails otherwise when something was.
    #[arg(default = false)]
    force: bool,
    /// Checks out over a directory that is there and is no working copy.
    #[arg(default = false)]
    in_place: bool,
    /// The user at the server.
    username: Option<String>,
    /// The user's password; goes to `svn` on standard input.
    #[arg(secret)]
    password: Option<String>,
    /// The `svn` program; the one in `PATH` where it is missing.
    executable: Option<PathBuf>,
    /// Checks out when there is no working copy.
    #[arg(default = true)]
    checkout: bool,
    /// Updates the working copy.
    #[arg(default = true)]
    update: bool,
    /// Exports instead; always a change.
    #[arg(default = false)]
    export: bool,
    /// Switches the working copy to the URL before it is updated.
    #[arg(default = true)]
    switch: bool,
    /// Does not trust certificates that cannot be verified.
    #[arg(default = false)]
    validate_certs: bool,
}

/// What there is to do.
#[derive(Clone, Copy)]
pub enum Plan {
    /// A new working copy.
    CheckOut,
    /// An export.
    Export,
    /// A working copy over a directory that is there.
    InPlace,
    /// A working copy that is there is brought to the revision.
    Update,
}

impl Module for Subversion {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let Some(dest) = &self.dest else {
            if self.checkout || self.update || self.export {
                return Err(Failure::new(
                    "the destination directory must be specified unless checkout=no, update=no, and export=no",
                ));
            }
            return Ok(Changes::none().with("after", self.number(&[&self.repo], host)?));
        };
        if !self.export && !self.update && !self.checkout {
            return Ok(Changes::none().with("after", self.number(&[&self.repo], host)?));
        }
        if self.export || !host.exists(dest) {
            return Ok(match (self.export, self.checkout) {
                (true, _) => Changes::of(Plan::Export),
                (false, true) => Changes::of(Plan::CheckOut),
                (false, false) => Changes::when(host.mode().check, Plan::CheckOut),
            });
        }
        if !host.query(&self.svn(&["info", &self.place()], host)?)?.success() {
            if !self.in_place {
                let msg =
                    format!("ERROR: {} folder already exists, but its not a subversion repository.", dest.display());
                return Err(Failure::new(msg));
            }
            return Ok(Changes::of(Plan::InPlace));
        }
        if !self.update {
            return Ok(Changes::none());
        }
        if !host.mode().check {
            return Ok(Changes::of(Plan::Update));
        }
        if !self.force && self.is_modified(host)? {
            return Err(modified());
        }
        let place = self.place();
        let before = self.number(&[&place], host)?;
        let after = self.number(&["-r", &self.revision, &place], host)?;
        let changes = Changes::when(before != after, Plan::Update);
        Ok(changes.with("before", before).with("after", after))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let (place, revision) = (self.place(), self.revision.as_str());
        let mut before = Value::Null;
        let mut changed = true;
        let force = self.force.then_some("--force");
        match plan {
            Plan::Export => {
                let words = [Some("export"), force, Some("-r"), Some(revision), Some(&self.repo), Some(&place)];
                self.run(&words.into_iter().flatten().collect::<Vec<_>>(), host)?;
                return Ok(Fields::from_iter([("changed".to_owned(), json!(true))]));
            }
            Plan::CheckOut => drop(self.run(&["checkout", "-r", revision, &self.repo, &place], host)?),
            Plan::InPlace => {
                self.run(&["checkout", "--force", "-r", revision, &self.repo, &place], host)?;
                if self.force && self.is_modified(host)? {
                    self.run(&["revert", "-R", &place], host)?;
                }
            }
            Plan::Update => {
                before = json!(self.identity(host)?);
                let is_modified = self.is_modified(host)?;
                changed = is_modified;
                if self.switch {
                    changed |= touched(&self.run(&["switch", "--revision", revision, &self.repo, &place], host)?);
                }
                if is_modified && !self.force {
                    return Err(modified());
                }
                if is_modified {
                    self.run(&["revert", "-R", &place], host)?;
                }
                changed |= touched(&self.run(&["update", "-r", revision, &place], host)?);
            }
        }
        let after = json!(self.identity(host)?);
        let fields = [("before", before), ("after", after), ("changed", json!(changed))];
        Ok(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

impl Subversion {
    fn place(&self) -> String {
        self.dest.as_ref().map(|dest| dest.to_string_lossy().into_owned()).unwrap_or_default()
    }

    fn svn(&self, words: &[&str], host: &Reader) -> Result<Program, Failure> {
        let path = match &self.executable {
            Some(path) => path.clone(),
            None => host.required("svn")?,
        };
        let mut program = Program::new(path).args(["--non-interactive", "--no-auth-cache"]).plain_locale();
        if !self.validate_certs {
            program = program.arg("--trust-server-cert");
        }
        if let Some(user) = &self.username {
            program = program.arg("--username").arg(user);
        }
        if let Some(password) = &self.password {
            program = program.arg("--password-from-stdin").stdin(password.as_str());
        }
        Ok(program.args(words))
    }

    fn run(&self, words: &[&str], host: &mut Writer) -> Result<Finished, Failure> {
        let program = self.svn(words, host)?;
        host.run(&program)?.checked(&program)
    }

    fn info(&self, words: &[&str], host: &Reader) -> Result<String, Failure> {
        let program = self.svn(&[&["info"], words].concat(), host)?;
        Ok(host.query(&program)?.checked(&program)?.out())
    }

    /// The revision of a working copy or URL, as `Revision: 7`.
    fn number(&self, words: &[&str], host: &Reader) -> Result<String, Failure> {
        let text = self.info(words, host)?;
        let found = text.lines().find(|line| line.starts_with("Revision: "));
        Ok(found.unwrap_or("Unable to get revision").to_owned())
    }

    /// The revision and the URL of the working copy.
    fn identity(&self, host: &Reader) -> Result<[String; 2], Failure> {
        let text = self.info(&[&self.place()], host)?;
        let line = |start: &str, otherwise: &str| {
            text.lines().find(|line| line.starts_with(start)).unwrap_or(otherwise).to_owned()
        };
        Ok([line("Revision: ", "Unable to get revision"), line("URL: ", "Unable to get URL")])
    }

    fn is_modified(&self, host: &Reader) -> Result<bool, Failure> {
        let program = self.svn(&["status", "--quiet", "--ignore-externals", &self.place()], host)?;
        let said = host.query(&program)?.checked(&program)?.out();
        Ok(said.lines().any(|line| !line.is_empty() && !line.starts_with(['?', 'X'])))
    }
}

fn modified() -> Failure {
    Failure::new("ERROR: modified files exist in the repository.")
}

/// Whether svn says that it changed a path: a letter and a blank begin such a line.
fn touched(finished: &Finished) -> bool {
    let begins = |line: &str| {
        let mut letters = line.chars();
        letters.next().is_some_and(|letter| "ABDUCGE".contains(letter))
            && letters.next().is_some_and(char::is_whitespace)
    };
    finished.out().lines().any(begins)
}
