//! Where plain EM would be after many steps, in a linear model of its last ones.

use distributions::dense::Ldl;

/// A move along the path of EM, and the EM step that the model expects at its end.
pub(super) struct Move {
    pub(super) by: Vec<f64>,
    pub(super) left: Vec<f64>,
    /// Whether four times as many steps would have led elsewhere.
    pub(super) goes_on: bool,
}

/// EM steps as a linear function of x on the span of the last moves: at x + Σ a_i Δx_i the step is
/// f + Σ a_i Δf_i. A direction in which no move was made is one in which the step does not change.
pub(super) struct LinearModel<'a> {
    /// Δx and Δf of the last moves.
    moves: &'a [(Vec<f64>, Vec<f64>)],
    lengths: Vec<f64>,
    /// ΔXᵀ ΔX of moves of length 1, with the damping on its diagonal.
    gram: Ldl,
    /// What y = ΔXᵀ d becomes by one step beside ΔXᵀ f, row after row: I + ΔXᵀ ΔF (ΔXᵀ ΔX)⁻¹.
    step: Vec<f64>,
}

/// What is changed by less than a tenth is at the end of its way.
const AT_END: f64 = 0.1;

impl<'a> LinearModel<'a> {
    /// From the last moves, in lengths by `dot`; `None` when they tell nothing.
    pub(super) fn new(
        moves: &'a [(Vec<f64>, Vec<f64>)],
        damping: f64,
        dot: impl Fn(&[f64], &[f64]) -> f64,
    ) -> Option<Self> {
        let order = moves.len();
        let lengths: Vec<f64> = moves.iter().map(|(dx, _)| dot(dx, dx).sqrt()).collect();
        if order == 0 || lengths.iter().any(|&length| !(length > 0.0)) {
            return None;
        }
        let (mut gram, mut slopes) = (vec![0.0; order * order], vec![0.0; order * order]);
        for i in 0..order {
            for j in 0..order {
                let scale = lengths[i] * lengths[j];
                gram[i * order + j] = dot(&moves[i].0, &moves[j].0) / scale;
                slopes[i * order + j] = dot(&moves[i].0, &moves[j].1) / scale;
            }
            gram[i * order + i] += damping;
        }
        let gram = Ldl::new(&gram, order).ok()?;
        let mut step = Vec::with_capacity(order * order);
        for (i, row) in slopes.chunks_exact(order).enumerate() {
            step.extend(gram.solve(row));
            step[i * order + i] += 1.0;
        }
        Some(LinearModel {
            moves,
            lengths,
            gram,
            step,
        })
    }

    /// The move by 2^`doublings` + 1 steps from where the step is `f`: all but the last within the span.
    pub(super) fn path(
        &self,
        f: &[f64],
        doublings: u32,
        dot: impl Fn(&[f64], &[f64]) -> f64,
    ) -> Option<Move> {
        let pairs = self.moves.iter().zip(&self.lengths);
        let mut way: Vec<f64> = pairs.map(|((dx, _), length)| dot(dx, f) / length).collect();
        let mut steps = self.step.clone();
        (0..doublings).for_each(|_| double(&mut steps, &mut way));
        let along = self.gram.solve(&way);
        let mut longer = way.clone();
        (0..2).for_each(|_| double(&mut steps, &mut longer));
        let square = |values: &[f64]| values.iter().map(|v| v * v).sum::<f64>();
        let more: Vec<f64> = longer.iter().zip(&way).map(|(a, b)| a - b).collect();
        let goes_on = !(square(&more) < AT_END * AT_END * square(&way));

        let mut left = f.to_vec();
        let mut within = vec![0.0; f.len()];
        for (((dx, df), length), along) in self.moves.iter().zip(&self.lengths).zip(along) {
            for j in 0..f.len() {
                left[j] += along / length * df[j];
                within[j] += along / length * dx[j];
            }
        }
        let by: Vec<f64> = within.iter().zip(&left).map(|(a, b)| a + b).collect();
        let finite = by.iter().all(|value| value.is_finite());
        finite.then_some(Move { by, left, goes_on })
    }
}

/// From the matrix of t steps and the way they lead to those of 2t.
fn double(steps: &mut Vec<f64>, way: &mut [f64]) {
    let order = way.len();
    let row = |i: usize| &steps[i * order..(i + 1) * order];
    let again: Vec<f64> = (0..order)
        .map(|i| row(i).iter().zip(&*way).map(|(a, b)| a * b).sum())
        .collect();
    let mut square = vec![0.0; order * order];
    for (i, into) in square.chunks_exact_mut(order).enumerate() {
        for (l, factor) in row(i).iter().enumerate() {
            for (value, other) in into.iter_mut().zip(row(l)) {
                *value += factor * other;
            }
        }
    }
    *steps = square;
    for (way, again) in way.iter_mut().zip(again) {
        *way += again;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps f = −J x of a linear map, one direction of which grows: the path is that of the steps themselves.
    #[test]
    fn the_path_of_linear_steps_is_walked() {
        let step = |x: [f64; 2]| [-0.1 * x[0] + 0.02 * x[1], 0.05 * x[1]];
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum();
        let points = [[1.0, 0.2], [0.7, 0.25], [0.9, -0.1]];
        let moves: Vec<(Vec<f64>, Vec<f64>)> = (points.windows(2))
            .map(|pair| {
                let difference = |a: [f64; 2], b: [f64; 2]| vec![b[0] - a[0], b[1] - a[1]];
                let steps = (step(pair[0]), step(pair[1]));
                (difference(pair[0], pair[1]), difference(steps.0, steps.1))
            })
            .collect();
        let model = LinearModel::new(&moves, 0.0, dot).unwrap();
        for doublings in [0, 1, 3, 5] {
            let start = points[2];
            let mut x = start;
            for _ in 0..=2_u32.pow(doublings) {
                let f = step(x);
                x = [x[0] + f[0], x[1] + f[1]];
            }
            let found = model.path(&step(start), doublings, dot).unwrap();
            for j in 0..2 {
                assert!((start[j] + found.by[j] - x[j]).abs() < 1e-12, "{doublings}");
            }
            assert!(found.goes_on);
        }
        assert!(LinearModel::new(&[], 0.0, dot).is_none());
    }

    /// Where nothing grows a long path ends where no step is left.
    #[test]
    fn a_long_path_comes_to_rest() {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum();
        let moves = [(vec![1.0], vec![-0.01])];
        let model = LinearModel::new(&moves, 0.0, dot).unwrap();
        let found = model.path(&[0.5], 20, dot).unwrap();
        assert!((found.by[0] - 50.0).abs() < 1e-9 && found.left[0].abs() < 1e-12);
        assert!(!found.goes_on);
        assert!(model.path(&[0.5], 3, dot).unwrap().goes_on);
    }
}
