//! Clusters of lines: rows (x, y) from a line and a parabola that cross, told apart by the regression that
//! explains them. Each component is y = b₀ + b₁ x + b₂ x² + noise with a variance of its own.
//!
//! Prints:
//! log-likelihood -1228.798
//! weight 0.509: y = 15.64 + 9.54 x + -0.95 x², standard deviation 2.73
//! weight 0.491: y = 0.83 + 4.57 x + 0.04 x², standard deviation 3.05
//! 382 of 400 rows in their class

use distributions::RowsView;
use distributions::regression::LinearRegression;
use em::{Data, Mixture, Options, Start, fit_from, stream};
use rand::RngExt;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let truth = [
        LinearRegression::new(vec![0.0, 5.0, 0.0], 9.0)?,
        LinearRegression::new(vec![15.0, 10.0, -1.0], 9.0)?,
    ];
    let rng = &mut stream(5, 0);
    let (mut design, mut responses, mut classes) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..400 {
        let x = 10.0 * rng.random::<f64>();
        let columns = [1.0, x, x * x];
        design.extend(columns);
        responses.push(truth[i % 2].draw_response(&columns, rng));
        classes.push(i % 2);
    }

    let rows = (RowsView::new(&design, 3), &responses[..]);
    let template = Mixture::uniform(vec![LinearRegression::new(vec![0.0; 3], 1.0)?; 2]);
    let options = Options::default().threads(1).seed(1).restarts(5);
    let fitted = fit_from(&template, Data::new(rows), Start::Spread, &options)?;
    println!("log-likelihood {:.3}", fitted.report.log_likelihood);
    for (weight, line) in fitted.model.weights().iter().zip(fitted.model.components()) {
        let b = line.coefficients();
        println!(
            "weight {weight:.3}: y = {:.2} + {:.2} x + {:.2} x², standard deviation {:.2}",
            b[0],
            b[1],
            b[2],
            line.variance().sqrt()
        );
    }
    let labels = fitted.model.posterior(rows).labels()?;
    let agree = (labels.iter().zip(&classes))
        .filter(|(a, b)| a == b)
        .count();
    println!(
        "{} of {} rows in their class",
        agree.max(400 - agree),
        labels.len()
    );
    Ok(())
}
