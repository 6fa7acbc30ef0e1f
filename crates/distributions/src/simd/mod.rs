//! Vectorised exp and ln.
