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

/// The fixed point of `step`, one EM step on a handful of parameters.
///
/// EM steps converge linearly, hopelessly slowly where most of the data are unseen. Near the end the
/// residual `step(x) − x` is a linear function, which d + 1 points tell in d dimensions: the secant
/// method, Anderson's acceleration with all it can use. A point reached so is kept only where its
/// residual is no larger; otherwise a plain step is taken, which never lowers the likelihood.
///
/// # Errors
/// Those of `step` at a plain step; [`Reason::Boundary`] naming `observed_information` where the
/// steps do not come to an end: no maximum exists; [`Reason::NotConverged`].
pub(super) fn fixed_point<C: Coordinates>(
    start: C,
    step: impl Fn(&C) -> Result<C, EstimateError>,
) -> Result<C, EstimateError> {
    let mut here = Point::at(&start, step(&start)?);
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
        let target: Vec<f64> = here.x.iter().zip(&jump).map(|(x, d)| x + d).collect();
        let jumped = (here.next.unpack(&mut &target[..]))
            .and_then(|model| Ok(Point::at(&model, step(&model)?)))
            .ok()
            .filter(|reached| size(&reached.residual, &travel) <= left);
        let reached = match jumped {
            Some(reached) if small(1e-12) => return Ok(reached.next),
            Some(reached) => reached,
            None => {
                // No better point again and again: what is left of the residual is rounding.
                rejected += 1;
                if rejected > REJECTIONS && small(1e-8) {
                    return Ok(here.next);
                }
                past.clear();
                Point::at(&here.next, step(&here.next)?)
            }
        };
        widen(&mut travel, &difference(&reached.x, &here.x));
        past.push((here.x, here.residual));
        if past.len() > travel.len() {
            past.remove(0);
        }
        here = reached;
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
    next: C,
}

impl<C: Coordinates> Point<C> {
    fn at(model: &C, next: C) -> Self {
        let (mut x, mut after) = (Vec::new(), Vec::new());
        model.pack(&mut x);
        next.pack(&mut after);
        Point {
            residual: difference(&after, &x),
            x,
            next,
        }
    }
    /// Whether the step moves nothing but the last bits.
    fn is_at_rest(&self) -> bool {
        let mut moves = self.residual.iter().zip(&self.x);
        moves.all(|(moved, x)| *moved == 0.0 || moved.abs() <= f64::EPSILON * x.abs())
    }
    /// The move to where the secants through the `past` points see the residual vanish; where there
    /// are too few of them for all directions, a step in the others.
    fn jump(&self, past: &[(Vec<f64>, Vec<f64>)]) -> Vec<f64> {
        // In units of the residuals, so that those of the parameters do not matter.
        let unit = |j: usize| {
            let all = past.iter().map(|(_, residual)| residual[j].abs());
            let largest = all.fold(self.residual[j].abs(), f64::max);
            if largest > 0.0 { 1.0 / largest } else { 0.0 }
        };
        let (mut changes, mut wanted) = (Vec::new(), Vec::new());
        for (j, value) in self.residual.iter().enumerate() {
            changes.extend(past.iter().map(|(_, before)| (value - before[j]) * unit(j)));
            wanted.push(value * unit(j));
        }
        let mut jump = self.residual.clone();
        let Ok(solved) = least_squares(&changes, past.len(), &wanted) else {
            return jump;
        };
        for (part, (x, residual)) in solved.coefficients.iter().zip(past) {
            for (j, moved) in jump.iter_mut().enumerate() {
                *moved -= part * ((self.x[j] - x[j]) + (self.residual[j] - residual[j]));
            }
        }
        // Backwards: the steps still grow, and the end lies far ahead.
        let ahead: f64 = (jump.iter().zip(&self.residual).enumerate())
            .map(|(j, (a, b))| a * b * unit(j) * unit(j))
            .sum();
        if ahead > 0.0 {
            jump
        } else {
            self.residual.iter().map(|moved| 8.0 * moved).collect()
        }
    }
}

/// a − b; 0 where they are equal, infinities too.
fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    let pairs = a.iter().zip(b);
    pairs
        .map(|(a, b)| if a == b { 0.0 } else { a - b })
        .collect()
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
        let found = fixed_point(Pair(vec![1.0]), |x| Ok(Pair(vec![x.0[0].cos()]))).unwrap();
        assert!((found.0[0] - 0.739_085_133_215_160_6).abs() < 1e-15);
        let calls = std::cell::Cell::new(0);
        let step = |x: &Pair| {
            calls.set(calls.get() + 1);
            let (a, b) = (x.0[0] - 3.0, x.0[1] - 1e-6);
            let mixed = 0.2 * b * 1e5 + 1e-3 * a * a;
            Ok(Pair(vec![3.0 + 0.999 * a + mixed, 1e-6 + 0.3 * b]))
        };
        let found = fixed_point(Pair(vec![2.5, 5e-6]), step).unwrap();
        // A thousand times the last bit: that is all that such steps can tell.
        assert!((found.0[0] / 3.0 - 1.0).abs() < 1e-11, "{found:?}");
        assert!((found.0[1] / 1e-6 - 1.0).abs() < 1e-10, "{found:?}");
        assert!(calls.get() < 100, "{} steps", calls.get());
    }

    #[test]
    fn no_fixed_point_is_an_error() {
        let away = |x: &Pair| Ok(Pair(vec![x.0[0] + (-x.0[0]).exp()]));
        for error in [
            fixed_point(Pair(vec![0.0]), |x| Ok(Pair(vec![x.0[0] + 1.0]))),
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
