//! A picture as SVG.

use super::scene::{Anchor, Colour, Mark, Scene, tenths};

/// The lengths of a dash and of the gap after it.
pub const DASHES: [f64; 2] = [5.0, 4.0];

/// The SVG text of a picture.
pub fn text(scene: &Scene) -> String {
    let (w, h) = (tenths(scene.width), tenths(scene.height));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" \
         role=\"img\" font-family=\"DejaVu Sans, Verdana, Arial, sans-serif\" fill=\"#1e1e1e\">\n\
         <title>{}</title>\n<rect width=\"{w}\" height=\"{h}\" fill=\"#fff\"/>\n",
        escaped(&scene.title)
    );
    for mark in &scene.marks {
        svg.push_str(&element(mark));
        svg.push('\n');
    }
    svg.push_str("</svg>\n");
    svg
}

fn element(mark: &Mark) -> String {
    match mark {
        Mark::Line {
            points,
            colour,
            width,
            dashed,
        } => {
            let dashes = match dashed {
                true => format!(" stroke-dasharray=\"{} {}\"", DASHES[0], DASHES[1]),
                false => String::new(),
            };
            format!(
                "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"{dashes}/>",
                line_path(points),
                hex(*colour),
                tenths(*width)
            )
        }
        Mark::Bar {
            x,
            y,
            width,
            height,
            colour,
        } => format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>",
            tenths(*x),
            tenths(*y),
            tenths(*width),
            tenths(*height),
            hex(*colour)
        ),
        Mark::Points {
            at,
            marker,
            radius,
            colour,
            opacity,
            ..
        } => {
            // One path for all of them would be filled as one shape, and overlaps not seen.
            let mut group = format!(
                "<g fill=\"{}\" fill-opacity=\"{}\" stroke=\"#fff\" stroke-width=\"0.3\">",
                hex(*colour),
                tenths(*opacity)
            );
            for &(x, y) in at {
                group.push_str(&format!("<path d=\"{}\"/>", marker.path(x, y, *radius)));
            }
            group.push_str("</g>");
            group
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
            let (x, y) = (tenths(*x), tenths(*y));
            let turn = match upwards {
                true => format!(" transform=\"rotate(-90 {x} {y})\""),
                false => String::new(),
            };
            let anchor = match anchor {
                Anchor::Start => "",
                Anchor::Middle => " text-anchor=\"middle\"",
                Anchor::End => " text-anchor=\"end\"",
            };
            let bold = if *bold { " font-weight=\"bold\"" } else { "" };
            format!(
                "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{anchor}{bold}{turn}>{}</text>",
                escaped(text)
            )
        }
    }
}

/// A line as a path.
fn line_path(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (i, &(x, y)) in points.iter().enumerate() {
        path.push(if i == 0 { 'M' } else { 'L' });
        path.push_str(&format!("{} {}", tenths(x), tenths(y)));
    }
    path
}

/// A colour as CSS writes it.
pub fn hex([r, g, b]: Colour) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Text as XML and HTML take it.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}
