//! Files of YAML, and their values.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| language::yaml(text));
