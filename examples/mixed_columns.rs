//! Columns of different kinds: penguins by island, sex and four sizes. A component is a product of
//! categorical and normal columns, independent within the component; the species is not shown to it.
//!
//! Prints:
//! 333 penguins
//! log-likelihood -5577.3342
//! weight 0.643: 146 Adelie, 68 Chinstrap, 0 Gentoo; mean sizes 42.0, 18.4, 191.9, 3714.7
//! weight 0.183: 0 Adelie, 0 Chinstrap, 61 Gentoo; mean sizes 49.5, 15.7, 221.5, 5484.8
//! weight 0.174: 0 Adelie, 0 Chinstrap, 58 Gentoo; mean sizes 45.6, 14.2, 212.7, 4679.7

use distributions::combine::{Columns, Product};
use distributions::{Categorical, Normal, RowsView};
use em::{Data, Mixture, Options, Start, fit_from};
use mixture_examples::{column, numbers};

const SIZES: [&str; 4] = [
    "bill_length_mm",
    "bill_depth_mm",
    "flipper_length_mm",
    "body_mass_g",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Labels become codes: the place of each value among the sorted distinct ones.
    let (mut codes, mut levels) = (vec![Vec::new(); 2], vec![Vec::new(); 2]);
    for (j, name) in ["island", "sex"].into_iter().enumerate() {
        let cells = column("penguins.csv", name)?;
        levels[j] = cells.clone();
        levels[j].sort();
        levels[j].dedup();
        let code = |cell| levels[j].iter().take_while(|level| *level < cell).count() as u32;
        codes[j] = cells.iter().map(code).collect();
    }
    let labels: Vec<u32> = (codes[0].iter().zip(&codes[1]))
        .flat_map(|(&a, &b)| [a, b])
        .collect();
    let sizes = SIZES.map(|name| numbers::<f64>("penguins.csv", name));
    let sizes: Vec<Vec<f64>> = sizes.into_iter().collect::<Result<_, _>>()?;
    let sizes: Vec<f64> = (0..sizes[0].len())
        .flat_map(|i| sizes.iter().map(move |s| s[i]))
        .collect();
    let xs = (RowsView::new(&labels, 2), RowsView::new(&sizes, 4));
    println!("{} penguins", sizes.len() / 4);

    let uniform = |count: usize| Categorical::new(vec![1.0 / count as f64; count]);
    let template = Product::new(
        Columns::new(vec![uniform(levels[0].len())?, uniform(levels[1].len())?])?,
        Columns::repeat(Normal::standard(), 4)?,
    );
    let template = Mixture::uniform(vec![template; 3]);
    let fitted = fit_from(&template, Data::new(xs), Start::Spread, &Options::default())?;
    println!("log-likelihood {:.4}", fitted.report.log_likelihood);

    let species = column("penguins.csv", "species")?;
    let labels = fitted.model.posterior(xs).labels()?;
    for (k, component) in fitted.model.components().iter().enumerate() {
        let count = |name: &str| {
            labels
                .iter()
                .zip(&species)
                .filter(|&(&l, s)| l == k && s == name)
                .count()
        };
        let sizes = component.second.columns();
        let means = sizes.iter().map(|c| format!("{:.1}", c.mean()));
        println!(
            "weight {:.3}: {} Adelie, {} Chinstrap, {} Gentoo; mean sizes {}",
            fitted.model.weights()[k],
            count("Adelie"),
            count("Chinstrap"),
            count("Gentoo"),
            means.collect::<Vec<_>>().join(", ")
        );
    }
    Ok(())
}
