//! Builds the helper, static and small, and embeds it compressed.
//!
//! A cargo inside cargo: the helper needs a profile and a linkage of its own. It gets a target
//! directory under `OUT_DIR` and an environment without the outer cargo's settings. `HELPER_BIN`
//! names a helper that is already built, to share one among several profiles.
//!
//! It also refuses a helper that calls functions of the C library which kill a static program, and
//! warns of one for release that is too large (`benches/helper-size` shows of what). Here rather
//! than in a test, since only here every helper passes that is ever shipped, and a release build in
//! the tests would take minutes.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use lzma_rust2::{CheckType, XzOptions, XzWriter, filter::FilterType};
use sha2::{Digest, Sha256};

/// What the helper is built from; a change of any file gives it a new build id.
const SOURCES: [&str; 6] =
    ["crates/protocol", "crates/modules", "crates/derive", "crates/helper", "crates/unwind", "Cargo.lock"];

/// What a host may have to receive on first contact, in bytes.
const BUDGET: usize = 3 << 19;

/// Killed by a signal when nsswitch names a service that a static program cannot load; files first,
/// then `getent`.
const FORBIDDEN: [&str; 12] = [
    "getpwnam",
    "getpwnam_r",
    "getpwuid",
    "getpwuid_r",
    "getgrnam",
    "getgrnam_r",
    "getgrgid",
    "getgrgid_r",
    "getgrouplist",
    "initgroups",
    "getaddrinfo",
    "getnameinfo",
];

/// The memory that a host needs to unpack the helper, in bytes; more than it is large.
const WINDOW: u32 = 8 << 20;

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
    let is_release = var("PROFILE") == "release";
    let packed = pack(&helper, is_release).expect("memory can be written to");
    if is_release && packed.len() > BUDGET {
        let size = packed.len();
        println!("cargo:warning=the helper has {size} bytes packed, the goal is {BUDGET}: `make size` says of what");
    }
    fs::write(PathBuf::from(var("OUT_DIR")).join("helper.xz"), packed).expect("OUT_DIR is writable");
    println!("cargo:rustc-env=HELPER_SHA256={}", hex(&Sha256::digest(&helper)));
    println!("cargo:rustc-env=HELPER_SIZE={}", helper.len());
    println!("cargo:rustc-env=HELPER_MACHINE={}", var("CARGO_CFG_TARGET_ARCH"));
    println!("cargo:rustc-env=SUTLER_BUILD_ID={build}");
}

/// The helper as an xz file, with the filter for machine code where there is one: it saves a twentieth.
fn pack(helper: &[u8], is_release: bool) -> std::io::Result<Vec<u8>> {
    let mut options = XzOptions::with_preset(if is_release { 9 } else { 1 });
    let lzma = &mut options.lzma_options;
    lzma.dict_size = WINDOW;
    if is_release {
        // Instructions lie at any byte, and the bytes before tell much.
        (lzma.lc, lzma.lp, lzma.pb) = (4, 0, 0);
        (lzma.nice_len, lzma.depth_limit) = (273, 1000);
    }
    if var("CARGO_CFG_TARGET_ARCH") == "x86_64" {
        options.prepend_pre_filter(FilterType::BcjX86, 0);
    }
    options.set_check_sum_type(CheckType::Crc32);
    let mut writer = XzWriter::new(Vec::new(), options)?;
    writer.write_all(helper)?;
    writer.finish()
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
    let map = directory.join("helper.map");
    let status = cargo
        .current_dir(root)
        .env("CARGO_ENCODED_RUSTFLAGS", flags(root, &map))
        .env("SUTLER_BUILD_ID", build)
        .args(["build", "--package", "sutler-helper", "--bin", "sutler-helper"])
        .args(["--profile", profile, "--target", &target, "--target-dir"])
        .arg(&directory)
        .status()
        .expect("cargo runs again");
    assert!(status.success(), "the helper does not build: {status}");
    refuse_forbidden(&map);
    directory.join(target).join(profile).join("sutler-helper")
}

/// How the helper is compiled and linked: static, at a fixed address (tables of what to move at the
/// start are a tenth of it), without what unwinding needs, as far as the linker can leave it out, and
/// with what is alike side by side, where it packs better.
fn flags(root: &Path, map: &Path) -> String {
    let mut flags = vec![
        "-Ctarget-feature=+crt-static".to_owned(),
        "-Crelocation-model=static".to_owned(),
        "-Cforce-unwind-tables=no".to_owned(),
        "-Cllvm-args=-inline-threshold=0".to_owned(),
        format!("-Clink-arg=-Wl,-Map={}", map.display()),
    ];
    // There rustc links with lld; GNU ld refuses to leave the tables out.
    if var("TARGET") == "x86_64-unknown-linux-gnu" {
        flags.push(format!("-Clink-arg=-Wl,-T,{}", root.join("crates/helper/sections.ld").display()));
        flags.push("-Clink-arg=-Wl,--no-eh-frame-hdr".to_owned());
        flags.push("-Clink-arg=-Wl,--icf=all".to_owned());
        flags.push("-Clink-arg=-Wl,--bp-compression-sort=both".to_owned());
    }
    // Paths may have spaces in them.
    flags.join("\x1f")
}

/// Fails when the linker's map names a function that the helper may not call.
fn refuse_forbidden(map: &Path) {
    let map = fs::read_to_string(map).expect("the linker writes its map");
    let found = map.lines().filter_map(|line| line.split_whitespace().last()).find(|name| FORBIDDEN.contains(name));
    assert!(found.is_none(), "the helper calls `{}`: see crates/modules/src/kit/users.rs", found.unwrap_or_default());
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
