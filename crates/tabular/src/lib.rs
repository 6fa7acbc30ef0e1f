//! Mixture models over typed columns, chosen at run time, and model files.
//!
//! - A [`Table`] holds typed fields ([`Values`]); it is its own [`Space`](distributions::Space).
//! - A [`PartSet`] is one part of a model over one field, for all K components at once; any
//!   [`ComponentSet`](em::ComponentSet) becomes one by [`Bound`].
//! - [`TableComponents`] multiplies parts and is itself a `ComponentSet`, so that a [`TableMixture`]
//!   is fitted, scored and drawn from by the same code as any other mixture.
//! - [`families`] lists what can be chosen by name; a [`Specification`] is such a choice.
//! - [`NumberFile`] is an array on disk, whose rows need no memory.
//! - [`ModelFile`] is a fitted model on disk, with exact numbers.

mod bound;
mod combined;
mod components;
mod concomitant;
mod data_bounds;
mod factor_analyzers;
mod form;
mod gaussian;
mod grouped;
mod known_parameters;
mod mixed;
mod model_file;
mod multivariate_t;
mod noise;
mod npy;
mod on_line;
mod part;
mod part_specification;
mod prior;
mod registry;
mod regression;
mod specification;
mod statistics;
mod table;
mod tabled;
mod text;
mod untrusted;
mod variants;
mod variational;
mod wrapped;

pub use bound::{Bound, Saved};
pub use components::{TableComponents, TableMixture};
pub use concomitant::{Concomitant, ConcomitantSpecification};
pub use form::{Form, Plain};
pub use gmm::Means;
pub use grouped::KnownRows;
pub use model_file::{
    FORMAT, FitRecord, GrowthRecord, ModelFile, StandardErrorRecord, StandardErrorsRecord,
    StartRecord, TrimRecord, VERSION, with_weights_prior,
};
pub use noise::Noise;
pub use npy::{NumberFile, npy_header};
pub use part::PartSet;
pub use part_specification::{MIXED, PartSpecification};
pub use prior::{FraleyRaftery, PartPrior, PriorChoice};
pub use registry::{Family, families, family};
pub use regression::{Design, Factor, PredictorColumn, Predictors, RegressionSpecification, Term};
pub use specification::{ModelError, Specification};
pub use statistics::{BoxStatistics, TableStatistics};
pub use table::{Field, FromField, Kind, Table, TableRow, TableView, Values};
pub use text::{parse_number, pretty};
