//! A distribution function known through one of its tails.

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Side {
    Lower,
    Upper,
}

/// One tail as e^(ln_scale)·factor; the other is one minus it, or given beside it.
pub(super) struct Tail {
    side: Side,
    ln_scale: f64,
    factor: f64,
    other: Option<f64>,
}

impl Tail {
    pub fn new(side: Side, ln_scale: f64, factor: f64) -> Self {
        Self {
            side,
            ln_scale,
            factor,
            other: None,
        }
    }

    /// The logarithm of the lower tail and the upper tail, both accurate.
    pub fn both(ln_lower: f64, upper: f64) -> Self {
        Self {
            side: Side::Lower,
            ln_scale: ln_lower,
            factor: 1.0,
            other: Some(upper),
        }
    }

    /// The same with the tails exchanged.
    pub fn turned(self) -> Self {
        let side = if self.side == Side::Lower {
            Side::Upper
        } else {
            Side::Lower
        };
        Self { side, ..self }
    }

    pub fn lower(&self) -> f64 {
        self.value(Side::Lower)
    }

    pub fn upper(&self) -> f64 {
        self.value(Side::Upper)
    }

    pub fn ln_lower(&self) -> f64 {
        self.ln_value(Side::Lower)
    }

    pub fn ln_upper(&self) -> f64 {
        self.ln_value(Side::Upper)
    }

    fn value(&self, side: Side) -> f64 {
        if side == self.side {
            // Rounding may carry a tail near 1 just past it.
            let value = self.ln_scale.exp() * self.factor;
            if value > 1.0 { 1.0 } else { value }
        } else {
            match self.other {
                Some(value) => value,
                None => 1.0 - self.value(self.side),
            }
        }
    }

    fn ln_value(&self, side: Side) -> f64 {
        if side == self.side {
            self.ln_scale + self.factor.ln()
        } else {
            match self.other {
                Some(value) => value.ln(),
                None => (-self.value(self.side)).ln_1p(),
            }
        }
    }
}

/// Solves ln tail(u) = target by Newton's method, `function` giving (ln tail, its derivative).
/// The logarithm of a tail is concave in u here, so the steps approach from one side after the
/// first; they end when they stop shrinking.
pub(super) fn invert(start: f64, target: f64, function: impl Fn(f64) -> (f64, f64)) -> f64 {
    let mut u = start;
    let mut last = f64::INFINITY;
    for _ in 0..200 {
        let (value, slope) = function(u);
        let step = (value - target) / slope;
        if !step.is_finite() {
            break;
        }
        u -= step;
        let size = step.abs();
        if size <= 1e-16 * u.abs() || (size < 1e-8 && size >= last) {
            break;
        }
        last = size;
    }
    u
}
