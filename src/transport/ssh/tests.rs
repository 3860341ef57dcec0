//! Against a real sshd on the loopback address.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tokio::io::AsyncReadExt;

use super::*;
use crate::transport::{Connections, Kind, NoBodies, Options, RawOutput, Task, channel::Exit};

const SSHD: &str = "/usr/sbin/sshd";

/// A server with keys of its own, and the files of a client that knows it.
struct Sshd {
    child: Child,
    port: u16,
    directory: tempfile::TempDir,
}

impl Sshd {
    /// Starts one. `more` are lines of its configuration.
    fn start(more: &str) -> Self {
        assert!(Path::new(SSHD).exists(), "there is no {SSHD}: `tests/install --sshd` brings it");
        let directory = tempfile::tempdir().unwrap();
        let at = directory.path().display();
        keygen(&directory.path().join("host"), "ed25519", "");
        keygen(&directory.path().join("user"), "ed25519", "");
        fs::copy(directory.path().join("user.pub"), directory.path().join("authorized")).unwrap();
        // Where root runs this, sshd wants the directory that its package makes at boot.
        let _ = fs::create_dir_all("/run/sshd");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {at}/host\nAuthorizedKeysFile {at}/authorized\nStrictModes no\n\
             UsePAM no\nPidFile none\nMaxStartups 100\nSetEnv HOME={at}\n{more}\n"
        );
        fs::write(directory.path().join("sshd_config"), config.replace("DIR", &at.to_string())).unwrap();
        let child = Command::new(SSHD)
            .args(["-D", "-e", "-f"])
            .arg(directory.path().join("sshd_config"))
            .stdin(Stdio::null())
            .stderr(fs::File::create(directory.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::yield_now();
        }
        let server = Self { child, port, directory };
        server.know(&server.path("host.pub"));
        server
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Makes the client know this public key as the server's.
    fn know(&self, key: &Path) {
        let key = fs::read_to_string(key).unwrap();
        fs::write(self.path("known_hosts"), format!("[127.0.0.1]:{} {key}", self.port)).unwrap();
    }

    fn target(&self) -> Target {
        let mut target = Target::new(Kind::Ssh, "127.0.0.1");
        target.port = Some(self.port);
        target.key_file = Some(self.path("user"));
        let known = self.path("known_hosts");
        let options = [
            "-F".to_owned(),
            "none".to_owned(),
            format!("-oUserKnownHostsFile={}", known.display()),
            "-oGlobalKnownHostsFile=none".to_owned(),
            "-oIdentityAgent=none".to_owned(),
        ];
        target.ssh_args = options.to_vec();
        target
    }

    async fn echo(&self, target: &Target) -> Result<String, ConnectError> {
        let connections = Connections::new(Options::default());
        let RawOutput { stdout, .. } = connections.raw(target, None, "echo $((6*7))", None).await?;
        connections.close().await;
        Ok(String::from_utf8(stdout).unwrap())
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keygen(path: &Path, kind: &str, passphrase: &str) {
    let status =
        Command::new("ssh-keygen").args(["-q", "-t", kind, "-N", passphrase, "-f"]).arg(path).status().unwrap();
    assert!(status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_logs_in_and_the_helper_answers() {
    let server = Sshd::start("");
    let connections = Connections::new(Options::default());
    let session = connections.helper(&server.target(), None).await.unwrap();
    let task = || Task { module: "ping".into(), items: vec![serde_json::Map::new(); 3], ..Task::default() };
    let results = session.run(task(), &NoBodies).await.unwrap();
    assert_eq!(results.len(), 3);
    assert_eq!(results[2]["ping"], "pong");
    // The connection is cut under the session: an error, and the next use connects again.
    connections.reset(&server.target()).await;
    let error = session.run(task(), &NoBodies).await.unwrap_err();
    assert!(error.is_unreachable(), "{error}");
    let again = connections.helper(&server.target(), None).await.unwrap();
    assert_eq!(again.run(task(), &NoBodies).await.unwrap().len(), 3);
    connections.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_status_and_input_of_a_raw_command() {
    let server = Sshd::start("");
    let connections = Connections::new(Options::default());
    let input = vec![b'x'; 3 << 20];
    let output = connections.raw(&server.target(), None, "wc -c; echo e >&2; exit 4", Some(input)).await.unwrap();
    assert_eq!(output, RawOutput { stdout: b"3145728\n".to_vec(), stderr: b"e\n".to_vec(), status: 4 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_on_a_terminal_ends_when_it_is_hung_up() {
    let server = Sshd::start("");
    let ssh = Client::new(1).connect(&server.target()).await.unwrap();
    let Channel { stdin, mut stdout, exit, .. } = ssh.exec("echo begun; cat", true).await.unwrap();
    let mut begun = [0; 5];
    stdout.read_exact(&mut begun).await.unwrap();
    drop(stdin);
    let mut rest = String::new();
    let ended = async { futures::join!(stdout.read_to_string(&mut rest), exit) };
    assert_eq!(timeout(Duration::from_secs(20), ended).await.expect("it ends").1, Exit::Lost);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_key_needs_its_passphrase() {
    let server = Sshd::start("");
    keygen(&server.path("locked"), "ed25519", "open sesame");
    fs::copy(server.path("locked.pub"), server.path("authorized")).unwrap();
    let mut target = Target { key_file: Some(server.path("locked")), ..server.target() };
    let refused = server.echo(&target).await.unwrap_err();
    assert!(refused.to_string().contains("it is encrypted and there is no passphrase"), "{refused}");
    target.key_passphrase = Some("wrong".into());
    let refused = server.echo(&target).await.unwrap_err();
    assert!(refused.to_string().contains("the passphrase does not open it"), "{refused}");
    target.key_passphrase = Some("open sesame".into());
    assert_eq!(server.echo(&target).await.unwrap(), "42\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_named_with_its_fingerprint() {
    let server = Sshd::start("");
    keygen(&server.path("other"), "ed25519", "");
    let target = Target { key_file: Some(server.path("other")), user: Some("root".into()), ..server.target() };
    let error = server.echo(&target).await.unwrap_err();
    let ConnectError::AuthFailed { tried, .. } = &error else { panic!("{error}") };
    assert_eq!(tried.len(), 1);
    assert!(tried[0].contains("/other SHA256:") && tried[0].ends_with("(refused)"), "{tried:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rsa_and_ecdsa_keys_and_a_user_certificate() {
    let server = Sshd::start("TrustedUserCAKeys DIR/ca.pub");
    for kind in ["rsa", "ecdsa"] {
        keygen(&server.path(kind), kind, "");
        fs::copy(server.path(&format!("{kind}.pub")), server.path("authorized")).unwrap();
        let target = Target { key_file: Some(server.path(kind)), ..server.target() };
        assert_eq!(server.echo(&target).await.unwrap(), "42\n", "{kind}");
    }
    keygen(&server.path("ca"), "ed25519", "");
    fs::write(server.path("authorized"), "").unwrap();
    let user = crate::transport::ssh_config::local_user();
    let sign = |args: &[&str]| {
        let done = Command::new("ssh-keygen").current_dir(server.directory.path()).args(args).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    sign(&["-q", "-s", "ca", "-I", "id", "-n", &user, "user.pub"]);
    assert_eq!(server.echo(&server.target()).await.unwrap(), "42\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_host_is_refused_and_accept_new_remembers_it() {
    let server = Sshd::start("");
    fs::write(server.path("known_hosts"), "").unwrap();
    let mut target = server.target();
    let error = server.echo(&target).await.unwrap_err();
    assert!(
        matches!(&error, ConnectError::HostKeyUnknown { host, .. } if *host == format!("[127.0.0.1]:{}", server.port))
    );
    target.ssh_args.push("-oStrictHostKeyChecking=accept-new".into());
    assert_eq!(server.echo(&target).await.unwrap(), "42\n");
    assert_eq!(server.echo(&server.target()).await.unwrap(), "42\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_host_key_names_file_line_and_both_fingerprints() {
    let server = Sshd::start("");
    server.know(&server.path("user.pub"));
    let mut target = server.target();
    target.ssh_args.push("-oStrictHostKeyChecking=accept-new".into());
    let error = server.echo(&target).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, ConnectError::HostKeyChanged { line: 1, .. }), "{text}");
    assert!(text.matches("SHA256:").count() == 2 && text.contains("known_hosts line 1"), "{text}");
    target.host_key_checking = false;
    assert_eq!(server.echo(&target).await.unwrap(), "42\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_command_carries_the_connection() {
    let server = Sshd::start("");
    let mut target = server.target();
    target.ssh_args.push("-oProxyCommand=bash -c 'exec 3<>/dev/tcp/%h/%p; cat <&3 & cat >&3'".into());
    assert_eq!(server.echo(&target).await.unwrap(), "42\n");
    target.ssh_args[5] = "-oProxyCommand=echo no way out >&2; exit 1".into();
    let error = server.echo(&target).await.unwrap_err();
    assert!(error.to_string().contains("no way out"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jump_host_is_shared_by_the_hosts_behind_it() {
    let (inner, outer) = (Sshd::start(""), Sshd::start(""));
    fs::copy(inner.path("user.pub"), outer.path("authorized")).unwrap();
    let both = [&inner, &outer].map(|server| fs::read_to_string(server.path("known_hosts")).unwrap()).concat();
    fs::write(inner.path("known_hosts"), both).unwrap();
    let mut target = inner.target();
    target.ssh_args.push(format!("-oProxyJump=127.0.0.1:{}", outer.port));
    let connections = Connections::new(Options::default());
    for name in ["a", "b"] {
        let target = Target { name: name.into(), ..target.clone() };
        assert_eq!(connections.raw(&target, None, "echo ok", None).await.unwrap().stdout, b"ok\n");
    }
    let log = fs::read_to_string(outer.path("log")).unwrap();
    assert_eq!(log.matches("Accepted publickey").count(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_listening_and_a_silent_server_end_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut target = Target::new(Kind::Ssh, "127.0.0.1");
    target.ssh_args = vec!["-F".into(), "none".into()];
    target.port = Some(listener.local_addr().unwrap().port());
    target.connect_timeout = Duration::from_millis(300);
    let connections = Connections::new(Options::default());
    let error = connections.helper(&target, None).await.err().unwrap();
    assert_eq!(error, ConnectError::Timeout { stage: Stage::Handshake, limit: target.connect_timeout });
    drop(listener);
    let error = connections.helper(&target, None).await.err().unwrap();
    assert!(error.to_string().ends_with("connection refused"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ssh_program_carries_a_helper_too() {
    let server = Sshd::start("");
    let mut target = Target { kind: Kind::OpenSsh, ..server.target() };
    let connections = Connections::new(Options::default());
    let session = connections.helper(&target, None).await.unwrap();
    let task = Task { module: "ping".into(), items: vec![serde_json::Map::new()], ..Task::default() };
    assert_eq!(session.run(task, &NoBodies).await.unwrap()[0]["ping"], "pong");
    let output = connections.raw(&target, None, "cat; echo e >&2; exit 255", Some(b"in".to_vec())).await.unwrap();
    assert_eq!(output, RawOutput { stdout: b"in".to_vec(), stderr: b"e\n".to_vec(), status: 255 });
    connections.close().await;
    let log = fs::read_to_string(server.path("log")).unwrap();
    assert_eq!(log.matches("Accepted publickey").count(), 1, "{log}");

    keygen(&server.path("other"), "ed25519", "");
    target.key_file = Some(server.path("other"));
    target.ssh_args.push("-oIdentitiesOnly=yes".into());
    let error = connections.helper(&target, None).await.err().unwrap();
    assert!(matches!(error, ConnectError::AuthFailed { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_logs_in_and_is_forwarded_only_on_demand() {
    let server = Sshd::start("");
    let socket = server.path("agent");
    let agent = Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn();
    let mut agent = agent.expect("ssh-agent is there: tests/install brings it");
    while !socket.exists() {
        std::thread::yield_now();
    }
    let added = Command::new("ssh-add").arg(server.path("user")).env("SSH_AUTH_SOCK", &socket).output().unwrap();
    assert!(added.status.success(), "{added:?}");
    let mut target = Target { key_file: None, ..server.target() };
    target.ssh_args[4] = format!("-oIdentityAgent={}", socket.display());
    let connections = Connections::new(Options::default());
    let without = connections.raw(&target, None, "ssh-add -l", None).await.unwrap();
    assert_ne!(without.status, 0);
    target.ssh_args.push("-oForwardAgent=yes".into());
    let with = connections.raw(&target, None, "ssh-add -l", None).await.unwrap();
    assert!(String::from_utf8_lossy(&with.stdout).contains("(ED25519)"), "{with:?}");
    connections.close().await;
    agent.kill().unwrap();
    agent.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_task_is_stopped_and_the_session_goes_on() {
    let server = Sshd::start("");
    let connections = Connections::new(Options::default());
    let session = connections.helper(&server.target(), None).await.unwrap();
    let arguments = |value: serde_json::Value| value.as_object().cloned().unwrap();
    let task = |module: &str, value| Task { module: module.into(), items: vec![arguments(value)], ..Task::default() };
    let mark = server.path("mark");
    let line = format!("sleep 3 && touch {}", mark.display());
    let long = session.run(task("shell", serde_json::json!({"cmd": line})), &NoBodies);
    assert!(timeout(Duration::from_millis(300), long).await.is_err());
    let ping = session.run(task("ping", serde_json::json!({})), &NoBodies).await.unwrap();
    assert_eq!(ping[0]["ping"], "pong");
    // The helper looks for a cancelled task every few milliseconds; the sleep itself takes three seconds.
    let gone =
        "for try in 1 2 3 4 5 6 7 8 9 10; do p=$(pgrep -f '[s]leep 3 && touch') || exit 0; sleep 0.1; done; echo $p";
    let pids = connections.raw(&server.target(), None, gone, None).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&pids.stdout), "");
    connections.close().await;
}
