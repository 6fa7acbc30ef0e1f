//! A picture as PNG, with letters of a font that the program carries.

use super::scene::{Anchor, Mark, Scene};
use super::svg::{DASHES, hex};
use crate::failure::Failure;
use kuva::RasterBackend;
use kuva::render::render::{PathData, Primitive, Scene as Drawing, TextAnchor};

/// Pixels for each unit of the picture: sharp in print at its usual size.
const SCALE: f32 = 2.0;

/// The bytes of the PNG file.
pub fn bytes(scene: &Scene) -> Result<Vec<u8>, Failure> {
    let mut drawing = Drawing::new(scene.width, scene.height);
    for mark in &scene.marks {
        add(&mut drawing, mark);
    }
    (RasterBackend::new()
        .with_scale(SCALE)
        .render_scene(&drawing))
    .map_err(|error| Failure::Fit(format!("the picture could not be drawn: {error}")))
}

fn add(drawing: &mut Drawing, mark: &Mark) {
    match mark {
        Mark::Line {
            points,
            colour,
            width,
            dashed,
        } => {
            // The rasteriser begins each piece of a line with a new dash, which makes curves solid.
            let pieces = match dashed {
                true => dashes(points),
                false => vec![points.clone()],
            };
            let lines = pieces.into_iter().map(|points| Primitive::PolyLine {
                points,
                stroke: hex(*colour).into(),
                stroke_width: *width,
                stroke_dasharray: None,
            });
            drawing.elements.extend(lines);
        }
        Mark::Bar {
            x,
            y,
            width,
            height,
            colour,
        } => drawing.elements.push(Primitive::Rect {
            x: *x,
            y: *y,
            width: *width,
            height: *height,
            fill: hex(*colour).into(),
            stroke: None,
            stroke_width: None,
            opacity: None,
        }),
        Mark::Points {
            at,
            marker,
            radius,
            colour,
            opacity,
            ..
        } => {
            for &(x, y) in at {
                drawing.elements.push(Primitive::Path(Box::new(PathData {
                    d: marker.path(x, y, *radius),
                    fill: Some(hex(*colour).into()),
                    stroke: "#ffffff".into(),
                    stroke_width: 0.3,
                    opacity: Some(*opacity),
                    stroke_dasharray: None,
                })));
            }
        }
        Mark::Text {
            x,
            y,
            text,
            size,
            anchor,
            upwards,
            bold,
        } => {
            drawing.elements.push(Primitive::Text {
                x: *x,
                y: *y,
                content: text.clone(),
                size: *size,
                anchor: match anchor {
                    Anchor::Start => TextAnchor::Start,
                    Anchor::Middle => TextAnchor::Middle,
                    Anchor::End => TextAnchor::End,
                },
                rotate: upwards.then_some(-90.0),
                bold: *bold,
                color: None,
            });
        }
    }
}

/// The dashes of a line.
fn dashes(points: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
    let mut pieces = Vec::new();
    let (mut on, mut left) = (true, DASHES[0]);
    let mut piece: Vec<(f64, f64)> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        let mut length = (to.0 - from.0).hypot(to.1 - from.1);
        while length > left {
            let share = left / length;
            from = (
                from.0 + share * (to.0 - from.0),
                from.1 + share * (to.1 - from.1),
            );
            length -= left;
            if on {
                piece.push(from);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![from];
            }
            on = !on;
            left = DASHES[usize::from(!on)];
        }
        left -= length;
        if on {
            piece.push(to);
        }
    }
    pieces.push(piece);
    pieces.retain(|piece| piece.len() > 1);
    pieces
}
