//! Seeded data, and the thirty-line EM that is obviously correct.

#![allow(clippy::needless_range_loop)]

use distributions::RowsView;
use em::stream;
use gmm::CovarianceStructure;
use rand::RngExt;

/// Seeded rows in clumps, with a starting label and a weight each.
#[derive(Clone, Debug)]
pub struct Problem {
    pub values: Vec<f64>,
    pub width: usize,
    pub labels: Vec<Option<u32>>,
    pub weights: Vec<f64>,
}

impl Problem {
    /// `n` rows in `d` columns about `k` centres `separation` standard deviations apart.
    pub fn new(seed: u64, n: usize, k: usize, d: usize, separation: f64) -> Problem {
        let mut rng = stream(seed, 0);
        let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
        let centres: Vec<f64> = (0..k * d).map(|_| separation * normal()).collect();
        let mix: Vec<f64> = (0..k * d * d).map(|_| 0.4 * normal()).collect();
        let mut values = Vec::new();
        for i in 0..n {
            let z: Vec<f64> = (0..d).map(|_| normal()).collect();
            let (c, clump) = (i % k, &mix[(i % k) * d * d..]);
            for j in 0..d {
                let mixed: f64 = (0..d).map(|l| clump[j * d + l] * z[l]).sum();
                values.push(centres[c * d + j] + z[j] + mixed);
            }
        }
        // Labels that are mostly right, and leave every component most of its rows.
        let wrong = |i: usize| (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 61 == 0;
        let labels = (0..n).map(|i| Some(if wrong(i) { (i / 7) % k } else { i % k } as u32));
        let weights = (0..n).map(|i| 0.25 + (i % 5) as f64 * 0.5);
        Problem {
            labels: labels.collect(),
            weights: weights.collect(),
            values,
            width: d,
        }
    }
    pub fn rows(&self) -> RowsView<'_, f64> {
        RowsView::new(&self.values, self.width)
    }
    pub fn len(&self) -> usize {
        self.labels.len()
    }
    pub fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.width..(i + 1) * self.width]
    }
}

/// A model of the naive EM.
#[derive(Clone, Debug)]
pub struct Naive {
    pub weights: Vec<f64>,
    pub means: Vec<Vec<f64>>,
    /// Row-major.
    pub covariances: Vec<Vec<f64>>,
}

/// ln N(x | μ, Σ) by Gaussian elimination on [Σ | x − μ].
fn log_normal(x: &[f64], mean: &[f64], covariance: &[f64]) -> f64 {
    let d = x.len();
    let centred: Vec<f64> = x.iter().zip(mean).map(|(x, m)| x - m).collect();
    let (mut a, mut b) = (covariance.to_vec(), centred.clone());
    let mut log_determinant = 0.0;
    for p in 0..d {
        log_determinant += a[p * d + p].ln();
        for i in p + 1..d {
            let factor = a[i * d + p] / a[p * d + p];
            (p..d).for_each(|j| a[i * d + j] -= factor * a[p * d + j]);
            b[i] -= factor * b[p];
        }
    }
    for p in (0..d).rev() {
        b[p] = (b[p] - (p + 1..d).map(|j| a[p * d + j] * b[j]).sum::<f64>()) / a[p * d + p];
    }
    let form: f64 = centred.iter().zip(&b).map(|(c, b)| c * b).sum();
    -0.5 * (form + log_determinant + d as f64 * (2.0 * std::f64::consts::PI).ln())
}

impl Naive {
    /// The M-step from an n × K matrix of responsibilities.
    pub fn m_step(p: &Problem, r: &[Vec<f64>], k: usize, s: CovarianceStructure) -> Naive {
        let (n, d) = (p.len(), p.width);
        let total: f64 = p.weights.iter().sum();
        let mut model = Naive {
            weights: vec![],
            means: vec![],
            covariances: vec![],
        };
        for c in 0..k {
            let w: Vec<f64> = (0..n).map(|i| p.weights[i] * r[i][c]).collect();
            let count: f64 = w.iter().sum();
            let mean: Vec<f64> = (0..d)
                .map(|j| (0..n).map(|i| w[i] * p.row(i)[j]).sum::<f64>() / count)
                .collect();
            let moment = |a: usize, b: usize| -> f64 {
                let term = |i: usize| w[i] * (p.row(i)[a] - mean[a]) * (p.row(i)[b] - mean[b]);
                (0..n).map(term).sum::<f64>() / count
            };
            model
                .covariances
                .push((0..d * d).map(|e| moment(e / d, e % d)).collect());
            model.weights.push(count / total);
            model.means.push(mean);
        }
        let pooled: Vec<f64> = (0..d * d)
            .map(|e| {
                (0..k)
                    .map(|c| model.weights[c] * model.covariances[c][e])
                    .sum()
            })
            .collect();
        for matrix in &mut model.covariances {
            let trace: f64 = (0..d).map(|j| matrix[j * d + j]).sum();
            for e in 0..d * d {
                matrix[e] = match s {
                    CovarianceStructure::Tied => pooled[e],
                    CovarianceStructure::Full => matrix[e],
                    _ if e / d != e % d => 0.0,
                    CovarianceStructure::Diagonal => matrix[e],
                    _ => trace / d as f64,
                };
            }
        }
        model
    }
    /// The E-step: responsibilities and the log-likelihood.
    pub fn e_step(&self, p: &Problem) -> (Vec<Vec<f64>>, f64) {
        let mut log_likelihood = 0.0;
        let mut responsibilities = Vec::new();
        for i in 0..p.len() {
            let joint = |c: usize| {
                self.weights[c].ln() + log_normal(p.row(i), &self.means[c], &self.covariances[c])
            };
            let joint: Vec<f64> = (0..self.weights.len()).map(joint).collect();
            let largest = joint.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
            let sum: f64 = joint.iter().map(|j| (j - largest).exp()).sum();
            log_likelihood += p.weights[i] * (largest + sum.ln());
            responsibilities.push(joint.iter().map(|j| (j - largest).exp() / sum).collect());
        }
        (responsibilities, log_likelihood)
    }
}
