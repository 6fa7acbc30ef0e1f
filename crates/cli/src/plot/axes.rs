//! A panel with axes: where data coordinates fall in the picture.

use super::scene::{Anchor, BLACK, Colour, Mark, Marker, Scene, cut, text_width};

/// An interval of data coordinates that has a positive, finite length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Its low end.
    pub low: f64,
    /// Its high end.
    pub high: f64,
}

/// Beyond it, the length of an interval may not be a double.
const LARGEST: f64 = 1e300;
/// Below it, the inverse of the length of a piece may not be a double.
const SMALLEST: f64 = 1e-280;

impl Range {
    /// That of these values, those that are not finite left out; around a single value, or [0, 1]
    /// where there is none.
    pub fn of(values: impl Iterator<Item = f64>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| value.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        Range::new(low, high)
    }
    /// From `low` to `high`, enlarged if that is no interval.
    pub fn new(low: f64, high: f64) -> Self {
        if !(low <= high) {
            return Range {
                low: 0.0,
                high: 1.0,
            };
        }
        let (low, high) = (low.max(-LARGEST), high.min(LARGEST));
        let size = low.abs().max(high.abs());
        // A few hundred pixels must be different numbers, and the inverse of their length a number.
        if high - low > f64::max(1e-9 * size, SMALLEST) {
            return Range { low, high };
        }
        let half = if 1e-3 * size > SMALLEST {
            1e-3 * size
        } else {
            0.5
        };
        Range {
            low: low - half,
            high: high + half,
        }
    }
    /// Enlarged by a share of its length at both ends.
    pub fn with_margin(self, share: f64) -> Self {
        let more = share * self.length();
        Range::new(self.low - more, self.high + more)
    }
    /// Its length.
    pub fn length(self) -> f64 {
        self.high - self.low
    }
    /// Whether a value is in it.
    pub fn contains(self, value: f64) -> bool {
        value >= self.low && value <= self.high
    }
    /// `count` equidistant values from end to end.
    pub fn grid(self, count: usize) -> Vec<f64> {
        let last = (count.max(2) - 1) as f64;
        (0..count.max(2))
            .map(|i| self.low + self.length() * (i as f64 / last))
            .collect()
    }
    /// Round numbers inside it, about `wanted`, and how they are written.
    pub fn ticks(self, wanted: usize, whole: bool) -> Vec<(f64, String)> {
        let rough = self.length() / wanted.max(1) as f64;
        let power = 10f64.powf(rough.log10().floor());
        let factors = [1.0, 2.0, 5.0, 10.0];
        let factor = (factors.iter()).find(|&&factor| factor * power >= rough * 0.999);
        let step = factor.unwrap_or(&10.0) * power;
        let step = if whole { step.max(1.0).round() } else { step };
        if !(step > 0.0 && step.is_finite()) {
            return Vec::new();
        }
        let (first, last) = ((self.low / step).ceil(), (self.high / step).floor());
        (0..=((last - first).clamp(-1.0, 50.0) as i64))
            .map(|i| (first + i as f64) * step)
            .filter(|tick| self.contains(*tick))
            .map(|tick| (tick, written(tick, step, self)))
            .collect()
    }
}

/// A tick with as many digits as tell it from the next.
fn written(tick: f64, step: f64, range: Range) -> String {
    let size = range.low.abs().max(range.high.abs());
    if tick.abs() < 1e-9 * step {
        return "0".into();
    }
    if !(1e-3..1e6).contains(&size) {
        let digits = (tick.abs().log10().floor() - step.log10().floor()).clamp(0.0, 12.0);
        let digits = digits as usize;
        return format!("{tick:.digits$e}");
    }
    let decimals = (-(step * 1.0001).log10().floor()).clamp(0.0, 12.0) as usize;
    format!("{tick:.decimals$}")
}

/// The ticks of an axis.
#[derive(Clone, Debug)]
pub enum Ticks {
    /// Round numbers.
    Numbers,
    /// Whole numbers.
    Whole,
    /// Names, at 0, 1, ….
    Names(Vec<String>),
    /// None.
    None,
}

/// A rectangle of the picture with two axes.
#[derive(Clone, Copy, Debug)]
pub struct Panel {
    /// Its left edge in the picture.
    pub left: f64,
    /// Its upper edge.
    pub top: f64,
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
    /// Data coordinates from left to right.
    pub x: Range,
    /// Data coordinates from bottom to top.
    pub y: Range,
}

const TICK_SIZE: u32 = 11;
const LABEL_SIZE: u32 = 13;

impl Panel {
    /// Widens one range so that a unit is as long in both directions.
    pub fn equal_aspect(mut self) -> Self {
        let (across, up) = (self.x.length() / self.width, self.y.length() / self.height);
        if across < up {
            self.x = self.x.with_margin(0.5 * (up / across - 1.0));
        } else {
            self.y = self.y.with_margin(0.5 * (across / up - 1.0));
        }
        self
    }
    /// Where a point falls.
    pub fn at(&self, x: f64, y: f64) -> (f64, f64) {
        let across = (x - self.x.low) / self.x.length();
        let up = (y - self.y.low) / self.y.length();
        (
            self.left + across * self.width,
            self.top + (1.0 - up) * self.height,
        )
    }
    /// The frame, the ticks and the names of the axes.
    pub fn frame(
        &self,
        scene: &mut Scene,
        (x, x_ticks): (&str, &Ticks),
        (y, y_ticks): (&str, &Ticks),
    ) {
        let (right, bottom) = (self.left + self.width, self.top + self.height);
        let corners = vec![(self.left, self.top), (self.left, bottom), (right, bottom)];
        scene.line(corners, BLACK, 1.0, false);
        let most = (self.width / 42.0).max(2.0) as usize;
        let mut end = f64::NEG_INFINITY;
        for (tick, name) in ticks(self.x, x_ticks, most) {
            let place = self.at(tick, self.y.low).0;
            scene.line(
                vec![(place, bottom), (place, bottom + 4.0)],
                BLACK,
                1.0,
                false,
            );
            let half = 0.5 * text_width(&name, TICK_SIZE);
            // Names that would run into each other are left out.
            if place - half > end + 4.0 {
                scene.text((place, bottom + 17.0), &name, TICK_SIZE, Anchor::Middle);
                end = place + half;
            }
        }
        let mut widest: f64 = 0.0;
        for (tick, name) in ticks(self.y, y_ticks, (self.height / 40.0).max(2.0) as usize) {
            let place = self.at(self.x.low, tick).1;
            scene.line(
                vec![(self.left - 4.0, place), (self.left, place)],
                BLACK,
                1.0,
                false,
            );
            scene.text(
                (self.left - 7.0, place + 4.0),
                &name,
                TICK_SIZE,
                Anchor::End,
            );
            widest = widest.max(text_width(&name, TICK_SIZE));
        }
        let middle = (self.left + 0.5 * self.width, self.top + 0.5 * self.height);
        let fits = |length: f64| (length / (0.6 * f64::from(LABEL_SIZE))) as usize;
        let below = if matches!(x_ticks, Ticks::None) {
            16.0
        } else {
            36.0
        };
        let name = cut(x, fits(self.width + 40.0).max(6));
        scene.text(
            (middle.0, bottom + below),
            &name,
            LABEL_SIZE,
            Anchor::Middle,
        );
        let beside = (self.left - 20.0 - widest).max(14.0);
        scene.upwards(
            (beside, middle.1),
            &cut(y, fits(self.height + 30.0).max(6)),
            LABEL_SIZE,
        );
    }
    /// A line in data coordinates, cut off at the frame; a point that is not finite breaks it.
    pub fn line(&self, scene: &mut Scene, points: &[(f64, f64)], style: (Colour, f64, bool)) {
        let mut run: Vec<(f64, f64)> = Vec::new();
        let end = |run: &mut Vec<(f64, f64)>, scene: &mut Scene| {
            scene.line(std::mem::take(run), style.0, style.1, style.2);
        };
        for pair in points.windows(2) {
            let Some((from, to)) = self.clipped(pair[0], pair[1]) else {
                end(&mut run, scene);
                continue;
            };
            let (from, to) = (self.at(from.0, from.1), self.at(to.0, to.1));
            if run.last() != Some(&from) {
                end(&mut run, scene);
                run.push(from);
            }
            run.push(to);
        }
        end(&mut run, scene);
    }
    /// The part of a segment inside the frame: Liang & Barsky (1984).
    fn clipped(&self, from: (f64, f64), to: (f64, f64)) -> Option<((f64, f64), (f64, f64))> {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        if !(dx.is_finite() && dy.is_finite()) {
            return None;
        }
        let (mut enter, mut leave) = (0.0f64, 1.0f64);
        let edges = [
            (-dx, from.0 - self.x.low),
            (dx, self.x.high - from.0),
            (-dy, from.1 - self.y.low),
            (dy, self.y.high - from.1),
        ];
        for (towards, room) in edges {
            if towards == 0.0 {
                if room < 0.0 {
                    return None;
                }
            } else if towards < 0.0 {
                enter = enter.max(room / towards);
            } else {
                leave = leave.min(room / towards);
            }
        }
        let on = |share: f64| match share {
            0.0 => from,
            1.0 => to,
            share => (from.0 + share * dx, from.1 + share * dy),
        };
        (enter <= leave).then(|| (on(enter), on(leave)))
    }
    /// A bar from the lower edge of the panel, or from 0, up to `y`.
    pub fn bar(&self, scene: &mut Scene, (from, to): (f64, f64), y: f64, colour: Colour) {
        let base = self.y.low.max(0.0);
        let (left, top) = self.at(from, y.min(self.y.high));
        let (right, bottom) = self.at(to, base);
        if bottom > top {
            let width = (right - left - 0.6).max(0.6);
            scene.marks.push(Mark::Bar {
                x: left,
                y: top,
                width,
                height: bottom - top,
                colour,
            });
        }
    }
    /// Points in data coordinates; those outside the frame are left out.
    pub fn points(
        &self,
        scene: &mut Scene,
        points: impl Iterator<Item = (f64, f64)>,
        (marker, radius): (Marker, f64),
        (colour, opacity): (Colour, f64),
        sketch: char,
    ) {
        let inside = points.filter(|&(x, y)| self.x.contains(x) && self.y.contains(y));
        let at: Vec<(f64, f64)> = inside.map(|(x, y)| self.at(x, y)).collect();
        if !at.is_empty() {
            scene.marks.push(Mark::Points {
                at,
                marker,
                radius,
                colour,
                opacity,
                sketch,
            });
        }
    }
}

fn ticks(range: Range, ticks: &Ticks, most: usize) -> Vec<(f64, String)> {
    match ticks {
        Ticks::Numbers => range.ticks(most, false),
        Ticks::Whole => range.ticks(most, true),
        Ticks::Names(names) => {
            let named = names.iter().enumerate();
            named.map(|(i, name)| (i as f64, cut(name, 14))).collect()
        }
        Ticks::None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let written = |low, high| -> Vec<String> {
            let ticks = Range::new(low, high).ticks(5, false);
            ticks.into_iter().map(|(_, name)| name).collect()
        };
        assert_eq!(written(0.0, 1.0), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(written(43.0, 96.0), ["60", "80"]);
        assert_eq!(written(-1e7, 1e7)[0], "-1.0e7");
    }

    #[test]
    fn degenerate_ranges_have_a_length() {
        for (low, high) in [
            (0.0, 0.0),
            (5.0, 5.0),
            (1e300, 1e308),
            (-f64::MAX, f64::MAX),
            (f64::NAN, 1.0),
            (1e-320, 1e-320),
            (1e9, 1e9 + 1e-7),
        ] {
            let range = Range::new(low, high);
            assert!(
                range.length() > 0.0 && range.length().is_finite(),
                "{low} {high}"
            );
            assert!(range.ticks(6, false).len() < 60, "{low} {high}");
            let middle = range.low + 0.5 * range.length();
            assert!(range.contains(middle), "{low} {high}");
        }
    }
}
