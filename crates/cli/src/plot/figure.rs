//! Whole pictures of rows under a model.

use super::data::{Column, Data, Scale};
use super::scatter::{self, Style};
use super::scene::{Anchor, Scene, cut};
use super::univariate::{self, Axes, Place};
use super::{MARGINS, PLACE, SIZE, legend};
use crate::failure::Failure;

/// How many rows are drawn in a picture.
const POINTS: usize = 3500;
/// How many columns a picture of pairs has.
const PAIRS: usize = 5;
/// How many columns are drawn one by one.
const PANELS: usize = 9;

/// Notes for the foot of a picture.
fn foot(scene: &mut Scene, notes: &[String]) {
    let (x, y) = (MARGINS.0, scene.height - 10.0);
    scene.text((x, y), &notes.join("; "), 11, Anchor::Start);
}

/// A note where not all rows are drawn.
fn sampled(rows: usize, all: usize) -> Option<String> {
    (rows < all).then(|| format!("{rows} of {all} rows are drawn, chosen by chance"))
}

fn title(data: &Data<'_>, what: &str) -> String {
    let count = data.file.model.components().without_noise();
    let noise = if count < data.components() {
        " and noise"
    } else {
        ""
    };
    let plural = if count == 1 { "" } else { "s" };
    let needed = (0..data.components()).filter(|&k| data.is_needed(k));
    let needed = match needed.count() {
        needed if needed < data.components() => format!(", {needed} of them needed"),
        _ => String::new(),
    };
    format!("{what}: {count} component{plural}{noise}{needed}")
}

/// Two columns.
pub fn plane(data: &Data<'_>, style: Style) -> Result<Scene, Failure> {
    let numeric = data.numeric();
    let [i, j, ..] = numeric[..] else {
        return Err(Failure::input(format!(
            "two columns of numbers are needed, and there {}; --kind density draws one",
            if numeric.is_empty() {
                "is none"
            } else {
                "is one"
            }
        )));
    };
    let title = match style {
        Style::Classification => title(data, "Classification"),
        Style::Uncertainty => title(data, "Uncertainty of the classification"),
        Style::Density => title(data, "Density"),
    };
    let mut scene = Scene::new(SIZE.0, SIZE.1, &title);
    scene.heading((MARGINS.0, 28.0), &title, 15);
    let rows = data.sample(POINTS);
    let said = scatter::draw(&mut scene, PLACE, data, (i, j), style, &rows, (true, true));
    let mut notes: Vec<String> = said.into_iter().map(String::from).collect();
    notes.extend(sampled(rows.len(), data.labels.len()));
    if numeric.len() > 2 {
        notes.push(format!("2 of {} columns", numeric.len()));
    }
    foot(&mut scene, &notes);
    let corner = (PLACE.left + PLACE.width + 18.0, PLACE.top + 8.0);
    legend::draw(&mut scene, corner, &scatter::legend(data, style));
    Ok(scene)
}

/// Each column for itself.
pub fn margins(data: &Data<'_>) -> Scene {
    let shown = data.columns.len().min(PANELS);
    let title = match shown {
        1 => title(data, "Observed and fitted"),
        _ => title(data, "Each column, observed and fitted"),
    };
    let across = if shown == 1 {
        1
    } else {
        (shown as f64).sqrt().ceil() as usize
    };
    let down = shown.div_ceil(across);
    let mut scene = match shown {
        1 => Scene::new(SIZE.0, SIZE.1, &title),
        _ => Scene::new(
            330.0 * across as f64 + 200.0,
            250.0 * down as f64 + 80.0,
            &title,
        ),
    };
    scene.heading((MARGINS.0, 28.0), &title, 15);
    let mut fitted = true;
    for j in 0..shown {
        let place = match shown {
            1 => PLACE,
            _ => Place {
                left: 76.0 + 330.0 * (j % across) as f64,
                top: 52.0 + 250.0 * (j / across) as f64,
                width: 240.0,
                height: 180.0,
            },
        };
        fitted &= univariate::draw(&mut scene, place, data, j, Axes::Both);
    }
    let mut notes = Vec::new();
    if !fitted {
        notes.push(
            "fitted lines are drawn where the model has a distribution of the column alone".into(),
        );
    }
    let is_interval = |column: &Column| matches!(column.scale, Scale::Intervals { .. });
    if data.columns.iter().any(is_interval) {
        notes.push(
            "bars: the most likely histogram of the intervals, what lies beyond them not drawn"
                .into(),
        );
    }
    let needed = (0..data.components()).filter(|&k| data.is_needed(k));
    let needed = needed.count();
    if needed > univariate::CURVES {
        notes.push(format!("{} of {needed} components", univariate::CURVES));
    }
    if shown < data.columns.len() {
        notes.push(format!("{shown} of {} columns", data.columns.len()));
    }
    foot(&mut scene, &notes);
    let right = scene.width - 172.0;
    legend::draw(
        &mut scene,
        (right, PLACE.top + 8.0),
        &univariate::legend(data),
    );
    scene
}

/// Every pair of columns: below the diagonal the rows, on it each column for itself.
pub fn pairs(data: &Data<'_>) -> Result<Scene, Failure> {
    const CELL: f64 = 168.0;
    const GAP: f64 = 18.0;
    let numeric = data.numeric();
    if numeric.len() < 2 {
        return plane(data, Style::Classification);
    }
    let shown = &numeric[..numeric.len().min(PAIRS)];
    let size = shown.len() as f64 * (CELL + GAP);
    let title = title(data, "Pairs of columns");
    let mut scene = Scene::new((size + 110.0).max(560.0), size + 122.0, &title);
    scene.heading((MARGINS.0, 28.0), &title, 15);
    let panels = shown.len() * (shown.len() - 1) / 2;
    let rows = data.sample(POINTS / panels.max(2));
    let last = shown.len() - 1;
    let mut said: Vec<&str> = Vec::new();
    for (r, &up) in shown.iter().enumerate() {
        for (c, &across) in shown.iter().enumerate().take(r + 1) {
            let place = Place {
                left: 84.0 + c as f64 * (CELL + GAP),
                top: 60.0 + r as f64 * (CELL + GAP),
                width: CELL,
                height: CELL,
            };
            if r == c {
                let axes = if r == last { Axes::Below } else { Axes::None };
                univariate::draw(&mut scene, place, data, up, axes);
                let name = cut(&data.columns[up].name, 22);
                scene.heading((place.left, place.top - 4.0), &name, 11);
                continue;
            }
            let named = (r == last, c == 0);
            let style = Style::Classification;
            let note = scatter::draw(&mut scene, place, data, (across, up), style, &rows, named);
            said.extend(note.filter(|note| !said.contains(note)));
        }
    }
    let mut notes: Vec<String> = said.into_iter().map(String::from).collect();
    notes.extend(sampled(rows.len(), data.labels.len()));
    if shown.len() < numeric.len() {
        notes.push(format!("{} of {} columns", shown.len(), numeric.len()));
    }
    foot(&mut scene, &notes);
    let corner = (84.0 + 2.0 * (CELL + GAP), 76.0);
    legend::draw(
        &mut scene,
        corner,
        &scatter::legend(data, Style::Classification),
    );
    Ok(scene)
}
