//! Families whose density has an upper bound over all parameters need no floor.

use distributions::combine::{
    AnyComponent, Censored, Columns, Fixed, Product, Repeated, Truncated, WithKnown, WithPrior,
    ZeroInflated,
};
use distributions::*;
use std::fmt::Debug;

#[macro_use]
#[path = "reference/families.rs"]
mod families;
use families::log_range;

/// Coordinates near the middle and far out: shapes and scales from 1e-17 to 1e17.
const COORDINATES: [f64; 17] = [
    -40.0, -30.0, -20.0, -10.0, -5.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0,
    40.0,
];

/// Every member with one of these values in each coordinate, where there is one.
fn members<F: Component + Coordinates>(family: &F) -> Vec<F> {
    let mut own = Vec::new();
    family.pack(&mut own);
    let count = COORDINATES.len();
    let all = (0..count.pow(own.len() as u32)).map(|mut which| {
        let mut coordinates = Vec::new();
        for _ in 0..own.len() {
            coordinates.push(COORDINATES[which % count]);
            which /= count;
        }
        family.unpack(&mut &coordinates[..])
    });
    all.filter_map(Result::ok).collect()
}

/// A mass is at most 1; of another bounded family no member gives a row more than the estimate from that row
/// alone. Either way the floor leaves the component as it is.
fn check<T, F>(family: &F, xs: &[T], discrete: bool)
where
    T: Copy + Send + Sync + Debug + 'static,
    F: Component<Space = Scalars<T>> + Coordinates + PartialEq + Debug,
{
    assert!(!discrete || family.is_bounded(), "{family:?}");
    if !family.is_bounded() {
        return;
    }
    assert_eq!(family.floored(family).as_ref(), Some(family));
    assert!(!family.is_at_bound());
    for &x in xs {
        let most = if discrete {
            0.0
        } else {
            family.estimate(&[x], &[1.0]).unwrap().log_density(x)
        };
        for member in members(family) {
            let value = member.log_density(x);
            // The rounding of log-densities of parameters about 1e17.
            assert!(
                value <= most + 1e-9 * (1.0 + most.abs()),
                "{member:?} at {x:?}: {value}, {most}"
            );
        }
    }
}

macro_rules! bounded {
    ($name:ident, $make:expr, $observations:expr, $outside:expr, $measure:expr) => {
        #[test]
        fn $name() {
            // Counts and labels are written without a point.
            let discrete = stringify!($observations).find('.').is_none();
            for (u, v) in [(0.3, 0.6), (0.8, 0.2)] {
                check(&$make(u, v), &$observations, discrete);
            }
        }
    };
}
for_each_family!(bounded);
for_each_other_family!(bounded);

#[test]
fn the_bounded_families_of_real_numbers() {
    let normal = Normal::standard();
    assert!(!normal.is_bounded() && !Gamma::new(1.0, 1.0).unwrap().is_bounded());
    // A density λ at 0.
    assert!(!Exponential::new(1.0).unwrap().is_bounded());
    assert!(NormalWithKnownVariance::new(0.0, 1.0).unwrap().is_bounded());
    assert!(Rayleigh::new(1.0).unwrap().is_bounded());
    assert!(Maxwell::new(1.0).unwrap().is_bounded());
    assert!(ChiSquared::new(1.0).unwrap().is_bounded());
    assert!(Uniform::new(0.0, 1.0).unwrap().is_bounded());
    assert!(Fixed(normal.clone()).is_bounded());
    let gamma = |known: &[&str]| WithKnown::new(Gamma::new(2.0, 1.0).unwrap(), known).unwrap();
    assert!(gamma(&["shape"]).is_bounded() && !gamma(&["rate"]).is_bounded());
    // Half an observation of the centre holds the variance above 0.
    let prior = |strength| WithPrior::new(normal.clone(), normal.clone(), strength).unwrap();
    assert!(prior(0.5).is_bounded() && !prior(0.0).is_bounded());
}

/// A product has a floor where every part has one or needs none, and holds its parts at theirs.
#[test]
fn floors_of_combinations() {
    let (normal, poisson) = (Normal::standard(), Poisson::new(2.0).unwrap());
    let narrow = Normal::new(3.0, 1e-9).unwrap();
    let least = LEAST_SHARE * normal.variance();

    let whole = Product::new(normal.clone(), poisson.clone());
    let held = Product::new(narrow.clone(), poisson.clone());
    let held = held.floored(&whole).unwrap();
    assert_eq!((held.first.variance(), held.is_at_bound()), (least, true));
    assert!(!held.is_bounded() && !held.floored(&held).unwrap().second.is_at_bound());
    // Alone, not in `WithKnown`.
    let gamma = Gamma::new(1.0, 1.0).unwrap();
    let without = Product::new(normal.clone(), gamma.clone());
    assert!(without.floored(&without).is_none());

    let columns = |normal: &Normal| Columns::repeat(normal.clone(), 2).unwrap();
    let held = columns(&narrow).floored(&columns(&normal)).unwrap();
    assert!(held.is_at_bound() && held.columns()[1].variance() == least);
    assert!(Columns::repeat(poisson.clone(), 2).unwrap().is_bounded());

    let held = Repeated(narrow.clone()).floored(&Repeated(normal.clone()));
    assert!(held.unwrap().is_at_bound() && Repeated(poisson.clone()).is_bounded());
    let held = Censored(narrow.clone()).floored(&Censored(normal.clone()));
    assert!(held.unwrap().is_at_bound() && Censored(poisson.clone()).is_bounded());
    let inflated = |normal: &Normal| ZeroInflated::new(0.1, normal.clone()).unwrap();
    let held = inflated(&narrow).floored(&inflated(&normal)).unwrap();
    assert!(held.is_at_bound() && held.zero_probability() == 0.1);

    // A density that is cut to an interval may pile up at its ends.
    let rayleigh = Truncated::new(Rayleigh::new(1.0).unwrap(), 0.0, 9.0).unwrap();
    let poisson = Truncated::new(poisson, 0.0, 9.0).unwrap();
    assert!(poisson.is_bounded() && !rayleigh.is_bounded());

    let any = |normal: &Normal| AnyComponent::new(normal.clone());
    let held = any(&narrow).floored(&any(&normal)).unwrap();
    assert_eq!(held.downcast_ref::<Normal>().unwrap().variance(), least);
    assert!(held.is_at_bound());
    assert!(any(&normal).floored(&AnyComponent::new(gamma)).is_none());
}
