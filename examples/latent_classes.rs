//! Latent classes from a table of counts: those on board the Titanic by class, sex, age and survival. A row of
//! the table is a cell with its number of people as row weight; within a class the four answers are
//! independent.
//!
//! Prints:
//! 1 classes: BIC 11592.9
//! 2 classes: BIC 10754.7
//!   class of 74 %
//!     Class: 1st 0.09, 2nd 0.10, 3rd 0.29, Crew 0.53
//!     Sex: Female 0.00, Male 1.00
//!     Age: Adult 0.98, Child 0.02
//!     Survived: No 0.82, Yes 0.18
//!   class of 26 %
//!     Class: 1st 0.32, 2nd 0.22, 3rd 0.42, Crew 0.05
//!     Sex: Female 0.81, Male 0.19
//!     Age: Adult 0.88, Child 0.12
//!     Survived: No 0.27, Yes 0.73
//! 3 classes: BIC 10559.5

use distributions::combine::Columns;
use distributions::{Categorical, RowsView};
use em::{Data, Mixture, Options, Start, fit_from};
use mixture_examples::{column, numbers};

const ANSWERS: [&str; 4] = ["Class", "Sex", "Age", "Survived"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let people: Vec<f64> = numbers("titanic.csv", "Freq")?;
    let cells = ANSWERS.map(|name| column("titanic.csv", name));
    let cells: Vec<Vec<String>> = cells.into_iter().collect::<Result<_, _>>()?;
    let mut levels = cells.clone();
    for levels in &mut levels {
        levels.sort();
        levels.dedup();
    }
    let mut codes = Vec::new();
    for i in 0..people.len() {
        for (cells, levels) in cells.iter().zip(&levels) {
            codes.push(levels.iter().take_while(|level| **level < cells[i]).count() as u32);
        }
    }
    let data = Data::new(RowsView::new(&codes, 4)).weighted(&people);

    let uniform = levels
        .iter()
        .map(|levels| Categorical::uniform(levels.len()));
    let template = Columns::new(uniform.collect::<Result<Vec<_>, _>>()?)?;
    let options = Options::default().threads(1).seed(3).restarts(10);
    for classes in 1..=3 {
        let template = Mixture::uniform(vec![template.clone(); classes]);
        let fitted = fit_from(&template, data, Start::Random, &options)?;
        let bic = fitted.model.evaluate(data)?.bic;
        println!("{classes} classes: BIC {bic:.1}");
        if classes == 2 {
            for (k, class) in fitted.model.components().iter().enumerate() {
                println!("  class of {:.0} %", 100.0 * fitted.model.weights()[k]);
                for ((answer, levels), of_class) in ANSWERS.iter().zip(&levels).zip(class.columns())
                {
                    let shares = levels.iter().zip(of_class.probabilities());
                    let shares = shares.map(|(level, p)| format!("{level} {p:.2}"));
                    println!("    {answer}: {}", shares.collect::<Vec<_>>().join(", "));
                }
            }
        }
    }
    Ok(())
}
