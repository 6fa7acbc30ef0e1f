//! Agglomeration by the classification likelihood of Gaussians with full covariances.

use super::hierarchical::Merge;
use super::points::Points;

/// All merges, in the order in which they are made: each unites the two clusters whose union raises
/// Σ_k c_k least, with
///
/// c_k = n_k ln(det(W_k / n_k) + tr(W_k) / n_k + 1)
///
/// in columns of variance 1. Minus twice the classification log-likelihood of Gaussians is
/// Σ_k n_k ln det(W_k / n_k) but for a constant; the other terms keep the cost of clusters of fewer than
/// d + 1 points, whose determinant vanishes, finite and apart.
///
/// Every cluster stores its best partner among those after it; a union makes only those look again whose
/// partner it took. That is O(m²) costs and no m × m matrix.
///
/// Sources: Banfield & Raftery (1993), Model-based Gaussian and non-Gaussian clustering, Biometrics 49;
/// Fraley (1998), Algorithms for model-based Gaussian hierarchical clustering, SIAM Journal on Scientific
/// Computing 20.
pub(super) fn merges(points: &Points) -> Vec<Merge> {
    let mut clusters = Clusters::new(points);
    let mut left: Vec<usize> = (0..points.len()).collect();
    let mut best: Vec<Partner> = vec![NONE; points.len()];
    for place in 0..left.len() {
        best[left[place]] = clusters.best(left[place], &left[place + 1..]);
    }
    let mut merges = Vec::new();
    while left.len() > 1 {
        let mut a = left[0];
        for &cluster in &left {
            if best[cluster].cost < best[a].cost {
                a = cluster;
            }
        }
        let Partner { other: b, cost } = best[a];
        clusters.unite(a, b);
        left.retain(|&cluster| cluster != b);
        merges.push(Merge { a, b, cost });
        for place in 0..left.len() {
            let cluster = left[place];
            let partner = best[cluster].other;
            if cluster == a || partner == a || partner == b {
                best[cluster] = clusters.best(cluster, &left[place + 1..]);
            } else if cluster < a {
                let cost = clusters.cost(cluster, a, best[cluster].cost);
                if cost < best[cluster].cost {
                    best[cluster] = Partner { other: a, cost };
                }
            }
        }
    }
    merges
}

/// The cluster with which the union costs least.
#[derive(Clone, Copy)]
struct Partner {
    other: usize,
    cost: f64,
}

const NONE: Partner = Partner {
    other: usize::MAX,
    cost: f64::INFINITY,
};

/// The statistics of all clusters, each in the place of its first point.
struct Clusters {
    dimension: usize,
    weights: Vec<f64>,
    /// How many points: no more than d of them have a determinant of 0.
    points: Vec<usize>,
    means: Vec<f64>,
    /// Lower triangles of W_k.
    scatters: Vec<f64>,
    traces: Vec<f64>,
    /// c_k.
    terms: Vec<f64>,
    /// d (d + 1) / 2.
    triangle: usize,
    work: Vec<f64>,
}

impl Clusters {
    fn new(points: &Points) -> Clusters {
        let (m, d) = (points.len(), points.dimension);
        let triangle = d * (d + 1) / 2;
        Clusters {
            dimension: d,
            weights: points.weights.clone(),
            points: vec![1; m],
            means: points.values.clone(),
            scatters: vec![0.0; m * triangle],
            traces: vec![0.0; m],
            terms: vec![0.0; m],
            triangle,
            work: vec![0.0; triangle],
        }
    }
    /// The best partner of `a` among `others`, the first of equals.
    fn best(&mut self, a: usize, others: &[usize]) -> Partner {
        let mut best = NONE;
        for &other in others {
            let cost = self.cost(a, other, best.cost);
            if cost < best.cost || best.other == NONE.other {
                best = Partner { other, cost };
            }
        }
        best
    }
    fn mean(&self, a: usize) -> &[f64] {
        &self.means[a * self.dimension..(a + 1) * self.dimension]
    }
    fn scatter(&self, a: usize) -> &[f64] {
        &self.scatters[a * self.triangle..(a + 1) * self.triangle]
    }
    /// n_a n_b / (n_a + n_b), and the trace of the scatter of the union.
    fn union_trace(&self, a: usize, b: usize) -> (f64, f64) {
        let pairs = self.mean(a).iter().zip(self.mean(b));
        let squared: f64 = pairs.map(|(x, y)| (x - y) * (x - y)).sum();
        let factor = self.weights[a] * (self.weights[b] / (self.weights[a] + self.weights[b]));
        (factor, self.traces[a] + self.traces[b] + factor * squared)
    }
    /// By how much the union of a and b raises the sum; some number that is not below `bound` where that
    /// is not below `bound`.
    fn cost(&mut self, a: usize, b: usize, bound: f64) -> f64 {
        let weight = self.weights[a] + self.weights[b];
        let (factor, trace) = self.union_trace(a, b);
        let before = self.terms[a] + self.terms[b];
        // No determinant is below 0.
        let least = weight * (trace / weight).ln_1p() - before;
        if self.points[a] + self.points[b] <= self.dimension || least >= bound {
            return least;
        }
        let determinant = self.union_determinant(a, b, factor, weight);
        weight * (determinant + trace / weight).ln_1p() - before
    }
    /// det(W / n) of the union.
    fn union_determinant(&mut self, a: usize, b: usize, factor: f64, weight: f64) -> f64 {
        let mut work = std::mem::take(&mut self.work);
        self.unite_scatters(a, b, factor, &mut work, 1.0 / weight);
        let determinant = determinant_in_place(&mut work, self.dimension);
        self.work = work;
        determinant
    }
    /// Writes the lower triangle of the scatter of the union, times `scale`.
    fn unite_scatters(&self, a: usize, b: usize, factor: f64, into: &mut [f64], scale: f64) {
        let (first, second) = (self.scatter(a), self.scatter(b));
        let (mean, other) = (self.mean(a), self.mean(b));
        let mut entry = 0;
        for i in 0..self.dimension {
            let moved = factor * (mean[i] - other[i]);
            for j in 0..=i {
                let product = moved * (mean[j] - other[j]);
                into[entry] = scale * (first[entry] + second[entry] + product);
                entry += 1;
            }
        }
    }
    /// Puts the union in the place of a.
    fn unite(&mut self, a: usize, b: usize) {
        let (d, triangle) = (self.dimension, self.triangle);
        let (factor, trace) = self.union_trace(a, b);
        let mut work = std::mem::take(&mut self.work);
        self.unite_scatters(a, b, factor, &mut work, 1.0);
        self.scatters[a * triangle..(a + 1) * triangle].copy_from_slice(&work);
        let weight = self.weights[a] + self.weights[b];
        let share = self.weights[b] / weight;
        for j in 0..d {
            let difference = self.means[b * d + j] - self.means[a * d + j];
            self.means[a * d + j] += share * difference;
        }
        self.weights[a] = weight;
        self.points[a] += self.points[b];
        self.traces[a] = trace;
        let mut determinant = 0.0;
        if self.points[a] > d {
            work.copy_from_slice(self.scatter(a));
            work.iter_mut().for_each(|entry| *entry /= weight);
            determinant = determinant_in_place(&mut work, d);
        }
        self.terms[a] = weight * (determinant + trace / weight).ln_1p();
        self.work = work;
    }
}

/// The determinant of a positive semidefinite matrix given by its lower triangle, which is overwritten;
/// 0 where a pivot is not positive.
fn determinant_in_place(triangle: &mut [f64], d: usize) -> f64 {
    let at = |i: usize, j: usize| i * (i + 1) / 2 + j;
    let mut determinant = 1.0;
    for i in 0..d {
        let (done, row) = triangle.split_at_mut(at(i, 0));
        for j in 0..i {
            let other = &done[at(j, 0)..=at(j, j)];
            let inner: f64 = row[..j].iter().zip(other).map(|(x, y)| x * y).sum();
            row[j] = (row[j] - inner) / other[j];
        }
        let squares: f64 = row[..i].iter().map(|l| l * l).sum();
        let pivot = row[i] - squares;
        if !(pivot > 0.0) {
            return 0.0;
        }
        determinant *= pivot;
        row[i] = pivot.sqrt();
    }
    determinant
}
