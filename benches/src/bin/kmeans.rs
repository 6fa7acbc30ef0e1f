//! One side of `benches/compare/kmeans.py`: k-means on one thread, in seconds of CPU time.
//!
//! Arguments: the rows (n × d doubles, little endian), d, K, and K × d centres. Reads commands from standard input, a line each,
//! and answers each with a line: `steps T` (seconds of T of Lloyd's steps from the centres, and the inertia), `converge` (seconds of
//! steps with the default tolerance, their number, and the inertia), `seed S` (seconds of drawing K seeds, and their inertia),
//! `memory` (KiB of peak memory above the loaded rows).

use distributions::RowsView;
use gmm::KMeans;
use mixture_benches::{Outcome, cpu_seconds, numbers, peak_memory};
use std::io::stdin;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [rows, d, k, centres] = &arguments[..] else {
        return Err("ROWS D K CENTRES".into());
    };
    let (values, centres, d) = (numbers(rows)?, numbers(centres)?, d.parse()?);
    let (rows, centres) = (RowsView::new(&values, d), RowsView::new(&centres, d));
    let builder = KMeans::builder(k.parse()?).threads(1);
    let loaded = peak_memory()?;
    println!("ready");
    for line in stdin().lines() {
        let line = line?;
        let begin = cpu_seconds();
        let found = match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["steps", count] => builder
                .max_iterations(count.parse()?)
                .tolerance(0.0)
                .fit_from_centres(rows, centres)?,
            ["converge"] => builder.fit_from_centres(rows, centres)?,
            ["seed", seed] => {
                let builder = builder.seed(seed.parse()?).max_iterations(0);
                builder.seeds(rows)?;
                let seconds = cpu_seconds() - begin;
                println!("{seconds} 0 {:?}", builder.fit(rows)?.inertia());
                continue;
            }
            ["memory"] => {
                println!("{}", peak_memory()? - loaded);
                continue;
            }
            _ => return Err(format!("unknown command {line}").into()),
        };
        let seconds = cpu_seconds() - begin;
        println!("{seconds} {} {:?}", found.iterations(), found.inertia());
    }
    Ok(())
}
