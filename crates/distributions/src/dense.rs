//! Small dense symmetric algebra for parameter-sized systems.
