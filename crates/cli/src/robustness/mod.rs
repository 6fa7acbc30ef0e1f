//! What has to end well whatever it is given, each as one function of some bytes: fuzzers call these
//! (fuzz/), and so do the tests (tests/robustness.rs). None may panic, run on, or let a NaN through.

mod fit;
mod model;
mod options;
mod table;

pub use fit::fit;
pub use model::model_file;
pub use options::options;
pub use table::table;

/// Choices made by bytes; at their end every choice is the first.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    /// A byte.
    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        first
    }
    /// A number below `count`.
    fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count
    }
    /// One of some.
    fn one<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len())]
    }
}
