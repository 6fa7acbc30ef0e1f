//! The course of a fit, and of a criterion over the number of components.

use super::axes::{Range, Ticks};
use super::legend::{self, Sign};
use super::scene::{Anchor, BLACK, Marker, Scene, colour, marker};
use super::univariate::Place;
use super::{MARGINS, PLACE, SIZE};
use crate::dialect::Dialect;
use crate::failure::Failure;
use crate::grid::fixed;
use std::path::Path;
use tabular::ModelFile;

/// The objective over the iterations.
pub fn trace(file: &ModelFile) -> Result<Scene, Failure> {
    let fit = file.fit.as_ref().filter(|fit| !fit.trace.is_empty());
    let fit = fit.ok_or_else(|| {
        Failure::input(
            "the model file holds no trace of a fit: its field fit.trace is absent or empty",
        )
    })?;
    let mut scene = Scene::new(SIZE.0, SIZE.1, "Objective by iteration");
    scene.heading((MARGINS.0, 28.0), "Objective by iteration", 15);
    let last = (fit.trace.len() - 1) as f64;
    let place = Place {
        width: SIZE.0 - PLACE.left - 40.0,
        ..PLACE
    };
    let x = Range::new(0.0, last.max(1.0)).with_margin(0.02);
    let panel = place.panel(x, Range::of(fit.trace.iter().copied()).with_margin(0.05));
    let points: Vec<(f64, f64)> = fit
        .trace
        .iter()
        .enumerate()
        .map(|(i, &objective)| (i as f64, objective))
        .collect();
    panel.line(&mut scene, &points, (colour(0), 1.8, false));
    if points.len() <= 200 {
        let form = (Marker::Circle, 3.0);
        panel.points(&mut scene, points.into_iter(), form, (colour(0), 1.0), 'o');
    }
    panel.frame(
        &mut scene,
        ("iteration", &Ticks::Whole),
        (&axis(&fit.algorithm), &Ticks::Numbers),
    );
    let note = format!(
        "{}: {} after {} iterations; objective {}",
        fit.algorithm,
        fit.stop_reason,
        fit.iterations,
        fixed(fit.objective, 6)
    );
    scene.text((MARGINS.0, SIZE.1 - 10.0), &note, 11, Anchor::Start);
    Ok(scene)
}

fn axis(algorithm: &str) -> String {
    match algorithm {
        "em" => "objective (nats)".into(),
        other => format!("objective of {other} (nats)"),
    }
}

/// One line of the table of `mixture select`.
struct Listed {
    model: String,
    count: f64,
    value: f64,
    ranked: bool,
}

/// The criterion over the number of components, from the table of `mixture select`.
pub fn selection(path: &Path) -> Result<Scene, Failure> {
    let listed = read(path)?;
    let mut models: Vec<&str> = Vec::new();
    for row in &listed {
        if !models.contains(&row.model.as_str()) {
            models.push(&row.model);
        }
    }
    let mut scene = Scene::new(SIZE.0, SIZE.1, "Criterion by number of components");
    scene.heading((MARGINS.0, 28.0), "Criterion by number of components", 15);
    let x = Range::of(listed.iter().map(|row| row.count)).with_margin(0.04);
    let y = Range::of(listed.iter().map(|row| row.value)).with_margin(0.06);
    let panel = PLACE.panel(x, y);
    let mut entries = Vec::new();
    for (m, model) in models.iter().enumerate() {
        let mut points: Vec<(f64, f64)> = (listed.iter())
            .filter(|row| row.model == *model)
            .map(|row| (row.count, row.value))
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        panel.line(&mut scene, &points, (colour(m), 1.5, m >= 6));
        let letter = legend::sketch(m);
        panel.points(
            &mut scene,
            points.into_iter(),
            (marker(m), 4.0),
            (colour(m), 1.0),
            letter,
        );
        let sign = Sign::Point(marker(m), 4.5, colour(m), 1.0, letter);
        entries.push((sign, model.to_string()));
    }
    let ranked = listed.iter().filter(|row| row.ranked);
    if let Some(best) = ranked.min_by(|a, b| a.value.total_cmp(&b.value)) {
        let low = panel.at(best.count, best.value);
        let ring: Vec<(f64, f64)> = (0..=40)
            .map(|i| {
                let angle = std::f64::consts::TAU * f64::from(i) / 40.0;
                (low.0 + 9.0 * angle.cos(), low.1 + 9.0 * angle.sin())
            })
            .collect();
        scene.line(ring, BLACK, 1.5, false);
        let note = format!(
            "best (ringed): {} with {} components, {}",
            best.model,
            best.count,
            fixed(best.value, 3)
        );
        scene.text((MARGINS.0, SIZE.1 - 10.0), &note, 11, Anchor::Start);
    }
    panel.frame(
        &mut scene,
        ("number of components", &Ticks::Whole),
        ("criterion, smaller is better", &Ticks::Numbers),
    );
    legend::draw(
        &mut scene,
        (PLACE.left + PLACE.width + 18.0, PLACE.top + 8.0),
        &entries,
    );
    Ok(scene)
}

fn read(path: &Path) -> Result<Vec<Listed>, Failure> {
    let sheet = crate::read::Sheet::read(path, &Dialect::default())?;
    let wrong = |why: &str| {
        Failure::input(format!(
            "{}: {why}; --kind selection draws a table that mixture select --table wrote",
            path.display()
        ))
    };
    let column = |name: &str| {
        let place = sheet.header.iter().position(|column| column == name);
        place.ok_or_else(|| wrong(&format!("there is no column \"{name}\"")))
    };
    let (rank, family, covariance) = (column("rank")?, column("family")?, column("covariance")?);
    let (components, value) = (column("components")?, column("value")?);
    let mut listed = Vec::new();
    for row in 0..sheet.rows.len() {
        let number = |column: usize| tabular::parse_number(&sheet.cell(row, column));
        let (Some(count), Some(value)) = (number(components), number(value)) else {
            continue;
        };
        let model = format!(
            "{} {}",
            sheet.cell(row, family),
            sheet.cell(row, covariance)
        );
        let model = match model.trim() {
            "" => "parts".to_string(),
            model => model.to_string(),
        };
        listed.push(Listed {
            model,
            count,
            value,
            ranked: number(rank).is_some(),
        });
    }
    if listed.is_empty() {
        return Err(wrong("no row has a number of components and a value"));
    }
    Ok(listed)
}
