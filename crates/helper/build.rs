//! Links the static helper with stand-ins for the parts of glibc that it never uses.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=glibc.c");
    let is_set = |name: &str, value: &str| env::var(name).is_ok_and(|v| v.split(',').any(|v| v == value));
    // A dynamic helper, as a plain `cargo build` makes it, has all of glibc anyhow.
    if is_set("CARGO_CFG_TARGET_FEATURE", "crt-static") && is_set("CARGO_CFG_TARGET_ENV", "gnu") {
        cc::Build::new()
            .file("glibc.c")
            .opt_level_str("s")
            .flag("-fno-builtin")
            .flag("-fno-asynchronous-unwind-tables")
            .warnings(false)
            .link_lib_modifier("+whole-archive")
            .compile("glibc_instead");
    }
}
