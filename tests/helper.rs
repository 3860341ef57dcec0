//! What the helper is made of. Its size and the functions it calls are looked at where it is built, in `build.rs`.

use std::process::Command;

/// A host gets no SSH, no template engine, no async runtime, no YAML and nothing of the controller.
const FOREIGN: [&str; 14] = [
    "async-std",
    "clap",
    "futures",
    "hyper",
    "indicatif",
    "libssh2-sys",
    "libyaml-safer",
    "minijinja",
    "mio",
    "reqwest",
    "russh",
    "smol",
    "sutler",
    "tokio",
];

#[test]
fn the_helper_depends_on_nothing_foreign() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", "sutler-helper", "--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .args(["--locked", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let tree = String::from_utf8_lossy(&output.stdout);
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains(&"sutler-modules"), "{tree}{}", String::from_utf8_lossy(&output.stderr));
    let foreign: Vec<_> = names.iter().filter(|name| FOREIGN.contains(name)).collect();
    assert!(foreign.is_empty(), "the helper depends on {foreign:?}: `cargo tree -p sutler-helper -i NAME` says why");
}
