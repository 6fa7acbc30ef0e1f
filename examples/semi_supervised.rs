//! A few known labels: the species of five penguins each are known, those of the others are not. The
//! labelled rows keep their component and name it; the others find theirs.
//!
//! Prints:
//! no labels:
//!   component 0: 146 Adelie, 7 Chinstrap, 0 Gentoo
//!   component 1: 0 Adelie, 2 Chinstrap, 116 Gentoo
//!   component 2: 0 Adelie, 59 Chinstrap, 3 Gentoo
//! five of each:
//!   component 0: 145 Adelie, 6 Chinstrap, 0 Gentoo
//!   component 1: 1 Adelie, 60 Chinstrap, 3 Gentoo
//!   component 2: 0 Adelie, 2 Chinstrap, 116 Gentoo

use distributions::RowsView;
use em::Start;
use gmm::{CovarianceStructure, GaussianMixture};
use mixture_examples::{column, numbers};

const SPECIES: [&str; 3] = ["Adelie", "Chinstrap", "Gentoo"];
const SIZES: [&str; 2] = ["bill_length_mm", "bill_depth_mm"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sizes = SIZES.map(|name| numbers::<f64>("penguins.csv", name));
    let sizes: Vec<Vec<f64>> = sizes.into_iter().collect::<Result<_, _>>()?;
    let values: Vec<f64> = (sizes[0].iter().zip(&sizes[1]))
        .flat_map(|(&a, &b)| [a, b])
        .collect();
    let rows = RowsView::new(&values, 2);
    let species: Vec<u32> = (column("penguins.csv", "species")?.iter())
        .map(|name| {
            SPECIES
                .iter()
                .take_while(|species| *species != name)
                .count() as u32
        })
        .collect();

    let mut told = [0; 3];
    let known: Vec<Option<u32>> = (species.iter())
        .map(|&label| {
            told[label as usize] += 1;
            (told[label as usize] <= 5).then_some(label)
        })
        .collect();
    let builder = GaussianMixture::builder(3)
        .covariance(CovarianceStructure::Full)
        .threads(1);
    let blind = builder.clone().restarts(5).start(Start::Spread).fit(rows)?;
    let helped = builder.known_labels(&known).fit(rows)?;

    for (name, fitted) in [("no labels", &blind), ("five of each", &helped)] {
        let labels = fitted.predict(rows)?;
        println!("{name}:");
        for k in 0..3 {
            let count = |s: u32| {
                (labels.iter().zip(&species))
                    .filter(|&(&l, &t)| l == k && t == s)
                    .count()
            };
            println!(
                "  component {k}: {} Adelie, {} Chinstrap, {} Gentoo",
                count(0),
                count(1),
                count(2)
            );
        }
    }
    Ok(())
}
