//! The dialogue before the helper speaks: passwords for become, and the bootstrap script's lines.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

use futures::future::BoxFuture;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, timeout, timeout_at},
};

use super::{
    Become, ConnectError, Stage, Target,
    bootstrap::{Marker, script},
    channel::{Channel, Connection, Exit},
    form::Form,
    image::HelperImage,
};

/// How long a host may take for one step of the dialogue, or for the next piece of an upload.
const STEP: Duration = Duration::from_mins(1);
/// A shorter `timeout` than this counts for becoming another user as well, and two seconds more, as in Ansible.
const USUAL_TIMEOUT: Duration = Duration::from_secs(10);
/// How long text that ends like a prompt stays the last before it is taken for one.
const SETTLE: Duration = Duration::from_millis(200);
/// How much of what a program printed is kept for an error, in bytes.
const TAIL: usize = 2000;
/// A login banner or profile may say this much, in bytes, before the script speaks.
const NOISE: usize = 4 << 20;

/// A helper that is about to say hello.
pub struct Started {
    /// Its three streams.
    pub channel: Channel,
    /// What arrived behind the last marker.
    pub rest: Vec<u8>,
    /// Where it is on the host.
    pub path: String,
}

/// What a start may leave for the next one on the same connection.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// A helper that the login user has.
    pub path: Option<String>,
    /// The host's CPU, when it is not the controller's.
    pub machine: Option<String>,
}

/// Finds or uploads the helper on `connection` and starts it as the wanted user.
pub async fn start(
    connection: &dyn Connection,
    target: &Target,
    r#become: Option<&Become>,
    known: &mut Known,
) -> Result<Started, ConnectError> {
    let mut image = match &known.machine {
        Some(machine) => HelperImage::for_machine(machine)?,
        None => HelperImage::embedded(),
    };
    let mut pty = r#become.is_some_and(Become::needs_terminal);
    let (mut failed, mut tried) = (Vec::new(), Vec::new());
    loop {
        let nonce = nonce();
        let script = script(&nonce, &image.file_name(), known.path.as_deref(), &failed);
        let mut dialogue = Dialogue::open(connection, target, r#become, &script, pty, nonce).await?;
        match dialogue.find(&image, &mut tried).await? {
            Found::Ready(path) => {
                return Ok(Started {
                    path,
                    rest: dialogue.buffer,
                    channel: Channel {
                        stdin: dialogue.stdin,
                        stdout: dialogue.stdout,
                        stderr: dialogue.stderr,
                        exit: dialogue.exit,
                    },
                });
            }
            Found::OtherCpu(machine) => {
                image = HelperImage::for_machine(&machine)?;
                known.machine = Some(machine);
            }
            Found::Failed(directory, why) => {
                tried.retain(|(place, _)| *place != directory);
                tried.push((directory.clone(), why));
                failed.push(directory);
            }
            Found::NeedsTerminal if !pty => pty = true,
            Found::Nowhere | Found::NeedsTerminal => return Err(ConnectError::NoWritableDir { tried }),
        }
    }
}

/// A command that has begun.
pub struct Begun {
    /// Its three streams.
    pub channel: Channel,
    /// What arrived of its standard output already.
    pub stdout: Vec<u8>,
    /// What arrived of its standard error already.
    pub stderr: Vec<u8>,
    /// Whether it has a terminal, which merges the two and knows no end of the input.
    pub pty: bool,
}

/// Starts `command` without a helper; with become, its output begins when the user is changed.
pub async fn command(
    connection: &dyn Connection,
    target: &Target,
    r#become: Option<&Become>,
    command: &str,
) -> Result<Begun, ConnectError> {
    let Some(user) = r#become else {
        let channel = connection.exec(command, false).await?;
        return Ok(Begun { channel, stdout: Vec::new(), stderr: Vec::new(), pty: false });
    };
    let mut pty = user.needs_terminal();
    loop {
        let nonce = nonce();
        let begin = format!("SUTLER-{nonce} begin");
        // Both streams say where the command begins; on a terminal they are one.
        let also = if pty { String::new() } else { format!("echo {begin} >&2; ") };
        let script = format!("unset LANGUAGE; {also}echo {begin}; {command}");
        let mut dialogue = Dialogue::open(connection, target, r#become, &script, pty, nonce).await?;
        match dialogue.next().await? {
            Heard::NeedsTerminal if !pty => pty = true,
            Heard::Marker(Marker::Begin) => return dialogue.begun(&begin).await,
            _ => return Err(ConnectError::Protocol { why: "the command did not begin".into() }),
        }
    }
}

/// What one run of the script came to.
enum Found {
    Ready(String),
    OtherCpu(String),
    Failed(String, String),
    Nowhere,
    NeedsTerminal,
}

/// What was heard next.
enum Heard {
    Marker(Marker),
    NeedsTerminal,
}

/// One run of the script, from its start to the moment the helper takes over.
struct Dialogue<'a> {
    r#become: Option<&'a Become>,
    nonce: String,
    stdin: Box<dyn AsyncWrite + Send + Unpin>,
    stdout: Box<dyn AsyncRead + Send + Unpin>,
    stderr: Box<dyn AsyncRead + Send + Unpin>,
    exit: BoxFuture<'static, Exit>,
    pty: bool,
    /// How long the next step may take.
    limit: Duration,
    /// Standard output that is not yet understood.
    buffer: Vec<u8>,
    /// Lines of standard output that are not the script's.
    noise: Vec<u8>,
    /// Standard error.
    said: Vec<u8>,
    /// Where in `said` or on the terminal the last prompt ended.
    asked: bool,
    stderr_open: bool,
}

impl<'a> Dialogue<'a> {
    async fn open(
        connection: &dyn Connection,
        target: &Target,
        r#become: Option<&'a Become>,
        script: &str,
        pty: bool,
        nonce: String,
    ) -> Result<Self, ConnectError> {
        let command = match r#become {
            Some(user) => user.wrap(&target.executable, script, &nonce),
            None => format!("{} -c {}", target.executable, super::shell::quote(script)),
        };
        let opened = timeout(STEP, connection.exec(&command, pty)).await;
        let Channel { stdin, stdout, stderr, exit } =
            opened.map_err(|_| ConnectError::Timeout { stage: Stage::Channel, limit: STEP })??;
        Ok(Self {
            r#become,
            nonce,
            stdin,
            stdout,
            stderr,
            exit,
            pty,
            limit: match target.connect_timeout {
                short if r#become.is_some() && !short.is_zero() && short < USUAL_TIMEOUT => {
                    short + Duration::from_secs(2)
                }
                _ => STEP,
            },
            buffer: Vec::new(),
            noise: Vec::new(),
            said: Vec::new(),
            asked: false,
            stderr_open: true,
        })
    }

    /// Hands the streams over to a command that printed `mark` before its own output.
    async fn begun(mut self, mark: &str) -> Result<Begun, ConnectError> {
        let mark = format!("{mark}\n");
        let stderr_begun = loop {
            if let Some(at) = find(&self.said, mark.as_bytes()) {
                break self.said.split_off(at + mark.len());
            }
            if self.pty || !self.stderr_open {
                break Vec::new();
            }
            let mut part = [0; 2048];
            match timeout(STEP, self.stderr.read(&mut part)).await {
                Ok(Ok(n)) if n > 0 => self.said.extend_from_slice(&part[..n]),
                Ok(_) => self.stderr_open = false,
                Err(_) => return Err(ConnectError::Timeout { stage: Stage::Become, limit: STEP }),
            }
        };
        let Self { stdin, stdout, stderr, exit, buffer, pty, .. } = self;
        let channel = Channel { stdin, stdout, stderr, exit };
        Ok(Begun { channel, stdout: buffer, stderr: stderr_begun, pty })
    }

    /// Leads the script to a helper, and uploads one when it needs it.
    async fn find(&mut self, image: &HelperImage, tried: &mut Vec<(String, String)>) -> Result<Found, ConnectError> {
        loop {
            let marker = match self.next().await? {
                Heard::Marker(marker) => marker,
                Heard::NeedsTerminal => return Ok(Found::NeedsTerminal),
            };
            match marker {
                Marker::Ready(path) => return Ok(Found::Ready(path)),
                Marker::Need { machine, forms, .. } => {
                    if !image.serves(&machine) {
                        return Ok(Found::OtherCpu(machine));
                    }
                    self.upload(image, &forms).await?;
                }
                Marker::Skip(directory, why) => tried.push((directory, why)),
                Marker::Failed(directory, why) => return Ok(Found::Failed(directory, self.because(&why))),
                Marker::Nowhere => return Ok(Found::Nowhere),
                Marker::Begin => {}
            }
        }
    }

    /// The end of what was printed and is not the script's.
    fn heard(&self) -> String {
        tail(&[&*self.noise, &*self.said, &*self.buffer].concat())
    }

    /// `why`, and what a program on the host said about it.
    fn because(&self, why: &str) -> String {
        match self.heard().lines().last() {
            Some(line) => format!("{why}: {}", line.trim()),
            None => why.to_owned(),
        }
    }

    async fn upload(&mut self, image: &HelperImage, forms: &[Form]) -> Result<(), ConnectError> {
        let (form, bytes) = image
            .smallest(forms)
            .map_err(|e| ConnectError::Controller { action: "unpack the helper".into(), why: e.to_string() })?;
        let header = format!("{} {}\n", bytes.len(), form.name());
        for part in std::iter::once(header.as_bytes()).chain(bytes.chunks(64 << 10)) {
            match timeout(STEP, self.stdin.write_all(part)).await {
                Ok(Ok(())) => {}
                // The script has given up; why stands in its next line.
                Ok(Err(_)) => return Ok(()),
                Err(_) => return Err(ConnectError::Timeout { stage: Stage::Upload, limit: STEP }),
            }
        }
        let _ = timeout(STEP, self.stdin.flush()).await;
        Ok(())
    }

    /// The script's next line. Answers the prompt of a become program on the way.
    async fn next(&mut self) -> Result<Heard, ConnectError> {
        let limit = self.limit;
        let deadline = Instant::now() + limit;
        loop {
            if let Some(marker) = self.take_marker()? {
                return Ok(Heard::Marker(marker));
            }
            let settled = self.prompt()?;
            let wait = match settled {
                Prompt::None => deadline,
                Prompt::Sure => {
                    self.answer().await?;
                    continue;
                }
                Prompt::Perhaps => deadline.min(Instant::now() + SETTLE),
            };
            match timeout_at(wait, self.read()).await {
                Ok(true) => {}
                Ok(false) => return self.ended().await,
                Err(_) if matches!(settled, Prompt::Perhaps) => self.answer().await?,
                Err(_) => {
                    let stage = if self.r#become.is_some() { Stage::Become } else { Stage::Bootstrap };
                    return Err(ConnectError::Timeout { stage, limit });
                }
            }
        }
    }

    /// Reads from either stream; false when standard output has ended.
    async fn read(&mut self) -> bool {
        let (mut out, mut err) = ([0; 8192], [0; 2048]);
        tokio::select! {
            n = self.stdout.read(&mut out) => match n {
                Ok(n) if n > 0 => self.buffer.extend_from_slice(&out[..n]),
                _ => return false,
            },
            n = self.stderr.read(&mut err), if self.stderr_open => match n {
                Ok(n) if n > 0 => self.said.extend_from_slice(&err[..n]),
                _ => self.stderr_open = false,
            },
        }
        true
    }

    /// Takes whole lines from the buffer until one is the script's.
    fn take_marker(&mut self) -> Result<Option<Marker>, ConnectError> {
        while let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.buffer.drain(..=end).collect();
            if let Some(marker) = Marker::parse(&String::from_utf8_lossy(&line), &self.nonce) {
                return Ok(Some(marker));
            }
            self.noise.extend_from_slice(&line);
        }
        if self.noise.len() + self.buffer.len() > NOISE {
            return Err(ConnectError::Protocol { why: "the login shell prints without end".into() });
        }
        Ok(None)
    }

    /// Whether a become program is waiting for its password.
    fn prompt(&mut self) -> Result<Prompt, ConnectError> {
        let Some(user) = self.r#become else { return Ok(Prompt::None) };
        if let Some(prompt) = user.prompt(&self.nonce) {
            for text in [&mut self.said, &mut self.buffer] {
                if let Some(at) = find(text, prompt.as_bytes()) {
                    text.drain(..at + prompt.len());
                    return Ok(Prompt::Sure);
                }
            }
            return Ok(Prompt::None);
        }
        let text = String::from_utf8_lossy(if self.pty { &self.buffer } else { &self.said }).into_owned();
        let last = text.rsplit('\n').next().unwrap_or_default();
        Ok(if user.asks(last) {
            Prompt::Sure
        } else if last.trim_end_matches([' ', '\r']).ends_with([':', '：']) {
            Prompt::Perhaps
        } else {
            Prompt::None
        })
    }

    /// Gives the password, once.
    async fn answer(&mut self) -> Result<(), ConnectError> {
        let Some(user) = self.r#become else { return Ok(()) };
        let method = user.method.name();
        let Some(password) = &user.password else {
            return Err(ConnectError::BecomePasswordMissing { method, user: user.user.clone() });
        };
        if std::mem::replace(&mut self.asked, true) {
            return Err(ConnectError::BecomePasswordWrong { method, user: user.user.clone() });
        }
        if self.pty {
            self.buffer.clear();
        }
        let line = zeroize::Zeroizing::new(format!("{}\n", password.expose()));
        let sent = async {
            self.stdin.write_all(line.as_bytes()).await?;
            self.stdin.flush().await
        };
        // When it cannot be sent, the program has ended and will be heard to have.
        let _ = timeout(STEP, sent).await;
        Ok(())
    }

    /// The command ended without the line that was expected.
    async fn ended(&mut self) -> Result<Heard, ConnectError> {
        while self.stderr_open {
            let mut part = [0; 2048];
            match timeout(SETTLE, self.stderr.read(&mut part)).await {
                Ok(Ok(n)) if n > 0 => self.said.extend_from_slice(&part[..n]),
                _ => self.stderr_open = false,
            }
        }
        let exit = timeout(SETTLE * 5, &mut self.exit).await.unwrap_or(Exit::Lost);
        let said = self.heard();
        let Some(user) = self.r#become else {
            return Err(match exit {
                Exit::Lost => ConnectError::ConnectionLost { during: "the start of the helper".into(), stderr: said },
                exit => failed("the shell on the host", &exit, said),
            });
        };
        let text = said.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let (method, name) = (user.method.name(), user.user.clone());
        if has(&[
            "must have a tty",
            "must be run from a terminal",
            "a tty is required",
            "a terminal is required to read",
        ]) && !self.pty
        {
            return Ok(Heard::NeedsTerminal);
        }
        Err(
            if has(&[
                "password is required",
                "no password was provided",
                "password required",
                "authorization required",
                "authentication required",
            ]) {
                ConnectError::BecomePasswordMissing { method, user: name }
            } else if has(&[
                "sudoers",
                "not allowed",
                "may not run",
                "not permitted",
                "unknown user",
                "does not exist",
                "not available",
                "no passwd entry",
                "permission denied",
                "is not enabled",
            ]) {
                ConnectError::BecomeNotPermitted { method, user: name, why: said }
            } else if has(&[
                "try again",
                "incorrect password",
                "authentication fail",
                "authorization failed",
                "incorrect",
            ]) || (self.asked && exit == Exit::Status(1))
            {
                // A missing password shows as a refused one where the program cannot ask.
                match user.password {
                    Some(_) => ConnectError::BecomePasswordWrong { method, user: name },
                    None => ConnectError::BecomePasswordMissing { method, user: name },
                }
            } else if has(&["operation not permitted"]) {
                ConnectError::BecomeNotPermitted { method, user: name, why: said }
            } else if exit == Exit::Lost {
                ConnectError::ConnectionLost { during: format!("{method} to {name}"), stderr: said }
            } else {
                ConnectError::BecomeFailed { method, exit: exit.to_string(), why: said }
            },
        )
    }
}

/// Whether the last text is a question.
enum Prompt {
    None,
    Perhaps,
    Sure,
}

/// The error for a command that ended early.
pub fn failed(what: &str, exit: &Exit, stderr: String) -> ConnectError {
    ConnectError::ExecFailed { what: what.to_owned(), exit: exit.to_string(), stderr }
}

/// The end of `bytes` as text.
pub fn tail(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(TAIL)..]).trim().to_owned()
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

/// A word that no other start uses.
fn nonce() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
