//! What a start gives each component of each row: the same however it is asked for, and what the naive matrix says.

use distributions::Normal;
use em::{Allowed, Data, Mixture, Options, Shares, Start, fit_from, starting_model, stream};

const ROWS: usize = 700;

fn rows() -> Vec<f64> {
    (0..ROWS)
        .map(|i| (i % 7) as f64 + 0.01 * (i % 13) as f64)
        .collect()
}

fn row_weights() -> Vec<f64> {
    (0..ROWS).map(|i| 0.5 + (i % 3) as f64).collect()
}

#[test]
fn blocks_and_lines_are_those_of_the_matrix() {
    let matrix: Vec<f64> = (0..3 * ROWS).map(|i| 1.0 / (i + 1) as f64).collect();
    let shares = Shares::from_matrix(&matrix, ROWS);
    assert_eq!((shares.rows(), shares.components()), (ROWS, 3));
    assert_eq!(&*shares.to_matrix(), &matrix[..]);
    for k in 0..3 {
        assert_eq!(&*shares.of_component(k), &matrix[k * ROWS..(k + 1) * ROWS]);
    }
    let mut seen = 0;
    for block in shares.blocks() {
        let mut out = vec![f64::NAN; 3 * block.len()];
        shares.write(block.clone(), &mut out);
        for (k, line) in out.chunks_exact(block.len()).enumerate() {
            assert_eq!(line, &matrix[k * ROWS..][block.clone()]);
        }
        seen += block.len();
    }
    assert_eq!(seen, ROWS);
}

/// The start from labels, as thirty lines without blocks would make it.
#[test]
fn a_start_from_labels_is_the_estimate_of_each_class() {
    let (xs, weights) = (rows(), row_weights());
    let labels: Vec<Option<u32>> = (0..ROWS)
        .map(|i| (i % 11 != 0).then_some((i % 7 / 3) as u32))
        .collect();
    // Row 1 is known to belong to component 2, rows 2 and 3 to 0 or to 1 with odds of 3 to 1.
    let mut index = vec![Allowed::FREE; ROWS];
    (index[1], index[2], index[3]) = (0, 1, 1);
    let nothing = f64::NEG_INFINITY;
    let evidence = [nothing, nothing, 0.0, 3f64.ln(), 0.0, nothing];
    let template = Mixture::uniform(vec![Normal::standard(); 3]);
    for known in [false, true] {
        let mut data = Data::new(&xs[..]).weighted(&weights);
        if known {
            data.allowed = Some(Allowed {
                index: &index,
                log_evidence: &evidence,
            });
        }
        let mut rng = stream(0, 0);
        let model = starting_model(&template, data, Start::Labels(&labels), &mut rng).unwrap();
        let share = |i: usize, k: usize| {
            let own = if labels[i] == Some(k as u32) {
                1.0
            } else {
                0.0
            };
            match index[i] {
                0 if known => f64::from(u8::from(k == 2)),
                // Its label is allowed alone, or it has no other.
                1 if known => match labels[i] {
                    Some(label) if label < 2 => own,
                    _ => [0.75, 0.25, 0.0][k],
                },
                _ => own,
            }
        };
        let total: f64 = (0..ROWS)
            .flat_map(|i| (0..3).map(move |k| (i, k)))
            .map(|(i, k)| weights[i] * share(i, k))
            .sum();
        for k in 0..3 {
            let count: f64 = (0..ROWS).map(|i| weights[i] * share(i, k)).sum();
            let mean = (0..ROWS)
                .map(|i| weights[i] * share(i, k) * xs[i])
                .sum::<f64>()
                / count;
            // Sums of 700 numbers in another order.
            assert!((model.weights()[k] - count / total).abs() < 1e-13);
            assert!((model.components()[k].mean() - mean).abs() < 1e-12);
        }
    }
}

/// A start by chance has one row of its own in each component, and as much weight again over all.
#[test]
fn a_start_by_chance_is_one_row_and_the_whole() {
    let xs = rows();
    let template = Mixture::uniform(vec![Normal::standard(); 2]);
    let whole: f64 = xs.iter().sum::<f64>() / ROWS as f64;
    let mut rng = stream(3, 0);
    let model = starting_model(&template, Data::new(&xs[..]), Start::Random, &mut rng).unwrap();
    for component in model.components() {
        let row = 2.0 * component.mean() - whole;
        assert!(
            xs.iter().any(|x| (x - row).abs() < 1e-11),
            "{row} is no row"
        );
    }
}

/// Responsibilities of the same labels are the same start, to the bit.
#[test]
fn labels_are_responsibilities_of_zero_and_one() {
    let xs = rows();
    let labels: Vec<Option<u32>> = (0..ROWS).map(|i| Some((i % 7 / 4) as u32)).collect();
    let given: Vec<f64> = (labels.iter())
        .flat_map(|&label| [0, 1].map(|k| f64::from(u8::from(label == Some(k)))))
        .collect();
    let template = Mixture::uniform(vec![Normal::standard(); 2]);
    let options = Options::default().max_iterations(3).threads(1);
    let fits = [Start::Labels(&labels), Start::Responsibilities(&given)]
        .map(|start| fit_from(&template, Data::new(&xs[..]), start, &options).unwrap());
    assert_eq!(fits[0].report.trace, fits[1].report.trace);
}
