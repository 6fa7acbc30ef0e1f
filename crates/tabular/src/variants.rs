//! Families of which a setting fixes a parameter that is otherwise estimated.

use crate::combined::adjusted_censorable;
use crate::registry::{entry, made};
use crate::{Family, Kind, PartSpecification};
use distributions::combine::{Censored, Fixed};
use distributions::{Normal, NormalWithKnownMean, NormalWithKnownVariance, StudentT};
use std::sync::Arc;

/// The line of the normal distribution, of which `mean`, `variance` or both may be set.
pub(crate) fn normal_line(name: &'static str) -> Family {
    let reals = Kind::Reals;
    let variants: Arc<[Family; 4]> = Arc::new([
        entry(name, reals, &[], |_| Ok(Normal::standard())),
        entry(name, reals, &[], |part| {
            made(NormalWithKnownMean::new(part.number_setting("mean")?, 1.0))
        }),
        entry(name, reals, &[], |part| {
            let variance = part.number_setting("variance")?;
            made(NormalWithKnownVariance::new(0.0, variance))
        }),
        entry(name, reals, &[], |part| {
            let (mean, variance) = (
                part.number_setting("mean")?,
                part.number_setting("variance")?,
            );
            made(Normal::new(mean, variance)).map(Fixed)
        }),
    ]);
    let chosen = |part: &PartSpecification| {
        let is_set = |key: &str| usize::from(part.settings.contains_key(key));
        is_set("mean") + 2 * is_set("variance")
    };
    let for_loading = Arc::clone(&variants);
    Family {
        name,
        kind: reals,
        settings: &["mean", "variance"],
        covariance: false,
        of_intervals: Some(Box::new(entry(name, Kind::Intervals, &[], |_| {
            Ok(Censored(Normal::standard()))
        }))),
        template: Box::new(move |part, field, components| {
            (variants[chosen(part)].template)(part, field, components)
        }),
        load: Box::new(move |part, field, components| {
            (for_loading[chosen(part)].load)(part, field, components)
        }),
        line: None,
    }
    .with_line::<f64, Normal>()
}

/// The line of Student's t distribution, of which `df` may be set.
pub(crate) fn student_t_line(name: &'static str) -> Family {
    let is_set = |part: &PartSpecification| part.settings.contains_key("df");
    adjusted_censorable(
        name,
        Kind::Reals,
        &["df"],
        move |part| {
            // Free, the template's value is a start at most: tails in the middle of the range.
            let df = if is_set(part) {
                part.number_setting("df")?
            } else {
                4.0
            };
            made(StudentT::new(0.0, 1.0, df))
        },
        move |part, family: StudentT| {
            if is_set(part) {
                family.with_fixed_df()
            } else {
                family
            }
        },
    )
}
