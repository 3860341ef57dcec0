//! The options that say which passwords open vaults, and where the passwords come from.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{layout, prompt};
use crate::{
    config::{Config, settings::vault as settings},
    output::{Layout, Secrets},
    playbook::expand_home,
    source::{Diagnostic, Severity},
    vault::{self, Identity, Ring},
};

/// How encrypted files are opened.
#[derive(Debug, Default, clap::Args)]
pub struct Vaults {
    /// The identity of a vault, as LABEL@FILE, LABEL@PROGRAM or LABEL@prompt. May be repeated.
    #[arg(long, value_name = "IDENTITY")]
    pub vault_id: Vec<String>,
    /// The file with the password of vaults; run if it is executable. May be repeated.
    #[arg(long, alias = "vault-pass-file", value_name = "FILE", conflicts_with = "ask_vault_password")]
    pub vault_password_file: Vec<PathBuf>,
    /// Ask for the password of vaults.
    #[arg(short = 'J', long, alias = "ask-vault-pass")]
    pub ask_vault_password: bool,
}

/// Where the password of an identity comes from.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The label, the default one where none was given.
    pub id: String,
    /// Whether it was given; a client script is told it only then.
    is_labelled: bool,
    from: From,
}

#[derive(Debug, PartialEq, Eq)]
enum From {
    File(PathBuf),
    /// The person at the keyboard, who is told the label.
    Prompt,
    /// The person at the keyboard, who needs no label: there is only this identity.
    Ask,
}

/// Whether a password has to be one that exists, or becomes one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It opens what was encrypted with it.
    Open,
    /// It is asked for twice, because it encrypts.
    Create,
}

impl Vaults {
    /// Makes the passwords known to everything that reads files, and asks for those that were announced. What they
    /// decrypt is added to `secrets`. Gives warnings of sources that have no password, if others have; fails with what
    /// [`load`] fails with.
    pub fn open(&self, config: &Config, secrets: &Secrets) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        let (ring, warnings) = load(&self.sources(config), Purpose::Open, config, secrets)?;
        vault::install(ring);
        Ok(warnings)
    }

    /// The sources in the order in which their passwords are tried.
    pub fn sources(&self, config: &Config) -> Vec<Source> {
        let mut sources = Source::listed(config);
        sources.extend(self.named(config));
        sources
    }

    /// Those of them that the settings list no identity for: of options, the file of the settings, the person.
    pub fn named(&self, config: &Config) -> Vec<Source> {
        let default = config.get(&settings::DEFAULT_VAULT_IDENTITY);
        let mut sources: Vec<Source> = self.vault_id.iter().map(|text| Source::parse(text, &default)).collect();
        let files = self.vault_password_file.iter().cloned().chain(config.get(&settings::DEFAULT_VAULT_PASSWORD_FILE));
        sources.extend(files.map(|file| Source::file(&file, config)));
        if self.ask_vault_password || config.get(&settings::DEFAULT_ASK_VAULT_PASS) {
            sources.push(Source::asked(config));
        }
        sources
    }
}

impl Source {
    /// Those of the settings' list of identities.
    pub fn listed(config: &Config) -> Vec<Self> {
        let default = config.get(&settings::DEFAULT_VAULT_IDENTITY);
        let listed = config.get(&settings::DEFAULT_VAULT_IDENTITY_LIST);
        listed.iter().map(|text| Self::parse(text, &default)).collect()
    }

    /// `LABEL@SOURCE`, or a source alone.
    pub fn parse(text: &str, default: &str) -> Self {
        let (id, source) = text.split_once('@').unwrap_or(("", text));
        let from = match source {
            "prompt" => From::Prompt,
            "prompt_ask_vault_pass" => From::Ask,
            file => From::File(file.into()),
        };
        let is_labelled = !id.is_empty();
        Self { id: if is_labelled { id } else { default }.to_owned(), is_labelled, from }
    }

    /// A password file of the default identity.
    pub fn file(file: &Path, config: &Config) -> Self {
        let id = config.get(&settings::DEFAULT_VAULT_IDENTITY);
        Self { id, is_labelled: true, from: From::File(file.to_owned()) }
    }

    /// The person at the keyboard, for the default identity.
    pub fn asked(config: &Config) -> Self {
        Self { id: config.get(&settings::DEFAULT_VAULT_IDENTITY), is_labelled: true, from: From::Ask }
    }

    fn password(&self, purpose: Purpose, known: &Ring) -> Result<Zeroizing<Vec<u8>>, Diagnostic> {
        let id = &self.id;
        let question = match (&self.from, purpose) {
            (From::File(file), _) => {
                let label = self.is_labelled.then_some(id.as_str());
                return Ok(vault::password_of_file(&expand_home(file), label, known)?);
            }
            (From::Prompt, Purpose::Open) => format!("Vault password ({id}): "),
            (From::Prompt, Purpose::Create) => format!("New vault password ({id}): "),
            (From::Ask, Purpose::Open) => "Vault password: ".to_owned(),
            (From::Ask, Purpose::Create) => "New Vault password: ".to_owned(),
        };
        let ask = |question: &str| -> Result<Zeroizing<Vec<u8>>, Diagnostic> {
            let answer = prompt::password(question).ok_or_else(|| nobody(id))?;
            Ok(Zeroizing::new(answer.expose().as_bytes().to_vec()))
        };
        // Blanks around what is typed do not count, as in a file.
        let trimmed = |answer: Zeroizing<Vec<u8>>| Zeroizing::new(answer.trim_ascii().to_vec());
        let answer = ask(&question)?;
        if answer.is_empty() {
            let error = Diagnostic::error(format!("the vault password of `{id}` is empty"));
            return Err(error.worded("Invalid vault password was provided"));
        }
        let answer = trimmed(answer);
        let again = match self.from {
            From::Prompt => format!("Confirm new vault password ({id}): "),
            _ => format!("Confirm {question}"),
        };
        if purpose == Purpose::Create && trimmed(ask(&again)?) != answer {
            return Err(Diagnostic::error("the passwords are not the same").worded("Passwords do not match"));
        }
        Ok(answer)
    }

    /// The warning that it has no password.
    fn passed_over(&self, error: Diagnostic) -> Diagnostic {
        let what = match self.from {
            From::File(_) if error.ansible_message().starts_with("The vault password file") => {
                "Error getting vault password file"
            }
            From::File(_) => "Error in vault password file loading",
            From::Prompt | From::Ask => "Error in vault password prompt",
        };
        let message = format!("{what} ({}): {}", self.id, error.message);
        let label = if self.is_labelled { &self.id } else { "None" };
        let wording = format!("{what} ({label}): {}", error.ansible_message());
        Diagnostic { severity: Severity::Warning, message, ..error.worded(wording) }
    }
}

/// There is no terminal, and standard input has ended.
fn nobody(id: &str) -> Diagnostic {
    Diagnostic::error(format!("there is nobody to ask for the vault password of `{id}`"))
        .worded(format!("EOFError (ctrl-d) on prompt for ({id})"))
        .help("run it on a terminal, or name a file with `--vault-password-file`")
}

/// Reads and asks for the passwords. A source without one is passed over with a warning, unless no other has one or
/// the person who was asked gave none: then it fails, with the warnings that Ansible gives before its error.
pub fn load(
    sources: &[Source],
    purpose: Purpose,
    config: &Config,
    secrets: &Secrets,
) -> Result<(Ring, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut ring = Ring::new(Vec::new(), config.get(&settings::DEFAULT_VAULT_ID_MATCH), secrets.clone());
    let mut warnings = Vec::new();
    let mut last = None;
    let failed = |mut warnings: Vec<Diagnostic>, error: Diagnostic| {
        if layout() == Layout::Own {
            warnings.pop();
        }
        warnings.push(error);
        warnings
    };
    for source in sources {
        match source.password(purpose, &ring) {
            Ok(password) => {
                // A password that is no text is printed nowhere as text.
                if let Ok(text) = std::str::from_utf8(&password) {
                    secrets.add(text);
                }
                ring.push(Identity::new(source.id.as_str(), password));
            }
            Err(error) => {
                warnings.push(source.passed_over(error.clone()));
                if !matches!(source.from, From::File(_)) {
                    return Err(failed(warnings, error));
                }
                last = Some(error);
            }
        }
    }
    match last {
        Some(last) if ring.identities().is_empty() => Err(failed(warnings, last)),
        _ => Ok((ring, warnings)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_split_at_its_first_at_sign() {
        let parsed = |text: &str| {
            let source = Source::parse(text, "default");
            (source.id, source.from)
        };
        let file = |name: &str| From::File(name.into());
        assert_eq!(parsed("dev@pass"), ("dev".into(), file("pass")));
        assert_eq!(parsed("dev@a@b"), ("dev".into(), file("a@b")));
        assert_eq!(parsed("@pass"), ("default".into(), file("pass")));
        assert_eq!(parsed("pass"), ("default".into(), file("pass")));
        assert_eq!(parsed("dev@prompt"), ("dev".into(), From::Prompt));
        assert_eq!(parsed("prompt"), ("default".into(), From::Prompt));
    }
}
