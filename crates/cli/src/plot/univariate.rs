//! One column: observed and fitted.

use super::axes::{Panel, Range, Ticks};
use super::data::{Data, Scale};
use super::intervals;
use super::legend::{Sign, sketch};
use super::marginal::{Densities, Marginal};
use super::scene::{BLACK, Colour, LIGHT, Marker, Scene, colour, marker};

/// Counts up to this many different values are drawn one by one.
const VALUES: f64 = 60.0;
/// Component curves beyond this many would hide each other.
pub const CURVES: usize = 12;

/// Which axes have ticks and names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axes {
    /// Both.
    Both,
    /// The lower one.
    Below,
    /// None.
    None,
}

/// Where a panel is.
#[derive(Clone, Copy)]
pub struct Place {
    /// The left edge.
    pub left: f64,
    /// The upper edge.
    pub top: f64,
    /// The width.
    pub width: f64,
    /// The height.
    pub height: f64,
}

impl Place {
    /// A panel there.
    pub fn panel(self, x: Range, y: Range) -> Panel {
        let Place {
            left,
            top,
            width,
            height,
        } = self;
        Panel {
            left,
            top,
            width,
            height,
            x,
            y,
        }
    }
}

/// What the lines and bars mean.
pub fn legend(data: &Data<'_>) -> Vec<(Sign, String)> {
    let mut entries = vec![
        (Sign::Bar(LIGHT), "observed".to_string()),
        (Sign::Line(BLACK, 1.8, false), "mixture".to_string()),
    ];
    let discrete = data
        .columns
        .iter()
        .any(|column| values_of(&column.scale, &column.values).is_some());
    let needed = (0..data.components()).filter(|&k| data.is_needed(k));
    for k in needed.take(CURVES) {
        let sign = match discrete {
            true => Sign::Point(marker(k), 4.5, colour(k), 1.0, sketch(k)),
            false => Sign::Line(colour(k), 1.6, true),
        };
        entries.push((sign, data.name(k)));
    }
    entries
}

/// Draws column j. Returns whether the fitted distribution could be drawn, too.
pub fn draw(scene: &mut Scene, place: Place, data: &Data<'_>, j: usize, axes: Axes) -> bool {
    let column = &data.columns[j];
    let marginal = Marginal::new(data.file, &[&column.name]);
    match values_of(&column.scale, &column.values) {
        Some(values) => bars(scene, place, data, j, &values, marginal.as_ref(), axes),
        None => histogram(scene, place, data, j, marginal.as_ref(), axes),
    }
    marginal.is_some()
}

/// The values of a discrete column, where they are few enough to be drawn one by one.
fn values_of(scale: &Scale, observed: &[f64]) -> Option<Vec<f64>> {
    match scale {
        Scale::Levels(levels) => Some((0..levels.len()).map(|level| level as f64).collect()),
        Scale::Counts => {
            let observed = observed.iter().filter(|value| value.is_finite());
            let (low, high) = observed.fold((f64::INFINITY, 0.0f64), |(low, high), &x| {
                (low.min(x), high.max(x))
            });
            let low = if low <= 0.25 * VALUES { 0.0 } else { low };
            if low > high {
                return Some(vec![0.0]);
            }
            if !(high - low <= VALUES) {
                return None;
            }
            Some(
                (0..=((high - low) as usize))
                    .map(|i| low + i as f64)
                    .collect(),
            )
        }
        Scale::Numbers | Scale::Intervals { .. } => None,
    }
}

fn bars(
    scene: &mut Scene,
    place: Place,
    data: &Data<'_>,
    j: usize,
    values: &[f64],
    marginal: Option<&Marginal>,
    axes: Axes,
) {
    let column = &data.columns[j];
    let first = values.first().copied().unwrap_or(0.0);
    let mut observed = vec![0.0; values.len()];
    let mut total = 0.0;
    for (value, weight) in column.values.iter().zip(&data.weights) {
        if let Some(bar) = observed
            .get_mut((value - first) as usize)
            .filter(|_| *value >= first)
        {
            *bar += weight;
            total += weight;
        }
    }
    observed
        .iter_mut()
        .for_each(|bar| *bar /= f64::max(total, f64::MIN_POSITIVE));
    let fitted = marginal.map(|marginal| marginal.densities(&[values.to_vec()]));
    let sums = fitted.iter().flat_map(|fitted| fitted.total.iter());
    let highest = observed.iter().chain(sums).fold(0.0f64, |a, &b| a.max(b));
    let last = values.last().copied().unwrap_or(0.0);
    let panel = place.panel(
        Range::new(first - 0.6, last + 0.6),
        Range::new(0.0, if highest > 0.0 { 1.08 * highest } else { 1.0 }),
    );
    for (value, &height) in values.iter().zip(&observed) {
        panel.bar(scene, (value - 0.4, value + 0.4), height, LIGHT);
    }
    if let Some(fitted) = &fitted {
        for (value, &height) in values.iter().zip(&fitted.total) {
            panel.line(
                scene,
                &[(value - 0.4, height), (value + 0.4, height)],
                (BLACK, 1.8, false),
            );
        }
        let count = fitted.parts.len();
        let needed = fitted.parts.iter().enumerate();
        for (k, part) in needed.filter(|(k, _)| data.is_needed(*k)).take(CURVES) {
            // Side by side, so that none hides another.
            let shift = (k as f64 - 0.5 * (count as f64 - 1.0)) * (0.6 / count as f64);
            let shift = if matches!(column.scale, Scale::Levels(_)) {
                shift
            } else {
                0.0
            };
            let points: Vec<(f64, f64)> = values
                .iter()
                .zip(part)
                .map(|(value, &height)| (value + shift, height))
                .collect();
            if matches!(column.scale, Scale::Counts) {
                panel.line(scene, &points, (colour(k), 1.2, true));
            }
            let form: (Marker, f64) = (marker(k), 3.5);
            panel.points(scene, points.into_iter(), form, (colour(k), 1.0), sketch(k));
        }
    }
    let ticks = match &column.scale {
        Scale::Levels(levels) => Ticks::Names(levels.clone()),
        _ => Ticks::Whole,
    };
    frame(scene, &panel, (&column.name, &ticks), "probability", axes);
}

fn histogram(
    scene: &mut Scene,
    place: Place,
    data: &Data<'_>,
    j: usize,
    marginal: Option<&Marginal>,
    axes: Axes,
) {
    let column = &data.columns[j];
    let observed = Range::of(column.values.iter().copied());
    let bins = bins(&column.values, observed);
    let width = observed.length() / bins as f64;
    let heights = match column.scale {
        Scale::Intervals { .. } => {
            intervals::histogram(&column.ends, &data.weights, observed, bins)
        }
        _ => counted(&column.values, &data.weights, observed, bins),
    };
    let counts = matches!(
        column.scale,
        Scale::Counts | Scale::Intervals { counts: true }
    );
    let margin = if counts {
        observed
    } else {
        observed.with_margin(0.03)
    };
    let grid = curve_points(margin, &column.values, counts);
    let fitted = marginal.map(|marginal| marginal.densities(std::slice::from_ref(&grid)));
    let highest = heights.iter().fold(0.0f64, |a, &b| a.max(b));
    let panel = place.panel(margin, Range::new(0.0, top(highest, fitted.as_ref())));
    for (bin, &height) in heights.iter().enumerate() {
        let from = observed.low + width * bin as f64;
        panel.bar(scene, (from, from + width), height, LIGHT);
    }
    let mut curve = |heights: &[f64], style: (Colour, f64, bool)| {
        let points: Vec<(f64, f64)> = grid.iter().copied().zip(heights.iter().copied()).collect();
        panel.line(scene, &points, style);
    };
    if let Some(fitted) = &fitted {
        curve(&fitted.total, (BLACK, 1.8, false));
        let needed = fitted.parts.iter().enumerate();
        for (k, part) in needed.filter(|(k, _)| data.is_needed(*k)).take(CURVES) {
            curve(part, (colour(k), 1.6, true));
        }
    }
    frame(
        scene,
        &panel,
        (&column.name, &Ticks::Numbers),
        "density",
        axes,
    );
}

/// The densities of bars of equal width.
fn counted(values: &[f64], weights: &[f64], range: Range, bins: usize) -> Vec<f64> {
    let width = range.length() / bins as f64;
    let mut heights = vec![0.0; bins];
    let mut total = 0.0;
    for (value, weight) in values.iter().zip(weights) {
        if range.contains(*value) {
            let bin = ((value - range.low) / width) as usize;
            heights[bin.min(bins - 1)] += weight;
            total += weight;
        }
    }
    let scale = 1.0 / (f64::max(total, f64::MIN_POSITIVE) * width);
    heights.iter_mut().for_each(|height| *height *= scale);
    heights
}

/// The upper end of a density axis: a density that is unbounded does not press the bars flat.
fn top(highest: f64, fitted: Option<&Densities>) -> f64 {
    let curve = fitted.iter().flat_map(|fitted| fitted.total.iter());
    let curve = curve
        .filter(|height| height.is_finite())
        .fold(0.0f64, |a, &b| a.max(b));
    let top = 1.06 * curve.max(highest).min(2.5 * highest);
    if top > 0.0 && top.is_finite() {
        top
    } else {
        1.0
    }
}

/// Where the curves are computed: everywhere, and closer where the rows are.
fn curve_points(range: Range, values: &[f64], counts: bool) -> Vec<f64> {
    let mut sorted: Vec<f64> = values
        .iter()
        .copied()
        .filter(|x| range.contains(*x))
        .collect();
    sorted.sort_by(f64::total_cmp);
    let mut grid = range.grid(300);
    let step = (sorted.len() / 150).max(1);
    grid.extend(sorted.iter().step_by(step));
    if counts {
        grid.iter_mut()
            .for_each(|value| *value = value.round().max(0.0));
    }
    grid.sort_by(f64::total_cmp);
    grid.dedup();
    grid
}

/// The number of bars: Freedman & Diaconis (1981), but √n at least, because clusters lie far apart; within what can
/// be seen.
fn bins(values: &[f64], range: Range) -> usize {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|x| x.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let quartile = |share: f64| sorted[(share * (sorted.len() - 1) as f64) as usize];
    if sorted.len() < 2 {
        return 5;
    }
    let width = 2.0 * (quartile(0.75) - quartile(0.25)) / (sorted.len() as f64).cbrt();
    let count = (range.length() / width).ceil();
    if count.is_finite() {
        count.max((sorted.len() as f64).sqrt()).clamp(8.0, 60.0) as usize
    } else {
        30
    }
}

fn frame(scene: &mut Scene, panel: &Panel, x: (&str, &Ticks), y: &str, axes: Axes) {
    let none = ("", &Ticks::None);
    match axes {
        Axes::Both => panel.frame(scene, x, (y, &Ticks::Numbers)),
        Axes::Below => panel.frame(scene, x, none),
        Axes::None => panel.frame(scene, none, none),
    }
}
