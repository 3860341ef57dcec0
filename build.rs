//! Builds the helper, static and small, and embeds it compressed.
//!
//! A cargo inside cargo: the helper needs a profile and a linkage of its own. It gets a target
//! directory under `OUT_DIR` and an environment without the outer cargo's settings. `HELPER_BIN`
//! names a helper that is already built, to share one among several profiles.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};

/// What the helper is built from; a change of any file gives it a new build id.
const SOURCES: [&str; 5] = ["crates/protocol", "crates/modules", "crates/derive", "crates/helper", "Cargo.lock"];

fn main() {
    let root = PathBuf::from(var("CARGO_MANIFEST_DIR"));
    let build = build_id(&root);
    println!("cargo:rerun-if-env-changed=HELPER_BIN");
    let binary = match env::var_os("HELPER_BIN").filter(|path| !path.is_empty()) {
        Some(path) => {
            println!("cargo:rerun-if-changed={}", Path::new(&path).display());
            PathBuf::from(path)
        }
        None => build_helper(&root, &build),
    };
    let helper = fs::read(&binary).unwrap_or_else(|e| panic!("cannot read the helper {}: {e}", binary.display()));
    let out = PathBuf::from(var("OUT_DIR")).join("helper.gz");
    // No time and no name: the same helper gives the same bytes.
    let mut gz = GzBuilder::new().write(Vec::new(), Compression::best());
    gz.write_all(&helper).and_then(|()| fs::write(&out, gz.finish()?)).expect("OUT_DIR is writable");
    println!("cargo:rustc-env=HELPER_SHA256={}", hex(&Sha256::digest(&helper)));
    println!("cargo:rustc-env=HELPER_SIZE={}", helper.len());
    println!("cargo:rustc-env=HELPER_MACHINE={}", var("CARGO_CFG_TARGET_ARCH"));
    println!("cargo:rustc-env=SUTLER_BUILD_ID={build}");
}

/// Runs the inner cargo and says where it put the helper.
fn build_helper(root: &Path, build: &str) -> PathBuf {
    let profile = if var("PROFILE") == "release" { "helper" } else { "helper-dev" };
    let target = var("TARGET");
    let directory = PathBuf::from(var("OUT_DIR")).join("helper");
    let mut cargo = Command::new(var("CARGO"));
    for (name, _) in env::vars_os() {
        let lossy = name.to_string_lossy();
        let ours = lossy == "CARGO_HOME"
            || ["CARGO_NET_", "CARGO_HTTP_", "CARGO_REGISTR"].iter().any(|p| lossy.starts_with(p));
        if lossy.starts_with("CARGO") && !ours || lossy.ends_with("RUSTFLAGS") || lossy == "RUSTC_WORKSPACE_WRAPPER" {
            cargo.env_remove(&name);
        }
    }
    let status = cargo
        .current_dir(root)
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .env("SUTLER_BUILD_ID", build)
        .args(["build", "--package", "sutler-helper", "--bin", "sutler-helper"])
        .args(["--profile", profile, "--target", &target, "--target-dir"])
        .arg(&directory)
        .status()
        .expect("cargo runs again");
    assert!(status.success(), "the helper does not build: {status}");
    directory.join(target).join(profile).join("sutler-helper")
}

/// A short hash over the helper's sources.
fn build_id(root: &Path) -> String {
    let mut hash = Sha256::new();
    for source in SOURCES {
        println!("cargo:rerun-if-changed={source}");
        add(&mut hash, root, Path::new(source));
    }
    hex(&hash.finalize())[..16].to_owned()
}

/// Adds a file, or a directory's files in the order of their names, to `hash`.
fn add(hash: &mut Sha256, root: &Path, path: &Path) {
    let full = root.join(path);
    if full.is_dir() {
        let mut names: Vec<_> =
            fs::read_dir(&full).expect("sources are readable").flatten().map(|e| e.file_name()).collect();
        names.sort();
        for name in names {
            add(hash, root, &path.join(name));
        }
    } else {
        let bytes = fs::read(&full).expect("sources are readable");
        hash.update(path.to_string_lossy().as_bytes());
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(&bytes);
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("strings can be written to");
        text
    })
}

fn var(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"))
}
