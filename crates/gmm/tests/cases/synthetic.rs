//! Seeded data, and the naive EM that is obviously correct: of rows with gaps, under every structure whose
//! M-step has a formula.

// Each test file uses its share.
#![allow(clippy::needless_range_loop, dead_code)]

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
    /// The same with about one cell in `each` missing, in no more than `patterns` patterns; every column
    /// keeps cells, and so does every row.
    pub fn with_gaps(mut self, each: u64, patterns: u64) -> Problem {
        let d = self.width as u64;
        for i in 0..self.len() as u64 {
            let pattern = hash(i) % patterns;
            // The first pattern is that of complete rows.
            for j in (0..d).filter(|_| pattern > 0) {
                if hash(pattern * d + j).is_multiple_of(each) && j != pattern % d {
                    self.values[(i * d + j) as usize] = f64::NAN;
                }
            }
        }
        self
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

/// SplitMix64's mixing of bits.
fn hash(x: u64) -> u64 {
    let x = x.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB) >> 33
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

/// The inverse, by Gauss–Jordan.
fn inverse(a: &[f64], d: usize) -> Vec<f64> {
    let (mut a, mut b) = (a.to_vec(), vec![0.0; d * d]);
    (0..d).for_each(|j| b[j * d + j] = 1.0);
    for p in 0..d {
        let pivot = a[p * d + p];
        (0..d).for_each(|j| {
            (a[p * d + j], b[p * d + j]) = (a[p * d + j] / pivot, b[p * d + j] / pivot)
        });
        for i in (0..d).filter(|&i| i != p) {
            let factor = a[i * d + p];
            for j in 0..d {
                a[i * d + j] -= factor * a[p * d + j];
                b[i * d + j] -= factor * b[p * d + j];
            }
        }
    }
    b
}

fn determinant(a: &[f64], d: usize) -> f64 {
    let zero = vec![0.0; d];
    let log = -2.0 * log_normal(&zero, &zero, a) - d as f64 * (2.0 * std::f64::consts::PI).ln();
    log.exp()
}

fn trace(a: &[f64], d: usize) -> f64 {
    (0..d).map(|j| a[j * d + j]).sum()
}

fn product(a: &[f64], b: &[f64], d: usize) -> Vec<f64> {
    let entry = |e: usize| (0..d).map(|l| a[e / d * d + l] * b[l * d + e % d]).sum();
    (0..d * d).map(entry).collect()
}

fn diagonal(values: impl Fn(usize) -> f64, d: usize) -> Vec<f64> {
    let entry = |e: usize| if e / d == e % d { values(e / d) } else { 0.0 };
    (0..d * d).map(entry).collect()
}

/// Σ_k a_k M_k.
fn combined(a: &[f64], matrices: &[Vec<f64>]) -> Vec<f64> {
    let sum = |e: usize| a.iter().zip(matrices).map(|(a, m)| a * m[e]).sum();
    (0..matrices[0].len()).map(sum).collect()
}

/// The covariances of a structure from shares π_k and W_k / N_k, by the formulas of docs/gaussian.md; those that
/// alternate do so until nothing moves. `None` for EVE and VVE, which have no closed half steps.
fn structured(
    s: CovarianceStructure,
    pi: &[f64],
    moments: &[Vec<f64>],
    d: usize,
) -> Option<Vec<Vec<f64>>> {
    use CovarianceStructure as S;
    let identity = diagonal(|_| 1.0, d);
    let scaled = |m: &[f64], factor: f64| -> Vec<f64> { m.iter().map(|x| factor * x).collect() };
    let root = |m: &[f64]| determinant(m, d).powf(1.0 / d as f64);
    let diagonals: Vec<Vec<f64>> = moments
        .iter()
        .map(|m| diagonal(|j| m[j * d + j], d))
        .collect();
    let equal = |m: Vec<f64>| vec![m; pi.len()];
    // Σ_k = λ_k C: C and the λ_k in turn.
    let alternated = |m: &[Vec<f64>]| {
        let mut volumes = vec![1.0; pi.len()];
        let mut shape = identity.clone();
        // Far more than is needed: each alternation wins a digit or so.
        for _ in 0..200 {
            let shares: Vec<f64> = pi.iter().zip(&volumes).map(|(p, v)| p / v).collect();
            shape = combined(&shares, m);
            shape = scaled(&shape, 1.0 / root(&shape));
            let inverse = inverse(&shape, d);
            let volume = |m: &Vec<f64>| trace(&product(m, &inverse, d), d) / d as f64;
            volumes = m.iter().map(volume).collect();
        }
        volumes
            .iter()
            .map(|v| scaled(&shape, *v))
            .collect::<Vec<_>>()
    };
    // Σ_k = λ A_k: each shape its own.
    let equal_volume = |m: &[Vec<f64>]| {
        let volume: f64 = pi.iter().zip(m).map(|(p, m)| p * root(m)).sum();
        m.iter()
            .map(|m| scaled(m, volume / root(m)))
            .collect::<Vec<_>>()
    };
    // In the axes of each W_k, largest variance first.
    let axes: Vec<(Vec<f64>, Vec<f64>)> = moments.iter().map(|m| eigen(m, d)).collect();
    let along: Vec<Vec<f64>> = axes
        .iter()
        .map(|(values, _)| diagonal(|j| values[j], d))
        .collect();
    let turned = |m: Vec<Vec<f64>>| {
        let pairs = m.iter().zip(&axes);
        let turn = |(m, (_, v)): (&Vec<f64>, &(Vec<f64>, Vec<f64>))| {
            let transposed: Vec<f64> = (0..d * d).map(|e| v[e % d * d + e / d]).collect();
            product(&product(v, m, d), &transposed, d)
        };
        pairs.map(turn).collect::<Vec<_>>()
    };
    Some(match s {
        S::EII => equal(scaled(
            &identity,
            trace(&combined(pi, moments), d) / d as f64,
        )),
        S::Spherical => moments
            .iter()
            .map(|m| scaled(&identity, trace(m, d) / d as f64))
            .collect(),
        S::EEI => equal(combined(pi, &diagonals)),
        S::VEI => alternated(&diagonals),
        S::EVI => equal_volume(&diagonals),
        S::Diagonal => diagonals,
        S::Tied => equal(combined(pi, moments)),
        S::VEE => alternated(moments),
        S::EEV => turned(equal(combined(pi, &along))),
        S::VEV => turned(alternated(&along)),
        S::EVV => equal_volume(moments),
        S::Full => moments.to_vec(),
        _ => return None,
    })
}

/// Eigenvalues, largest first, and eigenvectors in the columns of a matrix: Jacobi's rotations.
pub fn eigen(a: &[f64], d: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut a, mut v) = (a.to_vec(), diagonal(|_| 1.0, d));
    for _ in 0..30 {
        for p in 0..d {
            for q in p + 1..d {
                let angle = 0.5 * f64::atan2(2.0 * a[p * d + q], a[p * d + p] - a[q * d + q]);
                let (sin, cos) = angle.sin_cos();
                let turn = |x: f64, y: f64| (cos * x + sin * y, cos * y - sin * x);
                for l in 0..d {
                    (a[l * d + p], a[l * d + q]) = turn(a[l * d + p], a[l * d + q]);
                    (v[l * d + p], v[l * d + q]) = turn(v[l * d + p], v[l * d + q]);
                }
                for l in 0..d {
                    (a[p * d + l], a[q * d + l]) = turn(a[p * d + l], a[q * d + l]);
                }
            }
        }
    }
    let mut order: Vec<usize> = (0..d).collect();
    order.sort_by(|&x, &y| a[y * d + y].total_cmp(&a[x * d + x]));
    let vectors = (0..d * d).map(|e| v[e / d * d + order[e % d]]);
    (
        order.iter().map(|&j| a[j * d + j]).collect(),
        vectors.collect(),
    )
}

impl Naive {
    /// The parameters of a mixture.
    pub fn of(mixture: &em::Mixture<gmm::Gaussians>) -> Naive {
        let components = mixture.components().components();
        Naive {
            weights: mixture.weights().to_vec(),
            means: components.iter().map(|g| g.mean().to_vec()).collect(),
            covariances: components.iter().map(|g| g.covariance()).collect(),
        }
    }
    /// The row with E[x_m | x_o] in its gaps, and Cov[x_m | x_o] there, by explicit inverses.
    fn completed(&self, c: usize, x: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (d, mean, covariance) = (x.len(), &self.means[c], &self.covariances[c]);
        let observed: Vec<usize> = (0..d).filter(|&j| !x[j].is_nan()).collect();
        let block = observed
            .iter()
            .flat_map(|&i| observed.iter().map(move |&j| i * d + j));
        let block: Vec<f64> = block.map(|e| covariance[e]).collect();
        let inverse = inverse(&block, observed.len());
        let gain = |j: usize, b: usize| -> f64 {
            let pairs = observed.iter().enumerate();
            pairs
                .map(|(a, &i)| covariance[j * d + i] * inverse[a * observed.len() + b])
                .sum()
        };
        let (mut row, mut spread) = (x.to_vec(), vec![0.0; d * d]);
        for j in (0..d).filter(|&j| x[j].is_nan()) {
            let pairs = || observed.iter().enumerate();
            row[j] = mean[j]
                + pairs()
                    .map(|(b, &i)| gain(j, b) * (x[i] - mean[i]))
                    .sum::<f64>();
            for l in (0..d).filter(|&l| x[l].is_nan()) {
                let explained: f64 = pairs()
                    .map(|(b, &i)| gain(j, b) * covariance[i * d + l])
                    .sum();
                spread[j * d + l] = covariance[j * d + l] - explained;
            }
        }
        (row, spread)
    }
    /// The M-step from an n × K matrix of responsibilities; `None` where the structure has no simple one.
    pub fn m_step(p: &Problem, r: &[Vec<f64>], k: usize, s: CovarianceStructure) -> Option<Naive> {
        Self::from_rows(p, r, k, s, |_, x| {
            (x.to_vec(), vec![0.0; x.len() * x.len()])
        })
    }
    /// The M-step of rows with missing cells, completed at these parameters.
    pub fn next(&self, p: &Problem, r: &[Vec<f64>], s: CovarianceStructure) -> Option<Naive> {
        Self::from_rows(p, r, self.means.len(), s, |c, x| self.completed(c, x))
    }
    fn from_rows(
        p: &Problem,
        r: &[Vec<f64>],
        k: usize,
        s: CovarianceStructure,
        complete: impl Fn(usize, &[f64]) -> (Vec<f64>, Vec<f64>),
    ) -> Option<Naive> {
        let (n, d) = (p.len(), p.width);
        let total: f64 = p.weights.iter().sum();
        let (mut weights, mut means, mut moments) = (vec![], vec![], vec![]);
        for c in 0..k {
            let w: Vec<f64> = (0..n).map(|i| p.weights[i] * r[i][c]).collect();
            let rows: Vec<_> = (0..n).map(|i| complete(c, p.row(i))).collect();
            let count: f64 = w.iter().sum();
            let mean: Vec<f64> = (0..d)
                .map(|j| (0..n).map(|i| w[i] * rows[i].0[j]).sum::<f64>() / count)
                .collect();
            let moment = |a: usize, b: usize| -> f64 {
                let square = |i: usize| (rows[i].0[a] - mean[a]) * (rows[i].0[b] - mean[b]);
                let term = |i: usize| w[i] * (square(i) + rows[i].1[a * d + b]);
                (0..n).map(term).sum::<f64>() / count
            };
            moments.push((0..d * d).map(|e| moment(e / d, e % d)).collect());
            weights.push(count / total);
            means.push(mean);
        }
        let covariances = structured(s, &weights, &moments, d)?;
        Some(Naive {
            weights,
            means,
            covariances,
        })
    }
    /// The E-step: responsibilities and the log-likelihood of what is observed.
    pub fn e_step(&self, p: &Problem) -> (Vec<Vec<f64>>, f64) {
        let mut log_likelihood = 0.0;
        let mut responsibilities = Vec::new();
        for i in 0..p.len() {
            let observed: Vec<usize> = (0..p.width).filter(|&j| !p.row(i)[j].is_nan()).collect();
            let part = |v: &[f64]| -> Vec<f64> { observed.iter().map(|&j| v[j]).collect() };
            let joint = |c: usize| {
                let rows = observed
                    .iter()
                    .map(|&j| &self.covariances[c][j * p.width..]);
                let block: Vec<f64> = rows.flat_map(part).collect();
                self.weights[c].ln() + log_normal(&part(p.row(i)), &part(&self.means[c]), &block)
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

/// How far rounding is blown up: the largest Σ_jj / (pivot of Σ at j).
pub fn condition(model: &em::Mixture<gmm::Gaussians>) -> f64 {
    let components = model.components().components().iter();
    let squares = components.map(|g| {
        // |L⁻¹ e_j √Σ_jj|²: 1 for uncorrelated columns.
        let d = g.dimension();
        (0..d).fold(1.0f64, |largest, j| {
            let mut x = g.mean().to_vec();
            x[j] += g.variance(j).sqrt();
            largest.max(g.squared_mahalanobis(&x))
        })
    });
    squares.fold(1.0, f64::max)
}
