//! Options that several commands have, and what they mean together with the settings.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use super::prompt;
use crate::{
    config::{Config, settings},
    executor::ConnectionDefaults,
    inventory::{Limit, Shard},
    output::Secrets,
    source::{Diagnostic, SourceFile},
    transport::Secret,
};

/// Which hosts there are, and what else is known.
#[derive(Debug, clap::Args)]
pub struct Hosts {
    /// An inventory: a file, a directory, an executable, or hosts with a comma (`web1,`). May be repeated.
    #[arg(short, long, alias = "inventory-file", value_name = "SOURCE")]
    pub inventory: Vec<String>,
    /// Only these of the hosts: a pattern, or @FILE.
    #[arg(short, long, value_name = "PATTERN")]
    pub limit: Option<String>,
    /// Only part K of N of the hosts, for runs that share an inventory among N machines or jobs.
    #[arg(long, value_name = "K/N")]
    pub shard: Option<Shard>,
    /// Set variables: name=value, YAML, JSON or @FILE. May be repeated.
    #[arg(short, long, value_name = "VARS")]
    pub extra_vars: Vec<String>,
    /// Forget the facts that were kept from earlier runs.
    #[arg(long)]
    pub flush_cache: bool,
}

impl Hosts {
    /// Which of the hosts take part.
    pub fn limit(&self) -> Limit {
        Limit { pattern: self.limit.clone(), shard: self.shard }
    }

    /// The sources that were named, or those of the settings if they are there.
    pub fn sources(&self, config: &Config) -> Vec<String> {
        if !self.inventory.is_empty() {
            return self.inventory.clone();
        }
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        match config.given(&settings::inventory::DEFAULT_HOST_LIST) {
            Some(given) => given.into_iter().map(text).collect(),
            None => {
                let usual = config.get(&settings::inventory::DEFAULT_HOST_LIST);
                usual.into_iter().filter(|path| path.exists()).map(text).collect()
            }
        }
    }
}

/// How hosts are reached.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Connection")]
pub struct Reach {
    /// How to connect: ssh, openssh or local.
    #[arg(short, long, value_name = "KIND")]
    connection: Option<String>,
    /// Log in as this user.
    #[arg(short, long = "user", value_name = "USER")]
    user: Option<String>,
    /// Ask for the password to log in with.
    #[arg(short = 'k', long)]
    ask_pass: bool,
    /// The file with the password to log in with; run if it is executable.
    #[arg(long, alias = "conn-pass-file", value_name = "FILE", conflicts_with = "ask_pass")]
    connection_password_file: Option<PathBuf>,
    /// Log in with this key.
    #[arg(long, alias = "key-file", value_name = "FILE")]
    private_key: Option<PathBuf>,
    /// Give up connecting after this many seconds.
    #[arg(short = 'T', long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// Options for every SSH connection, as `-o ProxyCommand=…`.
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true)]
    ssh_common_args: Option<String>,
    /// More options for every SSH connection.
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true)]
    ssh_extra_args: Option<String>,
    /// Options for sftp, which is never run.
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true)]
    sftp_extra_args: Option<String>,
    /// Options for scp, which is never run.
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true)]
    scp_extra_args: Option<String>,
}

/// Whom tasks become.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Becoming another user")]
pub struct Escalation {
    /// Become another user, root if none is named.
    #[arg(short = 'b', long = "become")]
    is_become: bool,
    /// How to become another user: sudo, su or doas.
    #[arg(long, value_name = "METHOD")]
    become_method: Option<String>,
    /// The user to become.
    #[arg(long, value_name = "USER")]
    become_user: Option<String>,
    /// Ask for the password to become another user with.
    #[arg(short = 'K', long)]
    ask_become_pass: bool,
    /// The file with the password to become another user with; run if it is executable.
    #[arg(long, alias = "become-pass-file", value_name = "FILE", conflicts_with = "ask_become_pass")]
    become_password_file: Option<PathBuf>,
}

/// What counts where neither keyword nor variable says otherwise. Asks for the passwords that were announced.
/// Fails when a password's file cannot be read.
pub fn connection_defaults(
    reach: Reach,
    escalation: Escalation,
    config: &Arc<Config>,
    secrets: &Secrets,
) -> Result<ConnectionDefaults, Diagnostic> {
    use settings::{connection, escalation as become_settings};

    let login = Password {
        file: reach.connection_password_file.or_else(|| config.get(&connection::CONNECTION_PASSWORD_FILE)),
        asks: reach.ask_pass || config.get(&connection::DEFAULT_ASK_PASS),
        question: "SSH password: ",
    };
    let password = login.get(secrets)?;
    let becoming = Password {
        file: escalation.become_password_file.or_else(|| config.get(&become_settings::BECOME_PASSWORD_FILE)),
        asks: escalation.ask_become_pass || config.get(&become_settings::DEFAULT_BECOME_ASK_PASS),
        question: match password {
            Some(_) => "BECOME password[defaults to SSH password]: ",
            None => "BECOME password: ",
        },
    };
    let become_password = match becoming.get(secrets)? {
        Some(given) if given.expose().is_empty() => password.clone(),
        given => given,
    };
    Ok(ConnectionDefaults {
        kind: reach.connection,
        user: reach.user,
        password,
        key_file: reach.private_key,
        ssh_common_args: reach.ssh_common_args,
        ssh_extra_args: reach.ssh_extra_args,
        timeout: reach.timeout,
        is_become: escalation.is_become || config.get(&become_settings::DEFAULT_BECOME),
        become_method: escalation.become_method,
        become_user: escalation.become_user,
        become_password,
        config: Arc::clone(config),
    })
}

/// Where a password comes from.
struct Password {
    file: Option<PathBuf>,
    asks: bool,
    question: &'static str,
}

impl Password {
    fn get(self, secrets: &Secrets) -> Result<Option<Secret>, Diagnostic> {
        let password = match self.file.filter(|_| !self.asks) {
            Some(file) => Some(password_of(&file)?.into()),
            None if self.asks => Some(prompt::password(self.question).ok_or_else(|| nobody(self.question))?),
            None => None,
        };
        if let Some(password) = &password {
            secrets.add(password.expose());
        }
        Ok(password)
    }
}

/// There is no terminal, and standard input has ended.
fn nobody(question: &str) -> Diagnostic {
    let what = question.split(['[', ':']).next().unwrap_or(question);
    let error = Diagnostic::error(format!("there is nobody to ask for the {what}"));
    error.help("run it on a terminal, or give the password as a line of standard input")
}

/// The password in a file, or what the file prints if it is executable; blanks around it do not count.
fn password_of(file: &Path) -> Result<String, Diagnostic> {
    let executable = file.metadata().is_ok_and(|found| found.permissions().mode() & 0o111 != 0);
    if !executable {
        return Ok(SourceFile::read(file)?.text().trim().to_owned());
    }
    let cannot = |cause: std::io::Error| {
        Diagnostic::error(format!("cannot run the password program `{}`: {cause}", file.display()))
    };
    let program = file.canonicalize().map_err(cannot)?;
    let output = Command::new(program).output().map_err(cannot)?;
    if !output.status.success() {
        let text = format!("the password program `{}` failed: {}", file.display(), output.status);
        return Err(Diagnostic::error(text).note(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
