//! Rounding errors of the kernels against double-double arithmetic with the same factor: they do not grow with the distance of
//! the data from 0, so that for covariances that differ there is no less careful form to choose; for one covariance of all
//! components, and in single precision, there is, and the estimate that chooses it is held against the errors that occur.

use super::*;
use distributions::Statistics;
use em::stream;
use rand::RngExt;

/// A sum of two numbers, the second below half an ulp of the first (Dekker 1971).
#[derive(Clone, Copy)]
struct Double(f64, f64);

impl Double {
    fn sum(a: f64, b: f64) -> Self {
        let s = a + b;
        let t = s - a;
        Double(s, (a - (s - t)) + (b - t))
    }
    fn product(a: f64, b: f64) -> Self {
        let p = a * b;
        Double(p, a.mul_add(b, -p))
    }
    fn plus(self, other: Self) -> Self {
        let Double(s, e) = Self::sum(self.0, other.0);
        Self::sum(s, e + self.1 + other.1)
    }
    fn times(self, other: Self) -> Self {
        let Double(p, e) = Self::product(self.0, other.0);
        Self::sum(p, e + self.0 * other.1 + self.1 * other.0)
    }
    fn over(self, divisor: f64) -> Self {
        let first = self.0 / divisor;
        let rest = self.plus(Self::product(-first, divisor));
        Self::sum(first, (rest.0 + rest.1) / divisor)
    }
}

/// |z|² with L z = x − μ.
fn form(lower: &[f64], mean: &[f64], x: impl Fn(usize) -> f64) -> f64 {
    let (d, mut z, mut square) = (mean.len(), Vec::<Double>::new(), Double(0.0, 0.0));
    for i in 0..d {
        let mut rest = Double::sum(x(i), -mean[i]);
        for (j, &z) in z.iter().enumerate() {
            rest = rest.plus(z.times(Double(-lower[i * d + j], 0.0)));
        }
        z.push(rest.over(lower[i * d + i]));
        square = square.plus(z[i].times(z[i]));
    }
    square.0
}

/// A Gaussian whose covariance has about this condition, `offset` deviations from 0, and rows from it.
fn problem(d: usize, condition: f64, offset: f64, rows: usize) -> (Gaussian, Vec<f64>, Vec<f64>) {
    let mut rng = stream(d as u64, 7);
    let mut lower = vec![0.0; d * d];
    for i in 0..d {
        let scale = condition.powf(-0.5 * i as f64 / (d as f64 - 1.0));
        for j in 0..i {
            lower[i * d + j] = scale * (rng.random::<f64>() - 0.5);
        }
        lower[i * d + i] = scale;
    }
    let product = crate::linalg::from_eigen(&lower, &vec![1.0; d], d);
    let mean: Vec<f64> = (0..d)
        .map(|_| offset * (0.5 + rng.random::<f64>()))
        .collect();
    let gaussian = Gaussian::from_matrix(mean.clone(), product).unwrap();
    let crate::gaussian::Factor::Lower { lower, .. } = gaussian.factor() else {
        unreachable!()
    };
    let lower = lower.clone();
    let mut columns = vec![0.0; rows * d];
    for row in 0..rows {
        let g: Vec<f64> = (0..d).map(|_| 2.0 * rng.random::<f64>() - 1.0).collect();
        for i in 0..d {
            let step: f64 = (0..=i).map(|j| lower[i * d + j] * g[j]).sum();
            columns[i * rows + row] = mean[i] + step;
        }
    }
    (gaussian, lower, columns)
}

#[test]
fn densities_lose_nothing_by_distance() {
    let rows = 40;
    for d in [2, 8, 9, 32, 45] {
        for condition in [1.0, 1e4, 1e8] {
            for offset in [0.0, 1e2, 1e4, 1e6, 1e8] {
                let (gaussian, lower, columns) = problem(d, condition, offset, rows);
                let mut out = vec![0.0; rows];
                let one = std::slice::from_ref(&gaussian);
                log_densities(one, &columns, rows, &mut out, &mut Scratch::default());
                for (i, value) in out.iter().enumerate() {
                    let form = form(&lower, gaussian.mean(), |j| columns[j * rows + i]);
                    let error = (value - (gaussian.log_constant() - 0.5 * form)).abs();
                    // Each of the d sums of z loses some ulps of its terms, which are √condition times its value at most.
                    let scale = form.max(1.0) * condition.sqrt() + value.abs();
                    let bound = 8.0 * f64::EPSILON * scale;
                    assert!(
                        error <= bound,
                        "{d} {condition:e} {offset:e}: {error:e} > {bound:e}"
                    );
                }
            }
        }
    }
}

#[test]
fn moments_lose_nothing_by_distance() {
    let rows = 256;
    for d in [2, 8, 9, 33] {
        for offset in [0.0, 1e4, 1e8] {
            let (gaussian, _, columns) = problem(d, 1.0, offset, rows);
            // Whole numbers, so that their sum is exact.
            let weights: Vec<f64> = (0..rows).map(|i| 1.0 + (i % 7) as f64).collect();
            // The current mean is ten thousand deviations from where the rows are.
            let far: Vec<f64> = gaussian.mean().iter().map(|m| m + 1e4).collect();
            let current = Gaussian::from_matrix(far, gaussian.covariance()).unwrap();
            let mut into = [Scatter::new(d, true)];
            let one = std::slice::from_ref(&current);
            accumulate(
                &mut into,
                one,
                &columns,
                &weights,
                rows,
                &mut Scratch::default(),
            );
            let total: f64 = weights.iter().sum();
            let weighted = |j: usize, k: usize, means: &[Double]| {
                let centred = |j: usize, i: usize| {
                    let x = Double(columns[j * rows + i], 0.0);
                    x.plus(Double(-means[j].0, -means[j].1))
                };
                (0..rows).fold(Double(0.0, 0.0), |sum, i| {
                    let term = centred(j, i).times(centred(k, i));
                    sum.plus(term.times(Double(weights[i], 0.0)))
                })
            };
            let mean = |j: usize| {
                let sum = (0..rows).fold(Double(0.0, 0.0), |sum, i| {
                    sum.plus(Double::product(weights[i], columns[j * rows + i]))
                });
                sum.over(total)
            };
            let means: Vec<Double> = (0..d).map(mean).collect();
            let matrix = into[0].matrix();
            for j in 0..d {
                // The mean is rounded to an ulp of itself or so; what that moves the squares by is its square.
                let rounding = 2.0 * f64::EPSILON * means[j].0.abs();
                assert!((into[0].mean()[j] - means[j].0).abs() <= rounding + 1e-12);
                for k in 0..=j {
                    let error = (matrix[j * d + k] - weighted(j, k, &means).0).abs();
                    let scale = (matrix[j * d + j] * matrix[k * d + k]).sqrt();
                    assert!(
                        error <= 1e-13 * scale + total * rounding * rounding,
                        "{d} {offset:e}: {error:e}"
                    );
                }
            }
        }
    }
}

/// Components of one covariance, `apart` of its deviations from each other, and rows about each in turn.
fn common(d: usize, condition: f64, apart: f64, rows: usize) -> (Vec<Gaussian>, Vec<f64>) {
    let (shape, _, mut columns) = problem(d, condition, 0.0, rows);
    let mut rng = stream(d as u64, 8);
    let way = |j: usize, draw: f64| 2.0 * apart * shape.variance(j).sqrt() * (draw - 0.5);
    let gaussians: Vec<Gaussian> = (0..5)
        .map(|_| {
            let means = shape.mean().iter().enumerate();
            let mean = means.map(|(j, mean)| mean + way(j, rng.random()));
            shape.clone().at_mean(mean.collect())
        })
        .collect();
    for (j, column) in columns.chunks_exact_mut(rows).enumerate() {
        for (i, x) in column.iter_mut().enumerate() {
            *x += gaussians[i % 5].mean()[j] - shape.mean()[j];
        }
    }
    (gaussians, columns)
}

/// Densities under components of one covariance, whose rows are whitened about the centre of all: the error of |z| is at
/// most a few times what is foreseen, and where more than what is tolerated is foreseen, there are none.
#[test]
fn densities_of_a_common_factor_lose_what_is_foreseen() {
    let rows = 40;
    let (mut used, mut left, mut worst) = (0, 0, 0.0f64);
    for d in [2, 3, 8, 9, 32, 45] {
        for condition in [1.0, 1e2, 1e4, 1e8] {
            for apart in [0.0, 1.0, 10.0, 30.0, 1e4, 1e6] {
                let (gaussians, columns) = common(d, condition, apart, rows);
                let Some(common) = CommonFactor::of(&gaussians) else {
                    left += 1;
                    continue;
                };
                used += 1;
                assert!(apart < 1e4, "{d} {condition:e} {apart:e}");
                let mut out = vec![0.0; 5 * rows];
                let scratch = &mut Scratch::default();
                common_log_densities(&common, &gaussians, None, &columns, rows, &mut out, scratch);
                for (k, gaussian) in gaussians.iter().enumerate() {
                    let crate::gaussian::Factor::Lower { lower, .. } = gaussian.factor() else {
                        unreachable!()
                    };
                    for i in (k..rows).step_by(5) {
                        let form = form(lower, gaussian.mean(), |j| columns[j * rows + i]);
                        let exact = gaussian.log_constant() - 0.5 * form;
                        let error = (out[k * rows + i] - exact).abs();
                        // d errors of z of 100 half ulps, and the roundings of the sum and of the triangle.
                        let whitened = 50.0 * f64::EPSILON * (d as f64 * form).sqrt();
                        let rounding =
                            8.0 * f64::EPSILON * (form.max(1.0) * condition.sqrt() + exact.abs());
                        worst = worst.max(error / (whitened + rounding));
                    }
                }
            }
        }
    }
    assert!(
        used > 40 && left > 40 && worst <= 1.0,
        "{used} {left} {worst}"
    );
}

/// The E-step that whitens no row, against joint densities in double-double arithmetic: where it is allowed, log-likelihoods
/// and responsibilities are as precise for each column as those of whitened rows.
#[test]
fn linear_scores_lose_what_is_foreseen() {
    let rows = 40;
    let log_weights = [0.1, 0.3, 0.2, 0.25, 0.15].map(f64::ln);
    let (mut used, mut left, mut worst) = (0, 0, [0.0f64; 2]);
    for d in [5, 8, 9, 32, 45] {
        for condition in [1.0, 1e2, 1e4, 1e8] {
            for apart in [0.0, 0.3, 1.0, 3.0, 10.0, 30.0] {
                let (gaussians, columns) = common(d, condition, apart, rows);
                let common = CommonFactor::of(&gaussians);
                let Some(common) = common.filter(|common| common.scores().is_some()) else {
                    left += 1;
                    continue;
                };
                used += 1;
                let values: Vec<f64> = (0..rows * d)
                    .map(|e| columns[e % d * rows + e / d])
                    .collect();
                let joint = |i: usize, k: usize| {
                    let crate::gaussian::Factor::Lower { lower, .. } = gaussians[k].factor() else {
                        unreachable!()
                    };
                    let form = form(lower, gaussians[k].mean(), |j| columns[j * rows + i]);
                    log_weights[k] + gaussians[k].log_constant() - 0.5 * form
                };
                let joint: Vec<Vec<f64>> = (0..rows)
                    .map(|i| (0..5).map(|k| joint(i, k)).collect())
                    .collect();
                let all = |i: usize| distributions::special::log_sum_exp(&joint[i]);
                for i in 0..rows {
                    // This row, and a little of the others: one alone has no scatter.
                    let weights: Vec<f64> =
                        (0..rows).map(|n| if n == i { 1.0 } else { 1e-2 }).collect();
                    let mut counts = [0.0; 5];
                    let block = em::SoftBlock {
                        log_weights: &log_weights,
                        xs: crate::MatrixView::from(distributions::RowsView::new(&values, d)),
                        row_weights: Some(&weights),
                        counts: &mut counts,
                        cache: None,
                    };
                    let into = &mut vec![Scatter::new(d, true); 5];
                    let scratch = &mut Scratch::default();
                    let own = Discriminants::default();
                    let way = Way::of(&gaussians, true, Some(&common), &own).unwrap();
                    let tally = expect(way, &gaussians, block, into, scratch).unwrap();
                    let pairs = || weights.iter().enumerate();
                    let exact: f64 = pairs().map(|(n, w)| w * all(n)).sum();
                    let error = (tally.objective - exact).abs() / d as f64;
                    worst[0] = worst[0].max(error);
                    for (k, count) in counts.iter().enumerate() {
                        let exact: f64 =
                            pairs().map(|(n, w)| w * (joint[n][k] - all(n)).exp()).sum();
                        worst[1] = worst[1].max((count - exact).abs() / d as f64);
                    }
                }
            }
        }
    }
    assert!(used > 50 && left > 50, "{used} {left}");
    // Of an objective as much as 64 ε of a log-density of 1.4 for a column, which is what counts as its rounding.
    let [objective, count] = worst;
    assert!(objective <= 2e-14 && count <= 2e-15, "{worst:?}");
}

/// The sum of the scatters, made of that of all rows, against moments about each mean: what is lost by the difference is
/// below 1e-11 of it, or a block does not take this way.
#[test]
fn pooled_moments_lose_nothing_that_counts() {
    let rows = 256;
    for d in [2, 5, 8, 33] {
        for apart in [0.0, 3.0, 30.0] {
            for shift in [0.0, 10.0, 1e3, 1e6] {
                let (gaussians, mut columns) = common(d, 1.0, apart, rows);
                let common = CommonFactor::of(&gaussians).unwrap();
                // The components are where the rows are not.
                columns.iter_mut().for_each(|x| *x += shift);
                let weights: Vec<f64> = (0..5 * rows)
                    .map(|e| match (e % rows + e / rows) % 5 {
                        0 => 0.7,
                        3 => 0.05 * (e % 3) as f64,
                        _ => 0.0,
                    })
                    .collect();
                let scratch = &mut Scratch::default();
                let empty = vec![Scatter::new(d, true); 5];
                let (mut pooled, mut each) = (empty.clone(), empty);
                // Twice, so that parts are merged.
                for _ in 0..2 {
                    let into = &mut pooled[..];
                    if !accumulate_pooled(&common, into, &columns, &weights, rows, scratch) {
                        accumulate(into, &gaussians, &columns, &weights, rows, scratch);
                    }
                    accumulate(&mut each, &gaussians, &columns, &weights, rows, scratch);
                }
                let sum = |parts: &[Scatter]| {
                    let mut sum = vec![0.0; d * d];
                    for part in parts {
                        let matrix = part.matrix();
                        sum.iter_mut()
                            .zip(&matrix)
                            .for_each(|(sum, value)| *sum += value);
                    }
                    sum
                };
                let (ours, theirs) = (sum(&pooled), sum(&each));
                for (e, (a, b)) in ours.iter().zip(&theirs).enumerate() {
                    let scale = (theirs[e / d * (d + 1)] * theirs[e % d * (d + 1)]).sqrt();
                    assert!(
                        (a - b).abs() <= 1e-11 * scale,
                        "{d} {apart} {shift} {a} {b}"
                    );
                }
                for (a, b) in pooled.iter().zip(&each) {
                    assert!((a.weight() - b.weight()).abs() <= 1e-14 * b.weight());
                    for (x, y) in a.mean().iter().zip(b.mean()) {
                        // Roundings of means as large as the shift, and of what the centre is away.
                        assert!((x - y).abs() <= 1e-14 * (1.0 + shift + apart), "{x} {y}");
                    }
                }
            }
        }
    }
}

/// The estimate of what single precision loses, by which it is chosen, against double-double arithmetic: over distances
/// from the centre and conditions, the error of |z| that it predicts is the one that is there, within a factor.
#[test]
fn the_error_of_single_precision_is_foreseen() {
    let rows = 64;
    let (mut least, mut most) = (f64::INFINITY, 0.0f64);
    for d in [2, 8, 9, 32] {
        for condition in [1.0, 1e2, 1e4] {
            for offset in [0.0, 3.0, 30.0, 1e3] {
                let (gaussian, lower, columns) = problem(d, condition, offset, rows);
                let centre = vec![0.0; d];
                let foreseen = single::whitened_error(&gaussian, &centre);
                let model = SingleGaussians::at(std::slice::from_ref(&gaussian), centre);
                let floats: Vec<f32> = columns.iter().map(|&x| x as f32).collect();
                let mut forms = vec![0.0f32; rows];
                let mut room = vec![0.0; quadratic::room::<f32>(d)];
                arch().dispatch(Forms(&model, &floats, &mut forms, &mut room));
                let square: f64 = (0..rows)
                    .map(|i| {
                        let exact = form(&lower, gaussian.mean(), |j| columns[j * rows + i]);
                        (f64::from(forms[i]).sqrt() - exact.sqrt()).powi(2)
                    })
                    .sum();
                let ratio = (square / rows as f64).sqrt() / foreseen;
                (least, most) = (least.min(ratio), most.max(ratio));
            }
        }
    }
    // Errors of means are the same for all rows, and roundings are not all of the largest size.
    assert!(least >= 0.05 && most <= 4.0, "{least} {most}");
}

struct Forms<'a>(&'a SingleGaussians, &'a [f32], &'a mut [f32], &'a mut [f32]);

impl WithSimd for Forms<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Forms(model, columns, out, room) = self;
        let rows = out.len();
        quadratic::quadratic_forms(
            simd,
            model.components(),
            columns,
            rows,
            out,
            room,
            |_, form| form,
        );
    }
}
