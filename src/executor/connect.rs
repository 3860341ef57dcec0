//! How a task reaches its host: `ansible_…` variables, then keywords, the command line, and the settings.

use std::{path::PathBuf, sync::LazyLock};

use sutler_modules::kit::users;

use super::{ConnectionDefaults, settings::Settings, times::seconds};
use crate::{
    config::{
        Config,
        settings::{connection, escalation, ssh},
    },
    output::Secrets,
    playbook::expand_home,
    source::Diagnostic,
    template::TemplateError,
    transport::{Become, Kind, Method, Secret, Target},
    value::Value,
    vars::{RunVars, Scope},
};

/// Why a task cannot even try to reach its host.
#[derive(Debug, thiserror::Error)]
pub enum ConnectSettingError {
    /// A setting's template fails.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// There is no such transport.
    #[error("there is no connection `{0}`: use `ssh`, `openssh` or `local`")]
    Kind(String),
    /// There is no such become method.
    #[error("there is no become method `{0}`: use `sudo`, `su` or `doas`")]
    Method(String),
    /// A number was expected.
    #[error("`{name}` has to be a number, not `{value}`")]
    Number {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
    },
}

impl From<ConnectSettingError> for Diagnostic {
    fn from(error: ConnectSettingError) -> Self {
        match error {
            ConnectSettingError::Template(error) => error.into(),
            other => Self::error(other.to_string()),
        }
    }
}

/// Reads connection variables of one host.
struct Variables(Scope);

impl Variables {
    /// The first of some spellings that is set.
    fn value(&self, names: &[&str]) -> Result<Option<Value>, TemplateError> {
        for name in names {
            if let Some(value) = self.0.resolve(name)?.filter(|value| !value.is_none() && !value.is_omit()) {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    fn text(&self, names: &[&str]) -> Result<Option<String>, TemplateError> {
        let text = self.value(names)?.map(|value| value.to_str());
        Ok(text.filter(|text| !text.is_empty()))
    }

    fn secret(&self, names: &[&str]) -> Result<Option<Secret>, TemplateError> {
        Ok(self.text(names)?.map(Secret::from))
    }

    fn number(&self, name: &'static str, names: &[&str]) -> Result<Option<u64>, ConnectSettingError> {
        let Some(value) = self.text(names)? else { return Ok(None) };
        value.trim().parse().map(Some).map_err(|_| ConnectSettingError::Number { name, value })
    }
}

/// Every variable that holds a password or passphrase of a connection.
const SECRETS: [&str; 13] = [
    "ansible_password",
    "ansible_ssh_pass",
    "ansible_ssh_password",
    "ansible_ssh_private_key_passphrase",
    "ansible_private_key_passphrase",
    "ansible_become_password",
    "ansible_become_pass",
    "ansible_sudo_password",
    "ansible_sudo_pass",
    "ansible_su_password",
    "ansible_su_pass",
    "ansible_doas_password",
    "ansible_doas_pass",
];

/// Masks the passwords that the inventory and the command line spell out, before anything is
/// printed. Templates wait until a host needs them: they may ask a program.
pub fn note_written_secrets(vars: &RunVars, secrets: &Secrets) {
    let hosts = vars.hosts.names();
    let hosts: Vec<_> = hosts.iter().filter_map(|name| vars.hosts.get(name.as_str()?)).collect();
    for layer in hosts.iter().map(|host| &host.inventory).chain([&vars.extra]) {
        for value in SECRETS.iter().filter_map(|name| layer.get(name)).filter(|value| !value.may_be_lazy()) {
            secrets.add(&value.to_str());
        }
    }
}

/// Masks the passwords that a task could see, for a task that does not connect.
pub fn note_secrets(scope: &Scope, secrets: &Secrets) {
    let variables = Variables(scope.unconnected());
    // One that cannot be evaluated cannot be shown either.
    for text in SECRETS.iter().filter_map(|name| variables.text(&[name]).ok().flatten()) {
        secrets.add(&text);
    }
}

/// The target of a task whose connection variables are those of `scope`.
pub fn target(settings: Settings, scope: &Scope, defaults: &ConnectionDefaults) -> Result<Target, ConnectSettingError> {
    let variables = Variables(scope.unconnected());
    let name = scope.host().name.clone();
    let config = &defaults.config;
    let kind = match variables.text(&["ansible_connection"])? {
        Some(kind) => Some(kind),
        None => settings.text("connection")?.or_else(|| defaults.kind.clone()),
    };
    let kind = kind.unwrap_or_else(|| config.get(&connection::DEFAULT_TRANSPORT));
    let kind: Kind = kind.parse().map_err(|()| ConnectSettingError::Kind(kind))?;
    let mut target = Target::new(kind, &name);
    if let Some(address) = variables.text(&["ansible_ssh_host", "ansible_host"])? {
        target.address = address;
    }
    target.port = match variables.number("ansible_port", &["ansible_ssh_port", "ansible_port"])? {
        Some(port) => Some(port as u16),
        None => settings.text("port")?.and_then(|port| port.parse().ok()),
    };
    target.port = target.port.or_else(|| Some(config.get(&connection::DEFAULT_REMOTE_PORT)? as u16));
    target.user = match variables.text(&["ansible_ssh_user", "ansible_user"])? {
        Some(user) => Some(user),
        None => settings.text("remote_user")?.or_else(|| defaults.user.clone()),
    };
    target.user = target.user.or_else(|| config.get(&connection::DEFAULT_REMOTE_USER));
    let password = ["ansible_ssh_password", "ansible_ssh_pass", "ansible_password"];
    target.password = variables.secret(&password)?.or_else(|| defaults.password.clone());
    let key_file = variables.text(&["ansible_ssh_private_key_file", "ansible_private_key_file"])?;
    let key_file = key_file.map(PathBuf::from).or_else(|| defaults.key_file.clone());
    let key_file = key_file.or_else(|| config.get(&connection::DEFAULT_PRIVATE_KEY_FILE));
    target.key_file = key_file.map(|path| expand_home(&path));
    let passphrase = ["ansible_ssh_private_key_passphrase", "ansible_private_key_passphrase"];
    target.key_passphrase = variables.secret(&passphrase)?;
    target.key_passphrase =
        target.key_passphrase.or_else(|| config.get(&ssh::SSH_PRIVATE_KEY_PASSPHRASE).map(Secret::from));
    target.ssh_args = ssh_args(&variables, defaults)?;
    target.host_key_checking = match variables.value(&["ansible_ssh_host_key_checking", "ansible_host_key_checking"])? {
        Some(check) => check.to_flag(),
        None => config.get(&ssh::SSH_HOST_KEY_CHECKING),
    };
    let timeout = variables.number("ansible_ssh_timeout", &["ansible_ssh_timeout"])?.or(defaults.timeout);
    let timeout = timeout.unwrap_or_else(|| config.get(&ssh::SSH_TIMEOUT).max(0) as u64);
    target.connect_timeout = seconds(timeout as f64);
    let retries = variables.number("ansible_ssh_retries", &["ansible_ssh_retries"])?;
    target.retries = retries.unwrap_or_else(|| config.get(&ssh::SSH_RETRIES).max(0) as u64) as u32;
    target.executable = match variables.text(&["ansible_shell_executable"])? {
        Some(shell) => shell,
        None => config.get(&connection::DEFAULT_EXECUTABLE),
    };
    target.ssh_executable = match variables.text(&["ansible_ssh_executable"])? {
        Some(program) => program,
        None => config.get(&ssh::SSH_EXECUTABLE),
    };
    Ok(target)
}

/// The three kinds of options for ssh, each from the strongest place that says anything.
fn ssh_args(variables: &Variables, defaults: &ConnectionDefaults) -> Result<Vec<String>, TemplateError> {
    let texts = ssh_texts(variables, defaults)?;
    Ok(texts.iter().flat_map(|text| split_words(text)).collect())
}

/// The arguments of `ssh` as they are written: those of the settings, common and further ones.
pub fn ssh_arguments(scope: &Scope, defaults: &ConnectionDefaults) -> Result<[String; 3], TemplateError> {
    ssh_texts(&Variables(scope.unconnected()), defaults)
}

fn ssh_texts(variables: &Variables, defaults: &ConnectionDefaults) -> Result<[String; 3], TemplateError> {
    let places = [
        ("ansible_ssh_args", None, &ssh::SSH_ARGS),
        ("ansible_ssh_common_args", defaults.ssh_common_args.as_ref(), &ssh::SSH_COMMON_ARGS),
        ("ansible_ssh_extra_args", defaults.ssh_extra_args.as_ref(), &ssh::SSH_EXTRA_ARGS),
    ];
    let mut texts = <[String; 3]>::default();
    for (text, (variable, option, setting)) in texts.iter_mut().zip(places) {
        let given = variables.text(&[variable])?.or_else(|| option.cloned());
        *text = given.unwrap_or_else(|| defaults.config.get(setting));
    }
    Ok(texts)
}

/// What the settings say about a become method.
struct MethodSettings {
    user: String,
    exe: Option<String>,
    flags: Option<String>,
    password: Option<String>,
}

impl MethodSettings {
    fn of(method: &str, config: &Config) -> Self {
        let of = |user, exe, flags| (config.get(user), config.given(exe), config.given(flags));
        let ((user, exe, flags), password) = match method {
            "sudo" => (
                of(&escalation::SUDO_USER, &escalation::SUDO_EXE, &escalation::SUDO_FLAGS),
                config.get(&escalation::SUDO_PASS),
            ),
            "su" => {
                (of(&escalation::SU_USER, &escalation::SU_EXE, &escalation::SU_FLAGS), config.get(&escalation::SU_PASS))
            }
            _ => {
                let exe = config.get(&escalation::DEFAULT_BECOME_EXE);
                let flags = config.given(&escalation::DEFAULT_BECOME_FLAGS);
                ((config.get(&escalation::DEFAULT_BECOME_USER), exe, flags), None)
            }
        };
        Self { user, exe, flags, password }
    }
}

/// The user a task becomes; `None` when it stays who it is.
pub fn becoming(
    settings: Settings,
    scope: &Scope,
    defaults: &ConnectionDefaults,
) -> Result<Option<Become>, ConnectSettingError> {
    let variables = Variables(scope.unconnected());
    let wanted = match variables.value(&["ansible_become"])? {
        Some(value) => value.to_flag(),
        None => settings.flag("become")?.unwrap_or(defaults.is_become),
    };
    if !wanted {
        return Ok(None);
    }
    let pick = |names: &[&str], keyword: &str, default: Option<&String>| -> Result<Option<String>, TemplateError> {
        Ok(match variables.text(names)? {
            Some(value) => Some(value),
            None => settings.text(keyword)?.or_else(|| default.cloned()),
        })
    };
    let method = pick(&["ansible_become_method"], "become_method", defaults.become_method.as_ref())?;
    let method = method.unwrap_or_else(|| defaults.config.get(&escalation::DEFAULT_BECOME_METHOD));
    let short = method.rsplit('.').next().unwrap_or(&method);
    let configured = MethodSettings::of(short, &defaults.config);
    let spellings = |what: &str| [format!("ansible_become_{what}"), format!("ansible_{short}_{what}")];
    let (user, flags, exe) = (spellings("user"), spellings("flags"), spellings("exe"));
    let (password, pass) = (spellings("password"), spellings("pass"));
    let user = pick(&[&user[0], &user[1]], "become_user", defaults.become_user.as_ref())?;
    let method: Method = method.parse().map_err(|()| ConnectSettingError::Method(method.clone()))?;
    let chdir = match method {
        Method::Sudo => {
            variables.text(&["ansible_sudo_chdir"])?.or_else(|| defaults.config.get(&escalation::SUDO_CHDIR))
        }
        Method::Su | Method::Doas => None,
    };
    let prompts = match method {
        Method::Su => {
            let words = variables.value(&["ansible_su_prompt_l10n"])?.map(|words| match words {
                Value::List(words) => words.to_vec().iter().map(Value::to_str).collect(),
                words => words.to_str().split(',').map(str::to_owned).collect(),
            });
            words.unwrap_or_else(|| defaults.config.get(&escalation::SU_PROMPT_L10N))
        }
        Method::Sudo | Method::Doas => Vec::new(),
    };
    Ok(Some(Become {
        method,
        user: user.unwrap_or(configured.user),
        password: variables
            .secret(&[&password[0], &pass[0], &password[1], &pass[1]])?
            .or_else(|| defaults.become_password.clone())
            .or_else(|| configured.password.map(Secret::from)),
        flags: pick(&[&flags[0], &flags[1]], "become_flags", configured.flags.as_ref())?,
        exe: pick(&[&exe[0], &exe[1]], "become_exe", configured.exe.as_ref())?,
        chdir,
        prompts,
    }))
}

/// Whether becoming another user leads to another one than the connection's, as far as its name is said; or is done
/// all the same.
pub fn changes_user(target: &Target, becoming: &Become, config: &Config) -> bool {
    let own = match target.kind {
        Kind::Local => own_name(),
        Kind::Ssh | Kind::OpenSsh => target.user.clone(),
    };
    own.as_ref() != Some(&becoming.user) || config.get(&connection::BECOME_ALLOW_SAME_USER)
}

/// The name of the user that this program runs as.
fn own_name() -> Option<String> {
    static NAME: LazyLock<Option<String>> =
        LazyLock::new(|| users::user_by_id(rustix::process::geteuid().as_raw()).map(|user| user.name));
    NAME.clone()
}

/// Splits as a shell would: blanks, quotes, backslashes.
fn split_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(letters.next()),
            ('\'' | '"', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (_, Some(open)) if open == letter => quote = None,
            (_, None) if letter.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_in_a_shell() {
        assert_eq!(
            split_words(r#"-o A=b  -F 'my file' "x \" y" '' z\ z"#),
            ["-o", "A=b", "-F", "my file", "x \" y", "", "z z"]
        );
    }
}
