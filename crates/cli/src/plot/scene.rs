//! What a picture consists of, whatever it is written as.

/// A colour: red, green, blue.
pub type Colour = [u8; 3];

/// The colours of components, which people with any colour vision can tell apart: Okabe & Ito (2008),
/// Color Universal Design; their yellow, which is too light for thin lines on white, is left out.
const OKABE_ITO: [Colour; 6] = [
    [0, 114, 178],
    [213, 94, 0],
    [0, 158, 115],
    [204, 121, 167],
    [230, 159, 0],
    [86, 180, 233],
];
/// Of text, axes and sums.
pub const BLACK: Colour = [30, 30, 30];
/// Of what stays in the background.
pub const GREY: Colour = [150, 150, 150];
/// Of the bars of a histogram.
pub const LIGHT: Colour = [214, 214, 214];
const MARKERS: [Marker; 5] = [
    Marker::Circle,
    Marker::Triangle,
    Marker::Square,
    Marker::Diamond,
    Marker::Cross,
];

/// The colour of component k.
pub fn colour(k: usize) -> Colour {
    OKABE_ITO[k % OKABE_ITO.len()]
}

/// The marker of component k: with the colours, 30 components differ.
pub fn marker(k: usize) -> Marker {
    MARKERS[k % MARKERS.len()]
}

/// The form of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// A disc.
    Circle,
    /// A triangle, point up.
    Triangle,
    /// A square.
    Square,
    /// A square on its corner.
    Diamond,
    /// Two thick strokes.
    Cross,
}

impl Marker {
    /// Its outline about (x, y) as a path; `r` is the radius of a disc of about the same area.
    pub fn path(self, x: f64, y: f64, r: f64) -> String {
        let t = |value: f64| tenths(value);
        match self {
            Marker::Circle => {
                let d = t(2.0 * r);
                let r0 = t(r);
                let x = t(x - r);
                format!("M{x} {}a{r0} {r0} 0 1 0 {d} 0a{r0} {r0} 0 1 0 -{d} 0", t(y))
            }
            Marker::Triangle => {
                let (w, h) = (1.25 * r, 2.2 * r);
                format!(
                    "M{} {}l{} {}h-{}z",
                    t(x),
                    t(y - 1.3 * r),
                    t(w),
                    t(h),
                    t(2.0 * w)
                )
            }
            Marker::Square => {
                let a = 0.9 * r;
                let s = t(2.0 * a);
                format!("M{} {}h{s}v{s}h-{s}z", t(x - a), t(y - a))
            }
            Marker::Diamond => {
                let a = t(1.25 * r);
                format!("M{} {}l{a} {a}l-{a} {a}l-{a} -{a}z", t(x), t(y - 1.25 * r))
            }
            Marker::Cross => {
                let (a, b) = (t(0.7 * r), t(0.5 * r));
                format!(
                    "M{} {}l{a} -{a}l{b} {b}l-{a} {a}l{a} {a}l-{b} {b}l-{a} -{a}l-{a} {a}l-{b} -{b}l{a} -{a}l-{a} -{a}l{b} -{b}z",
                    t(x),
                    t(y - 0.5 * r)
                )
            }
        }
    }
}

/// A coordinate in tenths of a pixel, as short as it can be written.
pub fn tenths(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    // No "-0".
    format!("{}", rounded + 0.0)
}

/// Where a text stands relative to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// One thing that is drawn.
#[derive(Clone, Debug)]
pub enum Mark {
    /// A line through points.
    Line {
        /// Its points.
        points: Vec<(f64, f64)>,
        /// Its colour.
        colour: Colour,
        /// Its width.
        width: f64,
        /// Whether it is dashed.
        dashed: bool,
    },
    /// A filled rectangle.
    Bar {
        /// Its left edge.
        x: f64,
        /// Its upper edge.
        y: f64,
        /// Its width.
        width: f64,
        /// Its height.
        height: f64,
        /// Its colour.
        colour: Colour,
    },
    /// Points of one form.
    Points {
        /// Where.
        at: Vec<(f64, f64)>,
        /// The form.
        marker: Marker,
        /// The radius.
        radius: f64,
        /// The colour.
        colour: Colour,
        /// From 0, invisible, to 1.
        opacity: f64,
        /// What a sketch of characters shows.
        sketch: char,
    },
    /// Text on one line.
    Text {
        /// Where.
        x: f64,
        /// The base line.
        y: f64,
        /// What.
        text: String,
        /// The size of its letters.
        size: u32,
        /// What of it is at (x, y).
        anchor: Anchor,
        /// Whether it runs upwards.
        upwards: bool,
        /// Whether it is bold.
        bold: bool,
    },
}

/// A picture: marks on white, the later above the earlier.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Its width in pixels.
    pub width: f64,
    /// Its height in pixels.
    pub height: f64,
    /// What it shows, in words.
    pub title: String,
    /// The marks.
    pub marks: Vec<Mark>,
}

/// About the width of a text.
pub fn text_width(text: &str, size: u32) -> f64 {
    // Of DejaVu Sans, the widest of the usual sans-serif fonts, on average.
    0.6 * f64::from(size) * text.chars().count() as f64
}

/// A text cut to a number of characters.
pub fn cut(text: &str, most: usize) -> String {
    // Control characters have no picture, and XML does not admit them.
    let mut shown: String = (text.chars())
        .map(|c| {
            if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect();
    if shown.chars().count() > most {
        shown = shown.chars().take(most.saturating_sub(1)).collect();
        shown.push('…');
    }
    shown
}

impl Scene {
    /// An empty picture.
    pub fn new(width: f64, height: f64, title: &str) -> Self {
        Scene {
            width,
            height,
            title: title.into(),
            marks: Vec::new(),
        }
    }
    /// Adds text of the colour of axes.
    pub fn text(&mut self, (x, y): (f64, f64), text: &str, size: u32, anchor: Anchor) {
        self.marks.push(Mark::Text {
            x,
            y,
            text: cut(text, 160),
            size,
            anchor,
            upwards: false,
            bold: false,
        });
    }
    /// Adds bold text.
    pub fn heading(&mut self, at: (f64, f64), text: &str, size: u32) {
        self.text(at, text, size, Anchor::Start);
        if let Some(Mark::Text { bold, .. }) = self.marks.last_mut() {
            *bold = true;
        }
    }
    /// Adds text that runs upwards, its middle at (x, y).
    pub fn upwards(&mut self, at: (f64, f64), text: &str, size: u32) {
        self.text(at, text, size, Anchor::Middle);
        if let Some(Mark::Text { upwards, .. }) = self.marks.last_mut() {
            *upwards = true;
        }
    }
    /// Adds a line.
    pub fn line(&mut self, points: Vec<(f64, f64)>, colour: Colour, width: f64, dashed: bool) {
        if points.len() > 1 {
            self.marks.push(Mark::Line {
                points,
                colour,
                width,
                dashed,
            });
        }
    }
}
