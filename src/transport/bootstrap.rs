//! The script that starts the helper, and the lines it says before the helper speaks.

use super::{form::Form, shell::quote};

/// What the script does is said there.
const SCRIPT: &str = include_str!("bootstrap.sh");

/// The script for one start, on one line. `known` is a helper that the login user already has;
/// `failed` are directories not to use again.
pub fn script(nonce: &str, file_name: &str, known: Option<&str>, failed: &[String]) -> String {
    let failed = if failed.is_empty() { String::new() } else { format!(":{}:", failed.join(":")) };
    let mut script = format!("n={nonce}; h={file_name}; k={}; x={};", word(known.unwrap_or_default()), word(&failed));
    for line in SCRIPT.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        script.push(' ');
        script.push_str(line);
    }
    script
}

/// `text` as a word: without quotes when it needs none, so that the usual script has none.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:".contains(c);
    if text.chars().all(plain) { text.to_owned() } else { quote(text) }
}

/// A line that the script says to the controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Marker {
    /// From the next byte on the helper speaks; this is its path.
    Ready(String),
    /// The helper is wanted: for this CPU, in one of these forms, and it will be put into this directory.
    Need {
        /// `uname -m`.
        machine: String,
        /// What the host can unpack.
        forms: Vec<Form>,
        /// The directory.
        directory: String,
    },
    /// A directory does not serve, and why.
    Skip(String, String),
    /// The upload into this directory failed, and why.
    Failed(String, String),
    /// No directory is left.
    Nowhere,
    /// The command of `raw` begins.
    Begin,
}

impl Marker {
    /// Reads a line; `None` when it is not the script's.
    pub fn parse(line: &str, nonce: &str) -> Option<Self> {
        let (_, said) = line.trim_end_matches(['\r', '\n']).split_once(&format!("SUTLER-{nonce} "))?;
        let (verb, rest) = said.split_once(' ').unwrap_or((said, ""));
        let pair = || rest.split_once('|').map(|(place, why)| (place.to_owned(), why.to_owned()));
        Some(match verb {
            "ready" => Self::Ready(rest.to_owned()),
            "need" => {
                let mut words = rest.splitn(3, ' ');
                Self::Need {
                    machine: words.next()?.to_owned(),
                    forms: Form::list(words.next()?),
                    directory: words.next()?.to_owned(),
                }
            }
            "skip" => pair().map(|(place, why)| Self::Skip(place, why))?,
            "failed" => pair().map(|(place, why)| Self::Failed(place, why))?,
            "nowhere" => Self::Nowhere,
            "begin" => Self::Begin,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        io::Write,
        os::unix::fs::PermissionsExt,
        path::Path,
        process::{Command, Output, Stdio},
    };

    use super::*;
    use crate::transport::image::HelperImage;

    /// The shells that the script must run in, as far as they are installed.
    fn shells() -> Vec<Vec<&'static str>> {
        let all = [vec!["dash"], vec!["bash"], vec!["busybox", "sh"]];
        all.into_iter().filter(|shell| Command::new(shell[0]).args(["-c", "true"]).output().is_ok()).collect()
    }

    /// Every directory that the script tries but that in the home.
    fn elsewhere() -> [String; 4] {
        let uid = rustix::process::getuid().as_raw();
        [
            format!("/var/tmp/sutler-{uid}"),
            format!("/tmp/sutler-{uid}"),
            format!("/dev/shm/sutler-{uid}"),
            format!("/run/user/{uid}/sutler"),
        ]
    }

    /// Runs the script with a home of its own and every directory but that home's failed.
    fn run(shell: &[&str], home: &Path, stdin: &[u8]) -> Output {
        let mut child = Command::new(shell[0])
            .args(&shell[1..])
            .args(["-c", &script("N", "sutler-helper-test", None, &elsewhere())])
            .env("HOME", home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It reads no further when it gives up.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        child.wait_with_output().unwrap()
    }

    fn upload(program: &[u8]) -> Vec<u8> {
        let mut stdin = format!("{} plain\n", program.len()).into_bytes();
        stdin.extend_from_slice(program);
        stdin
    }

    #[test]
    fn script_suits_every_login_shell() {
        let script = script("N", "sutler-helper-0123", Some("/var/tmp/sutler-0/h"), &["/tmp/a".into()]);
        assert!(!script.contains(['\'', '\\', '!', '\n', '`']), "{script}");
    }

    #[test]
    fn uploads_once_and_then_finds_it() {
        for shell in shells() {
            let home = tempfile::tempdir().unwrap();
            let directory = home.path().join(".cache/sutler");
            let output = run(&shell, home.path(), &upload(b"#!/bin/sh\necho hello\n"));
            let stdout = String::from_utf8(output.stdout).unwrap();
            let expected = format!(" {0}\nSUTLER-N ready {0}/sutler-helper-test\nhello\n", directory.display());
            assert!(stdout.starts_with("SUTLER-N need ") && stdout.ends_with(&expected), "{shell:?}: {stdout}");
            let names: Vec<_> = fs::read_dir(&directory).unwrap().map(|e| e.unwrap().file_name()).collect();
            assert_eq!(names, ["sutler-helper-test"], "{shell:?}");

            let again = String::from_utf8(run(&shell, home.path(), b"").stdout).unwrap();
            assert_eq!(again, format!("SUTLER-N ready {}/sutler-helper-test\nhello\n", directory.display()));
        }
    }

    #[test]
    fn the_real_helper_goes_through_in_every_form() {
        let image = HelperImage::embedded();
        let program = image.program().unwrap();
        let unpackers = [("xz", Form::Xz), ("dpkg-deb", Form::Deb), ("gzip", Form::Gzip), ("true", Form::Plain)];
        let forms = unpackers.into_iter().filter(|(name, _)| Command::new(name).arg("--version").output().is_ok());
        for form in forms.map(|(_, form)| form) {
            let (chosen, bytes) = image.smallest(&[form]).unwrap();
            assert_eq!(chosen, form);
            for shell in shells() {
                let home = tempfile::tempdir().unwrap();
                let mut stdin = format!("{} {}\n", bytes.len(), form.name()).into_bytes();
                stdin.extend_from_slice(&bytes);
                let output = run(&shell, home.path(), &stdin);
                let directory = home.path().join(".cache/sutler");
                let arrived = fs::read(directory.join("sutler-helper-test"));
                assert!(arrived.unwrap_or_default() == program, "{shell:?} {form:?}: {output:?}");
                assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "{shell:?} {form:?}");
            }
        }
    }

    #[test]
    fn a_damaged_upload_leaves_nothing() {
        let image = HelperImage::embedded();
        let unpackers = [("xz", Form::Xz), ("dpkg-deb", Form::Deb), ("gzip", Form::Gzip)];
        let forms = unpackers.into_iter().filter(|(name, _)| Command::new(name).arg("--version").output().is_ok());
        for form in forms.map(|(_, form)| form) {
            let mut bytes = image.smallest(&[form]).unwrap().1.into_owned();
            let middle = bytes.len() / 2;
            bytes[middle..middle + 64].fill(0);
            for shell in shells() {
                let home = tempfile::tempdir().unwrap();
                let mut stdin = format!("{} {}\n", bytes.len(), form.name()).into_bytes();
                stdin.extend_from_slice(&bytes);
                let stdout = String::from_utf8(run(&shell, home.path(), &stdin).stdout).unwrap();
                assert!(stdout.contains("\nSUTLER-N failed "), "{shell:?} {form:?}: {stdout}");
                let directory = home.path().join(".cache/sutler");
                assert_eq!(fs::read_dir(&directory).unwrap().count(), 0, "{shell:?} {form:?}");
            }
        }
    }

    #[test]
    fn a_host_names_what_it_can_unpack() {
        let always = ["id", "ls", "mkdir", "chmod", "rm", "uname"];
        let cases =
            [("plain", vec![]), ("gzip,plain", vec!["gzip"]), ("xz,deb,gzip,plain", vec!["gzip", "dpkg-deb", "xz"])];
        for (expected, unpackers) in cases {
            let home = tempfile::tempdir().unwrap();
            let programs = home.path().join("bin");
            fs::create_dir(&programs).unwrap();
            for name in always {
                let found =
                    ["/usr/bin", "/bin"].map(|place| Path::new(place).join(name)).into_iter().find(|p| p.exists());
                std::os::unix::fs::symlink(found.unwrap(), programs.join(name)).unwrap();
            }
            for name in unpackers {
                std::os::unix::fs::symlink("/bin/true", programs.join(name)).unwrap();
            }
            let output = Command::new("/bin/sh")
                .args(["-c", &script("N", "sutler-helper-test", None, &elsewhere())])
                .env_clear()
                .envs([("HOME", home.path()), ("PATH", programs.as_path())])
                .stdin(Stdio::null())
                .output()
                .unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            let need = format!("SUTLER-N need {} {expected} ", env!("HELPER_MACHINE"));
            assert!(said.starts_with(&need), "{said}, not {need}");
        }
    }

    #[test]
    fn a_directory_open_to_others_or_reached_by_a_link_is_refused() {
        for shell in shells() {
            let home = tempfile::tempdir().unwrap();
            let directory = home.path().join(".cache/sutler");
            fs::create_dir_all(&directory).unwrap();
            fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).unwrap();
            let open = String::from_utf8(run(&shell, home.path(), b"").stdout).unwrap();
            let refused = format!("SUTLER-N skip {}|is open to other users\nSUTLER-N nowhere\n", directory.display());
            assert_eq!(open, refused, "{shell:?}");

            fs::remove_dir(&directory).unwrap();
            std::os::unix::fs::symlink(home.path(), &directory).unwrap();
            let linked = String::from_utf8(run(&shell, home.path(), b"").stdout).unwrap();
            assert_eq!(linked, refused, "{shell:?}");
        }
    }

    #[test]
    fn a_program_that_does_not_run_leaves_nothing() {
        for shell in shells() {
            let home = tempfile::tempdir().unwrap();
            let directory = home.path().join(".cache/sutler");
            let output = run(&shell, home.path(), &upload(b"#!/no/such/interpreter\n"));
            let stdout = String::from_utf8(output.stdout).unwrap();
            let expected = format!("SUTLER-N failed {}|it does not run\n", directory.display());
            assert!(stdout.ends_with(&expected), "{shell:?}: {stdout}");
            assert_eq!(fs::read_dir(&directory).unwrap().count(), 0, "{shell:?}");
        }
    }

    #[test]
    fn markers_are_found_behind_noise() {
        let parse = |line| Marker::parse(line, "N");
        assert_eq!(parse("motd without newlineSUTLER-N ready /a b/h\r\n"), Some(Marker::Ready("/a b/h".into())));
        assert_eq!(parse("SUTLER-M ready /h"), None);
        assert_eq!(
            parse("SUTLER-N skip /tmp/x|is mounted noexec"),
            Some(Marker::Skip("/tmp/x".into(), "is mounted noexec".into()))
        );
        assert_eq!(
            parse("SUTLER-N need x86_64 gzip,plain /var/tmp/sutler-0"),
            Some(Marker::Need {
                machine: "x86_64".into(),
                forms: vec![Form::Gzip, Form::Plain],
                directory: "/var/tmp/sutler-0".into()
            })
        );
    }
}
