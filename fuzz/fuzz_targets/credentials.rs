//! Runs `httparallel_fuzz::credentials` on inputs that the fuzzer makes up.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| httparallel_fuzz::credentials(data));
