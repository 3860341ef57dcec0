//! Files of YAML, and their values.
#![no_main]

use std::sync::Once;

static QUIET: Once = Once::new();

libfuzzer_sys::fuzz_target!(|text: &str| {
    // The loader catches the panics of its parser that are known; those that get out still end the run.
    QUIET.call_once(|| std::panic::set_hook(Box::new(|_| ())));
    language::yaml(text);
});
