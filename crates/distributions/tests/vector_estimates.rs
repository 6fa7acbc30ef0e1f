//! Weighted maxima of families over rows of numbers and of compound counts, against mpmath at 50 digits;
//! the generator stands beside the table.

use distributions::*;

/// Numbers separated by `mark`.
fn numbers(text: &str, mark: char) -> Vec<f64> {
    text.split(mark)
        .map(|value| value.parse().unwrap())
        .collect()
}

/// Rows of `width` numbers.
fn matrix<T: Clone>(values: &[f64], width: usize, of: impl Fn(f64) -> T) -> RowsBuffer<T> {
    RowsBuffer {
        values: values.iter().map(|&value| of(value)).collect(),
        width,
    }
}

/// The estimate from rows, whatever the start; the log-likelihood there.
fn fitted<C: Component>(start: &C, xs: Batch<'_, C::Space>, weights: &[f64]) -> (C, f64) {
    let estimate = start.estimate(xs, weights).unwrap();
    let terms = weights.iter().enumerate();
    let total = terms.map(|(i, w)| w * estimate.log_density(xs.at(i))).sum();
    (estimate, total)
}

#[test]
fn maxima_with_50_digits() {
    let lines = include_str!("reference/mle/vectors.csv").lines().skip(1);
    let mut seen = 0;
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let rows: Vec<Vec<f64>> = cells[1].split(' ').map(|row| numbers(row, ':')).collect();
        let (width, values) = (rows[0].len(), rows.concat());
        let weights = numbers(cells[2], ' ');
        let (reals, counts) = (
            matrix(&values, width, |x| x),
            matrix(&values, width, |x| x as u64),
        );
        let (found, total) = match cells[0] {
            "dirichlet" => {
                let start = Dirichlet::new(vec![3.0; width]).unwrap();
                let (family, total) = fitted(&start, reals.view(), &weights);
                (family.concentrations().to_vec(), total)
            }
            "dirichlet_multinomial" => {
                let start = DirichletMultinomial::new(vec![3.0; width]).unwrap();
                let start = start.with_trials(Trials::Rows);
                let (family, total) = fitted(&start, counts.view(), &weights);
                (family.concentrations().to_vec(), total)
            }
            "multinomial" => {
                let start = Multinomial::uniform(width).unwrap();
                let (family, total) = fitted(&start, counts.view(), &weights);
                (family.probabilities().to_vec(), total)
            }
            "beta_binomial" => {
                let start = BetaBinomial::new(12, 3.0, 0.1).unwrap();
                let (family, total) = fitted(&start, &counts.values[..], &weights);
                (vec![family.alpha(), family.beta()], total)
            }
            "von_mises_fisher" => {
                let mut direction = vec![0.0; width];
                direction[0] = 1.0;
                let start = VonMisesFisher::new(direction, 1.0).unwrap();
                let (family, total) = fitted(&start, reals.view(), &weights);
                let mut parameters = family.mean_direction().to_vec();
                parameters.push(family.concentration());
                (parameters, total)
            }
            other => panic!("{other}"),
        };
        let (wanted, value) = (numbers(cells[3], ' '), numbers(cells[4], ' ')[0]);
        assert_eq!(found.len(), wanted.len());
        for (mine, exact) in found.iter().zip(&wanted) {
            // Asked for; shares within 1e-4 of each other, as in two lines, are themselves rounded by 1e-16.
            let error = (mine - exact).abs() / exact.abs();
            assert!(
                error <= 1e-8,
                "{}: {mine} for {exact}, {error:.1e}",
                cells[0]
            );
        }
        let error = (total - value).abs() / value.abs().max(1.0);
        assert!(
            error <= 1e-11,
            "{}: {total} for {value}, {error:.1e}",
            cells[0]
        );
        seen += 1;
    }
    assert_eq!(seen, 24);
}
