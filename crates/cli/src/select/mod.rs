//! Choosing among models: `mixture select`.

mod abandon;
mod arguments;
mod assess;
mod candidate;
mod counts;
mod criterion;
mod likelihood_ratio;
mod progress;
mod report;
mod spread;

pub use abandon::check;
pub use arguments::Select;
pub use assess::{Chosen, ranking};
pub use candidate::{Candidate, any_fit, candidates, quoted};
pub use criterion::Criterion;
pub use likelihood_ratio::{most_replicates, sequence};
pub use progress::Bar;
pub use report::{Report, rows, tested_rows};
