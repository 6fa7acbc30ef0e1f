//! Starting points: from labels, responsibilities, chance, or spread-out rows.

mod partition;
mod shares;
pub(crate) mod spread;

pub use partition::Partition;
pub use shares::Shares;

use crate::data::Data;
use crate::degenerate::{Degeneracy, OnDegenerate, most_events, reset_rows};
use crate::error::FitError;
use crate::growth::Growth;
use crate::mixture::Mixture;
use crate::options::Options;
use crate::set::ComponentSet;
use crate::weights::WeightModel;
use distributions::{BLOCK_ROWS, Batch, Density, View};
use rand::{Rng, RngExt};

/// Where a fit starts. The first step from labels or responsibilities is an M-step.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a> {
    /// Rows that lie far from each other become seeds, as in k-means++ (Arthur & Vassilvitskii
    /// 2007), for any family; each row then belongs to its nearest seed. In a fit that
    /// [trims](crate::Options::trim), the rows farthest from the seeds are left out.
    Spread,
    /// Each component is estimated from one row drawn by chance, smoothed by one observation of the
    /// whole.
    Random,
    /// The two in turn, spread rows first: each finds maxima that the other misses.
    Alternating,
    /// Many short runs from spread and random rows, the best of which are continued.
    SmallEm(SmallEm),
    /// One component is fitted, then one more at a time, each the best of several splits of one that is there, up
    /// to K: greedy EM. A grid over K can share the way ([`GrowthPath`](crate::GrowthPath)). Known labels, and
    /// components that are dropped, are refused.
    ///
    /// The components of the template are to be of one kind: with fewer of them the first are used, and those that
    /// are [given](crate::ComponentSet::is_given), such as noise.
    ///
    /// Verbeek, Vlassis & Kröse (2003), Efficient greedy learning of Gaussian mixture models, Neural Computation
    /// 15, 469–485; Vlassis & Likas (2002), A greedy EM algorithm for Gaussian mixture learning, Neural Processing
    /// Letters 15, 77–87.
    Grown(Growth),
    /// A component for each row, or none (then the row waits until the first E-step).
    Labels(&'a [Option<u32>]),
    /// An n × K row-major matrix of responsibilities, each row of sum 1 within 1e-6 (then
    /// normalised).
    Responsibilities(&'a [f64]),
    /// Labels that something else than EM draws, anew at each restart.
    Partition(&'a dyn Partition),
    /// Such labels and random rows in turn, labels first.
    PartitionAlternating(&'a dyn Partition),
    /// The template itself.
    Model,
}

impl Start<'_> {
    /// Whether chance enters, so that restarts differ.
    pub fn is_random(&self) -> bool {
        matches!(
            self,
            Start::Spread
                | Start::Random
                | Start::Alternating
                | Start::SmallEm(_)
                | Start::Grown(_)
                | Start::Partition(_)
                | Start::PartitionAlternating(_)
        )
    }
    /// The start of run `which`.
    pub(crate) fn of_run(self, which: usize) -> Self {
        match self {
            Start::Alternating if which.is_multiple_of(2) => Start::Spread,
            Start::PartitionAlternating(labels) if which.is_multiple_of(2) => {
                Start::Partition(labels)
            }
            Start::Alternating | Start::PartitionAlternating(_) => Start::Random,
            Start::SmallEm(small) => small.start().of_run(which),
            start => start,
        }
    }
    /// How many runs a fit makes from it; of a grown one, at each number of components.
    pub fn count(&self, options: &Options) -> usize {
        match self {
            Start::SmallEm(small) => small.runs.max(1),
            Start::Grown(growth) => growth.splits.max(1),
            Start::Spread
            | Start::Random
            | Start::Alternating
            | Start::Partition(_)
            | Start::PartitionAlternating(_) => options.restarts.max(1),
            Start::Labels(_) | Start::Responsibilities(_) | Start::Model => 1,
        }
    }
}

/// Short runs, the best continued (Biernacki, Celeux & Govaert 2003, Computational Statistics & Data
/// Analysis 41, 561–575). [`Options::restarts`] has no part in it: the number of runs stands here.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SmallEm {
    /// How many short runs; default 30.
    pub runs: usize,
    /// The iterations of each; default 10.
    pub iterations: usize,
    /// How many of the best are continued; default 3.
    pub continued: usize,
    /// Whether every second run starts from spread-out rows, and not all from rows drawn by chance;
    /// default true. Spread rows need components of one family.
    pub spread: bool,
}

impl Default for SmallEm {
    fn default() -> Self {
        SmallEm {
            runs: 30,
            iterations: 10,
            continued: 3,
            spread: true,
        }
    }
}

impl SmallEm {
    /// The start of the short runs.
    pub(crate) fn start(&self) -> Start<'static> {
        if self.spread {
            Start::Alternating
        } else {
            Start::Random
        }
    }
}

/// The observations of a mixture.
pub(crate) type MixtureData<'a, 'b, S, W> = Data<'a, Batch<'b, <Mixture<S, W> as Density>::Space>>;

/// The model in which a fit starts. `template` gives K, what is fixed, and the starting model where
/// the start is [`Start::Model`].
///
/// # Errors
/// When shapes do not fit, a spread start finds too few distinct rows, or the first M-step fails.
pub fn starting_model<S: ComponentSet, W: WeightModel, R: Rng + ?Sized>(
    template: &Mixture<S, W>,
    data: MixtureData<'_, '_, S, W>,
    start: Start<'_>,
    rng: &mut R,
) -> Result<Mixture<S, W>, FitError> {
    let policy = OnDegenerate::Fail;
    repaired_start(template, data, start, rng, (policy, 0.0), &mut Vec::new())
}

/// [`starting_model`] under a policy for components that have no estimate in the first M-step, such
/// as those to which no label belongs, and for a fit that trims a fraction of the rows.
pub(crate) fn repaired_start<S: ComponentSet, W: WeightModel, R: Rng + ?Sized>(
    template: &Mixture<S, W>,
    data: MixtureData<'_, '_, S, W>,
    start: Start<'_>,
    rng: &mut R,
    (policy, trim): (OnDegenerate, f64),
    events: &mut Vec<Degeneracy>,
) -> Result<Mixture<S, W>, FitError> {
    let (rows, components) = (data.rows(), template.len());
    let mut shares = match start {
        Start::Model => return Ok(template.clone()),
        Start::SmallEm(_) | Start::Alternating | Start::PartitionAlternating(_) => {
            return repaired_start(template, data, start.of_run(0), rng, (policy, trim), events);
        }
        Start::Grown(_) => {
            return Err(FitError::Shape(
                "a mixture grows in a fit: it has no model in which it starts".into(),
            ));
        }
        Start::Spread => spread::shares(template, data, trim, rng)?,
        Start::Random => random_shares(&data, components, rng),
        Start::Labels(labels) => label_shares(labels, rows, components)?,
        Start::Partition(partition) => {
            // A generator behind `?Sized` becomes an object by way of a reference to it.
            let mut rng: &mut R = rng;
            label_shares(&partition.labels(&mut rng)?, rows, components)?
        }
        Start::Responsibilities(given) => given_shares(given, rows, components)?,
    };
    shares = shares.weighted(data.row_weights, data.allowed);
    let mut template = template.clone();
    loop {
        let error = match first_m_step(&template, data, &shares) {
            Ok(model) => return Ok(model),
            Err(error) => error,
        };
        let FitError::Estimate { source, .. } = &error else {
            return Err(error);
        };
        let event = Degeneracy::of(source, 0, policy)
            .filter(|_| template.len() > 1 && events.len() < most_events(components));
        let Some(event) = event else {
            return Err(error);
        };
        if policy == OnDegenerate::Drop && data.allowed.is_some() {
            // What is known about the rows is in the numbers of the components.
            return Err(error);
        }
        if policy == OnDegenerate::Drop {
            let others: Vec<usize> = (0..template.len())
                .filter(|&k| k != event.component)
                .collect();
            shares.drop_component(event.component);
            template = template.subset(&others);
        } else {
            give_random_rows(&mut shares, event.component, &data, rng);
        }
        events.push(event);
    }
}

/// Gives component `k` a tenth of its fair share of the rows, but at least ten, drawn by chance: with
/// no model yet, no row is explained worse than another.
fn give_random_rows<V: View, R: Rng + ?Sized>(
    shares: &mut Shares<'_>,
    k: usize,
    data: &Data<'_, V>,
    rng: &mut R,
) {
    let mut weighty: Vec<usize> = (0..data.rows())
        .filter(|&i| data.row_weight(i) > 0.0)
        .collect();
    let count = reset_rows(weighty.len(), shares.components());
    for place in 0..count {
        let other = rng.random_range(place..weighty.len());
        weighty.swap(place, other);
        shares.give(weighty[place], k);
    }
}

/// The first M-step, without an iterate.
pub(crate) fn first_m_step<S: ComponentSet, W: WeightModel>(
    template: &Mixture<S, W>,
    data: MixtureData<'_, '_, S, W>,
    shares: &Shares<'_>,
) -> Result<Mixture<S, W>, FitError> {
    let failed = |source| FitError::Estimate {
        iteration: 0,
        source,
    };
    let weights = template.weights();
    let mut counts = weights.empty_statistics();
    // Weights that are the same for all rows ask for nothing else.
    let of_owners = (weights.log_weights()).and_then(|_| shares.counts_of_owners());
    if let Some(totals) = of_owners.filter(|_| data.rows() > 0) {
        weights.accumulate_row::<S::Space>(&mut counts, data.xs.at(0), &totals);
    } else {
        let mut block = vec![0.0; template.len() * BLOCK_ROWS];
        for rows in shares.blocks() {
            let (block, size) = (&mut block[..template.len() * rows.len()], rows.len());
            shares.write(rows.clone(), block);
            weights.accumulate::<S::Space>(&mut counts, data.xs.block(rows), size, block);
        }
    }
    let weights = weights.maximize(&counts).map_err(failed)?;
    let xs = W::component_batch::<S::Space>(data.xs);
    let components = template
        .components()
        .estimate_from(xs, shares)
        .map_err(failed)?;
    Mixture::new(weights, components).map_err(|error| failed(error.into()))
}

/// For each component one row drawn with probability in proportion to its weight, and as much weight
/// again spread over all rows. Shares per unit of row weight.
///
/// One row, because components estimated from shares drawn for *every* row differ by 1/√n only: they
/// start beside the fit of one component, a saddle that EM may never leave.
pub(crate) fn random_shares<V: View, R: Rng + ?Sized>(
    data: &Data<'_, V>,
    components: usize,
    rng: &mut R,
) -> Shares<'static> {
    let (rows, total) = (data.rows(), data.observations());
    let drawn = (0..components).map(|_| {
        let mut rest = rng.random::<f64>() * total;
        let drawn = (0..rows).find(|&i| {
            rest -= data.row_weight(i);
            rest < 0.0
        });
        // Rounding may use up all rows: then the last of positive weight it is.
        let drawn = drawn.or_else(|| (0..rows).rfind(|&i| data.row_weight(i) > 0.0));
        drawn.map(|i| (i, 1.0 / data.row_weight(i)))
    });
    let drawn = drawn.collect();
    Shares::of_drawn(rows, 1.0 / total, drawn)
}

fn label_shares(
    labels: &[Option<u32>],
    rows: usize,
    components: usize,
) -> Result<Shares<'static>, FitError> {
    if labels.len() != rows {
        return Err(FitError::Shape(format!(
            "{} labels for {rows} rows",
            labels.len()
        )));
    }
    // No early end: a loop without branches.
    let beyond = |label: &Option<u32>| label.is_some_and(|k| k as usize >= components);
    if labels.iter().fold(false, |any, label| any | beyond(label)) {
        let i = labels.iter().position(beyond).unwrap_or_default();
        let k = labels[i].unwrap_or_default();
        return Err(FitError::Shape(format!(
            "row {i}: label {k} is not below the number of components, {components}"
        )));
    }
    Ok(Shares::of_owners(labels.iter().copied(), components))
}

fn given_shares(
    given: &[f64],
    rows: usize,
    components: usize,
) -> Result<Shares<'static>, FitError> {
    if given.len() != rows * components {
        return Err(FitError::Shape(format!(
            "{} responsibilities for {rows} rows and {components} components",
            given.len()
        )));
    }
    let mut shares = vec![0.0; rows * components];
    for (i, row) in given.chunks_exact(components).enumerate() {
        let sum: f64 = row.iter().sum();
        if !((sum - 1.0).abs() <= 1e-6 && row.iter().all(|&r| r >= 0.0)) {
            return Err(FitError::Shape(format!(
                "row {i}: responsibilities must not be negative, and sum to 1 within 1e-6; they sum to {sum}"
            )));
        }
        for (k, r) in row.iter().enumerate() {
            shares[k * rows + i] = r / sum;
        }
    }
    Ok(Shares::of_matrix(shares, rows))
}
