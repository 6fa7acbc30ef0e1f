//! One side of `benches/compare/gaussian.py`: EM iterations of one Gaussian mixture on one thread, in seconds of CPU time.
//!
//! Arguments: the rows (n × d numbers, little endian), their type (`f64` or `f32`), d, K, the structure, and the start: weights (K),
//! means (K × d), covariances (K × d × d). Reads commands from standard input, a line each, and answers each with a line:
//! `iterate T` (seconds an iteration), `score T` (log-likelihood after T iterations), `peak` (GFLOP/s of fused multiply-adds in
//! registers), `memory` (KiB of peak memory above the loaded rows), `reach LABELS TARGET` (seconds and iterations from labels, u32,
//! until the log-likelihood is TARGET).

use distributions::RowsView;
use em::{Data, Mixture, Options, Soft, Start, Weights, Workspace, e_step, fit_from};
use gmm::{CovarianceStructure, Gaussian, Gaussians};
use mixture_benches::{Outcome, cpu_seconds, fma_peak, numbers, peak_memory};
use std::io::{BufRead, stdin};

struct Problem {
    values: Vec<f64>,
    dimension: usize,
    start: Mixture<Gaussians>,
}

impl Problem {
    fn read(arguments: &[String]) -> Outcome<Self> {
        let [rows, kind, d, k, structure, start] = arguments else {
            return Err("ROWS f64 D K STRUCTURE START".into());
        };
        if kind != "f64" {
            return Err(format!("unknown type {kind}").into());
        }
        let (d, k): (usize, usize) = (d.parse()?, k.parse()?);
        let structure: CovarianceStructure = structure.parse()?;
        let start = numbers(start)?;
        let (weights, start) = start.split_at(k);
        let (means, covariances) = start.split_at(k * d);
        let gaussians = means.chunks_exact(d).zip(covariances.chunks_exact(d * d));
        let gaussians = gaussians.map(|(m, c)| Gaussian::from_matrix(m.to_vec(), c.to_vec()));
        let gaussians = gaussians.collect::<Result<_, _>>()?;
        Ok(Problem {
            values: numbers(rows)?,
            dimension: d,
            start: Mixture::new(
                Weights::new(weights.to_vec())?,
                Gaussians::new(structure, gaussians)?,
            )?,
        })
    }
    fn rows(&self) -> RowsView<'_, f64> {
        RowsView::new(&self.values, self.dimension)
    }
    /// Seconds and the model after some iterations from the start.
    fn iterate(&self, iterations: usize) -> Outcome<(f64, Mixture<Gaussians>)> {
        let mut model = self.start.clone();
        let begin = cpu_seconds();
        let mut workspace = Workspace::new(
            self.rows(),
            &distributions::Component::empty_statistics(&model),
            1,
        );
        for _ in 0..iterations {
            e_step(&model, Data::new(self.rows()), 0, &Soft, &mut workspace);
            model = distributions::Component::maximize(&model, workspace.statistics())?;
        }
        Ok((cpu_seconds() - begin, model))
    }
    fn log_likelihood(&self, model: &Mixture<Gaussians>) -> f64 {
        let mut workspace = Workspace::new(
            self.rows(),
            &distributions::Component::empty_statistics(model),
            1,
        );
        e_step(model, Data::new(self.rows()), 0, &Soft, &mut workspace).objective
    }
    fn reach(&self, labels: &str, target: f64) -> Outcome<(f64, usize)> {
        let bytes = std::fs::read(labels)?;
        let (chunks, _) = bytes.as_chunks::<4>();
        let labels: Vec<Option<u32>> = chunks
            .iter()
            .map(|&c| Some(u32::from_le_bytes(c)))
            .collect();
        let begin = cpu_seconds();
        let options = Options::default().max_iterations(0).threads(1);
        let data = Data::new(self.rows());
        let mut model = fit_from(&self.start, data, Start::Labels(&labels), &options)?.model;
        let mut workspace = Workspace::new(
            self.rows(),
            &distributions::Component::empty_statistics(&model),
            1,
        );
        for iteration in 0..10_000 {
            let tally = e_step(&model, data, iteration, &Soft, &mut workspace);
            if tally.objective >= target {
                return Ok((cpu_seconds() - begin, iteration));
            }
            model = distributions::Component::maximize(&model, workspace.statistics())?;
        }
        Err("the target was not reached".into())
    }
    fn answer(&self, command: &str, loaded: u64) -> Outcome<String> {
        let words: Vec<&str> = command.split_whitespace().collect();
        Ok(match words[..] {
            ["iterate", count] => {
                let count = count.parse()?;
                format!("{}", self.iterate(count)?.0 / count as f64)
            }
            ["score", count] => {
                let (_, model) = self.iterate(count.parse()?)?;
                format!("{:?}", self.log_likelihood(&model))
            }
            ["peak"] => format!("{}", fma_peak()),
            ["memory"] => format!("{}", peak_memory()? - loaded),
            ["reach", labels, target] => {
                let (seconds, iterations) = self.reach(labels, target.parse()?)?;
                format!("{seconds} {iterations}")
            }
            _ => return Err(format!("unknown command {command}").into()),
        })
    }
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let problem = Problem::read(&arguments)?;
    let loaded = peak_memory()?;
    println!("ready");
    for line in stdin().lock().lines() {
        println!("{}", problem.answer(&line?, loaded)?);
    }
    Ok(())
}
