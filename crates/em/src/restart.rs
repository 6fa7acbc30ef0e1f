//! Several starts, the best kept, all reported.

use crate::error::FitError;
use crate::fit::{Driver, check_data};
use crate::init::{MixtureData, Start, repaired_start};
use crate::mixture::Mixture;
use crate::options::Options;
use crate::report::{Fit, StartReport};
use crate::responsibilities::Responsibilities;
use crate::set::ComponentSet;
use crate::weights::WeightModel;
use crate::workspace::Workspace;
use distributions::Component;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

/// The generator of restart `start` under `seed`: xoshiro256++ seeded through SplitMix64, one
/// independent stream for each start. Part of the contract: the same seed gives the same result.
pub fn stream(seed: u64, start: usize) -> Xoshiro256PlusPlus {
    // SplitMix64 (Steele, Lea & Flood 2014) over (seed, start), so that near seeds give far streams.
    let mut state = seed ^ (start as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    Xoshiro256PlusPlus::seed_from_u64(state ^ (state >> 31))
}

/// Fits a mixture from a start of any kind: where chance enters, `options.restarts` times, keeping
/// the model of highest objective, with its components sorted by falling weight. A start that fails
/// is reported; the fit fails when all do.
///
/// `template` gives the number of components and what is fixed in them; its other parameters matter
/// only for [`Start::Model`].
///
/// ```
/// use distributions::Normal;
/// use em::{Data, Mixture, Options, Start, fit_from};
///
/// let xs = [1.0, 1.2, 0.8, 1.1, 5.0, 5.3, 4.9, 5.2];
/// let template = Mixture::uniform(vec![Normal::standard(); 2]);
/// let fitted = fit_from(&template, Data::new(&xs[..]), Start::Spread, &Options::default())?;
/// let means: Vec<f64> = fitted.model.components().iter().map(Normal::mean).collect();
/// assert!((means[0] + means[1] - 6.125).abs() < 1e-6);
/// # Ok::<(), em::FitError>(())
/// ```
///
/// # Errors
/// See [`FitError`].
pub fn fit_from<S: ComponentSet, W: WeightModel>(
    template: &Mixture<S, W>,
    data: MixtureData<'_, '_, S, W>,
    start: Start<'_>,
    options: &Options,
) -> Result<Fit<Mixture<S, W>>, FitError> {
    fit_from_with(template, data, start, &mut Driver::new(options))
}

/// [`fit_from`] by a [`Driver`]: under another rule, with an observer, accelerated.
///
/// # Errors
/// See [`FitError`].
pub fn fit_from_with<S: ComponentSet, W: WeightModel, R: Responsibilities + ?Sized>(
    template: &Mixture<S, W>,
    data: MixtureData<'_, '_, S, W>,
    start: Start<'_>,
    driver: &mut Driver<'_, Mixture<S, W>, R>,
) -> Result<Fit<Mixture<S, W>>, FitError> {
    check_data::<_, R>(template, data)?;
    let options = driver.options;
    let mut workspace = Workspace::new(data.xs, &template.empty_statistics(), options.threads);
    let count = if start.is_random() {
        options.restarts.max(1)
    } else {
        1
    };
    let mut best: Option<Fit<Mixture<S, W>>> = None;
    let mut failure = None;
    let (mut starts, mut passes) = (Vec::new(), 0);
    for which in 0..count {
        let mut rng = stream(options.seed, which);
        let (policy, mut events) = (options.on_degenerate, Vec::new());
        let fitted = repaired_start(template, data, start, &mut rng, policy, &mut events)
            .and_then(|model| driver.run(model, data, which, &mut workspace));
        match fitted {
            Ok(mut fit) => {
                fit.report.degeneracies.splice(0..0, events);
                starts.extend(fit.report.starts.iter().cloned());
                passes += fit.report.passes;
                let better = |best: &Fit<_>| fit.report.objective > best.report.objective;
                if best.as_ref().is_none_or(better) {
                    best = Some(fit);
                }
            }
            Err(error) if driver.refuses_checkpoint() => return Err(error),
            Err(error) => {
                starts.push(StartReport {
                    outcome: Err(error.clone()),
                    iterations: 0,
                });
                failure.get_or_insert(error);
            }
        }
    }
    let Some(mut best) = best else {
        return Err(failure.unwrap_or(FitError::NoRows));
    };
    if start.is_random() {
        best.model = best.model.sorted_by_weight();
    }
    best.report.starts = starts;
    best.report.passes = passes;
    Ok(best)
}
