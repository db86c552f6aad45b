//! No config file makes its reading panic; what is wrong with it is told in words, and what is
//! good can be shown again, key by key.
#![no_main]

use libfuzzer_sys::fuzz_target;
use smartopol_config::Config;

fuzz_target!(|text: &str| {
    match Config::parse(text) {
        Ok(_) => {}
        Err(problems) => assert!(!problems.to_string().trim().is_empty()),
    }
});
