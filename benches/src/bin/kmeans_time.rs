//! The time of k-means on a file of doubles, for benches/compare/kmeans.py.
//!
//! Usage: kmeans_time FILE COLUMNS CLUSTERS. Prints the least seconds of three runs of one start with at most
//! twenty of Lloyd's steps, the steps, and the inertia.

use distributions::RowsView;
use gmm::KMeans;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().collect();
    let [_, file, columns, clusters] = &words[..] else {
        return Err("usage: kmeans_time FILE COLUMNS CLUSTERS".into());
    };
    let bytes = std::fs::read(file)?;
    let (doubles, _) = bytes.as_chunks::<8>();
    let values: Vec<f64> = doubles.iter().map(|&d| f64::from_le_bytes(d)).collect();
    let rows = RowsView::new(&values, columns.parse()?);
    let builder = KMeans::builder(clusters.parse()?)
        .max_iterations(20)
        .tolerance(0.0);
    let mut least = f64::INFINITY;
    let mut found = None;
    for _ in 0..3 {
        let begin = Instant::now();
        found = Some(builder.fit(rows)?);
        least = least.min(begin.elapsed().as_secs_f64());
    }
    if let Some(found) = found {
        println!("{least} {} {}", found.iterations(), found.inertia());
    }
    Ok(())
}
