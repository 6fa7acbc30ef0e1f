//! Lines of equal density.

use super::axes::Range;
use super::marginal::Elliptical;
use std::collections::HashMap;

/// Values over a grid of the plane: that at (x_i, y_j) is at place j · n + i.
pub struct Surface {
    x: Vec<f64>,
    y: Vec<f64>,
    values: Vec<f64>,
}

/// The points of a grid, column by column.
pub fn grid(x: Range, y: Range, count: usize) -> [Vec<f64>; 2] {
    let (x, y) = (x.grid(count), y.grid(count));
    let across = y.iter().flat_map(|_| x.iter().copied()).collect();
    let up = y.iter().flat_map(|&y| x.iter().map(move |_| y)).collect();
    [across, up]
}

/// An edge between two neighbours of the grid: the lower or left one, and whether it runs up.
type Edge = (usize, usize, bool);

impl Surface {
    /// Over the grid of [`grid`].
    pub fn new(x: Range, y: Range, count: usize, values: Vec<f64>) -> Self {
        Surface {
            x: x.grid(count),
            y: y.grid(count),
            values,
        }
    }
    /// The level above which a share of the sum lies: the border of a region of highest density.
    pub fn level(&self, share: f64) -> Option<f64> {
        let mut sorted: Vec<f64> = self
            .values
            .iter()
            .copied()
            .filter(|value| value.is_finite() && *value > 0.0)
            .collect();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let wanted = share * sorted.iter().sum::<f64>();
        let mut sum = 0.0;
        sorted.into_iter().find(|value| {
            sum += value;
            sum >= wanted
        })
    }
    /// The lines on which the surface is at a level: marching squares, joined.
    pub fn lines(&self, level: f64) -> Vec<Vec<(f64, f64)>> {
        let mut next: HashMap<Edge, Vec<Edge>> = HashMap::new();
        let mut order: Vec<Edge> = Vec::new();
        for j in 0..self.y.len() - 1 {
            for i in 0..self.x.len() - 1 {
                for (from, to) in self.segments(i, j, level) {
                    for (a, b) in [(from, to), (to, from)] {
                        let others = next.entry(a).or_default();
                        if others.is_empty() {
                            order.push(a);
                        }
                        others.push(b);
                    }
                }
            }
        }
        // The open lines, which end at the frame, begin at an end.
        order.sort_by_key(|edge| next[edge].len() != 1);
        let mut lines = Vec::new();
        for start in order {
            let mut line = vec![self.point(start, level)];
            let mut at = start;
            while let Some(to) = next.get_mut(&at).and_then(Vec::pop) {
                if let Some(back) = next.get_mut(&to)
                    && let Some(place) = back.iter().position(|edge| *edge == at)
                {
                    back.remove(place);
                }
                line.push(self.point(to, level));
                at = to;
            }
            if line.len() > 1 {
                lines.push(line);
            }
        }
        lines
    }
    fn value(&self, i: usize, j: usize) -> f64 {
        self.values[j * self.x.len() + i]
    }
    /// The pieces of the line in one cell.
    fn segments(&self, i: usize, j: usize, level: f64) -> Vec<(Edge, Edge)> {
        let corners = [
            self.value(i, j),
            self.value(i + 1, j),
            self.value(i + 1, j + 1),
            self.value(i, j + 1),
        ];
        let edges = [
            (i, j, false),
            (i + 1, j, true),
            (i, j + 1, false),
            (i, j, true),
        ];
        let above = corners.map(|value| value > level);
        let crossed: Vec<Edge> = (0..4)
            .filter(|&e| above[e] != above[(e + 1) % 4])
            .map(|e| edges[e])
            .collect();
        match crossed[..] {
            [a, b] => vec![(a, b)],
            // A saddle: the middle decides which corners belong together.
            [a, b, c, d] => {
                let middle = corners.iter().sum::<f64>() / 4.0 > level;
                if middle == above[0] {
                    vec![(a, b), (c, d)]
                } else {
                    vec![(d, a), (b, c)]
                }
            }
            _ => Vec::new(),
        }
    }
    /// Where the line crosses an edge.
    fn point(&self, (i, j, up): Edge, level: f64) -> (f64, f64) {
        let (to_i, to_j) = if up { (i, j + 1) } else { (i + 1, j) };
        let (from, to) = (self.value(i, j), self.value(to_i, to_j));
        let share = ((level - from) / (to - from)).clamp(0.0, 1.0);
        let share = if share.is_finite() { share } else { 0.5 };
        let between = |a: f64, b: f64| a + share * (b - a);
        (
            between(self.x[i], self.x[to_i]),
            between(self.y[j], self.y[to_j]),
        )
    }
}

/// The ellipse that holds a share of a distribution of two columns; `None` where it is none.
pub fn ellipse(of: &Elliptical, share: f64) -> Option<Vec<(f64, f64)>> {
    const POINTS: usize = 72;
    // χ² with 2 degrees of freedom, and 2F with 2 and ν: both distribution functions are elementary.
    let squared = match of.df {
        None => -2.0 * (-share).ln_1p(),
        Some(df) => df * (-2.0 / df * (-share).ln_1p()).exp_m1(),
    };
    let (a, b, c) = (of.scale[0][0], of.scale[0][1], of.scale[1][1]);
    // The Cholesky factor.
    let first = a.sqrt();
    let below = b / first;
    let second = (c - below * below).max(0.0).sqrt();
    let radius = squared.sqrt();
    let point = |i: usize| {
        let angle = 2.0 * std::f64::consts::PI * i as f64 / POINTS as f64;
        let (u, v) = (radius * angle.cos(), radius * angle.sin());
        (of.mean[0] + first * u, of.mean[1] + below * u + second * v)
    };
    let points: Vec<(f64, f64)> = (0..=POINTS).map(point).collect();
    let finite = points.iter().all(|(x, y)| x.is_finite() && y.is_finite());
    finite.then_some(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contours_of_a_cone_are_circles() {
        let range = Range::new(-1.0, 1.0);
        let [x, y] = grid(range, range, 81);
        let values = x.iter().zip(&y).map(|(x, y)| -x.hypot(*y)).collect();
        let lines = Surface::new(range, range, 81, values).lines(-0.5);
        assert_eq!(lines.len(), 1, "one closed line");
        assert_eq!(lines[0].first(), lines[0].last());
        for (x, y) in &lines[0] {
            // Linear interpolation in cells of 1/40 of a distance with second derivatives of at most 1/0.5.
            assert!((x.hypot(*y) - 0.5).abs() < 2.0 / 8.0 / 40.0f64.powi(2));
        }
    }

    #[test]
    fn half_of_a_gaussian_lies_above_the_level_of_one_half() {
        let range = Range::new(-6.0, 6.0);
        let [x, y] = grid(range, range, 121);
        let density = |x: f64, y: f64| (-0.5 * (x * x + y * y)).exp();
        let values = x.iter().zip(&y).map(|(x, y)| density(*x, *y)).collect();
        let level = Surface::new(range, range, 121, values).level(0.5).unwrap();
        // Outside a radius r a share of exp(−r²/2) lies, which is the density relative to its maximum; the
        // grid of step 0.1 knows it to about a cell's share of 0.01/(2π) for each cell on the border.
        assert!((level - 0.5).abs() < 0.02, "{level}");
    }

    #[test]
    fn an_ellipse_holds_its_share() {
        // P(d² ≤ r²) of the t distribution by its closed form, 1 − (1 + r²/ν)^(−ν/2).
        let of = Elliptical {
            mean: vec![1.0, 2.0],
            scale: vec![vec![1.0, 0.0], vec![0.0, 1.0]],
            df: Some(3.0),
        };
        let (x, y) = ellipse(&of, 0.9).unwrap()[10];
        let squared = (x - 1.0).powi(2) + (y - 2.0).powi(2);
        assert!((1.0 - (1.0 + squared / 3.0).powf(-1.5) - 0.9).abs() < 1e-12);
    }
}
