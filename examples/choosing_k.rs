//! How many components: eruptions of Old Faithful by information criteria, by cross-validation, and by a
//! test of K against K + 1 components.
//!
//! Prints:
//! aic: 4 (+0.0), 3 (+6.9), 2 (+25.8), 1 (+309.9)
//! bic: 3 (+0.0), 4 (+3.9), 2 (+8.1), 1 (+281.4)
//! icl: 2 (+0.0), 3 (+26.5), 4 (+96.8), 1 (+271.4)
//! sabic: 4 (+0.0), 3 (+5.6), 2 (+23.2), 1 (+306.0)
//! 1 components: -421.8 over rows set aside, standard error 2.8
//! 2 components: -282.6 over rows set aside, standard error 15.6
//! 3 components: -278.0 over rows set aside, standard error 14.4
//! 4 components: -272.7 over rows set aside, standard error 13.9
//! 1 against 2 components: 2(L1 - L0) = 290.1, p = 0.025

use distributions::Normal;
use em::select::InformationCriterion::{Aic, Bic, Icl, Sabic};
use em::select::{Assessed, Folds, Replicates, bootstrap_test, cross_validate, rank};
use em::{Data, FitError, Mixture, Options, Start, fit_from};
use mixture_examples::numbers;

fn template(components: usize) -> Mixture<Vec<Normal>> {
    Mixture::uniform(vec![Normal::standard(); components])
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let eruptions: Vec<f64> = numbers("old_faithful.csv", "eruptions")?;
    let data = Data::new(&eruptions[..]);
    let options = Options::default().threads(1);
    let fitted = |components: usize| fit_from(&template(components), data, Start::Spread, &options);

    // What one component makes of all rows: no component of a ranked fit may be a spike beside it.
    let pooled = fitted(1)?.model.components()[0].variance();
    for criterion in [Aic, Bic, Icl, Sabic] {
        let ranking = rank(vec![1, 2, 3, 4], 0, |&components| {
            let fit = fitted(components)?;
            let evaluation = fit.model.evaluate(data)?;
            let normals = fit.model.components().iter();
            let spreads: Vec<_> = normals.map(|own| Some(own.variance() / pooled)).collect();
            let assessed = Assessed::new(fit, &evaluation, criterion, 1, &spreads);
            Ok::<_, FitError>(assessed)
        });
        let ranked = ranking.ranked.iter();
        let line: Vec<String> = ranked
            .map(|ranked| format!("{} (+{:.1})", ranked.candidate, ranked.difference))
            .collect();
        println!("{criterion}: {}", line.join(", "));
    }

    let folds = Folds::new(eruptions.len(), None, 5, 1)?;
    for components in 1..=4 {
        let held_out = cross_validate(data, &folds, |train| {
            Ok(fit_from(&template(components), train, Start::Spread, &options)?.model)
        })?;
        println!(
            "{components} components: {:.1} over rows set aside, standard error {:.1}",
            held_out.log_likelihood(),
            held_out.standard_error().unwrap_or(0.0)
        );
    }

    let replicates = Replicates {
        count: 39,
        seed: 1,
        threads: 0,
    };
    let (one, two) = (template(1), template(2));
    let tested = bootstrap_test(&one, &two, data, Start::Spread, &options, replicates)?;
    println!(
        "1 against 2 components: 2(L1 - L0) = {:.1}, p = {:.3}",
        tested.test.statistic,
        tested.test.p_value()
    );
    Ok(())
}
