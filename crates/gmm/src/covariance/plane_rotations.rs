//! Rotations in planes that make several scatters nearly diagonal at once, for [`common_orientation`](super::orientation).
//!
//! What is kept of D is Dᵀ, axis after axis, and of the DᵀW_kD the lower triangle, entry after entry with its K numbers
//! side by side: a rotation is then a few runs along memory, and vectors run over components. Lanes that are left over
//! hold identity matrices that weigh nothing.

use super::orientation::Criterion;
use super::{Scatters, scaled};
use crate::linalg::{power_of_two, rotated};
use distributions::simd::instruction_set::arch;
use distributions::simd::{exp_slice, ln_slice};
use pulp::{Simd, WithSimd};
use std::f64::consts::FRAC_PI_2;

/// The angle below which steps that no longer shrink are rounding.
const NOISE: f64 = 1e-10;
/// The most numbers in a vector of any instruction set.
const LANES: usize = 8;
/// Angles tried in the first sweeps, so that a plane's best minimum is found, not only the next.
const TRIALS: usize = 8;
/// The sweeps of a search in which they are.
const TRIED: usize = 2;
/// Tangent steps in one plane of a search, where angles are large; else the next plane has its turn after one.
const STEPS: usize = 3;

/// The scatters in the axes of the moment.
pub(super) struct Rotated {
    d: usize,
    criterion: Criterion,
    /// Dᵀ.
    axes: Vec<f64>,
    /// Entry (i, j), j ≤ i, of the DᵀW_kD divided by `scales[k]`, powers of two: `lanes` numbers at (i (i + 1)/2 + j) times
    /// as many.
    entries: Vec<f64>,
    /// K, and what fills the last vector.
    lanes: usize,
    scales: Vec<f64>,
    counts: Vec<f64>,
    planes: Planes,
}

/// The 2 × 2 blocks ((a, b), (b, c)) of the components in a plane, and their factors in F.
struct Planes {
    a: Vec<f64>,
    b: Vec<f64>,
    c: Vec<f64>,
    /// N_k, or (Π_j s_kj)^(1/d).
    importance: Vec<f64>,
    /// Room for ratios and their logarithms.
    ratios: Vec<f64>,
    /// 1/d, the power of a product in F, where it is one.
    power: Option<f64>,
    /// Sine and cosine of the angles to try.
    trials: Vec<(f64, f64)>,
}

impl Rotated {
    /// The scatters along `axes`, row-major with axis j in column j.
    pub(super) fn new(from: &Scatters<'_>, criterion: Criterion, axes: &[f64]) -> Self {
        let (d, components) = (from.dimension(), from.components());
        let scales: Vec<f64> = (0..components)
            .map(|k| power_of_two(from.trace(k)))
            .collect();
        let lanes = components.next_multiple_of(LANES);
        let mut entries = vec![0.0; d * (d + 1) / 2 * lanes];
        for k in 0..lanes {
            let along = match scales.get(k) {
                Some(scale) => rotated(&scaled(from.matrix(k), 1.0 / scale), axes, d),
                None => (0..d * d)
                    .map(|n| f64::from(u8::from(n / d == n % d)))
                    .collect(),
            };
            let lower = (0..d).flat_map(|i| &along[i * d..i * d + i + 1]);
            let places = entries.iter_mut().skip(k).step_by(lanes);
            places.zip(lower).for_each(|(entry, value)| *entry = *value);
        }
        let angle = |trial: usize| (trial as f64 / TRIALS as f64 - 0.5) * FRAC_PI_2;
        let room = || vec![0.0; lanes];
        Rotated {
            d,
            criterion,
            axes: (0..d * d).map(|n| axes[n % d * d + n / d]).collect(),
            entries,
            lanes,
            scales,
            counts: from.counts(),
            planes: Planes {
                a: room(),
                b: room(),
                c: room(),
                importance: room(),
                ratios: room(),
                power: (criterion == Criterion::EqualVolume).then(|| 1.0 / d as f64),
                trials: (1..TRIALS).map(|trial| angle(trial).sin_cos()).collect(),
            },
        }
    }
    /// D, row-major, axis j in column j.
    pub(super) fn into_axes(self) -> Vec<f64> {
        let d = self.d;
        (0..d * d).map(|n| self.axes[n % d * d + n / d]).collect()
    }
    /// ln (Π_j s_kj)^(1/d) of the scaled scatters.
    fn log_means(&self) -> Vec<f64> {
        let d = self.d;
        let mut sums = vec![0.0; self.counts.len()];
        for j in 0..d {
            let entries = &self.entries[place(j, j) * self.lanes..];
            let pairs = sums.iter_mut().zip(entries);
            pairs.for_each(|(sum, s)| *sum += s.ln() / d as f64);
        }
        sums
    }
    /// (Π_j s_kj)^(1/d), but for a factor that all have in common.
    fn means(&self) -> Vec<f64> {
        let largest = self.scales.iter().fold(0.0f64, |a, &b| a.max(b)).ln();
        let logs = self.log_means().into_iter().zip(&self.scales);
        logs.map(|(log, scale)| (log + scale.ln() - largest).exp())
            .collect()
    }
    /// F, up to a factor and a term that do not depend on D.
    pub(super) fn value(&self) -> f64 {
        match self.criterion {
            Criterion::VariableVolume => {
                let logs = self.log_means().into_iter().zip(&self.counts);
                logs.map(|(log, n)| n * log).sum()
            }
            Criterion::EqualVolume => self.means().iter().sum(),
        }
    }
    /// Rotates until no angle of a sweep is above `rest`, for `sweeps` at most; a search tries angles first.
    pub(super) fn descend(&mut self, rest: f64, sweeps: usize, search: bool) {
        let mut before = f64::INFINITY;
        for sweep in 0..sweeps {
            let importance = match self.criterion {
                Criterion::VariableVolume => &self.counts,
                Criterion::EqualVolume => &self.means(),
            };
            self.planes.importance[..importance.len()].copy_from_slice(importance);
            let search = search && sweep < TRIED;
            let largest = arch().dispatch(Sweep {
                rotated: self,
                search,
            });
            if largest <= rest || (largest <= NOISE && largest >= before) {
                break;
            }
            before = largest;
        }
    }
    /// Turns axes p and q < p by `angle`, from q towards p.
    #[inline(always)]
    fn turn<S: Simd>(&mut self, simd: S, q: usize, p: usize, angle: f64) {
        let (d, k) = (self.d, self.lanes);
        let turn = angle.sin_cos();
        let (low, high) = self.axes.split_at_mut(p * d);
        turn_runs(simd, &mut low[q * d..(q + 1) * d], &mut high[..d], turn);
        // Entries with the axes before q, between the two, and after p.
        let (low, high) = self.entries.split_at_mut(place(p, 0) * k);
        turn_runs(
            simd,
            &mut low[place(q, 0) * k..place(q, q) * k],
            &mut high[..q * k],
            turn,
        );
        let columns = Columns { q, p, k };
        match k / S::F64_LANES {
            1 => columns.turn::<S, 1>(simd, low, high, turn),
            2 => columns.turn::<S, 2>(simd, low, high, turn),
            4 => columns.turn::<S, 4>(simd, low, high, turn),
            _ => columns.turn::<S, 0>(simd, low, high, turn),
        }
        self.planes.turn(turn);
        let places = [(q, q), (p, q), (p, p)].map(|(i, j)| place(i, j) * k);
        let blocks = [&self.planes.a, &self.planes.b, &self.planes.c];
        for (at, block) in places.into_iter().zip(blocks) {
            self.entries[at..at + k].copy_from_slice(block);
        }
    }
}

/// Where entry (i, j), j ≤ i, stands.
#[inline(always)]
fn place(i: usize, j: usize) -> usize {
    i * (i + 1) / 2 + j
}

/// All planes once; the largest angle.
struct Sweep<'a> {
    rotated: &'a mut Rotated,
    search: bool,
}

impl WithSimd for Sweep<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let Sweep { rotated, search } = self;
        let (k, mut largest) = (rotated.lanes, 0.0f64);
        for q in 0..rotated.d {
            for p in q + 1..rotated.d {
                let planes = &mut rotated.planes;
                let block = |i: usize, j: usize| &rotated.entries[place(i, j) * k..][..k];
                planes.a.copy_from_slice(block(q, q));
                planes.b.copy_from_slice(block(p, q));
                planes.c.copy_from_slice(block(p, p));
                let angle = planes.best_angle(simd, search);
                if angle != 0.0 {
                    rotated.turn(simd, q, p, angle);
                    largest = largest.max(angle.abs());
                }
            }
        }
        largest
    }
}

/// Axes q < p, and K with what fills the last vector.
struct Columns {
    q: usize,
    p: usize,
    k: usize,
}

impl Columns {
    /// Turns the entries with the axes between the two, of which `low` has one, and after p, of which `high`, which begins with
    /// row p, has both. Of each there are `V` vectors; 0 where their number is not known.
    #[inline(always)]
    fn turn<S: Simd, const V: usize>(
        self,
        simd: S,
        low: &mut [f64],
        high: &mut [f64],
        turn: (f64, f64),
    ) {
        let Columns { q, p, k } = self;
        let mut at = place(q + 1, q) * k;
        for (j, y) in (q + 1..p).zip(high[(q + 1) * k..].chunks_exact_mut(k)) {
            turn_entry::<S, V>(simd, &mut low[at..at + k], y, turn);
            at += (j + 1) * k;
        }
        let mut rows = &mut high[(p + 1) * k..];
        let mut length = (p + 2) * k;
        while !rows.is_empty() {
            let (row, rest) = rows.split_at_mut(length);
            let (low, high) = row.split_at_mut(p * k);
            turn_entry::<S, V>(simd, &mut low[q * k..(q + 1) * k], &mut high[..k], turn);
            (rows, length) = (rest, length + k);
        }
    }
}

/// [`turn_runs`] of `V` vectors, a loop over which takes longer than they do; of any number where `V` is 0.
#[inline(always)]
fn turn_entry<S: Simd, const V: usize>(simd: S, x: &mut [f64], y: &mut [f64], turn: (f64, f64)) {
    if V == 0 {
        return turn_runs(simd, x, y, turn);
    }
    let (sine, cosine) = (simd.splat_f64s(turn.0), simd.splat_f64s(turn.1));
    let (x, y) = (S::as_mut_simd_f64s(x).0, S::as_mut_simd_f64s(y).0);
    if let (Some(x), Some(y)) = (x.first_chunk_mut::<V>(), y.first_chunk_mut::<V>()) {
        for v in 0..V {
            (x[v], y[v]) = turned(simd, x[v], y[v], sine, cosine);
        }
    }
}

#[inline(always)]
fn turned<S: Simd>(
    simd: S,
    x: S::f64s,
    y: S::f64s,
    sine: S::f64s,
    cosine: S::f64s,
) -> (S::f64s, S::f64s) {
    let (along, across) = (simd.mul_f64s(sine, y), simd.mul_f64s(sine, x));
    (
        simd.mul_add_e_f64s(cosine, x, along),
        simd.sub_f64s(simd.mul_f64s(cosine, y), across),
    )
}

#[inline(always)]
fn turn_runs<S: Simd>(simd: S, x: &mut [f64], y: &mut [f64], (sine, cosine): (f64, f64)) {
    let (xs, x) = S::as_mut_simd_f64s(x);
    let (ys, y) = S::as_mut_simd_f64s(y);
    let (sines, cosines) = (simd.splat_f64s(sine), simd.splat_f64s(cosine));
    for (x, y) in xs.iter_mut().zip(ys) {
        (*x, *y) = turned(simd, *x, *y, sines, cosines);
    }
    for (x, y) in x.iter_mut().zip(y) {
        (*x, *y) = (cosine * *x + sine * *y, cosine * *y - sine * *x);
    }
}

impl Planes {
    /// Writes s_p s_q of each component after a rotation, relative to before it.
    #[inline(always)]
    fn write_ratios(&mut self, (sine, cosine): (f64, f64)) {
        let (ss, cc, sc) = (sine * sine, cosine * cosine, 2.0 * sine * cosine);
        let blocks = self.a.iter().zip(&self.b).zip(&self.c);
        for (ratio, ((a, b), c)) in self.ratios.iter_mut().zip(blocks) {
            let mixed = b * sc;
            *ratio = (a * cc + mixed + c * ss) * (a * ss - mixed + c * cc) / (a * c);
        }
    }
    /// F after a rotation, less a constant.
    #[inline(always)]
    fn criterion_after(&mut self, turn: (f64, f64)) -> f64 {
        self.write_ratios(turn);
        ln_slice(&mut self.ratios);
        if let Some(power) = self.power {
            self.ratios.iter_mut().for_each(|log| *log *= power);
            exp_slice(&mut self.ratios);
            self.ratios.iter_mut().for_each(|mean| *mean -= 1.0);
        }
        let terms = self.importance.iter().zip(&self.ratios);
        terms.map(|(importance, term)| importance * term).sum()
    }
    /// The angle of the tangent's minimum, the tangent being taken at `angle`.
    #[inline(always)]
    fn tangent_step<S: Simd>(&mut self, simd: S, angle: f64) -> f64 {
        if angle == 0.0 {
            self.ratios.fill(1.0);
        } else {
            self.write_ratios(angle.sin_cos());
            // v_k is (Π_j s_kj)^(1/d) over the product of the plane.
            if let Some(power) = self.power {
                ln_slice(&mut self.ratios);
                self.ratios.iter_mut().for_each(|log| *log *= 1.0 - power);
                exp_slice(&mut self.ratios);
            }
        }
        let (half, zero) = (simd.splat_f64s(0.5), simd.splat_f64s(0.0));
        let (mut along, mut across) = (zero, zero);
        let [a, b, c, importance, ratios] =
            [&self.a, &self.b, &self.c, &self.importance, &self.ratios]
                .map(|numbers| S::as_simd_f64s(numbers).0);
        let blocks = a.iter().zip(b).zip(c);
        for ((&importance, &ratio), ((&a, &b), &c)) in importance.iter().zip(ratios).zip(blocks) {
            let product = simd.mul_f64s(simd.mul_f64s(a, c), ratio);
            let slope = simd.div_f64s(importance, product);
            let gap = simd.mul_f64s(half, simd.sub_f64s(a, c));
            let square = simd.mul_f64s(simd.sub_f64s(gap, b), simd.add_f64s(gap, b));
            along = simd.mul_add_e_f64s(simd.mul_f64s(half, slope), square, along);
            across = simd.mul_add_e_f64s(slope, simd.mul_f64s(gap, b), across);
        }
        let (along, across) = (simd.reduce_sum_f64s(along), simd.reduce_sum_f64s(across));
        0.25 * across.atan2(along)
    }
    /// An angle at which F is not above where it stands.
    #[inline(always)]
    fn best_angle<S: Simd>(&mut self, simd: S, search: bool) -> f64 {
        let (mut angle, mut least) = (0.0, 0.0);
        if search {
            for trial in 0..self.trials.len() {
                let turn = self.trials[trial];
                let reached = self.criterion_after(turn);
                if reached < least {
                    (angle, least) = (turn.0.atan2(turn.1), reached);
                }
            }
        }
        for _ in 0..if search { STEPS } else { 1 } {
            let next = self.tangent_step(simd, angle);
            let moved = (next - angle).abs();
            angle = next;
            if !(moved > 0.01 * angle.abs()) {
                break;
            }
        }
        if angle.is_finite() { angle } else { 0.0 }
    }
    /// The blocks, and the factors in F, after a rotation.
    #[inline(always)]
    fn turn(&mut self, turn: (f64, f64)) {
        if let Some(power) = self.power {
            self.write_ratios(turn);
            ln_slice(&mut self.ratios);
            self.ratios.iter_mut().for_each(|log| *log *= power);
            exp_slice(&mut self.ratios);
            let means = self.importance.iter_mut().zip(&self.ratios);
            means.for_each(|(mean, factor)| *mean *= factor);
        }
        let (sine, cosine) = turn;
        let (ss, cc, sc) = (sine * sine, cosine * cosine, sine * cosine);
        let blocks = self.a.iter_mut().zip(&mut self.b).zip(&mut self.c);
        for ((a, b), c) in blocks {
            (*a, *b, *c) = (
                *a * cc + 2.0 * *b * sc + *c * ss,
                *b * (cc - ss) + (*c - *a) * sc,
                *a * ss - 2.0 * *b * sc + *c * cc,
            );
        }
    }
}
