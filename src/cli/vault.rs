//! `sutler vault`, which is `ansible-vault`: makes, shows, changes and undoes encrypted files and values.
#![expect(clippy::print_stderr, reason = "a note for the person at the terminal is no part of what is printed")]

mod editor;
mod file;
mod string;

use std::{
    fs::DirBuilder,
    io::IsTerminal,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{ArgAction, Args, Subcommand};
use sutler_modules::kit::failure::os_text;
use zeroize::Zeroizing;

use super::{
    Stop, colours, print_errors, settings,
    vaults::{Purpose, Source, Vaults, load},
};
use crate::{
    config::{
        Config,
        settings::{output, vault as vault_settings},
    },
    executor::ExitCode,
    output::Secrets,
    source::Diagnostic,
    vault::{self, Identity, Ring, Salt, VaultError},
};

use file::{Target, read, real};

/// What `sutler vault` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Write a new encrypted file in an editor.
    Create {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        encrypt: Encrypting,
        /// Open the editor even if this is no terminal.
        #[arg(long)]
        skip_tty_check: bool,
        /// The file.
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Decrypt files, or standard input.
    Decrypt {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        output: OutputFile,
        /// The files; `-` is standard input.
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Change an encrypted file in an editor.
    Edit {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        encrypt: Encrypting,
        /// The files, one after the other; each keeps its identity.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Show what encrypted files hold.
    View {
        #[command(flatten)]
        common: Common,
        /// The files; `-` is standard input.
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Encrypt files, or standard input.
    Encrypt {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        encrypt: Encrypting,
        #[command(flatten)]
        output: OutputFile,
        /// The files; `-` is standard input.
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Encrypt text as a value for YAML.
    #[command(name = "encrypt_string")]
    EncryptString(string::Arguments),
    /// Encrypt files with another password.
    Rekey {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        encrypt: Encrypting,
        /// The file with the new password; run if it is executable.
        #[arg(long, value_name = "FILE", conflicts_with = "new_vault_id")]
        new_vault_password_file: Option<PathBuf>,
        /// The new identity, as LABEL@FILE, LABEL@PROGRAM or LABEL@prompt.
        #[arg(long, value_name = "IDENTITY")]
        new_vault_id: Option<String>,
        /// The files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// What every action takes.
#[derive(Debug, Args)]
struct Common {
    #[command(flatten)]
    vaults: Vaults,
    /// Say more.
    #[arg(short, long, action = ArgAction::Count)]
    verbose: u8,
}

#[derive(Debug, Args)]
struct Encrypting {
    /// The identity whose password encrypts, where there are several.
    #[arg(long, value_name = "LABEL")]
    encrypt_vault_id: Option<String>,
}

#[derive(Debug, Args)]
struct OutputFile {
    /// Write into this file instead; `-` is standard output.
    #[arg(long = "output", value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Runs it.
pub fn run(arguments: Arguments) -> ExitCode {
    let session = match Session::new() {
        Ok(session) => session,
        Err(stop) => return stop.print(),
    };
    let done = session.act(arguments.action);
    vault::forget();
    match done {
        Ok(()) => ExitCode::Success,
        Err(Failed(code, errors)) => Stop::new(code, errors).in_colour(session.colour).print(),
    }
}

/// Why an action ends early, and the code it ends with.
struct Failed(ExitCode, Vec<Diagnostic>);

impl From<Diagnostic> for Failed {
    fn from(error: Diagnostic) -> Self {
        vec![error].into()
    }
}

impl From<Vec<Diagnostic>> for Failed {
    fn from(errors: Vec<Diagnostic>) -> Self {
        Self(ExitCode::Error, errors)
    }
}

/// Options that do not go together.
fn misused(error: Diagnostic) -> Failed {
    Failed(ExitCode::Settings, vec![error])
}

/// What all actions need.
struct Session {
    config: Arc<Config>,
    colour: bool,
}

impl Session {
    fn new() -> Result<Self, Stop> {
        let config = settings()?;
        let colour = colours(&config);
        print_errors(config.warnings(), colour);
        Ok(Self { config, colour })
    }

    fn act(&self, action: Action) -> Result<(), Failed> {
        match action {
            Action::Create { common, encrypt, skip_tty_check, files } => {
                self.create(&common, &encrypt, skip_tty_check, &files)
            }
            Action::Edit { common, encrypt: _, files } => self.edit(&common, &files),
            Action::View { common, files } => self.view(&common, &files),
            Action::Encrypt { common, encrypt, output, files } => self.encrypt(&common, &encrypt, &output, files),
            Action::Decrypt { common, output, files } => self.decrypt(&common, &output, files),
            Action::EncryptString(arguments) => self.encrypt_string(&arguments),
            Action::Rekey { common, encrypt, new_vault_password_file, new_vault_id, files } => {
                let vaults = Vaults {
                    vault_id: new_vault_id.into_iter().collect(),
                    vault_password_file: new_vault_password_file.into_iter().collect(),
                    ask_vault_password: common.vaults.ask_vault_password,
                };
                self.rekey(&common, &encrypt, &vaults, &files)
            }
        }
    }

    /// Where passwords come from: the person, if nothing says it.
    fn sources(&self, common: &Common) -> Result<Vec<Source>, Failed> {
        if let Some(id) = common.vaults.vault_id.iter().find(|id| id.contains(';')) {
            let message = format!("'{id}' is not a valid vault id. The character ';' is not allowed in vault ids");
            return Err(misused(Diagnostic::error(message)));
        }
        let mut sources = common.vaults.sources(&self.config);
        if sources.is_empty() {
            sources.push(Source::asked(&self.config));
        }
        Ok(sources)
    }

    /// The passwords that open; asked for if nothing says where they are.
    fn ring(&self, common: &Common) -> Result<Ring, Failed> {
        let sources = self.sources(common)?;
        Ok(self.load(&sources, Purpose::Open)?)
    }

    fn load(&self, sources: &[Source], purpose: Purpose) -> Result<Ring, Vec<Diagnostic>> {
        let (ring, warnings) = load(sources, purpose, &self.config, &Secrets::default())?;
        print_errors(&warnings, self.colour);
        Ok(ring)
    }

    /// The identity that encrypts: the one that is named, or the only one.
    fn encrypting(&self, common: &Common, encrypt: &Encrypting) -> Result<Identity, Failed> {
        let sources = self.sources(common)?;
        let named = self.named(encrypt);
        let ring = self.load(&sources, Purpose::Create)?;
        let ids: Vec<&str> = ring.identities().iter().map(|identity| identity.id.as_str()).collect();
        if ids.len() > 1 && named.is_none() {
            let error = Diagnostic::error(format!("several identities could encrypt: {}", ids.join(", ")));
            let wording = format!(
                "The vault-ids {} are available to encrypt. Specify the vault-id to encrypt with --encrypt-vault-id",
                ids.join(",")
            );
            return Err(misused(error.worded(wording).help("name one of them with `--encrypt-vault-id LABEL`")));
        }
        match named {
            None => first(&ring),
            Some(id) => Ok(identity(&ring, &id)?),
        }
    }

    fn named(&self, encrypt: &Encrypting) -> Option<String> {
        let setting = || self.config.get(&vault_settings::DEFAULT_VAULT_ENCRYPT_IDENTITY);
        encrypt.encrypt_vault_id.clone().filter(|id| !id.is_empty()).or_else(setting)
    }

    /// Encrypts a content; `what` is its name in the error about one that is encrypted already.
    fn seal(&self, what: &str, content: &[u8], identity: &Identity) -> Result<String, Diagnostic> {
        if vault::is_vault(content) {
            let error = Diagnostic::error(format!("{what} is encrypted already"));
            return Err(error.worded("input is already encrypted"));
        }
        let fixed = self.config.get(&vault_settings::VAULT_ENCRYPT_SALT).filter(|salt| !salt.is_empty());
        vault::encrypt(content, identity, fixed.map_or(Salt::Random, Salt::Fixed))
            .map_err(|cause| Diagnostic::error(format!("cannot encrypt: {cause}")))
    }

    fn encrypt(
        &self,
        common: &Common,
        encrypt: &Encrypting,
        output: &OutputFile,
        files: Vec<PathBuf>,
    ) -> Result<(), Failed> {
        let files = or_stdin(files, output)?;
        let identity = self.encrypting(common, encrypt)?;
        for name in &files {
            let content = read(name, "plaintext")?;
            let text = self.seal(&shown(name), &content, &identity)?;
            Target::new(name, output.file.as_deref()).private(text.as_bytes())?;
        }
        tell_terminal("Encryption successful");
        Ok(())
    }

    fn decrypt(&self, common: &Common, output: &OutputFile, files: Vec<PathBuf>) -> Result<(), Failed> {
        let files = or_stdin(files, output)?;
        let ring = self.ring(common)?;
        for name in &files {
            let text = read(name, "ciphertext")?;
            let opened = ring.decrypt(&text).map_err(|error| cannot_open(name, &real(name), &error))?;
            Target::new(name, output.file.as_deref()).private(&opened.content)?;
        }
        tell_terminal("Decryption successful");
        Ok(())
    }

    fn view(&self, common: &Common, files: &[PathBuf]) -> Result<(), Failed> {
        let ring = self.ring(common)?;
        let stdin = [PathBuf::from("-")];
        for name in if files.is_empty() { &stdin } else { files } {
            let text = read(name, "ciphertext")?;
            let opened = ring.decrypt(&text).map_err(|error| cannot_open(name, name, &error))?;
            file::page(&opened.content, &self.config.get(&output::PAGER))?;
        }
        Ok(())
    }

    /// The new password is that of the identity that encrypts, if one is named, else the first that `new` names.
    fn rekey(&self, common: &Common, encrypt: &Encrypting, new: &Vaults, files: &[PathBuf]) -> Result<(), Failed> {
        let ring = self.ring(common)?;
        let named = self.named(encrypt);
        let mut sources = if named.is_some() { Source::listed(&self.config) } else { Vec::new() };
        sources.extend(new.named(&self.config));
        if sources.is_empty() {
            sources.push(Source::asked(&self.config));
        }
        let new_ring = self.load(&sources, Purpose::Create)?;
        let new = match named {
            Some(id) => identity(&new_ring, &id)?,
            None => first(&new_ring)?,
        };
        for name in files {
            let text = read(name, "ciphertext")?;
            let opened = ring.decrypt(&text).map_err(|error| cannot_open(name, &real(name), &error))?;
            let text = self.seal(&format!("what {} holds", shown(name)), &opened.content, &new)?;
            Target::new(name, None).keeping(text.as_bytes())?;
        }
        eprintln!("Rekey successful");
        Ok(())
    }

    fn create(
        &self,
        common: &Common,
        encrypt: &Encrypting,
        skip_tty_check: bool,
        files: &[PathBuf],
    ) -> Result<(), Failed> {
        let [name] = files else {
            let error = Diagnostic::error("`create` makes one file");
            return Err(misused(error.worded("ansible-vault create can take only one filename argument")));
        };
        if !skip_tty_check && !std::io::stdout().is_terminal() {
            let error = Diagnostic::error("an editor needs a terminal, and this is none");
            let error = error.worded("not a tty, editor cannot be opened");
            return Err(misused(error.help("`--skip-tty-check` opens it all the same")));
        }
        if name.exists() {
            let error = Diagnostic::error(format!("`{}` exists already", name.display()));
            let error = error.worded(format!("{} exists, please use 'edit' instead", name.display()));
            return Err(error.help("change it with `sutler vault edit`").into());
        }
        let identity = self.encrypting(common, encrypt)?;
        self.make_folder(name)?;
        let content = editor::edit(&self.config.get(&output::EDITOR), name, &[])?;
        let text = self.seal("what was written", &content, &identity)?;
        Target::new(name, None).private(text.as_bytes())?;
        Ok(())
    }

    /// Makes the folder of a file, for us alone, before somebody writes what could not be kept.
    fn make_folder(&self, name: &Path) -> Result<(), Failed> {
        let folder = name.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists());
        let Some(folder) = folder else { return Ok(()) };
        let shown = folder.display();
        let warning = Diagnostic::warning(format!("`{shown}` is not there yet, and is made"));
        print_errors(&[warning.worded(format!("{shown} does not exist, creating..."))], self.colour);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        Ok(made.map_err(|cause| Diagnostic::error(format!("cannot make `{shown}`: {}", os_text(&cause))))?)
    }

    /// A file keeps its label and its password; `rekey` changes them.
    fn edit(&self, common: &Common, files: &[PathBuf]) -> Result<(), Failed> {
        let ring = self.ring(common)?;
        for name in files {
            let text = read(name, "ciphertext")?;
            let opened = ring.decrypt(&text).map_err(|error| cannot_open(name, &real(name), &error))?;
            // The label stays, whoever's password it was.
            let identity = opened.identity.labelled(opened.id.as_deref());
            let changed = editor::edit(&self.config.get(&output::EDITOR), name, &opened.content)?;
            if changed != opened.content {
                let text = self.seal("what was written", &changed, &identity)?;
                Target::new(name, None).keeping(text.as_bytes())?;
            }
        }
        Ok(())
    }
}

/// The files, or standard input; several cannot become one file.
fn or_stdin(files: Vec<PathBuf>, output: &OutputFile) -> Result<Vec<PathBuf>, Failed> {
    if files.len() > 1 && output.file.is_some() {
        let error = Diagnostic::error("`--output` takes what comes of one file");
        return Err(misused(error.worded("At most one input file may be used with the --output option")));
    }
    Ok(if files.is_empty() { vec!["-".into()] } else { files })
}

/// The first identity of a ring that was loaded: there is at least one, or loading has failed.
fn first(ring: &Ring) -> Result<Identity, Failed> {
    ring.identities().first().cloned().ok_or_else(|| VaultError::NoSecrets.diagnostic("anything").into())
}

fn identity(ring: &Ring, id: &str) -> Result<Identity, Diagnostic> {
    let found = ring.identities().iter().find(|identity| identity.id == id).cloned();
    found.ok_or_else(|| {
        let known: Vec<&str> = ring.identities().iter().map(|identity| identity.id.as_str()).collect();
        let quoted: Vec<String> = known.iter().map(|id| format!("'{id}'")).collect();
        Diagnostic::error(format!("there is no vault password of `{id}` to encrypt with"))
            .worded(format!(
                "Did not find a match for --encrypt-vault-id={id} in the known vault-ids [{}]",
                quoted.join(", ")
            ))
            .help(format!("there are those of {}", known.join(", ")))
    })
}

/// A file in a message.
fn shown(name: &Path) -> String {
    if name == Path::new("-") { "standard input".into() } else { format!("`{}`", name.display()) }
}

/// What a file cannot be opened for; `told` is how Ansible names the file: what it leads to where it would be written.
fn cannot_open(name: &Path, told: &Path, error: &VaultError) -> Diagnostic {
    error.diagnostic(&shown(name)).worded(format!("{} for {}", error.wording(), told.display()))
}

/// Tells the person at the terminal, where what was written goes elsewhere.
fn tell_terminal(text: &str) {
    if std::io::stdout().is_terminal() {
        eprintln!("{text}");
    }
}

/// Content on its way through; wiped when it is dropped.
type Content = Zeroizing<Vec<u8>>;
