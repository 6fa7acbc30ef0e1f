//! The options, as docs/cli.md describes them.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Probabilistic mixture models: fit, select, predict, score, sample, show.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fit a mixture to a CSV file.
    Fit(Box<Fit>),
    /// Choose the number of components, the family and the covariance structure: fit all, rank them.
    Select(Box<crate::select::Select>),
    /// Label each row of a CSV file: label, log-density and responsibilities.
    Predict(Predict),
    /// Write the log-density of each row of a CSV file.
    Score(Score),
    /// Draw rows from a model.
    Sample(Sample),
    /// Print a model file as text.
    Show(Show),
    /// Merge components to clusters, by entropy: the sequence of clusterings.
    Merge(crate::commands::merge::Merge),
    /// The distribution function of a model of one column.
    Cdf(crate::commands::quantile::Cdf),
    /// Quantiles of a model of one column.
    Quantile(crate::commands::quantile::Quantile),
    /// Write the numbers of a CSV file as a .npy array.
    Convert(crate::commands::convert::Convert),
    /// The Kullback-Leibler divergence of a model from another, by sampling.
    Divergence(crate::commands::divergence::Divergence),
    /// Draw a model: SVG, PNG, or a sketch in the terminal.
    Plot(crate::plot::Plot),
    /// Write a report on a model, with pictures, as one HTML file.
    Report(crate::commands::report::Report),
}

/// `mixture fit`.
#[derive(Args, Clone, Debug)]
pub struct Fit {
    /// What was given.
    #[command(flatten)]
    pub given: crate::given::Given,
    /// The data, a CSV file with a header; - is standard input, for --algorithm online.
    pub data: PathBuf,
    /// How the data are written.
    #[command(flatten)]
    pub dialect: crate::dialect::Dialect,
    /// The number of components K.
    #[arg(short = 'k', value_name = "K", conflicts_with = "components",
          value_parser = whole, allow_negative_numbers = true)]
    pub count: Option<usize>,
    /// The model.
    #[command(flatten)]
    pub model: Model,
    /// The start.
    #[command(flatten)]
    pub start: Start,
    /// What is known.
    #[command(flatten)]
    pub known: Known,
    /// Priors.
    #[command(flatten)]
    pub priors: crate::prior::Priors,
    /// Rows that do not count.
    #[command(flatten)]
    pub trim: crate::trim::Trim,
    /// Standard errors.
    #[command(flatten)]
    pub uncertainty: crate::uncertainty::Uncertainty,
    /// The column of row weights (frequencies).
    #[arg(long, value_name = "COLUMN")]
    pub row_weights: Option<String>,
    /// What to do with missing cells (empty, NA, NaN, null).
    #[arg(long, value_enum, default_value_t = Missing::Error)]
    pub missing: Missing,
    /// The algorithm: em, hard (classification EM), stochastic, annealed, incremental, online or
    /// variational.
    #[arg(long, value_enum, default_value_t = Algorithm::Em)]
    pub algorithm: Algorithm,
    /// The options of the algorithm.
    #[command(flatten)]
    pub variant: crate::algorithm::AlgorithmOptions,
    /// Variational Bayes.
    #[command(flatten)]
    pub variational: crate::variational::Variational,
    /// Acceleration of EM and of variational Bayes; daarem by default, none for other algorithms.
    #[arg(long, value_enum)]
    pub acceleration: Option<Acceleration>,
    /// After convergence, try up to this many moves that merge two components and split a third.
    #[arg(long, value_name = "MOVES", default_value_t = 0, value_parser = whole,
          allow_negative_numbers = true)]
    pub split_merge: usize,
    /// What to do with a component that has no estimate (empty, collapsed, singular): fail, start it
    /// anew from the worst-explained rows, drop it, or keep variances above a floor throughout.
    #[arg(long, value_enum, default_value_t = OnDegenerate::Fail)]
    pub on_degenerate: OnDegenerate,
    /// Stop when the estimated remaining gain is below this many nats, twice running.
    #[arg(long, value_name = "T", default_value_t = 1e-7, value_parser = tolerance,
          allow_hyphen_values = true)]
    pub tolerance: f64,
    /// Stop a run after this many seconds of its fit, at the model reached.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_hyphen_values = true)]
    pub time_limit: Option<std::time::Duration>,
    /// Stop, too, when an iteration changes no coordinate x by more than CHANGE·(1 + |x|).
    #[arg(long, value_name = "CHANGE", value_parser = positive, allow_hyphen_values = true)]
    pub parameter_tolerance: Option<f64>,
    /// The most iterations.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = whole,
          allow_negative_numbers = true)]
    pub max_iterations: usize,
    /// How many random starts; 10 unless the start is given.
    #[arg(long, value_name = "R", value_parser = whole_from_1, allow_negative_numbers = true)]
    pub restarts: Option<usize>,
    /// The seed of all randomness.
    #[arg(long, value_name = "S", default_value_t = 0, value_parser = whole_u64,
          allow_negative_numbers = true)]
    pub seed: u64,
    /// Threads, every core by default; the result has the same bits for any number.
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u16).range(1..),
          allow_negative_numbers = true)]
    pub threads: Option<u16>,
    /// Write the state of the fit to this file as it goes on.
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// How often: every N iterations, or every T seconds (60s).
    #[arg(long, value_name = "N|Ts", default_value = "60s", value_parser = every,
          requires = "checkpoint")]
    pub checkpoint_every: Every,
    /// Go on from a checkpoint, with the bits of a fit without a break.
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
    /// Write a line for each iteration: CSV, or JSON objects where the name ends in .json or .jsonl.
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Exit with 3, and write nothing, if the fit did not converge.
    #[arg(long)]
    pub require_convergence: bool,
    /// Where to write the model file.
    #[arg(long, short = 'o', value_name = "MODEL.json")]
    pub output: Option<PathBuf>,
    /// What to print: a summary, or exactly the model file.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Which model.
#[derive(Args, Clone, Debug)]
pub struct Model {
    /// The family of all columns.
    #[arg(long, value_name = "NAME", conflicts_with = "part")]
    pub family: Option<String>,
    /// A part of a product: a family and its columns. Repeat for more parts.
    #[arg(long, value_name = "NAME:COLUMN,COLUMN…", conflicts_with = "columns")]
    pub part: Vec<String>,
    /// The family of each component, where they differ; replaces -k and --family.
    #[arg(long, value_name = "NAME,NAME…", conflicts_with_all = ["family", "part"])]
    pub components: Option<String>,
    /// The columns of --family or --components; every numeric column by default.
    #[arg(long, value_name = "COLUMN,COLUMN…")]
    pub columns: Option<String>,
    /// Censored values: the columns of the ends of the interval that holds each, equal where it is known,
    /// empty where there is none.
    #[arg(long, value_name = "LOW,HIGH",
          conflicts_with_all = ["columns", "part", "response", "predictors"])]
    pub interval: Option<String>,
    /// Uniform noise in the bounding box of the data, beside the K components and behind them.
    #[arg(long, conflicts_with_all = ["interval", "response", "predictors"])]
    pub noise: bool,
    /// The covariance structure of gaussian and multivariate_t parts.
    #[arg(long, value_name = "STRUCTURE")]
    pub covariance: Option<String>,
    /// The response of a regression, a column.
    #[arg(long, value_name = "COLUMN")]
    pub response: Option<String>,
    /// The terms of a regression: columns, powers x^2, products x*z; -1 takes the intercept out.
    #[arg(long, value_name = "TERM,TERM…", allow_hyphen_values = true)]
    pub predictors: Option<String>,
    /// The terms of a regression whose coefficients are common to all components.
    #[arg(long, value_name = "TERM,TERM…")]
    pub common: Option<String>,
    /// A column that enters a regression with a coefficient of 1.
    #[arg(long, value_name = "COLUMN")]
    pub offset: Option<String>,
    /// What a family fixes: trials=12, or 1.trials=12 for part 1 (from 0).
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

impl Model {
    /// Whether any option names the model.
    pub fn is_given(&self) -> bool {
        self.family.is_some() || self.components.is_some() || !self.part.is_empty()
    }
    /// Whether any option belongs to a regression.
    pub fn is_regression(&self) -> bool {
        let options = [&self.response, &self.predictors, &self.common, &self.offset];
        options.iter().any(|option| option.is_some())
    }
}

/// What is known about rows and components.
#[derive(Args, Clone, Debug)]
pub struct Known {
    /// Mixing weights that depend on columns: the terms of a multinomial logistic regression, as those
    /// of --predictors.
    #[arg(
        long,
        value_name = "TERM,TERM…",
        allow_hyphen_values = true,
        conflicts_with = "weights"
    )]
    pub concomitant: Option<String>,
    /// The column of known labels: such a row belongs to that component, or to one of several with | between
    /// them; empty is unknown.
    #[arg(long, value_name = "COLUMN")]
    pub known_labels: Option<String>,
    /// The column of groups: rows with the same cell share a component.
    #[arg(long, value_name = "COLUMN")]
    pub group: Option<String>,
    /// What stays as it is in --init-model: weights, components by number, or parameters of components:
    /// 1.mean, 1.0.mean for part 0.
    #[arg(long, value_name = "weights,K,K.NAME…", requires = "init_model")]
    pub fixed: Vec<String>,
    /// Whether the mixing weights are estimated.
    #[arg(long, value_enum, default_value_t = MixingWeights::Free)]
    pub weights: MixingWeights,
    /// Sort the components by a parameter, rising: mean, 1.mean for part 1, `mean[COLUMN]`, weight.
    #[arg(long, value_name = "PARAMETER", conflicts_with_all = ["known_labels", "fixed"])]
    pub order: Option<String>,
}

/// Whether mixing weights are estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MixingWeights {
    /// Estimated.
    Free,
    /// 1/K each.
    Equal,
}

/// Where to start.
#[derive(Args, Clone, Debug)]
#[group(id = "start", multiple = false)]
pub struct Start {
    /// A random start: rows far from each other as seeds, rows drawn by chance, the two in turn (the
    /// default), many short runs of both kinds, the best continued, a mixture grown from one component on, or
    /// clusters of k-means; or clusters of agglomeration.
    #[arg(long, value_enum)]
    pub init: Option<Init>,
    /// The column of starting labels.
    #[arg(long, value_name = "COLUMN")]
    pub init_labels: Option<String>,
    /// A CSV file of starting labels: a header, one row per data row.
    #[arg(long, value_name = "FILE")]
    pub init_labels_file: Option<PathBuf>,
    /// A CSV file of starting responsibilities: a header, K columns, one row per data row.
    #[arg(long, value_name = "FILE")]
    pub init_responsibilities: Option<PathBuf>,
    /// A model file, or just {"weights": […], "components": […]}.
    #[arg(long, value_name = "MODEL.json")]
    pub init_model: Option<PathBuf>,
}

impl Start {
    /// Whether the start is given, and nothing random happens.
    pub fn is_given(&self) -> bool {
        self.init_labels.is_some()
            || self.init_labels_file.is_some()
            || self.init_responsibilities.is_some()
            || self.init_model.is_some()
    }
}

/// `mixture predict`.
#[derive(Args, Clone, Debug)]
pub struct Predict {
    /// The model file.
    pub model: PathBuf,
    /// The data, a CSV file with a header.
    pub data: PathBuf,
    /// How the data are written.
    #[command(flatten)]
    pub dialect: crate::dialect::Dialect,
    /// What to do with missing cells: error, leave the row's fields empty, or use the other cells.
    #[arg(long, value_enum, default_value_t = Missing::Error)]
    pub missing: Missing,
    /// Data columns to repeat after the others.
    #[arg(long, value_name = "COLUMN,COLUMN…")]
    pub keep: Option<String>,
    /// Add a column: 1 − the largest responsibility.
    #[arg(long)]
    pub uncertainty: bool,
    /// A column of true labels: a confusion table and the adjusted Rand index on stderr.
    #[arg(long, value_name = "COLUMN")]
    pub truth: Option<String>,
    /// Write names instead of numbers: those of the start's labels, or these.
    #[arg(long, value_name = "NAME,NAME…", num_args = 0..=1, require_equals = true,
          default_missing_value = "")]
    pub label_names: Option<String>,
    /// Clusters of components.
    #[command(flatten)]
    pub merging: crate::merging::Merging,
    /// Factor scores.
    #[command(flatten)]
    pub factor_scores: crate::factor_scores::FactorScores,
}

/// `mixture score`.
#[derive(Args, Clone, Debug)]
pub struct Score {
    /// The model file.
    pub model: PathBuf,
    /// The data, a CSV file with a header.
    pub data: PathBuf,
    /// How the data are written.
    #[command(flatten)]
    pub dialect: crate::dialect::Dialect,
    /// What to do with missing cells: error, leave the row's field empty, or use the other cells.
    #[arg(long, value_enum, default_value_t = Missing::Error)]
    pub missing: Missing,
    /// Write Σ w log p, the mean and Σ w instead.
    #[arg(long)]
    pub total: bool,
    /// The column of row weights.
    #[arg(long, value_name = "COLUMN")]
    pub row_weights: Option<String>,
    /// Rows of low density.
    #[command(flatten)]
    pub anomalies: crate::anomalies::Anomalies,
}

/// `mixture sample`.
#[derive(Args, Clone, Debug)]
pub struct Sample {
    /// The model file.
    pub model: PathBuf,
    /// How many rows.
    #[arg(short = 'n', value_name = "N", value_parser = whole_u64, allow_negative_numbers = true)]
    pub count: Option<u64>,
    /// For a regression: a CSV file of predictors; a response is drawn to each row.
    #[arg(long, value_name = "DATA.csv")]
    pub predictors_from: Option<PathBuf>,
    /// How those data are written.
    #[command(flatten)]
    pub dialect: crate::dialect::Dialect,
    /// The seed.
    #[arg(long, value_name = "S", default_value_t = 0, value_parser = whole_u64,
          allow_negative_numbers = true)]
    pub seed: u64,
    /// Add a column with the component of each row.
    #[arg(long)]
    pub labels: bool,
}

/// `mixture show`.
#[derive(Args, Clone, Debug)]
pub struct Show {
    /// The model file.
    pub model: PathBuf,
    /// What to print: a summary, or exactly the model file.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// What to do with missing cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Missing {
    /// Refuse the file.
    Error,
    /// Leave the row out.
    Drop,
    /// Use what the row's other parts observe.
    Em,
}

/// Random starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Init {
    /// Rows far from each other become seeds.
    Spread,
    /// Rows drawn by chance.
    Random,
    /// Spread and random rows in turn.
    Alternating,
    /// Many short runs, the best of which are continued.
    SmallEm,
    /// One component, then one more at a time: the best of several splits of those that are there.
    Grown,
    /// Clusters of k-means.
    #[value(name = "kmeans")]
    KMeans,
    /// Clusters of hierarchical agglomeration.
    Hierarchical,
}

/// Algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Algorithm {
    /// EM: maximum likelihood.
    Em,
    /// Classification EM: maximum classification likelihood.
    Hard,
    /// Labels are drawn, estimates averaged.
    Stochastic,
    /// EM from a high temperature down, against poor local maxima.
    Annealed,
    /// An M-step after the E-step of each block of rows.
    Incremental,
    /// A step for each batch of rows, which may come from standard input.
    Online,
    /// Variational Bayes: posteriors of weights and parameters, by their conjugate priors.
    Variational,
}

/// Accelerations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Acceleration {
    /// Plain EM.
    None,
    /// Squared extrapolation.
    Squarem,
    /// Damped Anderson acceleration.
    Daarem,
}

/// Policies for a component without an estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnDegenerate {
    /// The fit fails, naming the component.
    Fail,
    /// The component starts anew.
    Reset,
    /// The component is left out.
    Drop,
    /// Variances stay above a floor.
    Floor,
}

/// What to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A summary for people.
    Text,
    /// The model file.
    Json,
}

/// How often something happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Every {
    /// Every so many iterations.
    Iterations(usize),
    /// Every so many seconds.
    Seconds(f64),
}

fn every(text: &str) -> Result<Every, String> {
    let wrong = || "must be iterations (100) or seconds (30s), more than 0".to_string();
    if let Some(seconds) = text.strip_suffix('s') {
        let seconds = tabular::parse_number(seconds).filter(|&seconds| seconds > 0.0);
        return seconds.map(Every::Seconds).ok_or_else(wrong);
    }
    let iterations = text.parse().ok().filter(|&iterations| iterations > 0);
    iterations.map(Every::Iterations).ok_or_else(wrong)
}

fn tolerance(text: &str) -> Result<f64, String> {
    tabular::parse_number(text)
        .filter(|&tolerance| tolerance >= 0.0)
        .ok_or_else(|| "must be a number of nats, at least 0".to_string())
}

/// A span of time; what a clock cannot hold is no limit.
fn seconds(text: &str) -> Result<std::time::Duration, String> {
    tabular::parse_number(text)
        .filter(|&seconds| seconds >= 0.0)
        .map(|seconds| {
            std::time::Duration::try_from_secs_f64(seconds).unwrap_or(std::time::Duration::MAX)
        })
        .ok_or_else(|| "must be a number of seconds, at least 0".to_string())
}

pub(crate) fn positive(text: &str) -> Result<f64, String> {
    tabular::parse_number(text)
        .filter(|&number| number > 0.0)
        .ok_or_else(|| "must be a positive number".to_string())
}

fn whole_u64(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| "must be a whole number, at least 0".to_string())
}

pub(crate) fn whole(text: &str) -> Result<usize, String> {
    text.parse()
        .map_err(|_| "must be a whole number, at least 0".to_string())
}

pub(crate) fn whole_from_1(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|&number| number > 0);
    number.ok_or_else(|| "must be a whole number, at least 1".to_string())
}
