//! Clusters made of several components: pairs merged by entropy.

use crate::error::FitError;
use crate::posterior::Posterior;

/// A sequence of clusterings with K, K − 1, …, 1 clusters, made from the responsibilities of a fitted
/// mixture: the density stays that of K components, and clusters are unions of components.
///
/// The entropy of a clustering with shares t_ij is −Σ_i w_i Σ_j t_ij ln t_ij. Each step merges the two
/// clusters a, b whose union lowers it most, that is for which
///
/// Σ_i w_i {(t_ia + t_ib) ln(t_ia + t_ib) − t_ia ln t_ia − t_ib ln t_ib}
///
/// is largest; ties go to the pair that stands first. The shares of the union are the sum of theirs. It
/// needs O(n K²) time for all steps, and no more memory than the responsibilities.
///
/// Source: Baudry, Raftery, Celeux, Lo & Gottardo (2010), Combining mixture components for clustering,
/// Journal of Computational and Graphical Statistics 19, 332–353.
///
/// ```
/// use distributions::Normal;
/// use em::{MergeSequence, Mixture};
///
/// // Components 0 and 2 are all but one.
/// let means = [0.0, 9.0, 0.5];
/// let components = means.map(|mean| Normal::new(mean, 1.0).unwrap()).to_vec();
/// let xs: Vec<f64> = (0..200).map(|i| f64::from(i % 20) / 2.0).collect();
/// let posterior = Mixture::uniform(components).posterior(&xs[..]);
/// let sequence = MergeSequence::new(&posterior, None)?;
/// assert_eq!(sequence.clusters(2), [0, 1, 0]);
/// let merged = sequence.merged(&posterior, 2);
/// assert_eq!(merged.label(3), Some(0));
/// # Ok::<(), em::FitError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MergeSequence {
    components: usize,
    entropy: f64,
    observations: f64,
    steps: Vec<MergeStep>,
}

/// One step of a [`MergeSequence`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MergeStep {
    /// The clusters that are merged, each named by its first component; the union keeps the lower name.
    pub merged: (usize, usize),
    /// The number of clusters after the step.
    pub clusters: usize,
    /// The entropy after the step.
    pub entropy: f64,
    /// n_a + n_b, how many observations (Σ_i w_i t_i) the union has.
    pub observations: f64,
}

/// t ln t.
fn entropy_term(share: f64) -> f64 {
    if share > 0.0 { share * share.ln() } else { 0.0 }
}

/// The responsibilities as columns of clusters, with their row weights.
struct Shares<'a> {
    columns: Vec<Vec<f64>>,
    row_weights: Option<&'a [f64]>,
}

impl Shares<'_> {
    fn weighted(&self, value: impl Fn(usize) -> f64) -> f64 {
        let rows = self.columns[0].len();
        match self.row_weights {
            None => (0..rows).map(value).sum(),
            Some(weights) => (weights.iter().enumerate())
                .map(|(i, &weight)| if weight > 0.0 { weight * value(i) } else { 0.0 })
                .sum(),
        }
    }
    /// By how much the union of two clusters lowers the entropy.
    fn gain(&self, a: usize, b: usize) -> f64 {
        let (first, second) = (&self.columns[a], &self.columns[b]);
        self.weighted(|i| {
            let (a, b) = (first[i], second[i]);
            // Exactly 0 where the row has a share in one of them only.
            if a > 0.0 && b > 0.0 {
                // A ratio may overflow, its logarithm not.
                let term = |a: f64, b: f64| a * (b / a).min(f64::MAX).ln_1p();
                term(a, b) + term(b, a)
            } else {
                0.0
            }
        })
    }
    fn entropy(&self) -> f64 {
        let row = |i: usize| -> f64 {
            let terms = self.columns.iter().map(|column| entropy_term(column[i]));
            terms.sum()
        };
        // Not −0.
        0.0 - self.weighted(row)
    }
    fn count(&self, a: usize) -> f64 {
        self.weighted(|i| self.columns[a][i])
    }
    /// Moves the shares of b to a.
    fn unite(&mut self, a: usize, b: usize) {
        let (first, rest) = self.columns.split_at_mut(b);
        for (mine, theirs) in first[a].iter_mut().zip(&mut rest[0]) {
            *mine += std::mem::take(theirs);
        }
    }
}

impl MergeSequence {
    /// The sequence for rows with these responsibilities, of row weights `row_weights` (1 each where
    /// there are none). Rows off the support of the model do not count.
    ///
    /// # Errors
    /// When there are not as many weights as rows, or one is negative or not finite.
    pub fn new(posterior: &Posterior, row_weights: Option<&[f64]>) -> Result<Self, FitError> {
        let (rows, count) = (posterior.log_density.len(), posterior.components);
        if let Some(weights) = row_weights {
            if weights.len() != rows {
                let lengths = format!("{} row weights for {rows} rows", weights.len());
                return Err(FitError::Shape(lengths));
            }
            let valid = |weight: f64| weight >= 0.0 && weight.is_finite();
            if let Some(row) = weights.iter().position(|&weight| !valid(weight)) {
                let weight = weights[row];
                return Err(FitError::RowWeight { row, weight });
            }
        }
        let mut shares = Shares {
            columns: (0..count)
                .map(|k| (0..rows).map(|i| posterior.row(i)[k]).collect())
                .collect(),
            row_weights,
        };
        let mut gains = vec![0.0; count * count];
        for b in 0..count {
            for a in 0..b {
                gains[a * count + b] = shares.gain(a, b);
            }
        }
        let mut left: Vec<usize> = (0..count).collect();
        let mut sequence = MergeSequence {
            components: count,
            entropy: shares.entropy(),
            observations: (0..count).map(|k| shares.count(k)).sum(),
            steps: Vec::new(),
        };
        while left.len() > 1 {
            let (a, b) = best_pair(&left, &gains, count);
            shares.unite(a, b);
            left.retain(|&other| other != b);
            for &other in left.iter().filter(|&&other| other != a) {
                gains[a.min(other) * count + a.max(other)] = shares.gain(a, other);
            }
            sequence.steps.push(MergeStep {
                merged: (a, b),
                clusters: left.len(),
                entropy: shares.entropy(),
                observations: shares.count(a),
            });
        }
        Ok(sequence)
    }
    /// The number of components K.
    pub fn components(&self) -> usize {
        self.components
    }
    /// The steps, K − 1 of them.
    pub fn steps(&self) -> &[MergeStep] {
        &self.steps
    }
    /// The entropy of the clustering with `clusters` clusters, in nats.
    ///
    /// # Panics
    /// When there is no such clustering.
    pub fn entropy(&self, clusters: usize) -> f64 {
        assert!((1..=self.components).contains(&clusters), "clusters");
        match self.components - clusters {
            0 => self.entropy,
            done => self.steps[done - 1].entropy,
        }
    }
    /// The entropy divided by its largest possible value n ln(clusters): from 0 for certain labels to 1
    /// for no knowledge at all; 0 for one cluster, or for no observation.
    ///
    /// # Panics
    /// When there is no such clustering.
    pub fn normalized_entropy(&self, clusters: usize) -> f64 {
        let largest = self.observations * (clusters as f64).ln();
        let entropy = self.entropy(clusters);
        if largest > 0.0 {
            entropy / largest
        } else {
            0.0
        }
    }
    /// For each component its cluster, where there are `clusters` clusters: numbered from 0, by their
    /// first components.
    ///
    /// # Panics
    /// When there is no such clustering.
    pub fn clusters(&self, clusters: usize) -> Vec<usize> {
        assert!((1..=self.components).contains(&clusters), "clusters");
        let mut names: Vec<usize> = (0..self.components).collect();
        for step in &self.steps[..self.components - clusters] {
            let (a, b) = step.merged;
            names.iter_mut().for_each(|name| {
                *name = if *name == b { a } else { *name };
            });
        }
        let mut firsts: Vec<usize> = names.clone();
        firsts.sort_unstable();
        firsts.dedup();
        let number = |name: &usize| firsts.partition_point(|first| first < name);
        names.iter().map(number).collect()
    }
    /// What the model says of each row when its components make `clusters` clusters: responsibilities
    /// are summed, and ln p(x) stays.
    ///
    /// # Panics
    /// When there is no such clustering, or `posterior` has another number of components.
    pub fn merged(&self, posterior: &Posterior, clusters: usize) -> Posterior {
        assert_eq!(posterior.components, self.components, "components");
        let of_component = self.clusters(clusters);
        let mut shares = vec![0.0; posterior.log_density.len() * clusters];
        for (i, row) in shares.chunks_exact_mut(clusters).enumerate() {
            for (&cluster, share) in of_component.iter().zip(posterior.row(i)) {
                row[cluster] += share;
            }
        }
        Posterior {
            log_density: posterior.log_density.clone(),
            responsibilities: shares,
            components: clusters,
        }
    }
    /// The number of clusters at the elbow of the entropy: where two straight lines that meet there, both
    /// fitted by least squares, suit the entropies of 1, …, K clusters best. They are drawn against the
    /// cumulated number of observations merged, as the paper advises: a merge of two small clusters
    /// changes little. `None` for fewer than four components, where any lines fit.
    pub fn elbow(&self) -> Option<usize> {
        if self.components < 4 {
            return None;
        }
        // From K clusters down to 1.
        let mut points = vec![(0.0, self.entropy)];
        let mut moved = 0.0;
        for step in &self.steps {
            moved += step.observations;
            points.push((moved, step.entropy));
        }
        let misfit = |at: usize| line_misfit(&points[..=at]) + line_misfit(&points[at..]);
        let inner = 1..points.len() - 1;
        let best = inner.min_by(|&a, &b| misfit(a).total_cmp(&misfit(b)))?;
        Some(self.components - best)
    }
}

/// The pair of largest gain, the first of equals.
fn best_pair(left: &[usize], gains: &[f64], count: usize) -> (usize, usize) {
    let mut best = (left[0], left[1]);
    for (place, &a) in left.iter().enumerate() {
        for &b in &left[place + 1..] {
            if gains[a * count + b] > gains[best.0 * count + best.1] {
                best = (a, b);
            }
        }
    }
    best
}

/// The sum of squared residuals of the least-squares line through some points.
fn line_misfit(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let mean_x = points.iter().map(|p| p.0).sum::<f64>() / n;
    let mean_y = points.iter().map(|p| p.1).sum::<f64>() / n;
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in points.iter().map(|&(x, y)| (x - mean_x, y - mean_y)) {
        xx += x * x;
        xy += x * y;
        yy += y * y;
    }
    if xx > 0.0 {
        (yy - xy * (xy / xx)).max(0.0)
    } else {
        yy
    }
}
