//! Old Faithful: a Gaussian mixture on eruption length and waiting time, for clustering (labels) and for
//! density estimation (scores), with the number of components chosen by BIC.
//!
//! Prints:
//! weight 0.6441, mean (4.290, 79.97), variances 0.1700 and 36.05, covariance 0.9406
//! weight 0.3559, mean (2.036, 54.48), variances 0.0692 and 33.70, covariance 0.4352
//! log-likelihood -1130.2640
//! (3, 70): component 0, with probability 0.9637
//! least expected: row 5, (2.883, 55), ln p = -8.799
//! 1 components: BIC 2607.62
//! 2 components: BIC 2322.19
//! 3 components: BIC 2324.18
//! 4 components: BIC 2342.34

use distributions::RowsView;
use gmm::{CovarianceStructure, GaussianMixture};
use mixture_examples::numbers;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let eruptions: Vec<f64> = numbers("old_faithful.csv", "eruptions")?;
    let waiting: Vec<f64> = numbers("old_faithful.csv", "waiting")?;
    let values: Vec<f64> = (eruptions.iter().zip(&waiting))
        .flat_map(|(&e, &w)| [e, w])
        .collect();
    let rows = RowsView::new(&values, 2);

    let fitted = GaussianMixture::builder(2)
        .covariance(CovarianceStructure::Full)
        .seed(0)
        .fit(rows)?;
    for (weight, component) in fitted.weights().iter().zip(fitted.components()) {
        let (mean, covariance) = (component.mean(), component.covariance());
        println!(
            "weight {weight:.4}, mean ({:.3}, {:.2}), variances {:.4} and {:.2}, covariance {:.4}",
            mean[0], mean[1], covariance[0], covariance[3], covariance[1]
        );
    }
    println!("log-likelihood {:.4}", fitted.log_likelihood(rows)?);

    // Clustering: which kind of eruption is one of 3 minutes after a wait of 70?
    let unclear = [3.0, 70.0];
    let one = RowsView::new(&unclear, 2);
    println!(
        "(3, 70): component {}, with probability {:.4}",
        fitted.predict(one)?[0],
        fitted.predict_proba(one)?[fitted.predict(one)?[0]]
    );
    // Density estimation: the least expected eruption.
    let scores = fitted.score_samples(rows)?;
    let least = (0..scores.len()).min_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let least = least.unwrap_or(0);
    println!(
        "least expected: row {least}, ({}, {}), ln p = {:.3}",
        eruptions[least], waiting[least], scores[least]
    );

    for components in 1..=4 {
        let bic = GaussianMixture::builder(components).fit(rows)?.bic(rows)?;
        println!("{components} components: BIC {bic:.2}");
    }
    Ok(())
}
