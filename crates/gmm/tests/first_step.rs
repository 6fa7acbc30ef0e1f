//! The first M-step from labels, in which each row is added for its component alone, against that from the K × n matrix.

#[path = "cases/synthetic.rs"]
mod synthetic;

use distributions::RowsView;
use em::{ComponentSet, Data, Mixture, Start, starting_model, stream};
use gmm::{CovarianceStructure, Gaussians, MatrixView, OverMatrix};
use synthetic::Problem;

fn close(a: &Gaussians, b: &Gaussians, scale: f64) {
    for (a, b) in a.components().iter().zip(b.components()) {
        for (a, b) in a.mean().iter().zip(b.mean()) {
            // Some roundings of means of thousands of rows.
            assert!((a - b).abs() <= 1e-12 * scale, "{a} {b}");
        }
        for (a, b) in a.covariance().iter().zip(b.covariance()) {
            assert!((a - b).abs() <= 1e-11 * scale * scale, "{a} {b}");
        }
    }
}

#[test]
fn labels_are_shares_of_zero_and_one() {
    use CovarianceStructure::{Diagonal, Full, Tied};
    for (n, k, d) in [
        (40, 2, 1),
        (700, 3, 2),
        (9000, 4, 5),
        (5000, 3, 8),
        (300, 2, 19),
    ] {
        let mut p = Problem::new(3, n, k, d, 3.0);
        let mut labels: Vec<Option<u32>> = (0..n).map(|i| Some((i % 7 % k) as u32)).collect();
        let weights: Vec<f64> = (0..n).map(|i| f64::from((i % 4) as u32) / 2.0).collect();
        // Rows without label or weight may hold anything.
        labels[8] = None;
        p.values[8 * d] = f64::NAN;
        p.values[12 * d] = f64::INFINITY;
        for offset in [0.0, 1e4] {
            p.values.iter_mut().for_each(|x| *x += offset);
            let rows = RowsView::new(&p.values, d);
            let owned = |k: usize, i: usize| f64::from(u8::from(labels[i] == Some(k as u32)));
            let matrix: Vec<f64> = (0..k * n)
                .map(|e| weights[e % n] * owned(e / n, e % n))
                .collect();
            for structure in [Diagonal, Full, Tied] {
                let set = Gaussians::standard(structure, k, d);
                let expected = set.estimate(rows, &matrix).unwrap();
                let data = Data::new(rows).weighted(&weights);
                let start = Start::Labels(&labels);
                let template = Mixture::uniform(set.clone());
                let model = starting_model(&template, data, start, &mut stream(0, 0)).unwrap();
                let scale = 10.0 + offset / 100.0;
                close(model.components(), &expected, scale);
                let total: f64 = matrix.iter().sum();
                for (c, &weight) in model.weights().iter().enumerate() {
                    let own: f64 = matrix[c * n..(c + 1) * n].iter().sum();
                    assert!((weight - own / total).abs() < 1e-13);
                }
                // In any layout.
                let over = Mixture::uniform(OverMatrix::new(set));
                let columns: Vec<f64> = (0..n * d).map(|e| p.values[e % n * d + e / n]).collect();
                let xs = MatrixView::strided(&columns, n, d, 1, n).unwrap();
                let data = Data::new(xs).weighted(&weights);
                let other = starting_model(&over, data, start, &mut stream(0, 0)).unwrap();
                assert_eq!(other.components().clone().into_set(), *model.components());
            }
        }
    }
}
