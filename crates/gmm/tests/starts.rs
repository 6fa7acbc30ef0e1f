//! Starts from agglomeration and from k-means, against naive versions and published solutions.

#![cfg(feature = "serde")]

mod cases;

use cases::Case;
use distributions::{RowsView, View};
use em::{FitError, Start, stream};
use gmm::{
    Agglomeration, Agglomerative, CovarianceStructure, GaussianMixture, KMeans, KMeansStart,
};
use rand::RngExt;

/// Rows about `clusters` centres, columns of unequal scale; every seventh row repeats the one before.
fn clumps(rows: usize, columns: usize, clusters: usize, seed: u64) -> Vec<f64> {
    let mut rng = stream(seed, 0);
    let mut values: Vec<f64> = Vec::with_capacity(rows * columns);
    for i in 0..rows {
        for j in 0..columns {
            let centre = 6.0 * (((i % clusters) * (j + 1)) % clusters) as f64;
            let noise: f64 = (0..6).map(|_| rng.random::<f64>() - 0.5).sum();
            let value = (centre + 1.5 * noise) * (1.0 + j as f64);
            let copied = i % 7 == 6;
            values.push(if copied {
                values[(i - 1) * columns + j]
            } else {
                value
            });
        }
    }
    values
}

fn row_weights(rows: usize) -> Vec<f64> {
    (0..rows).map(|i| 0.5 * (i % 4) as f64).collect()
}

/// (x − mean) / standard deviation.
fn standardized(rows: RowsView<'_, f64>, weights: &[f64]) -> Vec<Vec<f64>> {
    let total: f64 = weights.iter().sum();
    let d = rows.width();
    let mean = |j: usize, f: &dyn Fn(f64) -> f64| -> f64 {
        let sum: f64 = (0..rows.len()).map(|i| weights[i] * f(rows.at(i)[j])).sum();
        sum / total
    };
    let means: Vec<f64> = (0..d).map(|j| mean(j, &|x| x)).collect();
    let deviations: Vec<f64> = (0..d)
        .map(|j| mean(j, &|x| (x - means[j]) * (x - means[j])).sqrt())
        .collect();
    (0..rows.len())
        .map(|i| {
            (0..d)
                .map(|j| (rows.at(i)[j] - means[j]) / deviations[j])
                .collect()
        })
        .collect()
}

/// Weight, scatter as a full matrix.
fn scatter(points: &[Vec<f64>], weights: &[f64], members: &[usize]) -> (f64, Vec<Vec<f64>>) {
    let d = points[0].len();
    let total: f64 = members.iter().map(|&i| weights[i]).sum();
    let mean: Vec<f64> = (0..d)
        .map(|j| {
            members
                .iter()
                .map(|&i| weights[i] * points[i][j])
                .sum::<f64>()
                / total
        })
        .collect();
    let entry = |a: usize, b: usize| -> f64 {
        let product = |i: usize| weights[i] * (points[i][a] - mean[a]) * (points[i][b] - mean[b]);
        members.iter().map(|&i| product(i)).sum()
    };
    let matrix = (0..d)
        .map(|a| (0..d).map(|b| entry(a, b)).collect())
        .collect();
    (total, matrix)
}

/// By Leibniz' rule of cofactors.
fn determinant(matrix: &[Vec<f64>]) -> f64 {
    if matrix.is_empty() {
        return 1.0;
    }
    let minor = |column: usize| -> Vec<Vec<f64>> {
        let without = |row: &Vec<f64>| {
            let kept = row.iter().enumerate().filter(|(j, _)| *j != column);
            kept.map(|(_, &value)| value).collect()
        };
        matrix[1..].iter().map(without).collect()
    };
    (0..matrix.len())
        .map(|j| matrix[0][j] * determinant(&minor(j)) * if j % 2 == 0 { 1.0 } else { -1.0 })
        .sum()
}

fn criterion(kind: Agglomeration, points: &[Vec<f64>], weights: &[f64], set: &[usize]) -> f64 {
    let (n, w) = scatter(points, weights, set);
    let trace: f64 = (0..w.len()).map(|j| w[j][j]).sum();
    if kind == Agglomeration::Ward {
        return trace;
    }
    let scaled: Vec<Vec<f64>> = (w.iter())
        .map(|row| row.iter().map(|value| value / n).collect())
        .collect();
    n * (determinant(&scaled).max(0.0) + trace / n + 1.0).ln()
}

/// The costs of all merges, every pair tried at every step.
fn naive_costs(kind: Agglomeration, rows: RowsView<'_, f64>, weights: &[f64]) -> Vec<f64> {
    let points = standardized(rows, weights);
    let mut sets: Vec<Vec<usize>> = Vec::new();
    for i in (0..rows.len()).filter(|&i| weights[i] > 0.0) {
        match sets.iter_mut().find(|set| rows.at(set[0]) == rows.at(i)) {
            Some(set) => set.push(i),
            None => sets.push(vec![i]),
        }
    }
    let mut costs = Vec::new();
    while sets.len() > 1 {
        let mut best = (f64::INFINITY, 0, 0);
        let value = |set: &[usize]| criterion(kind, &points, weights, set);
        let own: Vec<f64> = sets.iter().map(|set| value(set)).collect();
        for a in 0..sets.len() {
            for b in a + 1..sets.len() {
                let both = [&sets[a][..], &sets[b][..]].concat();
                let cost = value(&both) - own[a] - own[b];
                if cost < best.0 {
                    best = (cost, a, b);
                }
            }
        }
        let other = sets.remove(best.2);
        sets[best.1].extend(other);
        costs.push(best.0);
    }
    costs
}

#[test]
fn agglomeration_makes_the_merges_of_the_definition() {
    for (rows, columns, seed) in [(40, 1, 1), (40, 2, 2), (36, 3, 3)] {
        let values = clumps(rows, columns, 3, seed);
        let view = RowsView::new(&values, columns);
        let weights = row_weights(rows);
        for kind in [Agglomeration::Ward, Agglomeration::Likelihood] {
            let expected = naive_costs(kind, view, &weights);
            let tree = Agglomerative::new(kind)
                .row_weights(&weights)
                .fit(view)
                .unwrap();
            let costs: Vec<f64> = tree.costs().collect();
            assert_eq!(costs.len(), expected.len());
            for (cost, expected) in costs.iter().zip(&expected) {
                // Sums of some 40 terms of order 1, with cancellation between clusters.
                let error = (cost - expected).abs();
                assert!(error < 1e-9, "{kind:?} d = {columns}: {cost} {expected}");
            }
        }
    }
}

#[test]
fn clusters_are_numbered_by_first_rows_and_rows_of_weight_0_have_none() {
    let values = [5.0, 5.1, 0.0, 0.1, 9.0, 9.1, 5.2];
    let rows = RowsView::new(&values, 1);
    let weights = [1.0, 1.0, 1.0, 0.0, 2.0, 2.0, 1.0];
    for kind in [Agglomeration::Ward, Agglomeration::Likelihood] {
        let tree = Agglomerative::new(kind)
            .row_weights(&weights)
            .fit(rows)
            .unwrap();
        let labels = tree.labels(3).unwrap();
        let expected = [Some(0), Some(0), Some(1), None, Some(2), Some(2), Some(0)];
        assert_eq!(labels, expected, "{kind:?}");
        assert_eq!(tree.rows_used(), 6);
    }
}

#[test]
fn what_cannot_be_clustered_is_a_typed_error() {
    let values = [1.0, 1.0, 2.0, 2.0, 1.0, 1.0];
    let rows = RowsView::new(&values, 2);
    for kind in [Agglomeration::Ward, Agglomeration::Likelihood] {
        let tree = Agglomerative::new(kind).fit(rows).unwrap();
        assert_eq!(tree.distinct(), 2);
        let expected = FitError::TooFewDistinctRows {
            distinct: 2,
            components: 3,
        };
        assert_eq!(tree.labels(3), Err(expected.clone()));
        assert!(tree.labels(0).is_err());
        assert_eq!(KMeans::builder(3).fit(rows), Err(expected));
        let wild = [1.0, f64::NAN, 2.0, 2.0];
        let wild = RowsView::new(&wild, 2);
        let refused = Agglomerative::new(kind).fit(wild).map(|_| ());
        assert!(matches!(refused, Err(FitError::Observation { row: 0, .. })));
        assert!(matches!(
            KMeans::builder(1).fit(wild),
            Err(FitError::Observation { row: 0, .. })
        ));
        let none = [0.0; 3];
        let refused = Agglomerative::new(kind).row_weights(&none).fit(rows);
        assert!(matches!(refused.map(|_| ()), Err(FitError::NoRows)));
        assert_eq!(
            KMeans::builder(1).row_weights(&none).fit(rows),
            Err(FitError::NoRows)
        );
    }
    assert!(KMeans::builder(0).fit(rows).is_err());
}

#[test]
fn a_sample_is_drawn_by_the_seed() {
    let values = clumps(500, 2, 3, 4);
    let rows = RowsView::new(&values, 2);
    let tree = |seed| {
        let builder = Agglomerative::new(Agglomeration::Likelihood)
            .most_rows(100)
            .seed(seed);
        builder.fit(rows).unwrap()
    };
    let labels = tree(1).labels(3).unwrap();
    assert_eq!(tree(1).rows_used(), 100);
    assert_eq!(labels.iter().flatten().count(), 100);
    assert_eq!(labels, tree(1).labels(3).unwrap());
    assert_ne!(labels, tree(2).labels(3).unwrap());
    // The three clumps, as far as they were drawn.
    for (i, label) in labels
        .iter()
        .enumerate()
        .filter(|(_, label)| label.is_some())
    {
        let source = |i: usize| if i % 7 == 6 { (i - 1) % 3 } else { i % 3 };
        let first = labels
            .iter()
            .enumerate()
            .find(|(_, other)| *other == label)
            .unwrap()
            .0;
        assert_eq!(source(i), source(first));
    }
}

#[test]
fn agglomeration_leads_to_the_published_solutions() {
    let mut checked = 0;
    for name in ["gmm_faithful", "gmm_iris"] {
        let case = Case::read(name);
        let rows = case.table.rows();
        let tree = Agglomerative::new(Agglomeration::Likelihood)
            .fit(rows)
            .unwrap();
        for run in case.json["runs"].as_array().unwrap() {
            let k = run["model"]["k"].as_u64().unwrap() as usize;
            let structure = run["model"]["covariance"].as_str().unwrap();
            let structure: CovarianceStructure = structure.parse().unwrap();
            let expected = run["expected"]["loglik"].as_f64().unwrap();
            let labels = tree.labels(k).unwrap();
            let fitted = GaussianMixture::builder(k)
                .covariance(structure)
                .start(Start::Labels(&labels))
                .fit(rows);
            let reached = fitted.unwrap().log_likelihood(rows).unwrap();
            // The fit stops within 1e-7 nats, twice over; better than published is welcome.
            let least = expected - 1e-6;
            assert!(
                reached > least,
                "{name} {structure:?} K = {k}: {reached} {expected}"
            );
            checked += 1;
        }
    }
    assert!(checked > 5);
}

/// The inertia, and the labels, of some centres.
fn naive_assignment(rows: RowsView<'_, f64>, centres: RowsView<'_, f64>) -> (Vec<u32>, Vec<f64>) {
    let squared = |i: usize, k: usize| -> f64 {
        let pairs = rows.at(i).iter().zip(centres.at(k));
        pairs.map(|(x, c)| (x - c) * (x - c)).sum()
    };
    let nearest = |i: usize| {
        let mut best = 0;
        for k in 1..centres.len() {
            if squared(i, k) < squared(i, best) {
                best = k;
            }
        }
        best
    };
    let labels: Vec<usize> = (0..rows.len()).map(nearest).collect();
    let squares = (0..rows.len()).map(|i| squared(i, labels[i])).collect();
    (labels.iter().map(|&k| k as u32).collect(), squares)
}

#[test]
fn kmeans_ends_where_lloyd_s_step_stays() {
    for (rows, columns, clusters) in [(700, 1, 2), (700, 3, 5), (513, 17, 9), (256, 2, 1)] {
        let values = clumps(rows, columns, clusters.max(2), 9);
        let view = RowsView::new(&values, columns);
        let weights = row_weights(rows);
        let found = KMeans::builder(clusters)
            .row_weights(&weights)
            .tolerance(0.0)
            .seed(3)
            .fit(view)
            .unwrap();
        assert!(found.converged());
        let (labels, squares) = naive_assignment(view, found.centres());
        assert_eq!(found.labels(), labels);
        assert_eq!(found.predict(view).unwrap(), labels);
        let inertia: f64 = squares.iter().zip(&weights).map(|(s, w)| s * w).sum();
        // 700 positive terms.
        assert!((found.inertia() - inertia).abs() < 1e-12 * inertia);
        for k in 0..clusters {
            for j in 0..columns {
                let own = (0..rows).filter(|&i| labels[i] as usize == k);
                let total: f64 = own.clone().map(|i| weights[i]).sum();
                let sum: f64 = own.map(|i| weights[i] * view.at(i)[j]).sum();
                let centre = found.centres().at(k)[j];
                // Means of some hundred values of order 100.
                assert!((centre - sum / total).abs() < 1e-11);
            }
        }
    }
}

#[test]
fn kmeans_sees_offsets_scales_and_seeds() {
    let values = clumps(600, 3, 4, 5);
    let rows = RowsView::new(&values, 3);
    let found = |values: &[f64], standardized: bool, seed: u64| {
        let builder = KMeans::builder(4)
            .standardized(standardized)
            .seed(seed)
            .restarts(4);
        builder.fit(RowsView::new(values, 3)).unwrap()
    };
    let near = found(&values, false, 1);
    assert_eq!(near, found(&values, false, 1));
    // A power of two below 1e8, and values cut to multiples of 2⁻²⁰: the offset rounds nothing.
    let cut: Vec<f64> = values
        .iter()
        .map(|x| (x * 1048576.0).round() / 1048576.0)
        .collect();
    let far: Vec<f64> = cut.iter().map(|x| x + 67108864.0).collect();
    assert_eq!(
        found(&cut, false, 1).labels(),
        found(&far, false, 1).labels()
    );
    let scaled: Vec<f64> = values
        .iter()
        .enumerate()
        .map(|(place, x)| if place % 3 == 0 { x * 1024.0 } else { *x })
        .collect();
    assert_eq!(
        found(&values, true, 1).labels(),
        found(&scaled, true, 1).labels()
    );
    // The four clumps, whatever the seed.
    for seed in 0..5 {
        let labels = found(&values, true, seed).labels().to_vec();
        for i in 4..rows.len() {
            if i % 7 != 6 && (i - 4) % 7 != 6 {
                assert_eq!(labels[i], labels[i - 4]);
            }
        }
    }
}

#[test]
fn fits_of_eight_columns_start_from_clusters_and_random_rows_in_turn() {
    let builder = |columns: usize| {
        let values = clumps(300, columns, 4, 3);
        let builder = GaussianMixture::builder(3).covariance(CovarianceStructure::Diagonal);
        (values, builder.restarts(4).max_iterations(30))
    };
    let ends = |fitted: &GaussianMixture| -> Vec<f64> {
        let starts = fitted.report().starts.iter();
        starts.map(|s| s.outcome.as_ref().unwrap().0).collect()
    };
    let (values, eight) = builder(8);
    let rows = RowsView::new(&values, 8);
    let weights = row_weights(300);
    let eight = eight.row_weights(&weights);
    let clusters = KMeans::builder(3).standardized(true).row_weights(&weights);
    let clusters = KMeansStart::new(clusters, rows).unwrap();
    let [usual, clustered, random] = [None, Some(Start::Partition(&clusters)), Some(Start::Random)]
        .map(|start| {
            let builder = start.map_or(eight.clone(), |start| eight.clone().start(start));
            ends(&builder.fit(rows).unwrap())
        });
    assert_eq!(usual, [clustered[0], random[1], clustered[2], random[3]]);
    assert_ne!(usual, random);
    let (values, seven) = builder(7);
    let rows = RowsView::new(&values, 7);
    let named = seven.clone().start(Start::Alternating).fit(rows).unwrap();
    assert_eq!(ends(&seven.fit(rows).unwrap()), ends(&named));
    // k-means knows nothing of gaps and of labels: the usual starts do.
    let (mut values, eight) = builder(8);
    let known: Vec<Option<u32>> = (0..300).map(|i| (i == 0).then_some(1)).collect();
    let known = eight.clone().known_labels(&known);
    known.fit(RowsView::new(&values, 8)).unwrap();
    values[5] = f64::NAN;
    let rows = RowsView::new(&values, 8);
    eight.clone().missing_cells().fit(rows).unwrap();
    assert!(matches!(
        eight.fit(rows),
        Err(FitError::Observation { row: 0, .. })
    ));
}

#[test]
fn restarts_of_em_from_kmeans_draw_different_seeds() {
    let values = clumps(300, 2, 6, 8);
    let rows = RowsView::new(&values, 2);
    let start = KMeansStart::new(KMeans::builder(4).standardized(true), rows).unwrap();
    let builder = GaussianMixture::builder(4)
        .covariance(CovarianceStructure::Spherical)
        .start(Start::Partition(&start))
        .restarts(8);
    let fitted = builder.clone().fit(rows).unwrap();
    let starts = &fitted.report().starts;
    assert_eq!(starts.len(), 8);
    let ends: Vec<f64> = starts
        .iter()
        .filter_map(|start| start.outcome.as_ref().ok())
        .map(|(end, _)| *end)
        .collect();
    assert!(
        ends.iter().any(|end| (end - ends[0]).abs() > 1e-3),
        "{ends:?}"
    );
    assert!(ends.iter().all(|end| *end <= fitted.report().objective));
    assert_eq!(
        fitted.report().trace,
        builder.fit(rows).unwrap().report().trace
    );
    assert!(fitted.weights().windows(2).all(|pair| pair[0] >= pair[1]));
}
