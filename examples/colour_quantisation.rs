//! A picture in few colours: the pixels of a small landscape as a mixture of spheres of one size over red,
//! green and blue; each pixel takes the mean colour of its component. The picture is written beside the system's
//! temporary files.
//!
//! Prints:
//! 6144 pixels
//! 2 colours: root mean square error 22.1
//! 4 colours: root mean square error 12.4
//! 8 colours: root mean square error 7.8
//!   #3d487d of 21 %
//!   #2b3d34 of 16 %
//!   #61537b of 16 %
//!   #806276 of 14 %
//!   #604662 of 12 %
//!   #9d726f of 10 %
//!   #406585 of 10 %
//!   #d5bc94 of  1 %

use distributions::RowsView;
use em::Start;
use gmm::{CovarianceStructure, GaussianMixture};
use std::path::Path;

/// A binary PPM picture: "P6", width, height and 255 in a line each, then red, green and blue bytes.
fn read_ppm(path: &Path) -> Result<(String, Vec<u8>), Box<dyn std::error::Error>> {
    let bytes = std::fs::read(path)?;
    let lines = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let (end, _) = lines.take(3).last().ok_or("no header")?;
    let (header, pixels) = bytes.split_at(end + 1);
    Ok((String::from_utf8(header.to_vec())?, pixels.to_vec()))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/evening.ppm");
    let (header, pixels) = read_ppm(&path)?;
    let values: Vec<f64> = pixels.iter().map(|&byte| f64::from(byte)).collect();
    let rows = RowsView::new(&values, 3);
    println!("{} pixels", values.len() / 3);

    let mut output = header.into_bytes();
    for colours in [2, 4, 8] {
        let fitted = GaussianMixture::builder(colours)
            .covariance(CovarianceStructure::EII)
            .start(Start::Spread)
            .seed(0)
            .threads(1)
            .fit(rows)?;
        let labels = fitted.predict(rows)?;
        let painted: Vec<f64> = (labels.iter())
            .flat_map(|&k| fitted.means()[k].iter().copied())
            .collect();
        let squares = painted.iter().zip(&values).map(|(a, b)| (a - b).powi(2));
        let error = (squares.sum::<f64>() / values.len() as f64).sqrt();
        println!("{colours} colours: root mean square error {error:.1}");
        if colours == 8 {
            output.extend(painted.iter().map(|&value| value.round() as u8));
            let mut palette: Vec<_> = fitted.means().into_iter().zip(fitted.weights()).collect();
            palette.sort_by(|a, b| b.1.total_cmp(a.1));
            for (mean, weight) in palette {
                let [red, green, blue] = [0, 1, 2].map(|c| mean[c].round() as u8);
                println!(
                    "  #{red:02x}{green:02x}{blue:02x} of {:2.0} %",
                    100.0 * weight
                );
            }
        }
    }
    std::fs::write(
        std::env::temp_dir().join("evening-in-8-colours.ppm"),
        output,
    )?;
    Ok(())
}
