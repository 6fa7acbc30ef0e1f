//! Two columns: points by component, their uncertainty, the density.

use super::axes::{Panel, Range, Ticks};
use super::contour::{Surface, ellipse, grid};
use super::data::{Data, Scale};
use super::legend::{Sign, points_of, sketch};
use super::marginal::Marginal;
use super::regression::Lines;
use super::scene::{BLACK, Colour, GREY, Marker, Scene, colour, marker};
use super::univariate::Place;

/// What is shown of two columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Rows by component, and the components.
    Classification,
    /// Rows by how uncertain their component is.
    Uncertainty,
    /// The density of the mixture.
    Density,
}

/// The shares that the outlines of a component hold.
const OUTLINES: [f64; 2] = [0.5, 0.9];
/// The shares that the contours of the mixture hold.
const CONTOURS: [f64; 5] = [0.25, 0.5, 0.75, 0.9, 0.98];
/// Rows up to these uncertainties, the size of their points, and how opaque they are.
const STEPS: [(f64, f64, f64, &str); 4] = [
    (0.05, 2.0, 0.4, "below 0.05"),
    (0.2, 3.2, 0.6, "0.05 to 0.2"),
    (0.4, 4.6, 0.8, "0.2 to 0.4"),
    (f64::INFINITY, 6.2, 1.0, "above 0.4"),
];

/// What the signs mean.
pub fn legend(data: &Data<'_>, style: Style) -> Vec<(Sign, String)> {
    match style {
        Style::Classification => points_of(data),
        Style::Density => vec![
            (Sign::Line(colour(0), 1.4, false), "density contour".into()),
            (
                Sign::Point(Marker::Circle, 2.5, GREY, 0.8, '.'),
                "row".into(),
            ),
        ],
        Style::Uncertainty => {
            let mut entries = points_of(data);
            let sizes = STEPS.iter().map(|&(_, radius, opacity, name)| {
                (
                    Sign::Point(Marker::Circle, radius, BLACK, opacity, ' '),
                    name.to_string(),
                )
            });
            entries.push((
                Sign::Point(Marker::Circle, 0.0, BLACK, 0.0, ' '),
                "uncertainty".into(),
            ));
            entries.extend(sizes);
            entries
        }
    }
}

/// What is said below a picture of the lines of a density.
fn note(style: Style) -> &'static str {
    match style {
        Style::Classification => "outlines hold 50 and 90 % of a component",
        Style::Uncertainty => "uncertainty: 1 - the largest responsibility",
        Style::Density => "contours hold 25, 50, 75, 90 and 98 % of the mixture in the frame",
    }
}

/// Draws columns i (across) and j (up) of these rows. Returns what is to be said of the model's lines,
/// where it could be drawn, too.
pub fn draw(
    scene: &mut Scene,
    place: Place,
    data: &Data<'_>,
    (i, j): (usize, usize),
    style: Style,
    rows: &[usize],
    (ticks_x, ticks_y): (bool, bool),
) -> Option<&'static str> {
    let (across, up) = (&data.columns[i], &data.columns[j]);
    // Contours need room beyond the rows.
    let margin = if style == Style::Density { 0.12 } else { 0.05 };
    let range = |values: &[f64]| Range::of(values.iter().copied()).with_margin(margin);
    let mut panel = place.panel(range(&across.values), range(&up.values));
    if data.is_direction(i, j) {
        panel = panel.equal_aspect();
    }
    let points = |wanted: &dyn Fn(usize) -> bool| -> Vec<(f64, f64)> {
        let rows = rows.iter().copied().filter(|&row| wanted(row));
        rows.map(|row| (across.values[row], up.values[row]))
            .collect()
    };
    let size = if place.width < 250.0 { 0.6 } else { 1.0 };
    let marginal = Marginal::new(data.file, &[&across.name, &up.name]);
    match style {
        Style::Density => {
            let all = points(&|_| true).into_iter();
            panel.points(scene, all, (Marker::Circle, 2.2), (GREY, 0.6), '.');
        }
        Style::Classification => {
            let nowhere = points(&|row| data.labels[row].is_none()).into_iter();
            panel.points(
                scene,
                nowhere,
                (Marker::Cross, 3.5 * size),
                (BLACK, 1.0),
                'x',
            );
            for k in 0..data.components() {
                let own = points(&|row| data.labels[row] == Some(k)).into_iter();
                let form = (marker(k), 3.4 * size);
                panel.points(scene, own, form, (colour(k), 0.7), sketch(k));
            }
        }
        Style::Uncertainty => {
            // The uncertain ones last, above the others.
            let mut from = f64::NEG_INFINITY;
            for (to, radius, opacity, _) in STEPS {
                for k in 0..data.components() {
                    let own = points(&|row| {
                        let u = data.uncertainty[row];
                        data.labels[row] == Some(k) && u >= from && u < to
                    });
                    let form = (marker(k), radius * size);
                    panel.points(
                        scene,
                        own.into_iter(),
                        form,
                        (colour(k), opacity),
                        sketch(k),
                    );
                }
                from = to;
            }
        }
    }
    let drawn = match (&marginal, style) {
        (Some(marginal), Style::Density) => contours(scene, &panel, marginal, (across, up)),
        (Some(marginal), Style::Classification) => {
            outlines(scene, &panel, data, marginal, (across, up))
        }
        (_, Style::Uncertainty) => true,
        (None, _) => false,
    };
    let mut said = drawn.then(|| note(style));
    if let Some(lines) = Lines::new(data, (i, j), panel.x) {
        for (k, points) in lines.points.iter().enumerate() {
            panel.line(scene, points, (colour(k), 1.8, false));
        }
        said = Some(lines.note());
    }
    let ticks = |shown: bool, scale: &Scale| match (shown, scale) {
        (false, _) => Ticks::None,
        (true, Scale::Counts) => Ticks::Whole,
        (true, _) => Ticks::Numbers,
    };
    let (x, y) = (ticks(ticks_x, &across.scale), ticks(ticks_y, &up.scale));
    let name = |shown: bool, name: &str| {
        if shown {
            name.to_string()
        } else {
            String::new()
        }
    };
    panel.frame(
        scene,
        (&name(ticks_x, &across.name), &x),
        (&name(ticks_y, &up.name), &y),
    );
    said
}

type Columns<'a> = (&'a super::data::Column, &'a super::data::Column);

/// Whether the density of two columns is a surface.
fn continuous((across, up): Columns<'_>) -> bool {
    across.scale == Scale::Numbers && up.scale == Scale::Numbers
}

/// The contours of the mixture.
fn contours(scene: &mut Scene, panel: &Panel, marginal: &Marginal, columns: Columns<'_>) -> bool {
    const POINTS: usize = 110;
    if !continuous(columns) {
        return false;
    }
    let densities = marginal.densities(&grid(panel.x, panel.y, POINTS));
    let surface = Surface::new(panel.x, panel.y, POINTS, densities.total);
    for share in CONTOURS {
        levels(scene, panel, &surface, share, (colour(0), 1.4));
    }
    true
}

fn levels(
    scene: &mut Scene,
    panel: &Panel,
    surface: &Surface,
    share: f64,
    (colour, width): (Colour, f64),
) {
    if let Some(level) = surface.level(share) {
        for line in surface.lines(level) {
            panel.line(scene, &line, (colour, width, false));
        }
    }
}

/// The outlines of each component: ellipses, or contours of its own density.
fn outlines(
    scene: &mut Scene,
    panel: &Panel,
    data: &Data<'_>,
    marginal: &Marginal,
    columns: Columns<'_>,
) -> bool {
    const POINTS: usize = 60;
    if !continuous(columns) {
        return false;
    }
    let count = data.file.model.components().without_noise();
    let mut surfaces = None;
    for k in (0..count).filter(|&k| data.is_needed(k)) {
        if let Some(elliptical) = marginal.elliptical(k) {
            for share in OUTLINES {
                if let Some(points) = ellipse(&elliptical, share) {
                    panel.line(scene, &points, (colour(k), 1.5, false));
                }
            }
            let centre = std::iter::once((elliptical.mean[0], elliptical.mean[1]));
            panel.points(scene, centre, (marker(k), 5.0), (BLACK, 0.9), '+');
            continue;
        }
        let surfaces = surfaces
            .get_or_insert_with(|| marginal.densities(&grid(panel.x, panel.y, POINTS)).parts);
        let surface = Surface::new(panel.x, panel.y, POINTS, surfaces[k].clone());
        for share in OUTLINES {
            levels(scene, panel, &surface, share, (colour(k), 1.5));
        }
    }
    true
}
