//! Components made of components.
