//! Sums and integrals over spaces of observations, for checks of densities.

use crate::{Obs, Pair, Scalars, Space};

/// A way to integrate a function over a space of observations.
pub trait Measure<S: Space> {
    /// ∫ f, or Σ f.
    fn integrate<'a>(&'a self, f: &mut dyn FnMut(Obs<'a, S>) -> f64) -> f64;
}

/// Steps of the double-exponential rules: halving them changes no integral used here in its
/// 10th digit.
const STEP: f64 = 1.0 / 64.0;
/// Where the double-exponential rules end, in steps: sinh(½π sinh 4.5) is near 1e30.
const STEPS: i32 = 288;

/// All real numbers, by the double-exponential rule about `centre`, dense within some `scale`.
///
/// Source: Takahasi & Mori (1974).
#[derive(Clone, Copy, Debug)]
pub struct Reals {
    /// Where the density lies.
    pub centre: f64,
    /// How wide it is.
    pub scale: f64,
}

impl Measure<Scalars<f64>> for Reals {
    fn integrate(&self, f: &mut dyn FnMut(f64) -> f64) -> f64 {
        double_exponential(|inner, slope| {
            let value = f(self.centre + self.scale * inner.sinh());
            nothing_times(value, self.scale * inner.cosh() * slope)
        })
    }
}

/// The positive real numbers, by the double-exponential rule in ln x about ln `scale`.
#[derive(Clone, Copy, Debug)]
pub struct Positive {
    /// The size of the values where the density lies.
    pub scale: f64,
}

impl Measure<Scalars<f64>> for Positive {
    fn integrate(&self, f: &mut dyn FnMut(f64) -> f64) -> f64 {
        double_exponential(|inner, slope| {
            let x = self.scale * inner.exp();
            if x > 0.0 && x < f64::INFINITY {
                nothing_times(f(x), x * slope)
            } else {
                0.0
            }
        })
    }
}

/// The real numbers from `low` on, by the double-exponential rule in ln(x − low).
#[derive(Clone, Copy, Debug)]
pub struct Above {
    /// The lower end.
    pub low: f64,
    /// How far above it the density lies.
    pub scale: f64,
}

impl Measure<Scalars<f64>> for Above {
    fn integrate(&self, f: &mut dyn FnMut(f64) -> f64) -> f64 {
        Positive { scale: self.scale }.integrate(&mut |above| f(self.low + above))
    }
}

/// The real numbers on both sides of `centre`, where the density may have a kink.
#[derive(Clone, Copy, Debug)]
pub struct TwoSided {
    /// Where the kink is.
    pub centre: f64,
    /// How wide the density is.
    pub scale: f64,
}

impl Measure<Scalars<f64>> for TwoSided {
    fn integrate(&self, f: &mut dyn FnMut(f64) -> f64) -> f64 {
        let side = Positive { scale: self.scale };
        side.integrate(&mut |away| f(self.centre + away) + f(self.centre - away))
    }
}

/// The numbers between `low` and `high`, as [`UnitInterval`].
#[derive(Clone, Copy, Debug)]
pub struct Between {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Measure<Scalars<f64>> for Between {
    fn integrate(&self, f: &mut dyn FnMut(f64) -> f64) -> f64 {
        let width = self.high - self.low;
        width * UnitInterval.integrate(&mut |part| f(self.low + width * part))
    }
}

/// The numbers between 0 and 1, by the double-exponential rule (tanh-sinh).
///
/// Doubles end 1e-16 below 1: an integrable infinity there is cut off, and costs accuracy.
#[derive(Clone, Copy, Debug)]
pub struct UnitInterval;

impl Measure<Scalars<f64>> for UnitInterval {
    fn integrate(&self, f: &mut dyn FnMut(f64) -> f64) -> f64 {
        double_exponential(|inner, slope| {
            let x = 1.0 / (1.0 + (-2.0 * inner).exp());
            let rest = 1.0 / (1.0 + (2.0 * inner).exp());
            if x > 0.0 && x < 1.0 {
                nothing_times(f(x), 2.0 * x * rest * slope)
            } else {
                0.0
            }
        })
    }
}

/// One turn of angles from −π to π, by the trapezoidal rule, which converges exponentially for
/// periodic functions.
#[derive(Clone, Copy, Debug)]
pub struct Circle;

impl Measure<Scalars<f64>> for Circle {
    fn integrate(&self, f: &mut dyn FnMut(f64) -> f64) -> f64 {
        const POINTS: u32 = 1 << 14;
        let step = std::f64::consts::TAU / f64::from(POINTS);
        let mut sum = 0.0;
        for i in 0..POINTS {
            sum += f(step * f64::from(i) - std::f64::consts::PI);
        }
        sum * step
    }
}

/// The counts 0, 1, …, `last`, one by one.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    /// The last count; the rest must have no mass that matters.
    pub last: u64,
}

impl Measure<Scalars<u64>> for Counts {
    fn integrate(&self, f: &mut dyn FnMut(u64) -> f64) -> f64 {
        (0..=self.last).map(f).sum()
    }
}

/// The codes 0, 1, …, `categories`: one more than there are, which must have no mass.
#[derive(Clone, Copy, Debug)]
pub struct Codes {
    /// The number of codes.
    pub categories: u32,
}

impl Measure<Scalars<u32>> for Codes {
    fn integrate(&self, f: &mut dyn FnMut(u32) -> f64) -> f64 {
        (0..=self.categories).map(f).sum()
    }
}

/// Pairs: the second space inside the first.
impl<A, B, M, N> Measure<Pair<A, B>> for (M, N)
where
    A: Space,
    B: Space,
    M: Measure<A>,
    N: Measure<B>,
{
    fn integrate<'a>(&'a self, f: &mut dyn FnMut(Obs<'a, Pair<A, B>>) -> f64) -> f64 {
        self.0
            .integrate(&mut |a| self.1.integrate(&mut |b| f((a, b))))
    }
}

/// Σ over t of f(½π sinh t, ½π cosh t)·step: the substitution that all the rules share.
pub(super) fn double_exponential(mut f: impl FnMut(f64, f64) -> f64) -> f64 {
    let half_pi = std::f64::consts::FRAC_PI_2;
    let mut sum = 0.0;
    for i in -STEPS..=STEPS {
        let t = STEP * f64::from(i);
        sum += f(half_pi * t.sinh(), half_pi * t.cosh());
    }
    sum * STEP
}

/// `value`·`weight`, 0 where the value is 0 though the weight has overflowed.
fn nothing_times(value: f64, weight: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value * weight }
}
