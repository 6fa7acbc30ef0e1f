//! Log-densities of the families over rows of numbers against tables computed with mpmath.

use distributions::*;
use std::collections::BTreeMap;

/// The log-density of one row by both paths, the scalar one and that of a block.
fn both_paths<T, D>(density: &D, x: &[T]) -> [f64; 2]
where
    T: Copy + Send + Sync + 'static,
    D: Density<Space = Rows<T>>,
{
    let values = [x, x, x].concat();
    let xs = RowsView::new(&values, x.len());
    let mut prepared = vec![0.0; density.prepared_width() * xs.len()];
    density.prepare(xs, &mut prepared);
    let mut out = [0.0; 3];
    density.log_density_batch(xs, &prepared, &mut out, &mut Scratch::default());
    [density.log_density(x), out[1]]
}

fn numbers<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> Vec<T> {
    text.split(' ')
        .map(|number| number.parse().unwrap())
        .collect()
}

#[test]
fn log_densities_over_the_parameter_space() {
    let mut worst = BTreeMap::new();
    let mut failures = Vec::new();
    for line in include_str!("reference/log_density_vectors.csv")
        .lines()
        .skip(1)
    {
        let fields: Vec<&str> = line.split(',').collect();
        let [family, parameters, x, value, sensitivity] = fields[..] else {
            panic!("five columns")
        };
        let mut parameters: Vec<f64> = numbers(parameters);
        let found = match family {
            "multinomial" => both_paths(&Multinomial::new(parameters).unwrap(), &numbers(x)),
            "dirichlet" => both_paths(&Dirichlet::new(parameters).unwrap(), &numbers(x)),
            "dirichlet_multinomial" => {
                both_paths(&DirichletMultinomial::new(parameters).unwrap(), &numbers(x))
            }
            _ => {
                let kappa = parameters.pop().unwrap();
                both_paths(
                    &VonMisesFisher::new(parameters, kappa).unwrap(),
                    &numbers(x),
                )
            }
        };
        let (value, sensitivity): (f64, f64) =
            (value.parse().unwrap(), sensitivity.parse().unwrap());
        // The accuracy promised for every family.
        let allowed = 1e-13 * value.abs().max(1.0) + 4.0 * f64::EPSILON * sensitivity;
        for found in found {
            let share = if found == value {
                0.0
            } else {
                (found - value).abs() / allowed
            };
            let entry = worst.entry(family).or_insert(0.0_f64);
            *entry = entry.max(share);
            if !(share <= 1.0) {
                failures.push(format!(
                    "{found:e}, not {value:e}; error {share:.2} of the allowed: {line:.200}"
                ));
            }
        }
    }
    println!("largest error, as a share of the allowed: {worst:.3?}");
    assert!(
        failures.is_empty(),
        "{} values:\n{}",
        failures.len(),
        failures.join("\n")
    );
}
