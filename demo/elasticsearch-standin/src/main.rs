//! A stand-in for Elasticsearch: the same archive layout, settings, start-up
//! checks, cluster formation and allocation of shards, and no search or storage
//! behind them.
//!
//! It exists so that a playbook which installs Elasticsearch can be run, and
//! judged by a real cluster health, on machines that the vendor's archive
//! cannot reach. `serve DIR ADDRESS` serves that archive over HTTP.

mod args;
mod version;
mod yaml;
mod config;
mod checks;
mod log;
mod names;
mod disk;
mod indices;
mod state;
mod change;
mod allocation;
mod transport;
mod cluster;
mod web;
mod api;
mod serve;

use std::process::ExitCode;
use std::sync::Arc;

use args::Args;
use cluster::Cluster;
use config::Config;

/// What the vendor's launcher exits with when a start-up check fails.
const EXIT_CHECK: u8 = 78;

/// Why a node does not start: the lines for its log, and the exit code.
struct Refusal {
    lines: Vec<String>,
    code: u8,
}

impl Refusal {
    fn new(line: impl Into<String>) -> Self {
        Self { lines: vec![line.into()], code: 1 }
    }
}

fn main() -> ExitCode {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(message) => {
            log::line("ERROR", "launcher", &message);
            return ExitCode::from(64);
        }
    };
    match args {
        Args::Version => {
            log::plain(&format!("Version: {}, Build: tar/stand-in, JVM: none", version::Version::own(&config::home())));
            ExitCode::SUCCESS
        }
        Args::Serve { folder, address } => serve::run(&folder, &address),
        Args::Node { overrides, pid_file } => match run_node(&overrides, pid_file.as_deref()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(refusal) => {
                for line in &refusal.lines {
                    log::line("ERROR", "startup", line);
                }
                log::plain("ERROR: Elasticsearch (stand-in) did not exit normally");
                ExitCode::from(refusal.code)
            }
        },
    }
}

fn run_node(overrides: &[(String, String)], pid_file: Option<&std::path::Path>) -> Result<(), Refusal> {
    // Before any thread exists, so that no signal is lost.
    let mut signals = signal_hook::iterator::Signals::new([signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT])
        .map_err(|error| Refusal::new(format!("cannot wait for signals: {error}")))?;
    checks::refuse_root()?;
    let config = Config::load(&config::folder(), overrides)?;
    log::to_file(&config)?;
    log::line("INFO", &config.node_name, "a stand-in for Elasticsearch: it forms a cluster and stores nothing");
    checks::run(&config)?;
    if let Some(path) = pid_file {
        std::fs::write(path, format!("{}\n", std::process::id()))
            .map_err(|error| Refusal::new(format!("cannot write {}: {error}", path.display())))?;
    }

    let cluster = Arc::new(Cluster::open(config)?);
    let transport = transport::listen(&cluster)?;
    let http = web::bind(cluster.config.http_address)
        .map_err(|error| Refusal::new(format!("BindHttpException: {}: {error}", cluster.config.http_address)))?;
    cluster.start(transport);
    api::start(&cluster, http);
    log::line("INFO", &cluster.config.node_name, "started");

    signals.forever().next();
    log::line("INFO", &cluster.config.node_name, "stopping ...");
    cluster.leave();
    log::line("INFO", &cluster.config.node_name, "closed");
    if let Some(path) = pid_file {
        // The vendor's own leaves a stale file behind when it cannot be removed.
        let _ = std::fs::remove_file(path);
    }
    Ok(())
}
