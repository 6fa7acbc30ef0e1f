//! Pictures: `mixture plot`, and those of `mixture report`.

mod axes;
mod contour;
mod curves;
mod data;
mod figure;
mod intervals;
mod legend;
mod marginal;
#[cfg(feature = "png")]
mod png;
mod regression;
mod scatter;
mod scene;
mod sketch;
mod svg;
mod univariate;

use crate::args::Missing;
use crate::failure::Failure;
use clap::{Args, ValueEnum};
use data::Data;
use scatter::Style;
use scene::Scene;
use std::path::{Path, PathBuf};
use tabular::ModelFile;
use univariate::Place;

pub use curves::{selection, trace};
pub use sketch::text as sketch;
pub use svg::{escaped, text as svg};

/// The size of a picture of one panel.
const SIZE: (f64, f64) = (760.0, 520.0);
/// Where titles begin, and the room above a panel.
const MARGINS: (f64, f64) = (24.0, 48.0);
/// The panel of a picture of one, with room for a legend to its right.
const PLACE: Place = Place {
    left: 88.0,
    top: 48.0,
    width: 476.0,
    height: 390.0,
};

/// `mixture plot`.
#[derive(Args, Debug)]
pub struct Plot {
    /// The model file; for --kind selection, the table that `mixture select --table` wrote.
    #[arg(value_name = "MODEL.json|TABLE.csv")]
    pub model: PathBuf,
    /// The data, a CSV file with a header.
    #[arg(value_name = "DATA.csv")]
    pub data: Option<PathBuf>,
    /// What to show; by default what suits the columns of the model, or the trace where there are no data.
    #[arg(long, value_enum)]
    pub kind: Option<Kind>,
    /// The rows.
    #[command(flatten)]
    pub rows: PlotData,
    /// Where to write the picture; without it, it is sketched in the terminal.
    #[arg(long, short = 'o', value_name = "FILE.svg|FILE.png")]
    pub output: Option<PathBuf>,
}

/// Which rows and columns are drawn.
#[derive(Args, Debug)]
pub struct PlotData {
    /// The columns to draw, in this order: of two, the first goes across.
    #[arg(long, value_name = "COLUMN,COLUMN…")]
    pub columns: Option<String>,
    /// The column of row weights (frequencies), for bars.
    #[arg(long, value_name = "COLUMN")]
    pub row_weights: Option<String>,
    /// What to do with missing cells: error, leave the row out, or use the other cells.
    #[arg(long, value_enum, default_value_t = Missing::Error)]
    pub missing: Missing,
    /// How the file is written.
    #[command(flatten)]
    pub dialect: crate::dialect::Dialect,
}

impl PlotData {
    fn is_given(&self) -> bool {
        let written = self.dialect != crate::dialect::Dialect::default();
        self.columns.is_some() || self.row_weights.is_some() || written
    }
}

/// What a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Two columns: rows by component, and the outlines of the components.
    Classification,
    /// Two columns: how uncertain the component of each row is.
    Uncertainty,
    /// Two columns: contours of the density; otherwise each column, observed and fitted.
    Density,
    /// Up to five columns: every pair.
    Pairs,
    /// The objective over the iterations of the fit.
    Trace,
    /// The criterion over the number of components.
    Selection,
}

/// The picture that is asked for.
pub fn picture(plot: &Plot) -> Result<Scene, Failure> {
    let is_table = plot
        .model
        .extension()
        .is_some_and(|extension| extension == "csv");
    let without_rows = |kind: &str| match (&plot.data, plot.rows.is_given()) {
        (None, false) => Ok(()),
        (Some(data), _) => Err(Failure::input(format!(
            "--kind {kind} uses no data; {} is not needed",
            data.display()
        ))),
        (None, true) => Err(Failure::input(format!(
            "--kind {kind} uses no data, and neither --columns nor --row-weights"
        ))),
    };
    let kind = match (plot.kind, &plot.data) {
        (Some(kind), _) => Some(kind),
        (None, None) if is_table => Some(Kind::Selection),
        (None, None) => Some(Kind::Trace),
        (None, Some(_)) => None,
    };
    match kind {
        Some(Kind::Selection) => {
            without_rows("selection")?;
            return selection(&plot.model);
        }
        Some(Kind::Trace) => {
            without_rows("trace")?;
            return trace(&crate::commands::read_model(&plot.model)?);
        }
        _ => {}
    }
    let path = plot.data.as_deref().ok_or_else(|| {
        Failure::input("this kind of picture needs data: mixture plot MODEL.json DATA.csv")
    })?;
    let file = crate::commands::read_model(&plot.model)?;
    let data = Data::read(&file, path, &plot.rows)?;
    let kind = kind.unwrap_or_else(|| suitable(&data));
    of_kind(&data, kind)
}

/// The kind that suits the columns.
fn suitable(data: &Data<'_>) -> Kind {
    match (data.numeric().len(), data.columns.len()) {
        (2, 2) => Kind::Classification,
        (3.., _) => Kind::Pairs,
        _ => Kind::Density,
    }
}

fn of_kind(data: &Data<'_>, kind: Kind) -> Result<Scene, Failure> {
    let continuous = |&j: &usize| data.columns[j].scale == data::Scale::Numbers;
    match kind {
        Kind::Classification => figure::plane(data, Style::Classification),
        Kind::Uncertainty => figure::plane(data, Style::Uncertainty),
        Kind::Pairs => figure::pairs(data),
        _ if data.columns.len() == 2 && (0..2).all(|j| continuous(&j)) => {
            figure::plane(data, Style::Density)
        }
        _ => Ok(figure::margins(data)),
    }
}

/// The pictures of a report.
pub fn pictures(file: &ModelFile, path: &Path, options: &PlotData) -> Result<Vec<Scene>, Failure> {
    let data = Data::read(file, path, options)?;
    let first = suitable(&data);
    let mut pictures = vec![of_kind(&data, first)?];
    if first != Kind::Density {
        pictures.push(figure::margins(&data));
    }
    if data.numeric().len() >= 2 && data.components() > 1 {
        pictures.push(figure::plane(&data, Style::Uncertainty)?);
    }
    if file.fit.as_ref().is_some_and(|fit| fit.trace.len() > 1) {
        pictures.push(trace(file)?);
    }
    Ok(pictures)
}

/// The bytes of the file at `path`: SVG, or PNG where its name ends in .png.
pub fn encoded(scene: &Scene, path: &Path) -> Result<Vec<u8>, Failure> {
    match Format::of(path)? {
        Format::Svg => Ok(svg(scene).into_bytes()),
        #[cfg(feature = "png")]
        Format::Png => png::bytes(scene),
    }
}

/// What a picture is written as.
pub enum Format {
    /// SVG.
    Svg,
    /// PNG.
    #[cfg(feature = "png")]
    Png,
}

impl Format {
    /// By the end of the name.
    pub fn of(path: &Path) -> Result<Self, Failure> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension.unwrap_or_default().to_ascii_lowercase().as_str() {
            "svg" => Ok(Format::Svg),
            #[cfg(feature = "png")]
            "png" => Ok(Format::Png),
            #[cfg(not(feature = "png"))]
            "png" => Err(Failure::input(format!(
                "--output {}: this program was built without PNG; write .svg",
                path.display()
            ))),
            _ => Err(Failure::input(format!(
                "--output {}: the name must end in .svg or .png",
                path.display()
            ))),
        }
    }
}
