//! What the signs of a picture mean.

use super::data::Data;
use super::scene::{Anchor, Colour, Mark, Marker, Scene, colour, cut, marker};

/// A sign.
pub enum Sign {
    /// A line: colour, width, dashed.
    Line(Colour, f64, bool),
    /// A point: form, radius, colour, opacity, and the character of a sketch.
    Point(Marker, f64, Colour, f64, char),
    /// A bar.
    Bar(Colour),
}

/// How many signs a legend explains.
const MOST: usize = 22;

/// The character of component k in a sketch.
pub fn sketch(k: usize) -> char {
    let digits = "0123456789abcdefghijklmnopqrstuvwxyz";
    digits.chars().nth(k).unwrap_or('*')
}

/// The points of each component.
pub fn points_of(data: &Data<'_>) -> Vec<(Sign, String)> {
    let sign = |k: usize| Sign::Point(marker(k), 4.5, colour(k), 1.0, sketch(k));
    (0..data.components())
        .filter(|&k| data.is_needed(k))
        .map(|k| (sign(k), data.name(k)))
        .collect()
}

/// Draws a legend with its upper left corner at (x, y).
pub fn draw(scene: &mut Scene, (x, y): (f64, f64), entries: &[(Sign, String)]) {
    const STEP: f64 = 19.0;
    for (i, (sign, name)) in entries.iter().take(MOST).enumerate() {
        let y = y + STEP * i as f64;
        match sign {
            Sign::Line(colour, width, dashed) => {
                scene.line(vec![(x, y), (x + 22.0, y)], *colour, *width, *dashed);
            }
            Sign::Point(marker, radius, colour, opacity, sketch) => {
                scene.marks.push(Mark::Points {
                    at: vec![(x + 11.0, y)],
                    marker: *marker,
                    radius: *radius,
                    colour: *colour,
                    opacity: *opacity,
                    sketch: *sketch,
                });
            }
            Sign::Bar(colour) => scene.marks.push(Mark::Bar {
                x,
                y: y - 6.0,
                width: 22.0,
                height: 12.0,
                colour: *colour,
            }),
        }
        scene.text((x + 29.0, y + 4.0), &cut(name, 20), 12, Anchor::Start);
    }
    if entries.len() > MOST {
        let more = format!("and {} more", entries.len() - MOST);
        scene.text((x, y + STEP * MOST as f64 + 4.0), &more, 12, Anchor::Start);
    }
}
