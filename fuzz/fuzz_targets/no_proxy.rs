//! Runs `httparallel_fuzz::no_proxy` on inputs that the fuzzer makes up.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| httparallel_fuzz::no_proxy(data));
