//! Which algorithm fits: the options of each, and what they cannot be combined with.

use crate::args::{Algorithm, Fit, Init, positive, whole, whole_from_1};
use crate::failure::Failure;
use crate::growth::is_grown;
use clap::{Args, ValueEnum};
use em::{AnnealedEm, IncrementalEm, NamedAlgorithm, OnlineEm, StochasticEm};

/// The options of the algorithms other than em and hard.
#[derive(Args, Clone, Debug)]
pub struct AlgorithmOptions {
    /// stochastic: the first iterations, which do not enter the mean; 100 by default.
    #[arg(long, value_name = "N", value_parser = whole, allow_negative_numbers = true)]
    pub burn_in: Option<usize>,
    /// stochastic: the iterations whose models are averaged; 400 by default.
    #[arg(long, value_name = "N", value_parser = whole_from_1, allow_negative_numbers = true)]
    pub draws: Option<usize>,
    /// annealed: the first inverse temperature, above 0 and at most 1; 0.2 by default.
    #[arg(long, value_name = "BETA", value_parser = positive, allow_hyphen_values = true)]
    pub first_beta: Option<f64>,
    /// annealed: the factor by which it rises to 1; 1.3 by default.
    #[arg(long, value_name = "FACTOR", value_parser = positive, allow_hyphen_values = true)]
    pub beta_factor: Option<f64>,
    /// annealed: the iterations at each temperature; 20 by default.
    #[arg(long, value_name = "N", value_parser = whole_from_1, allow_negative_numbers = true)]
    pub beta_iterations: Option<usize>,
    /// incremental: the most blocks of rows; 32 by default.
    #[arg(long, value_name = "N", value_parser = whole_from_1, allow_negative_numbers = true)]
    pub blocks: Option<usize>,
    /// incremental: how often an iteration goes through the blocks; online: how often the fit goes through
    /// the rows; 1 by default.
    #[arg(long, value_name = "N", value_parser = whole_from_1, allow_negative_numbers = true)]
    pub sweeps: Option<usize>,
    /// online: the rows of a batch; 1000 by default.
    #[arg(long, value_name = "N", value_parser = whole_from_1, allow_negative_numbers = true)]
    pub batch_rows: Option<usize>,
    /// online: a in the step size (n + 2)^-a of batch n; 0.6 by default.
    #[arg(long, value_name = "A", value_parser = positive, allow_hyphen_values = true)]
    pub step_exponent: Option<f64>,
    /// online: the least step size, for data that change; then the result is the last model, not an average.
    #[arg(long, value_name = "STEP", value_parser = positive, allow_hyphen_values = true)]
    pub least_step: Option<f64>,
}

/// The name of an algorithm on the command line and in model files.
pub fn name(algorithm: Algorithm) -> String {
    let value = algorithm.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_string())
}

/// The algorithm that is neither em nor hard, if it is such a one.
pub fn named(arguments: &Fit) -> Result<Option<NamedAlgorithm>, Failure> {
    let given = &arguments.variant;
    check_options(arguments)?;
    let algorithm = match arguments.algorithm {
        Algorithm::Em | Algorithm::Hard => return Ok(None),
        Algorithm::Variational => {
            crate::variational::check(arguments)?;
            return Ok(None);
        }
        Algorithm::Stochastic => {
            let default = StochasticEm::default();
            NamedAlgorithm::Stochastic(StochasticEm {
                burn_in: given.burn_in.unwrap_or(default.burn_in),
                draws: given.draws.unwrap_or(default.draws),
            })
        }
        Algorithm::Annealed => {
            let default = AnnealedEm::default();
            let annealed = AnnealedEm {
                first: given.first_beta.unwrap_or(default.first),
                factor: given.beta_factor.unwrap_or(default.factor),
                iterations: given.beta_iterations.unwrap_or(default.iterations),
                ..default
            };
            (annealed.betas()).map_err(|error| Failure::input(error.to_string()))?;
            NamedAlgorithm::Annealed(annealed)
        }
        Algorithm::Incremental => {
            let default = IncrementalEm::default();
            NamedAlgorithm::Incremental(IncrementalEm {
                blocks: given.blocks.unwrap_or(default.blocks),
                sweeps: given.sweeps.unwrap_or(default.sweeps),
            })
        }
        Algorithm::Online => NamedAlgorithm::Online(online(arguments)?),
    };
    check_combinations(arguments)?;
    Ok(Some(algorithm))
}

/// The step sizes and batches of online EM.
pub fn online(arguments: &Fit) -> Result<OnlineEm, Failure> {
    let (given, default) = (&arguments.variant, OnlineEm::default());
    let online = OnlineEm {
        batch_rows: given.batch_rows.unwrap_or(default.batch_rows),
        sweeps: given.sweeps.unwrap_or(default.sweeps),
        exponent: given.step_exponent.unwrap_or(default.exponent),
        least_step: given.least_step.unwrap_or(default.least_step),
    };
    if !(online.exponent <= 1.0 && online.least_step <= 1.0) {
        return Err(Failure::input(
            "--step-exponent and --least-step are at most 1",
        ));
    }
    Ok(online)
}

/// Refuses the options of another algorithm.
fn check_options(arguments: &Fit) -> Result<(), Failure> {
    use Algorithm::{Annealed, Incremental, Online, Stochastic, Variational};
    let given = &arguments.variant;
    let prior = arguments.variational.weights_prior;
    let options: [(bool, &str, &[Algorithm]); 11] = [
        (prior.is_some(), "--weights-prior", &[Variational]),
        (given.burn_in.is_some(), "--burn-in", &[Stochastic]),
        (given.draws.is_some(), "--draws", &[Stochastic]),
        (given.first_beta.is_some(), "--first-beta", &[Annealed]),
        (given.beta_factor.is_some(), "--beta-factor", &[Annealed]),
        (
            given.beta_iterations.is_some(),
            "--beta-iterations",
            &[Annealed],
        ),
        (given.blocks.is_some(), "--blocks", &[Incremental]),
        (given.sweeps.is_some(), "--sweeps", &[Incremental, Online]),
        (given.batch_rows.is_some(), "--batch-rows", &[Online]),
        (given.step_exponent.is_some(), "--step-exponent", &[Online]),
        (given.least_step.is_some(), "--least-step", &[Online]),
    ];
    let wrong = options
        .iter()
        .find(|(given, _, of)| *given && !of.contains(&arguments.algorithm));
    match wrong {
        None => Ok(()),
        Some((_, option, of)) => {
            let names: Vec<String> = of.iter().map(|&algorithm| name(algorithm)).collect();
            Err(Failure::input(format!(
                "{option} is for --algorithm {}, not for {}",
                names.join(" and "),
                name(arguments.algorithm)
            )))
        }
    }
}

/// Refuses what belongs to EM, and what an algorithm that does not converge cannot keep.
fn check_combinations(arguments: &Fit) -> Result<(), Failure> {
    let known_end = matches!(
        arguments.algorithm,
        Algorithm::Stochastic | Algorithm::Online
    );
    let in_batches = arguments.algorithm == Algorithm::Online && !is_stream(arguments);
    let refused = [
        (
            arguments.start.init == Some(Init::SmallEm),
            "--init small-em",
        ),
        (is_grown(arguments), "--init grown"),
        (arguments.split_merge > 0, "--split-merge"),
        (arguments.trim.fraction() > 0.0, "--trim"),
        (arguments.checkpoint.is_some(), "--checkpoint"),
        (arguments.resume.is_some(), "--resume"),
        (
            arguments.parameter_tolerance.is_some(),
            "--parameter-tolerance",
        ),
        (
            known_end && arguments.require_convergence,
            "--require-convergence",
        ),
        (
            known_end && !is_stream(arguments) && arguments.given.is_given("tolerance"),
            "--tolerance",
        ),
        (
            in_batches && arguments.given.is_given("max_iterations"),
            "--max-iterations",
        ),
    ];
    match refused.iter().find(|(given, _)| *given) {
        None => Ok(()),
        Some((_, option)) => Err(Failure::input(format!(
            "--algorithm {} cannot be combined with {option}",
            name(arguments.algorithm)
        ))),
    }
}

/// Whether the data come from standard input.
pub fn is_stream(arguments: &Fit) -> bool {
    arguments.data.as_os_str() == "-"
}
