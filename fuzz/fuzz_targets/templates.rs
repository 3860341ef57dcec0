//! Texts with and without markers, as arguments, conditions and template files.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| language::template(text));
