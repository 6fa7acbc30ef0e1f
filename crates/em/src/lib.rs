//! Expectation–maximisation for any mixture of components.

mod data;
mod e_step;
mod error;
mod fit;
mod init;
mod mixture;
mod model;
mod observe;
mod options;
mod posterior;
mod report;
mod responsibilities;
mod restart;
mod set;
mod stop;
mod stratum;
mod weights;
mod workspace;

pub use data::{Allowed, Data};
pub use e_step::e_step;
pub use error::FitError;
pub use fit::{check_data, fit, run};
pub use init::{Start, starting_model};
pub use mixture::{Mixture, SampleSet};
pub use model::{LatentModel, Tally};
pub use observe::{Observe, Progress};
pub use options::Options;
pub use posterior::{Evaluation, Posterior};
pub use report::{Fit, FitReport, StartReport};
pub use responsibilities::{At, Hard, Responsibilities, Soft};
pub use restart::{fit_from, fit_from_with, stream};
pub use set::ComponentSet;
pub use stop::{StopReason, remaining_gain, rounding_bound};
pub use stratum::StratumWeights;
pub use weights::{Counts, WeightModel, Weights};
pub use workspace::Workspace;
