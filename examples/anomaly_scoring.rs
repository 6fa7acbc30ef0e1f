//! Which rows are unlike the rest: eruptions of Old Faithful scored by the log-density of a mixture. New rows
//! below the 1 % quantile of the scores that the model gives to its own draws are called unusual.
//!
//! Prints:
//! threshold -7.72
//! 3 of 272 eruptions below it
//! 4.3 min after 80 min:   -3.11
//! 2 min after 55 min:   -3.27
//! 3 min after 65 min:   -8.75 unusual
//! 2 min after 85 min:  -18.53 unusual
//! 4.5 min after 40 min:  -30.66 unusual

use distributions::RowsView;
use gmm::GaussianMixture;
use mixture_examples::numbers;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let eruptions: Vec<f64> = numbers("old_faithful.csv", "eruptions")?;
    let waiting: Vec<f64> = numbers("old_faithful.csv", "waiting")?;
    let values: Vec<f64> = (eruptions.iter().zip(&waiting))
        .flat_map(|(&eruption, &wait)| [eruption, wait])
        .collect();
    let rows = RowsView::new(&values, 2);
    let fitted = GaussianMixture::builder(2).seed(0).threads(1).fit(rows)?;

    // Draws of the model itself say how low a score may fall by chance.
    let draws = fitted.sample(100_000, 1);
    let mut scores = fitted.score_samples(draws.view())?;
    scores.sort_by(f64::total_cmp);
    let threshold = scores[scores.len() / 100];
    println!("threshold {threshold:.2}");
    let below = |scores: &[f64]| scores.iter().filter(|&&score| score < threshold).count();
    let of_data = below(&fitted.score_samples(rows)?);
    println!("{of_data} of {} eruptions below it", eruptions.len());

    for (eruption, wait) in [
        (4.3, 80.0),
        (2.0, 55.0),
        (3.0, 65.0),
        (2.0, 85.0),
        (4.5, 40.0),
    ] {
        let new = [eruption, wait];
        let score = fitted.score_samples(RowsView::new(&new, 2))?[0];
        let verdict = if score < threshold { "unusual" } else { "" };
        println!("{eruption} min after {wait} min: {score:7.2} {verdict}");
    }
    Ok(())
}
