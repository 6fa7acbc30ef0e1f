//! A picture as characters, for a terminal.

use super::scene::{Anchor, Mark, Scene};

/// A character is about twice as high as wide.
const CELL: (f64, f64) = (8.0, 16.0);

/// The picture as lines of text.
pub fn text(scene: &Scene) -> String {
    let columns = (scene.width / CELL.0).ceil() as usize;
    let rows = (scene.height / CELL.1).ceil() as usize;
    let mut page = Page {
        cells: vec![vec![' '; columns]; rows],
    };
    for mark in &scene.marks {
        page.draw(mark);
    }
    let mut text = String::new();
    for row in &page.cells {
        let line: String = row.iter().collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

struct Page {
    cells: Vec<Vec<char>>,
}

impl Page {
    fn put(&mut self, (x, y): (f64, f64), character: char) {
        // A negative number becomes 0 when it is cast: it is no place on the page.
        if x >= 0.0 && y >= 0.0 {
            let row = self.cells.get_mut((y / CELL.1) as usize);
            if let Some(cell) = row.and_then(|row| row.get_mut((x / CELL.0) as usize)) {
                *cell = character;
            }
        }
    }
    fn draw(&mut self, mark: &Mark) {
        match mark {
            Mark::Line { points, .. } => {
                for pair in points.windows(2) {
                    self.segment(pair[0], pair[1]);
                }
            }
            Mark::Bar {
                x,
                y,
                width,
                height,
                ..
            } => {
                let columns = (width / CELL.0).ceil().max(1.0) as usize;
                let rows = (height / CELL.1).round() as usize;
                for i in 0..columns {
                    for j in 0..rows {
                        let below = y + height - CELL.1 * (j as f64 + 0.5);
                        self.put((x + CELL.0 * i as f64, below), '░');
                    }
                }
            }
            Mark::Points { at, sketch, .. } => {
                for &point in at {
                    self.put(point, *sketch);
                }
            }
            Mark::Text {
                x,
                y,
                text,
                anchor,
                upwards,
                size,
                ..
            } => {
                let length = text.chars().count() as f64;
                let (step, along) = match upwards {
                    true => ((0.0, CELL.1), length * CELL.1),
                    false => ((CELL.0, 0.0), length * CELL.0),
                };
                let back = match anchor {
                    Anchor::Start => 0.0,
                    Anchor::Middle => 0.5 * along,
                    Anchor::End => along,
                };
                // The middle of the letters, not their base line.
                let middle = y - 0.35 * f64::from(*size);
                let start = match upwards {
                    true => (*x, middle - back),
                    false => (x - back, middle),
                };
                for (i, character) in text.chars().enumerate() {
                    let i = i as f64;
                    self.put((start.0 + i * step.0, start.1 + i * step.1), character);
                }
            }
        }
    }
    fn segment(&mut self, from: (f64, f64), to: (f64, f64)) {
        let (across, down) = (to.0 - from.0, to.1 - from.1);
        let character = match (across.abs() < 0.01, down.abs() < 0.01) {
            (true, false) => '│',
            (false, true) => '─',
            _ => '·',
        };
        let steps = (across.abs() / CELL.0)
            .max(down.abs() / CELL.1)
            .ceil()
            .max(1.0);
        for i in 0..=(steps as usize) {
            let share = i as f64 / steps;
            self.put((from.0 + share * across, from.1 + share * down), character);
        }
    }
}
