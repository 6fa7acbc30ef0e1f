//! k-means against a naive one, over rows in any layout, on any number of threads. In every instruction set:
//! instruction_sets.rs.

#[path = "cases/naive_kmeans.rs"]
mod naive;
#[path = "cases/synthetic.rs"]
mod synthetic;

use distributions::{RowsView, View};
use em::{FitError, stream};
use gmm::{KMeans, MatrixView};
use synthetic::Problem;

fn centres_of(found: &KMeans) -> Vec<Vec<f64>> {
    let centres = found.centres();
    (0..centres.len()).map(|k| centres.at(k).to_vec()).collect()
}

/// `found` is where these centres lead: to so much of the scale of the rows.
fn assert_at(found: &KMeans, rows: RowsView<'_, f64>, centres: &[Vec<f64>], tolerance: f64) {
    for (ours, theirs) in found
        .centres()
        .values()
        .iter()
        .zip(centres.iter().flatten())
    {
        assert!((ours - theirs).abs() <= tolerance, "{ours} {theirs}");
    }
    for (i, &label) in found.labels().iter().enumerate() {
        let (nearest, _) = naive::nearest(rows.at(i), centres);
        assert_eq!(label as usize, nearest, "row {i}");
    }
}

#[test]
fn seeds_and_every_step_are_those_of_the_definition() {
    let mut longest = 0;
    for (n, k, d, separation) in [
        (700, 5, 2, 1.0),
        (523, 9, 17, 0.3),
        (90, 64, 3, 2.0),
        (300, 3, 1, 2.0),
        (400, 6, 40, 0.2),
        (400, 35, 18, 0.3),
        (300, 8, 70, 0.2),
        (400, 60, 64, 0.2),
    ] {
        let mut p = Problem::new(n as u64, n, k, d, separation);
        (0..n).step_by(7).for_each(|i| p.weights[i] = 0.0);
        let builder = KMeans::builder(k)
            .row_weights(&p.weights)
            .seed(4)
            .tolerance(0.0);
        let mut centres = naive::seeds(p.rows(), &p.weights, k, &mut stream(4, 0));
        let drawn = builder.seeds(p.rows()).unwrap();
        for (&row, centre) in drawn.iter().zip(&centres) {
            assert_eq!(p.rows().at(row), centre);
        }
        assert_eq!(drawn.len(), k);
        let mut end = None;
        for steps in 0..40 {
            let found = builder.max_iterations(steps).fit(p.rows()).unwrap();
            // Means of some hundred numbers below 20.
            assert_at(&found, p.rows(), &centres, 1e-12);
            let inertia = naive::inertia(p.rows(), &p.weights, &centres);
            assert!((found.inertia() - inertia).abs() <= 1e-12 * inertia);
            end = found.converged().then_some(steps);
            if end.is_some() {
                break;
            }
            centres = naive::step(p.rows(), &p.weights, &centres);
        }
        longest = longest.max(end.expect("an end"));
    }
    assert!(longest > 9, "{longest}");
}

#[test]
fn centres_without_rows_go_to_the_furthest() {
    let p = Problem::new(3, 400, 4, 3, 2.0);
    let mut start: Vec<Vec<f64>> = (0..2).map(|i| p.row(i).to_vec()).collect();
    start.extend([vec![1e3; 3], vec![-1e3; 3], vec![2e3; 3]]);
    let flat = start.concat();
    for steps in 0..12 {
        let builder = KMeans::builder(5)
            .row_weights(&p.weights)
            .tolerance(0.0)
            .max_iterations(steps);
        let found = builder
            .fit_from_centres(p.rows(), RowsView::new(&flat, 3))
            .unwrap();
        assert_at(&found, p.rows(), &start, 1e-11);
        if found.converged() {
            return;
        }
        start = naive::step(p.rows(), &p.weights, &start);
    }
}

#[test]
fn close_clusters_far_from_the_others_are_told_apart() {
    // In single precision the two on one side are one.
    let mut p = Problem::new(8, 600, 3, 2, 0.0);
    for i in 0..p.len() {
        let at = [-1e8, 1e8, 1e8 + 30.0][i % 3];
        p.values[2 * i] += at;
    }
    let found = KMeans::builder(3)
        .seed(1)
        .restarts(3)
        .fit(p.rows())
        .unwrap();
    for i in 0..p.len() {
        let same = found.labels()[i] == found.labels()[i % 3];
        assert!(same && found.labels()[i] != found.labels()[(i + 1) % 3]);
    }
    assert_at(&found, p.rows(), &centres_of(&found), 0.0);
}

#[test]
fn scales_change_nothing_but_units() {
    let p = Problem::new(11, 500, 4, 3, 1.0);
    let of = |scale: f64, standardized: bool| {
        let values: Vec<f64> = p.values.iter().map(|x| x * scale).collect();
        let builder = KMeans::builder(4).standardized(standardized).seed(2);
        builder.fit(RowsView::new(&values, 3)).unwrap()
    };
    for standardized in [false, true] {
        let one = of(1.0, standardized);
        for scale in [1e-150, 1e-12, 1e8, 1e150] {
            let other = of(scale, standardized);
            assert_eq!(one.labels(), other.labels());
            let unit = if standardized { 1.0 } else { scale };
            let inertia = other.inertia() / unit / unit;
            // Each number was rounded once more.
            assert!(
                (inertia - one.inertia()).abs() <= 1e-13 * inertia,
                "{scale}"
            );
        }
    }
    let refused = KMeans::builder(2).fit(RowsView::new(&[1e200, -1e200, 0.0], 1));
    assert!(matches!(refused, Err(FitError::Shape(_))), "{refused:?}");
}

#[test]
fn layouts_and_precisions_are_read_where_they_are() {
    let p = Problem::new(5, 1000, 3, 5, 1.0);
    let floats: Vec<f32> = p.values.iter().map(|&x| x as f32).collect();
    let values: Vec<f64> = floats.iter().map(|&x| f64::from(x)).collect();
    let (n, d) = (p.len(), p.width);
    let mut by_column = vec![0.0; values.len()];
    let mut apart = vec![f64::NAN; n * 8];
    for i in 0..n {
        for j in 0..d {
            by_column[j * n + i] = values[i * d + j];
            apart[i * 8 + 1 + j] = values[i * d + j];
        }
    }
    let builder = KMeans::builder(3)
        .row_weights(&p.weights)
        .seed(6)
        .restarts(2);
    let rows = RowsView::new(&values, d);
    let one = builder.fit(rows).unwrap();
    assert_eq!(one, builder.fit(RowsView::new(&floats, d)).unwrap());
    let columns = MatrixView::column_major(&by_column, d).unwrap();
    assert_eq!(one, builder.fit(columns).unwrap());
    let strided = MatrixView::strided(&apart[1..], n, d, 8, 1).unwrap();
    assert_eq!(one, builder.fit(strided).unwrap());
    assert_eq!(one.labels(), one.predict(strided).unwrap());
    assert_eq!(
        one.labels(),
        one.predict(RowsView::new(&floats, d)).unwrap()
    );
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    // More than 64 blocks of 256 rows, and a last one that is not full.
    let p = Problem::new(7, 17_001, 5, 3, 0.5);
    let fit = |threads| {
        let builder = KMeans::builder(7).threads(threads).row_weights(&p.weights);
        builder.restarts(2).tolerance(0.0).fit(p.rows()).unwrap()
    };
    let one = fit(1);
    assert!(one.iterations() > 5);
    for threads in [2, 3, 8, 0] {
        assert_eq!(one, fit(threads), "{threads} threads");
    }
}

#[test]
fn a_start_that_does_not_fit_is_refused() {
    let rows = RowsView::new(&[0.0, 1.0, 2.0, 5.0], 2);
    for start in [vec![0.0; 2], vec![0.0, 1.0, f64::NAN, 2.0]] {
        let refused = KMeans::builder(2).fit_from_centres(rows, RowsView::new(&start, 2));
        assert!(matches!(refused, Err(FitError::Shape(_))), "{refused:?}");
    }
}
