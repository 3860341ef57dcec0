//! A file server on the hosts' network, and the archive of the demo's stand-in.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
};

use super::hosts;

/// The port that the server has.
const PORT: u16 = 8077;

/// A running file server.
pub struct Downloads {
    process: Child,
    address: String,
}

impl Downloads {
    /// Serves a folder; the hosts have to be up, for they have the network.
    pub fn serve(folder: &Path) -> Self {
        let address = format!("{}:{PORT}", hosts::controller());
        let mut command = Command::new(stand_in().join("elasticsearch"));
        command.arg("serve").arg(folder).arg(&address);
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the stand-in runs");
        let mut log = BufReader::new(process.stdout.take().expect("it is piped"));
        let mut line = String::new();
        log.read_line(&mut line).expect("its log can be read");
        assert!(line.contains("[INFO "), "the file server does not start: {line}");
        thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { process, address }
    }

    /// Serves the stand-in's archive.
    pub fn stand_in() -> Self {
        Self::serve(&stand_in().join("served"))
    }

    /// The address of a file.
    pub fn url(&self, name: &str) -> String {
        format!("http://{}/{name}", self.address)
    }
}

impl Drop for Downloads {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A folder with the stand-in's program and, below `served`, its archive.
fn stand_in() -> &'static Path {
    static PACKED: OnceLock<PathBuf> = OnceLock::new();
    PACKED.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stand-in");
        let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/elasticsearch-standin/pack");
        succeeds(Command::new(pack).arg(folder.join("served")).args(["8.15.3", "8.16.0"]));
        let script = "tar -xzf served/*-8.15.3-*.tar.gz --strip-components=2 --wildcards '*/bin/elasticsearch'";
        succeeds(Command::new("sh").args(["-c", script]).current_dir(&folder));
        folder
    })
}

fn succeeds(command: &mut Command) {
    let output = command.output().expect("the shell is there");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
