//! Weighted moments of observations with latent scales: scale mixtures of normals.

use crate::{EstimateError, Moments, Statistics};

/// What a scale mixture of normals needs to know of observations whose latent precisions u were
/// taken under the current iterate: N = Σ w, the moments of x weighted by w u, and Σ w (u − 1 − ln u).
///
/// The moments are centred, so a common offset costs no digits; u − 1 − ln u is never negative and
/// small where the precisions are near 1, so the gap ln ū − mean(ln u) does not cancel either.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LatentScaleStatistics {
    weight: f64,
    moments: Moments,
    excess: f64,
}

impl LatentScaleStatistics {
    /// Adds one observation with latent precision `precision`, and `excess` = u − 1 − ln u where
    /// the component needs it.
    pub fn add(&mut self, x: f64, precision: f64, excess: f64, weight: f64) {
        self.weight += weight;
        self.moments.add(x, weight * precision);
        self.excess += weight * excess;
    }
    /// Adds a block: `products` are the w u of its rows, `weight` is Σ w and `excess` is
    /// Σ w (u − 1 − ln u). Values whose product is 0 are not looked at.
    ///
    /// `origin` is a value near the mean, such as the location of the iterate: one pass about it
    /// then does. Where it turns out to be far off, sums about it would cancel, and two passes about
    /// the block's own mean take their place.
    pub fn add_slice(
        &mut self,
        xs: &[f64],
        products: &[f64],
        origin: f64,
        weight: f64,
        excess: f64,
    ) {
        self.weight += weight;
        self.excess += excess;
        let [total, first, second] = sums_about(xs, products, origin);
        let shift = first / total;
        let squares = second - first * shift;
        if first * shift <= FAR * squares {
            self.moments
                .merge(&Moments::new(total, origin + shift, squares));
        } else {
            self.moments.add_slice(xs, products);
        }
    }
    /// Adds observations of total weight `weight`: the mean of their u, mean and squares Σ u (x − mean)²
    /// over Σ w of x weighted by w u, and the mean of u − 1 − ln u.
    pub(super) fn add_means(
        &mut self,
        weight: f64,
        precision: f64,
        (mean, squares): (f64, f64),
        excess: f64,
    ) {
        self.weight += weight;
        let moments = Moments::new(weight * precision, mean, weight * squares);
        self.moments.merge(&moments);
        self.excess += weight * excess;
    }
    /// The moments of x weighted by w u.
    pub fn moments(&self) -> &Moments {
        &self.moments
    }
    /// ū = Σ w u / Σ w.
    pub fn mean_precision(&self) -> f64 {
        self.moments.weight() / self.weight
    }
    /// The mean of u − 1 − ln u.
    pub fn mean_excess(&self) -> f64 {
        self.excess / self.weight
    }
    /// The location Σ w u x / Σ w u and the scale √(Σ w u (x − location)² / `divisor`).
    ///
    /// # Errors
    /// [`Reason::Empty`](crate::Reason::Empty) when nothing was seen; a boundary at scale 0 when all
    /// observations of any weight coincide.
    pub(super) fn location_scale(&self, divisor: f64) -> Result<(f64, f64), EstimateError> {
        if !(self.weight > 0.0) {
            return Err(EstimateError::empty());
        }
        let location = self.moments.mean();
        let scale = (self.moments.squares() / divisor).sqrt();
        require_spread(location, scale).map_err(|error| error.with_count(self.weight))?;
        Ok((location, scale))
    }
}

/// The square of the distance from the origin to the mean, in variances, past which sums about the
/// origin are not used: they lose this factor, two digits.
const FAR: f64 = 100.0;

/// Σ p, Σ p (x − origin) and Σ p (x − origin)², each in eight partial sums that do not wait for each
/// other. NaN where an infinite x has weight 0.
fn sums_about(xs: &[f64], products: &[f64], origin: f64) -> [f64; 3] {
    let (x_chunks, x_rest) = xs.as_chunks::<8>();
    let (p_chunks, p_rest) = products.as_chunks::<8>();
    let (mut totals, mut firsts, mut seconds) = ([0.0; 8], [0.0; 8], [0.0; 8]);
    for (xs, ps) in x_chunks.iter().zip(p_chunks) {
        for lane in 0..8 {
            let distance = xs[lane] - origin;
            let term = ps[lane] * distance;
            totals[lane] += ps[lane];
            firsts[lane] += term;
            seconds[lane] += term * distance;
        }
    }
    for (lane, (&x, &p)) in x_rest.iter().zip(p_rest).enumerate() {
        let distance = x - origin;
        totals[lane] += p;
        firsts[lane] += p * distance;
        seconds[lane] += p * distance * distance;
    }
    [totals, firsts, seconds].map(|lanes| lanes.iter().sum())
}

/// Whether a scale is more than the rounding of the location, so that it has a correct digit.
///
/// # Errors
/// A boundary at the scale reached.
pub(super) fn require_spread(location: f64, scale: f64) -> Result<(), EstimateError> {
    let because = if !scale.is_finite() {
        "its observations are too large to be squared"
    } else if !(scale > 4.0 * f64::EPSILON * location.abs() && scale >= f64::MIN_POSITIVE) {
        "its observations coincide, or the likelihood grows without bound at one of them"
    } else {
        return Ok(());
    };
    Err(EstimateError::boundary("scale", scale, because))
}

impl Statistics for LatentScaleStatistics {
    fn weight(&self) -> f64 {
        self.weight
    }
    fn clear(&mut self) {
        *self = LatentScaleStatistics::default();
    }
    fn merge(&mut self, other: &Self) {
        self.weight += other.weight;
        self.moments.merge(&other.moments);
        self.excess += other.excess;
    }
    fn scale(&mut self, factor: f64) {
        self.weight *= factor;
        self.moments.scale(factor);
        self.excess *= factor;
    }
}
