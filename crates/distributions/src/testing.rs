//! The contract, runnable on any component.
