//! Runs `httparallel_fuzz::sse` on inputs that the fuzzer makes up.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| httparallel_fuzz::sse(data));
