//! `rpm_key`: keys that rpm checks packages with.

use std::path::Path;

use crate::{
    choice,
    get_url::download::Download,
    http::{self, Request},
    kit::{Args, Changes, Failure, Fields, Module, Program, Reader, Source, Writer, file_args::Attributes, regex},
    openpgp::{self, Key},
};

choice! {
    /// Whether rpm knows the key.
    enum State {
        /// It does not.
        Absent = "absent",
        /// It does.
        Present = "present",
    }
}

/// Imports keys into rpm's database and removes them.
///
/// ```yaml
/// - rpm_key:
///     key: https://example.com/RPM-GPG-KEY
///     fingerprint: EBC6 E12C 62B1 C734 026B 2122 A20E 5214 6B8D 79E6
/// ```
#[derive(Args)]
pub struct RpmKey {
    /// The key: an address, a file on the host, or the id of one that is to be removed.
    key: String,
    /// Whether rpm knows it.
    #[arg(default = "present")]
    state: State,
    /// Fingerprints that the key and its subkeys must have, all of them, to be imported; blanks do not count.
    fingerprint: Option<Vec<String>>,
    /// Checks the certificate of the server that the key comes from.
    #[arg(default = true)]
    validate_certs: bool,
}

/// What has to be done.
pub enum Plan {
    /// A key file that is there.
    Import(String),
    /// A key that was downloaded.
    ImportBytes(Vec<u8>),
    /// The last eight digits of a key's id.
    Erase(String),
}

impl Module for RpmKey {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let is_id = regex::compile("(?i)^(0x)?[0-9a-f]{8}", false)?.is_match(&self.key)?;
        let (bytes, plan) = if self.key.contains("://") {
            let bytes = self.download(host)?;
            (Some(bytes.clone()), Some(Plan::ImportBytes(bytes)))
        } else if is_id {
            (None, None)
        } else if host.stat(&self.key)?.is_some_and(|meta| meta.is_file()) {
            (Some(host.read(&self.key)?), Some(Plan::Import(self.key.clone())))
        } else {
            return Err(Failure::new(format!("Not a valid key {}", self.key)));
        };
        let keys = match &bytes {
            Some(bytes) => {
                let keys: Vec<Key> = openpgp::certificates(bytes).into_iter().flat_map(|one| one.keys).collect();
                Some(keys).filter(|keys| !keys.is_empty()).ok_or_else(|| Failure::new("Unexpected gpg output"))?
            }
            None => Vec::new(),
        };
        let given = || self.key.to_uppercase().trim_start_matches("0X").to_owned();
        let id = keys.first().map_or_else(given, |key| key.id.clone());
        let short = id[id.len().saturating_sub(8)..].to_lowercase();
        let is_known = self.is_known(host, &short)?;
        if self.state == State::Absent {
            return Ok(Changes::when(is_known, Plan::Erase(short)));
        }
        if is_known {
            return Ok(Changes::none());
        }
        let Some(plan) = plan else {
            return Err(Failure::new("When importing a key, a valid file must be given"));
        };
        self.check_fingerprint(&keys)?;
        Ok(Changes::of(plan))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let program = match plan {
            Plan::Erase(short) => {
                Program::new(host.required("rpm")?).args(["--erase", "--allmatches"]).arg(format!("gpg-pubkey-{short}"))
            }
            Plan::Import(path) => Program::new(host.required("rpm")?).arg("--import").arg(path),
            Plan::ImportBytes(bytes) => return self.import_bytes(host, bytes),
        };
        run(host, &program)?;
        Ok(Fields::new())
    }
}

impl RpmKey {
    fn import_bytes(&self, host: &mut Writer, bytes: Vec<u8>) -> Result<Fields, Failure> {
        let path = host.make_temporary(Path::new("/tmp"), "key-", "", false)?;
        let imported = host
            .write(&path, Source::from(bytes), &Attributes::default())
            .and_then(|()| Ok(Program::new(host.required("rpm")?).arg("--import").arg(&path)))
            .and_then(|program| run(host, &program));
        host.remove(&path)?;
        imported.map(|()| Fields::new())
    }

    fn download(&self, host: &Reader) -> Result<Vec<u8>, Failure> {
        let options = http::simple_options(self.validate_certs);
        let failed = |why: String| Failure::new(format!("failed to fetch key at {} , error was: {why}", self.key));
        let download =
            Download::start(host, &options, Request::new("GET", &self.key)).map_err(|failure| failed(failure.msg))?;
        if !download.is_ok() {
            return Err(failed(download.msg));
        }
        Source::Stream(download.body).into_bytes()
    }

    /// rpm names keys by the last eight digits of their ids.
    fn is_known(&self, host: &Reader, short: &str) -> Result<bool, Failure> {
        let rpm = host.required("rpm")?;
        let query = Program::new(rpm).plain_locale().args(["-q", "--qf", "%{VERSION}\\n", "gpg-pubkey"]);
        Ok(host.query(&query)?.out().lines().any(|version| version.eq_ignore_ascii_case(short)))
    }

    fn check_fingerprint(&self, keys: &[Key]) -> Result<(), Failure> {
        let Some(wanted) = self.fingerprint.as_ref().filter(|wanted| !wanted.is_empty()) else { return Ok(()) };
        let normal = |text: &String| text.replace(' ', "").to_uppercase();
        let wanted: Vec<String> = wanted.iter().map(normal).collect();
        let found: Vec<String> = keys.iter().map(|key| key.fingerprint.clone()).collect();
        if wanted.iter().all(|fingerprint| found.contains(fingerprint)) {
            return Ok(());
        }
        let set = |list: &[String]| format!("'{{'{}'}}'", list.join("', '"));
        let (wanted, found) = (set(&wanted), set(&found));
        Err(Failure::new(format!(
            "The specified fingerprint, {wanted}, does not match any key fingerprints in {found}"
        )))
    }
}

fn run(host: &mut Writer, program: &Program) -> Result<(), Failure> {
    let finished = host.run(&program.clone().plain_locale())?;
    if finished.success() {
        return Ok(());
    }
    Err(Failure::new(finished.err())
        .with("rc", finished.rc)
        .with("stdout", finished.out())
        .with("stderr", finished.err()))
}
