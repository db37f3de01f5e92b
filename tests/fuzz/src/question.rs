#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tower_flightlog_fuzz::question(bytes));
