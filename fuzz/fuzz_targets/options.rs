#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mixture_cli::robustness::options(bytes));
