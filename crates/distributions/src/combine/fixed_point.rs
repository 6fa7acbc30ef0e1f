//! Where repeated EM steps lead, found in few of them.

use crate::dense::least_squares;
use crate::{Coordinates, EstimateError, Reason};

/// Steps before the search is given up.
const STEPS: usize = 200;
/// After so many, what is left is taken for rounding where it is small beside 1: a mean near 0 has
/// no size of its own to compare with.
const PATIENCE: usize = 40;
/// Jumps near the end that must fail before it is taken for reached.
const REJECTIONS: usize = 3;
/// The least part of the way to its end that a step must go: that part is what is seen of the
/// information. Steps that see less, with the end still far, are on their way to infinity, or have too
/// few digits to tell.
const LEAST_INFORMATION: f64 = 1e-8;
/// A way that is far, as part of all that was travelled.
const FAR: f64 = 1e-4;

/// Halvings of a jump before a plain step is taken instead.
const HALVINGS: i32 = 8;

/// The fixed point of `step`, one EM step on a handful of parameters, which also says what share of the
/// sample it took for seen.
///
/// EM steps converge linearly, hopelessly slowly where most of the data are unseen. The residual
/// `step(x) − x`, over the share that is seen, is near its end a linear function, which d + 1 points tell
/// in d dimensions: the secant method, Anderson's acceleration with all it can use. A point reached so
/// is kept only where that quotient is smaller; else the points are chosen anew about the present one,
/// and the jump is shortened; and where that does not help, a plain step is taken, which never lowers
/// the likelihood.
///
/// # Errors
/// Those of `step` at a plain step; [`Reason::Boundary`] naming `observed_information` where the
/// steps do not come to an end: no maximum exists; [`Reason::NotConverged`].
pub(super) fn fixed_point<C: Coordinates>(
    start: C,
    step: impl Fn(&C) -> Result<(C, f64), EstimateError>,
) -> Result<C, EstimateError> {
    let at = |model: &C| Ok(Point::at(model, step(model)?));
    let mut here = at(&start)?;
    let mut travel = vec![0.0; here.x.len()];
    let (mut past, mut rejected) = (Vec::new(), 0);
    for count in 0..STEPS {
        if here.is_at_rest() {
            return Ok(here.next);
        }
        widen(&mut travel, &here.residual);
        let jump = here.jump(&past);
        let (left, way) = (size(&here.residual, &travel), size(&jump, &travel));
        if left < LEAST_INFORMATION * way && way > FAR {
            return Err(EstimateError::boundary(
                "observed_information",
                left / way,
                "what was observed does not say where the maximum lies, or there is none",
            ));
        }
        let late = if count < PATIENCE { 0.0 } else { 1e-12 };
        let small = |part: f64| is_small(&jump, &here.x, &travel, part, late);
        let reached = match here.jumped(&jump, &travel, at) {
            Some(reached) if small(1e-12) => return Ok(reached.next),
            Some(reached) => reached,
            None => {
                // No better point again and again: what is left of the residual is rounding.
                rejected += 1;
                if rejected > REJECTIONS && small(1e-8) {
                    return Ok(here.next);
                }
                past = here.surroundings(&travel, at);
                let jump = here.jump(&past);
                let shorter = (0..HALVINGS).find_map(|halving| {
                    let part: Vec<f64> = jump.iter().map(|d| d * 0.5_f64.powi(halving)).collect();
                    here.jumped(&part, &travel, at)
                });
                shorter.map_or_else(|| at(&here.next), Ok)?
            }
        };
        widen(&mut travel, &difference(&reached.x, &here.x));
        past.push((here.x, here.score));
        here = reached;
        here.keep_comparable(&mut past);
    }
    Err(EstimateError::new(Reason::NotConverged {
        parameter: "the maximum of a partly unseen sample",
        iterations: STEPS,
    }))
}

/// A point, and where a step from it leads.
struct Point<C> {
    x: Vec<f64>,
    residual: Vec<f64>,
    /// The residual over what is seen: like the score, it does not fade where nothing is seen.
    score: Vec<f64>,
    seen: f64,
    next: C,
}

impl<C: Coordinates> Point<C> {
    fn at(model: &C, (next, seen): (C, f64)) -> Self {
        let (mut x, mut after) = (Vec::new(), Vec::new());
        model.pack(&mut x);
        next.pack(&mut after);
        let residual = difference(&after, &x);
        Point {
            score: residual.iter().map(|moved| moved / seen).collect(),
            residual,
            x,
            seen,
            next,
        }
    }
    /// Whether the step moves nothing but the last bits.
    fn is_at_rest(&self) -> bool {
        let mut moves = self.residual.iter().zip(&self.x);
        moves.all(|(moved, x)| *moved == 0.0 || moved.abs() <= f64::EPSILON * x.abs())
    }
    /// The point at a distance from here, where there is one, and its score is no larger.
    fn jumped(
        &self,
        jump: &[f64],
        travel: &[f64],
        at: impl Fn(&C) -> Result<Self, EstimateError>,
    ) -> Option<Self> {
        let target: Vec<f64> = self.x.iter().zip(jump).map(|(x, d)| x + d).collect();
        let reached = at(&self.next.unpack(&mut &target[..]).ok()?).ok()?;
        (size(&reached.score, travel) <= size(&self.score, travel)).then_some(reached)
    }
    /// Leaves of the `past` points the last that secants to this one can be drawn to, as many as there are
    /// directions: a coordinate that has become infinite, such as a size, is none, and does not move.
    fn keep_comparable(&self, past: &mut Vec<(Vec<f64>, Vec<f64>)>) {
        let both = |(a, b): (&f64, &f64)| a == b || (a.is_finite() && b.is_finite());
        past.retain(|(x, score)| {
            score.iter().all(|moved| moved.is_finite()) && x.iter().zip(&self.x).all(both)
        });
        let directions = self.x.iter().filter(|x| x.is_finite()).count();
        past.drain(..past.len().saturating_sub(directions));
    }
    /// Points about this one, one in the direction of each coordinate.
    fn surroundings(
        &self,
        travel: &[f64],
        at: impl Fn(&C) -> Result<Self, EstimateError>,
    ) -> Vec<(Vec<f64>, Vec<f64>)> {
        let directions = (0..self.x.len()).filter(|&j| self.x[j].is_finite());
        let near = directions.filter_map(|j| {
            let mut x = self.x.clone();
            x[j] += self.residual[j].abs().max(1e-6 * travel[j]);
            let point = at(&self.next.unpack(&mut &x[..]).ok()?).ok()?;
            Some((point.x, point.score))
        });
        near.collect()
    }
    /// The move to where the secants through the `past` points see the score vanish; where there are
    /// too few of them for all directions, a step in the others.
    fn jump(&self, past: &[(Vec<f64>, Vec<f64>)]) -> Vec<f64> {
        // In units of the scores, so that those of the parameters do not matter.
        let unit = |j: usize| {
            let all = past.iter().map(|(_, score)| score[j].abs());
            let largest = all.fold(self.score[j].abs(), f64::max);
            if largest > 0.0 { 1.0 / largest } else { 0.0 }
        };
        let (mut changes, mut wanted) = (Vec::new(), Vec::new());
        for (j, value) in self.score.iter().enumerate() {
            changes.extend(past.iter().map(|(_, before)| (value - before[j]) * unit(j)));
            wanted.push(value * unit(j));
        }
        let mut jump = self.residual.clone();
        let Ok(solved) = least_squares(&changes, past.len(), &wanted) else {
            return jump;
        };
        for (part, (x, score)) in solved.coefficients.iter().zip(past) {
            for (j, moved) in jump.iter_mut().enumerate() {
                let step = self.seen * (self.score[j] - score[j]);
                *moved -= part * (less(self.x[j], x[j]) + step);
            }
        }
        // Backwards: the steps still grow, and the end lies far ahead.
        let ahead: f64 = (jump.iter().zip(&self.score).enumerate())
            .map(|(j, (a, b))| a * b * unit(j) * unit(j))
            .sum();
        if ahead > 0.0 {
            jump
        } else {
            self.residual.iter().map(|moved| 8.0 * moved).collect()
        }
    }
}

/// [`less`] of each coordinate.
fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(&a, &b)| less(a, b)).collect()
}

/// a − b; 0 where they are equal, infinities too.
fn less(a: f64, b: f64) -> f64 {
    if a == b { 0.0 } else { a - b }
}

/// Adds to how far each coordinate has moved in all: the unit in which its moves are small or large.
fn widen(travel: &mut [f64], moves: &[f64]) {
    for (travelled, moved) in travel.iter_mut().zip(moves) {
        if moved.is_finite() {
            *travelled += moved.abs();
        }
    }
}

/// Whether a jump from `here` is at most this `part` of what was travelled, or rounding: of the size of
/// the coordinates and, `late`, of 1.
fn is_small(jump: &[f64], here: &[f64], travel: &[f64], part: f64, late: f64) -> bool {
    let mut coordinates = jump.iter().zip(here).zip(travel);
    coordinates.all(|((moved, x), travelled)| {
        let rounding = (8.0 * f64::EPSILON + late) * x.abs() + late;
        moved.abs() <= part * travelled + rounding
    })
}

/// The length of a move, each coordinate in its own unit.
fn size(moves: &[f64], unit: &[f64]) -> f64 {
    let parts = moves.iter().zip(unit);
    let squares = parts.map(|(r, u)| if *u > 0.0 { (r / u) * (r / u) } else { r * r });
    squares.sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::fixed_point;
    use crate::{Coordinates, EstimateError, Reason, next_coordinate};

    #[derive(Clone, Debug)]
    struct Pair(Vec<f64>);

    impl Coordinates for Pair {
        fn pack(&self, into: &mut Vec<f64>) {
            into.extend(&self.0);
        }
        fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
            let read = self.0.iter().map(|_| next_coordinate(from));
            Ok(Pair(read.collect::<Result<_, _>>()?))
        }
    }

    #[test]
    fn slow_contractions_in_one_and_two_dimensions() {
        // cos contracts at 0.67; the other approaches 3 by a thousandth a step.
        let found = fixed_point(Pair(vec![1.0]), |x| Ok((Pair(vec![x.0[0].cos()]), 1.0))).unwrap();
        assert!((found.0[0] - 0.739_085_133_215_160_6).abs() < 1e-15);
        let calls = std::cell::Cell::new(0);
        let step = |x: &Pair| {
            calls.set(calls.get() + 1);
            let (a, b) = (x.0[0] - 3.0, x.0[1] - 1e-6);
            let mixed = 0.2 * b * 1e5 + 1e-3 * a * a;
            Ok((Pair(vec![3.0 + 0.999 * a + mixed, 1e-6 + 0.3 * b]), 1.0))
        };
        let found = fixed_point(Pair(vec![2.5, 5e-6]), step).unwrap();
        // A thousand times the last bit: that is all that such steps can tell.
        assert!((found.0[0] / 3.0 - 1.0).abs() < 1e-11, "{found:?}");
        assert!((found.0[1] / 1e-6 - 1.0).abs() < 1e-10, "{found:?}");
        assert!(calls.get() < 100, "{} steps", calls.get());
    }

    #[test]
    fn no_fixed_point_is_an_error() {
        let away = |x: &Pair| Ok((Pair(vec![x.0[0] + (-x.0[0]).exp()]), 1.0));
        for error in [
            fixed_point(Pair(vec![0.0]), |x| Ok((Pair(vec![x.0[0] + 1.0]), 1.0))),
            fixed_point(Pair(vec![0.0]), away),
        ] {
            let reason = error.unwrap_err().reason;
            let typed = matches!(
                reason,
                Reason::Boundary { .. } | Reason::NotConverged { .. }
            );
            assert!(typed, "{reason}");
        }
    }
}
