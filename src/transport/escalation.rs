//! Become: the command that starts another one as another user, and how it asks for a password.

use std::fmt::Write as _;

use sutler_modules::kit::shlex;

use super::{Secret, shell::quote};

/// The program that changes the user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Method {
    /// `sudo`.
    #[default]
    Sudo,
    /// `su`, which needs a terminal.
    Su,
    /// `doas`, which needs a terminal for its password.
    Doas,
}

impl Method {
    /// The method's name, which is its program's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sudo => "sudo",
            Self::Su => "su",
            Self::Doas => "doas",
        }
    }
}

impl std::str::FromStr for Method {
    type Err = ();

    /// Reads `become_method`; fails when the method is not supported.
    fn from_str(name: &str) -> Result<Self, ()> {
        match name.rsplit('.').next() {
            Some("sudo") => Ok(Self::Sudo),
            Some("su") => Ok(Self::Su),
            Some("doas") => Ok(Self::Doas),
            _ => Err(()),
        }
    }
}

/// Which user to become, and how.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Become {
    /// The program.
    pub method: Method,
    /// The user to become: `become_user`, `root` when there is none.
    pub user: String,
    /// `ansible_become_password`.
    pub password: Option<Secret>,
    /// `become_flags`; sudo's default is `-H -S -n`, the others' is none.
    pub flags: Option<String>,
    /// `become_exe`, when the program is not in the path.
    pub exe: Option<String>,
    /// `ansible_sudo_chdir`: the folder in which sudo starts.
    pub chdir: Option<String>,
    /// `ansible_su_prompt_l10n`: further words that su asks with, before a colon.
    pub prompts: Vec<String>,
}

impl Become {
    /// Becomes `user` with the method's defaults.
    #[cfg(test)]
    pub fn new(method: Method, user: &str) -> Self {
        Self { method, user: user.to_owned(), password: None, flags: None, exe: None, chdir: None, prompts: Vec::new() }
    }

    /// True when the program reads its password from a terminal only.
    pub(super) fn needs_terminal(&self) -> bool {
        match self.method {
            Method::Sudo => false,
            Method::Su => true,
            Method::Doas => self.password.is_some(),
        }
    }

    /// The prompt that sudo is told to print; the others print their own.
    pub(super) fn prompt(&self, nonce: &str) -> Option<String> {
        (self.method == Method::Sudo && self.password.is_some())
            .then(|| format!("[sudo via sutler, key={nonce}] password:"))
    }

    /// Whether a line is su's or doas' question for the password.
    pub(super) fn asks(&self, line: &str) -> bool {
        let Some(line) = line.trim_end_matches([' ', '\r']).strip_suffix([':', '：']) else { return false };
        let line = line.trim_end().to_lowercase();
        let mut words = self.prompts.iter().map(|word| word.trim().to_lowercase());
        line.ends_with("password") || words.any(|word| !word.is_empty() && line.ends_with(&word))
    }

    /// Whether sudo hands the command to a login shell. It escapes all characters for it but `$`.
    fn has_login_shell(&self) -> bool {
        let is_login =
            |flag: &str| flag == "--login" || flag.starts_with('-') && !flag.starts_with("--") && flag.contains('i');
        self.method == Method::Sudo && self.flags.as_deref().unwrap_or_default().split_whitespace().any(is_login)
    }

    /// `script` as this user, in `shell`.
    pub(super) fn wrap(&self, shell: &str, script: &str, nonce: &str) -> String {
        let program = self.exe.as_deref().unwrap_or(self.method.name());
        let script = if self.has_login_shell() { &unexpanded(script) } else { script };
        let run = format!("{shell} -c {}", quote(script));
        let user = if self.user.is_empty() { String::new() } else { format!("-u {} ", quote(&self.user)) };
        let mut words = vec!["env LANGUAGE=C".to_owned(), program.to_owned()];
        let mut flags = self.flags.clone().unwrap_or_else(|| match self.method {
            Method::Sudo => "-H -S -n".to_owned(),
            Method::Su | Method::Doas => String::new(),
        });
        if self.password.is_some() && self.method != Method::Su {
            flags = asking(&flags);
        }
        if !flags.is_empty() {
            words.push(flags);
        }
        match self.method {
            Method::Sudo => {
                if let Some(prompt) = self.prompt(nonce) {
                    words.push(format!("-p {}", quote(&prompt)));
                }
                words.push(format!("{user}{run}"));
            }
            Method::Doas => {
                if self.password.is_none() {
                    words.push("-n".to_owned());
                }
                words.push(format!("{user}{run}"));
            }
            Method::Su => words.push(format!("{} -c {}", quote(&self.user), quote(&run))),
        }
        let folder = self.chdir.as_ref().map(|folder| format!("cd {} && ", quote(folder))).unwrap_or_default();
        let command = folder + &words.join(" ");
        if self.needs_terminal() {
            // Canonical mode until the password is read, but nothing echoed or rewritten.
            format!("stty -echo -opost 2>/dev/null; {command}")
        } else {
            command
        }
    }
}

/// Flags without those that forbid to ask for a password: `-n`, alone or among others, and `--non-interactive`.
fn asking(flags: &str) -> String {
    let Ok(words) = shlex::split(flags) else { return flags.to_owned() };
    let kept = words.iter().filter(|flag| !matches!(flag.as_str(), "-n" | "--non-interactive"));
    let without = |flag: &String| {
        let is_short = flag.starts_with('-') && !flag.starts_with("--");
        let letters = flag.chars().skip(1).take_while(|letter| letter.is_alphanumeric() || *letter == '_').count();
        // The last one of the letters goes, as in Ansible.
        match flag.char_indices().take(letters + 1).filter(|(_, letter)| *letter == 'n').last() {
            Some((at, _)) if is_short => format!("{}{}", &flag[..at], &flag[at + 1..]),
            _ => flag.clone(),
        }
    };
    shlex::join(&kept.map(without).collect::<Vec<_>>())
}

/// A script that does the same and has no `$` in it.
fn unexpanded(script: &str) -> String {
    let mut text = String::new();
    for byte in script.bytes() {
        if byte.is_ascii_alphanumeric() || b" _/-.:".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "\\0{byte:03o}");
        }
    }
    format!("eval \"`printf %b '{text}'`\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_shell_expands_nothing_of_a_script() {
        let script = "a=1; set -- \"x  y\" 'it'; printf '%s|' \"$a\" \"$@\" \"\\\\n\"\necho é";
        let run = |script: &str| {
            let output = std::process::Command::new("sh").args(["-c", script]).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        assert!(!unexpanded(script).contains('$'));
        assert_eq!(run(&unexpanded(script)), run(script));
        let flags = |flags: &str| Become { flags: Some(flags.into()), ..Become::new(Method::Sudo, "root") };
        assert!(["-i", "-Hi", "--login", "-H -S -i"].iter().all(|text| flags(text).has_login_shell()));
        assert!(["-H -S -n", "--stdin", ""].iter().all(|text| !flags(text).has_login_shell()));
    }

    #[test]
    fn sudo_without_a_password_never_asks() {
        let command = Become::new(Method::Sudo, "root").wrap("/bin/sh", "id", "N");
        assert_eq!(command, "env LANGUAGE=C sudo -H -S -n -u 'root' /bin/sh -c 'id'");
    }

    #[test]
    fn sudo_with_a_password_asks_with_our_prompt() {
        let r#become = Become { password: Some("pw".into()), ..Become::new(Method::Sudo, "app") };
        assert_eq!(
            r#become.wrap("/bin/sh", "id", "N"),
            "env LANGUAGE=C sudo -H -S -p '[sudo via sutler, key=N] password:' -u 'app' /bin/sh -c 'id'"
        );
    }

    #[test]
    fn flags_that_forbid_to_ask_go_with_a_password() {
        assert_eq!(asking("-H -S -n"), "-H -S");
        assert_eq!(
            asking("--set-home --stdin --non-interactive --preserve-env='A B'"),
            "--set-home --stdin '--preserve-env=A B'"
        );
        assert_eq!(asking("-HnS -E"), "-HS -E");
        assert_eq!(asking("--login 'unended"), "--login 'unended");
    }

    #[test]
    fn su_asks_in_the_words_of_its_language() {
        let prompts = vec!["Passwort".into(), "contraseña".into(), String::new()];
        let r#become = Become { prompts, ..Become::new(Method::Su, "root") };
        for line in ["Password: ", "Passwort:", "jo's PASSWORT : \r", "Contraseña：", "Passphrase or password:"] {
            assert!(r#become.asks(line), "{line}");
        }
        for line in ["Mot de passe: ", "Passwort", ":", "Last login: today"] {
            assert!(!r#become.asks(line), "{line}");
        }
    }

    #[test]
    fn no_user_is_the_default_of_sudo() {
        let command = Become::new(Method::Sudo, "").wrap("/bin/sh", "id", "N");
        assert_eq!(command, "env LANGUAGE=C sudo -H -S -n /bin/sh -c 'id'");
    }

    #[test]
    fn flags_and_program_are_respected() {
        let r#become =
            Become { flags: Some("-E".into()), exe: Some("/opt/sudo".into()), ..Become::new(Method::Sudo, "root") };
        assert_eq!(r#become.wrap("/bin/sh", "id", "N"), "env LANGUAGE=C /opt/sudo -E -u 'root' /bin/sh -c 'id'");
    }

    #[test]
    fn sudo_starts_in_its_folder() {
        let r#become = Become { chdir: Some("/srv/a b".into()), ..Become::new(Method::Sudo, "app") };
        let command = r#become.wrap("/bin/sh", "id", "N");
        assert_eq!(command, "cd '/srv/a b' && env LANGUAGE=C sudo -H -S -n -u 'app' /bin/sh -c 'id'");
    }

    #[test]
    fn su_gets_one_word_and_a_quiet_terminal() {
        let command = Become::new(Method::Su, "root").wrap("/bin/sh", "id", "N");
        assert!(command.starts_with("stty -echo -opost 2>/dev/null; env LANGUAGE=C su 'root' -c '/bin/sh -c "));
    }
}
