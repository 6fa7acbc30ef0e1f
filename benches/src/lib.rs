//! Data makers shared by the benchmarks.
